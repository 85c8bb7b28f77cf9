"""The shop of the tests of the models, with an index."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.explore.index.shop import IndexedShop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IndexedShop]:
    made = IndexedShop(tmp_path_factory.mktemp("indexed") / "home")
    yield made
    made.engine.close()
