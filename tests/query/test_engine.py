"""The engine keeps to one cut whatever the pipeline does meanwhile."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from footfall.errors import LimitReached
from footfall.lake.cut import Cut, read_cut
from footfall.query.cuts import cut_places as _cut_places
from footfall.query.cuts.cut_files import CutFiles, CutReader
from footfall.query.cuts.cut_places import HomeCuts
from footfall.query.engine import Engine
from footfall.testing.events import event_table
from tests.query.cuts import CutWriter, query_settings

OpenEngine = Callable[[CutWriter], Engine]


class _Hooked(CutReader):
    """Lets the pipeline act right after the cut was opened."""

    def __init__(self, writer: CutWriter, then: Callable[[], None]) -> None:
        super().__init__(HomeCuts(writer.home, writer.project))
        self._then = then

    @contextlib.contextmanager
    def opened(self) -> Iterator[CutFiles]:
        with super().opened() as found:
            self._then()
            yield found


def test_cut_replaced_under_a_statement(writer: CutWriter, open_engine: OpenEngine) -> None:
    """An epoch moves the tail into the lake and sweeps it; the statement sees its own cut whole."""
    writer.to_tail("events", event_table([{"event_name": "old"}] * 3))
    old = writer.publish()
    engine = open_engine(writer)

    def epoch() -> None:
        if writer.tail:
            writer.tail = {}
            writer.to_lake("events", event_table([{"event_name": "new"}] * 5))
            writer.publish()
            (writer.tail_dir / old.tail["events"][0]).unlink()

    engine._reader = _Hooked(writer, epoch)
    answers = [
        engine.run("SELECT event_name, count(*) AS n FROM events GROUP BY 1").table.to_pylist()
        for _ in range(2)
    ]
    assert answers == [[{"event_name": "old", "n": 3}], [{"event_name": "new", "n": 5}]]


def test_cut_swept_before_it_was_opened(
    writer: CutWriter, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that slept between reading the cut and opening its files takes the newest again."""
    writer.to_tail("events", event_table([{}]))
    old = writer.publish()
    writer.tail = {}
    writer.to_tail("events", event_table([{}, {}]))
    writer.publish()
    (writer.tail_dir / old.tail["events"][0]).unlink()
    slept = [old]

    def read(file: Any) -> Cut | None:
        return slept.pop() if slept else read_cut(file)

    monkeypatch.setattr(_cut_places, "read_cut", read)
    found = open_engine(writer).run("SELECT count(*) AS n FROM events")
    assert (found.cut_sequence, found.table.to_pylist()) == (2, [{"n": 2}])


def test_threads_take_turns(engine: Engine) -> None:
    """A notebook's threads share one engine: none gets another's rows."""
    found: dict[int, list[dict[str, Any]]] = {}

    def ask(number: int) -> None:
        rows = engine.run("SELECT ? AS n, count(*) AS c FROM events", [number]).table
        found[number] = rows.to_pylist()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert found == {number: [{"n": number, "c": 5}] for number in range(8)}


def test_projects_are_apart(writer: CutWriter, open_engine: OpenEngine) -> None:
    """One home holds many projects; each engine sees its own."""
    other = CutWriter(writer.home.root, "other")
    other.to_lake("events", event_table([{}]))
    other.publish()
    writer.to_lake("events", event_table([{}, {}]))
    writer.publish()
    counts = [
        open_engine(each).run("SELECT count(*) AS n FROM events").table.to_pylist()
        for each in (writer, other)
    ]
    assert counts == [[{"n": 2}], [{"n": 1}]]


def test_engine_works_after_a_limit(shop: CutWriter) -> None:
    """A notebook goes on after a statement that asked for too much."""
    engine = Engine(
        shop.home, shop.project, query_settings(time_max=1_000_000, memory_max=64 << 20)
    )
    endless = "WITH RECURSIVE t AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM t)"
    with pytest.raises(LimitReached, match=r"query\.time_max"):
        engine.run(f"{endless} SELECT count(*) FROM t")
    with pytest.raises(LimitReached, match=r"query\.time_max"):
        engine.run("SELECT count(*) FROM (FROM range(99999999999) ORDER BY random() LIMIT 1)")
    with pytest.raises(LimitReached, match=r"query\.memory_max"):
        engine.run("SELECT list(a) FROM range(90000000) t(a)")
    assert engine.run("SELECT 1 AS a").table.to_pylist() == [{"a": 1}]
    engine.close()


def test_limit_lets_duckdb_stop_early(engine: Engine) -> None:
    """The row limit is part of what runs: endless rows are cut off, and order is kept."""
    endless = engine.run("SELECT a FROM range(999999999999) t(a);  -- all", rows_max=3)
    ordered = engine.run("SELECT a FROM range(100000) t(a) ORDER BY a DESC;", rows_max=3)
    assert [(found.table.to_pylist(), found.is_cut_off) for found in (endless, ordered)] == [
        ([{"a": 0}, {"a": 1}, {"a": 2}], True),
        ([{"a": 99_999}, {"a": 99_998}, {"a": 99_997}], True),
    ]


def test_names_of_columns_are_unique(engine: Engine) -> None:
    """JSON objects and frames need names: the second `a` is another column."""
    for rows_max in (None, 5):
        found = engine.run('SELECT 1 AS a, 2 AS a, 3 AS "A"', rows_max=rows_max)
        assert len({name.lower() for name in found.table.column_names}) == 3
        assert found.table.to_pydict().keys() == {column.name for column in found.columns}
