"""At each bound of the index a question is asked as a statement, with the answer that it had."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.explore.asking import answering
from footfall.explore.journeys import source
from footfall.explore.journeys.maker import is_wanted, kept_new
from footfall.explore.journeys.process import IndexProcess, local_index
from footfall.explore.running import run_on
from footfall.query import Answer, Format, Parameters
from footfall.query._confine import ADDRESS_SPACE_EXTRA
from footfall.query.engine import Engine
from footfall.settings import QuerySettings, load_settings
from tests.explore.asked import NOW
from tests.explore.index.test_keeping import LIMITS, QUESTION, SETTINGS, Kept, asked
from tests.query.cuts import query_settings


class EngineRunner:
    """Runs statements in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(
        self,
        sql: str,
        parameters: Parameters = (),
        *,
        format: Format = "rows",  # noqa: A002 (the word users know)
        rows_max: int | None = None,
    ) -> Answer:
        assert format == "rows"
        assert isinstance(parameters, Mapping)
        made = self._engine.run(sql, dict(parameters), rows_max=rows_max)
        columns = [column.to_pylist() for column in made.table.columns]
        body = json.dumps([list(row) for row in zip(*columns, strict=True)], default=float).encode()
        rows, cut = made.table.num_rows, (made.cut_sequence, made.cut_published_at)
        return Answer(made.columns, rows, made.is_cut_off, *cut, body)


def answered(kept: Kept, limits: QuerySettings) -> tuple[Any, str, bool]:
    """The steps of the funnel, the way they were found, and whether the process still runs."""

    async def ask() -> tuple[Any, str, bool]:
        process = IndexProcess(kept.home, "default", SETTINGS.index, limits)
        try:
            with contextlib.closing(Engine(kept.home, "default", query_settings())) as engine:
                runner = EngineRunner(engine)
                made: Any = await run_on(runner, lambda: answering(QUESTION, NOW), process)
            return made.rows, made.way, process.pid is not None
        finally:
            await process.close()

    return asyncio.run(ask())


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    made = Kept(tmp_path / "home")
    made.receive("page_view", "buy", epoch=0)
    return made


def test_what_goes_over_a_bound_is_asked_as_a_statement(kept: Kept) -> None:
    """Disk: there is no index. Time and memory of a question: its process is gone, not its answer.

    A microsecond is over before a process has started, and with no memory to take nothing can be.
    """
    assert "large" == kept.work(bytes_max=1).outcome
    without = answered(kept, LIMITS)
    assert ("sql", False) == without[1:]
    kept.work()
    assert (without[0], "index", True) == answered(kept, LIMITS)
    for name, least in (("time_max", 1), ("memory_max", -ADDRESS_SPACE_EXTRA)):
        limits = msgspec.structs.replace(LIMITS, **{name: least})
        assert (without[0], "sql", False) == answered(kept, limits), name


def test_rows_are_read_so_many_at_a_time(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of `index.memory_max`; the buckets together have every row once, and no answer changes."""
    read, sizes = source.Source.read, []

    def counted(*given: Any, **named: Any) -> Any:
        rows = read(*given, **named)
        sizes.append(rows.num_rows)
        return rows

    monkeypatch.setattr(source.Source, "read", counted)
    kept.writer.to_tail("events", many(300))
    kept.writer.publish()
    kept.work(memory_max=1 << 30)
    from footfall.explore.journeys.build import ROW_BYTES

    whole, before = found(kept), sum(sizes)
    assert 2 >= len(sizes)  # of visitors, and of nobody
    sizes.clear()
    shutil.rmtree(kept.root)
    kept.work(memory_max=60 * ROW_BYTES)
    assert before == sum(sizes)
    assert len(sizes) >= 5
    assert max(sizes) < 2 * 60
    assert whole == found(kept)


def found(kept: Kept) -> Any:
    from footfall.explore.journeys.index import JourneyIndex

    index = JourneyIndex(kept.root, kept.home.cut_file("default"), age_max=0, threads=1)
    made = index.found(asked())
    assert made is not None
    return made.rows


def many(count: int) -> Any:
    from footfall.testing.events import NOON_US, event_table

    return event_table(
        [
            {
                "event_name": ("page_view", "buy")[n % 2],
                "visitor_id": f"v{n // 2}",
                "event_time": NOON_US + n,
                "epoch": 1,
            }
            for n in range(count)
        ]
    )


def test_with_cuts_beside_the_lake_there_is_none(kept: Kept) -> None:
    """Even where one is left from before: the cut of the home says nothing about what is newest."""
    kept.work()
    options = ['lake.location="s3://clicks/lake"', 'lake.cuts="lake"']
    settings = load_settings(overrides=["index.events_min=1"])
    elsewhere = load_settings(overrides=["index.events_min=1", *options])
    assert is_wanted(kept.home, "default", 1)
    assert local_index(kept.home, "default", settings, 1) is not None
    assert local_index(kept.home, "default", elsewhere, 1) is None
    before = kept.files()
    with kept_new(kept.home, "default", elsewhere, {}):
        assert "journey index" not in {one.name for one in threading.enumerate()}
    assert before == kept.files()
