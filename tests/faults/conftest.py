"""Fixtures of the tests with faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.faults import Faults
from tests.faults.shop import Shop


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    """Nothing armed."""
    return Faults(tmp_path / "faults")


@pytest.fixture
def shop(tmp_path: Path, faults: Faults) -> Iterator[Shop]:
    """A server that runs, and that is killed if the test did not stop it."""
    shop = Shop(tmp_path, faults)
    try:
        shop.tree.start()
        yield shop
    finally:
        shop.end()
