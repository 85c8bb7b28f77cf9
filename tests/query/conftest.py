"""Fixtures of the query stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from footfall.query.engine import Engine
from tests.query.cuts import CutWriter, query_settings, sample


@pytest.fixture
def writer(tmp_path: Path) -> CutWriter:
    """Nothing published yet."""
    return CutWriter(tmp_path / "home")


@pytest.fixture
def open_engine() -> Iterator[Callable[[CutWriter], Engine]]:
    """Opens engines and closes them after the test."""
    engines: list[Engine] = []

    def open_one(writer: CutWriter) -> Engine:
        engines.append(Engine(writer.home, writer.project, query_settings()))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.close()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> CutWriter:
    """The sample cut; tests must not change it."""
    return sample(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def engine(shop: CutWriter) -> Iterator[Engine]:
    """An engine over the sample cut."""
    opened = Engine(shop.home, shop.project, query_settings())
    yield opened
    opened.close()
