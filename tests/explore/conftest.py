"""A shop that a file's tests share, and replace the events of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.explore.asked import Shop
from tests.scale import IS_FULL


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("explore") / "home")
    yield made
    made.engine.close()


collect_ignore = [] if IS_FULL else ["test_spark.py"]
"""Spark plans each statement for seconds: `make test-full` only."""
