"""The views over a cut follow its rules, and let DuckDB skip what a statement does not need."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.clock import DAY, MINUTE, SECOND
from footfall.errors import Corrupt, Unavailable
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA
from footfall.query.engine import Engine
from footfall.session import SESSION_SCHEMA
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.query.cuts import GAP, CutWriter, failures, overrides, removed, sessions

OpenEngine = Callable[[CutWriter], Engine]


def _text(name: str) -> str:
    return str(uuid.UUID(bytes=uuid_of(name)))


def _rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in engine.run(sql).table.to_pylist()]


def test_views_have_the_columns_of_the_schemas(engine: Engine) -> None:
    """People and dashboards name these columns; sessions alone have one more, `status`."""
    expected = {
        "events": EVENT_SCHEMA.names,
        "failed_events": FAILED_SCHEMA.names,
        "sessions": [*SESSION_SCHEMA.names, "status"],
    }
    assert expected == {
        view: engine.run(f"FROM {view} LIMIT 0").table.column_names for view in expected
    }


def test_types_are_the_same_in_lake_tail_and_empty_tables(
    writer: CutWriter, open_engine: OpenEngine
) -> None:
    """A statement must not change its meaning when the first epoch is committed."""

    def types() -> list[list[str]]:
        engine = open_engine(writer)
        return [
            [row["column_type"] for row in engine.run(f"DESCRIBE {view}").table.to_pylist()]
            for view in ("events", "sessions", "failed_events")
        ]

    writer.publish()
    empty = types()
    writer.to_tail("events", event_table([{}]))
    writer.to_tail("failed_events", failures(1))
    writer.add_hot(sessions([{}], hot=True))
    writer.publish()
    with_tail = types()
    writer.to_lake("events", event_table([{}]))
    writer.to_lake("failed_events", failures(1))
    writer.to_lake("sessions", sessions([{}]))
    writer.publish()
    assert [empty, empty] == [with_tail, types()]
    assert empty[0][0] == "UUID"


def test_events_are_lake_and_tail(engine: Engine) -> None:
    """Committed or not, an event is there once, with its id readable as a UUID."""
    rows = _rows(engine, "SELECT event_name, count(*) FROM events GROUP BY 1 ORDER BY 1")
    assert rows == [("<script>", 1), ("a", 2), ("b", 1), ("c", 1)]
    ids = _rows(engine, "SELECT DISTINCT event_id FROM events ORDER BY 1")
    assert ids == sorted((_text(f"event {n}"),) for n in range(3))


def test_failed_events_are_lake_and_tail(engine: Engine) -> None:
    """What failed a moment ago can be looked at now."""
    assert _rows(engine, "SELECT reason, payload FROM failed_events") == [("not_json", b"{")] * 2


def test_overrides_replace_session_ids_in_lake_and_tail(
    writer: CutWriter, open_engine: OpenEngine
) -> None:
    """Late events rename sessions: earlier events of that visitor and interval follow.

    In the lake and in the tail, bounds included, and nobody else's.
    """
    old = uuid_of("old")
    moments = [
        {"event_time": NOON_US + second * SECOND, "visitor_id": visitor, "session_id": old}
        for visitor in ("v1", "v2")
        for second in (0, 1, 2, 3)
    ]
    writer.to_lake("events", event_table(moments[:6]))
    nobody = {"event_time": NOON_US, "visitor_id": None, "session_id": None}
    writer.to_tail("events", event_table([*moments[6:], nobody]))
    writer.set_overrides(
        overrides(
            ("v1", NOON_US + 1 * SECOND, NOON_US + 2 * SECOND, uuid_of("new")),
            ("v2", NOON_US + 3 * SECOND, NOON_US + 9 * SECOND, uuid_of("newer")),
        )
    )
    writer.publish()
    rows = _rows(
        open_engine(writer),
        "SELECT visitor_id, epoch_us(event_time), session_id FROM events ORDER BY ALL NULLS LAST",
    )
    names = ["old", "new", "new", "old", "old", "old", "old", "newer"]
    expected = [
        (visitor, NOON_US + second * SECOND, _text(name))
        for (visitor, second), name in zip(
            [(visitor, second) for visitor in ("v1", "v2") for second in range(4)],
            names,
            strict=True,
        )
    ]
    assert rows == [*expected, (None, NOON_US, None)]


def test_sessions_are_the_newest_of_hot_and_lake(
    writer: CutWriter, open_engine: OpenEngine
) -> None:
    """Each session is there once, as it is now: the newest hot row, else the newest revision.

    What was joined or renamed away is gone from both.
    """
    writer.to_lake(
        "sessions",
        sessions(
            [
                {"session_id": uuid_of("once"), "events": 1},
                {"session_id": uuid_of("revised"), "events": 1},
                {"session_id": uuid_of("reopened"), "events": 1},
                {"session_id": uuid_of("removed in hot"), "events": 1},
                {"session_id": uuid_of("removed in lake"), "events": 1, "epoch": 4},
                {"session_id": uuid_of("made again"), "events": 1, "revision": 2, "epoch": 4},
            ]
        ),
    )
    writer.to_lake(
        "sessions",
        sessions(
            [
                {"session_id": uuid_of("revised"), "events": 3, "revision": 3, "epoch": 3},
                {"session_id": uuid_of("revised"), "events": 2, "revision": 2, "epoch": 2},
                {"session_id": uuid_of("made again"), "events": 7, "revision": 1, "epoch": 6},
            ]
        ),
    )
    writer.set_removed(removed((uuid_of("removed in lake"), 5), (uuid_of("made again"), 5)))
    writer.add_hot(
        sessions(
            [
                {"session_id": uuid_of("reopened"), "events": 2, "sequence": 1},
                {"session_id": uuid_of("new"), "events": 1, "sequence": 1},
                {"session_id": uuid_of("gone"), "events": 1, "sequence": 1},
            ],
            hot=True,
        )
    )
    writer.add_hot(
        sessions(
            [
                {"session_id": uuid_of("reopened"), "events": 3, "sequence": 2},
                {"session_id": uuid_of("gone"), "is_removed": True, "sequence": 2},
                {"session_id": uuid_of("removed in hot"), "is_removed": True, "sequence": 2},
            ],
            hot=True,
        )
    )
    writer.publish()
    rows = _rows(open_engine(writer), "SELECT session_id, events FROM sessions")
    expected = {"once": 1, "revised": 3, "reopened": 3, "new": 1, "made again": 7}
    assert sorted(rows) == sorted((_text(name), events) for name, events in expected.items())


def test_kept_files_count_where_they_are_shown(writer: CutWriter, open_engine: OpenEngine) -> None:
    """Open sessions by the million are in files that many cuts name; each cut says which count."""
    names = ["shown", "changed since", "in the hot file", "gone", "other", "written since"]
    first, second = (
        sessions([{"session_id": uuid_of(name), "events": 5} for name in some])
        for some in (names[:4], names[4:])
    )
    writer.set_kept((first, [True, False, True, True]), (second, [True, False]))
    newer = sessions([{"session_id": uuid_of("changed since"), "events": 6}])
    writer.to_lake(
        "sessions",
        sessions(
            [
                {"session_id": uuid_of("written since"), "events": 7},
                {"session_id": uuid_of("shown"), "events": 4},
                {"session_id": uuid_of("once"), "events": 1},
            ]
        ),
    )
    writer.publish()
    engine = open_engine(writer)
    expected = {"shown": 5, "in the hot file": 5, "gone": 5, "other": 5}
    expected |= {"written since": 7, "once": 1}
    assert _by_name(engine) == {_text(name): events for name, events in expected.items()}
    writer.set_kept((first, [True, False, True, True]), (second, [True, False]), (newer, [True]))
    writer.add_hot(
        sessions(
            [
                {"session_id": uuid_of("in the hot file"), "events": 8, "sequence": 2},
                {"session_id": uuid_of("gone"), "is_removed": True, "sequence": 2},
            ],
            hot=True,
        )
    )
    writer.publish()
    expected |= {"changed since": 6, "in the hot file": 8}
    del expected["gone"]
    assert _by_name(engine) == {_text(name): events for name, events in expected.items()}


def _by_name(engine: Engine) -> dict[str, int]:
    rows = _rows(engine, "SELECT session_id, events FROM sessions")
    assert len(rows) == len(dict(rows)), "each session once"
    return dict(rows)


def test_kept_files_that_do_not_fit_are_damage(writer: CutWriter, open_engine: OpenEngine) -> None:
    """A mask of other rows would show others' sessions: it is refused with what to do."""
    writer.set_kept((sessions([{}]), [True, False]))
    writer.publish()
    with pytest.raises(Corrupt, match="restart the server"):
        open_engine(writer).run("SELECT count(*) FROM sessions")


def test_removal_hides_only_what_was_written_before(
    writer: CutWriter, open_engine: OpenEngine
) -> None:
    """A session that is split away and later comes back under the same id counts again."""
    again = {"session_id": uuid_of("s")}
    writer.to_lake("sessions", sessions([{**again, "epoch": 1}]))
    writer.set_removed(removed((uuid_of("s"), 1)))
    writer.publish()
    engine = open_engine(writer)
    assert _rows(engine, "SELECT count(*) FROM sessions") == [(1,)]
    writer.set_removed(removed((uuid_of("s"), 2)))
    writer.publish()
    assert _rows(engine, "SELECT count(*) FROM sessions") == [(0,)]


def test_status_follows_the_watermark(writer: CutWriter, open_engine: OpenEngine) -> None:
    """A session is closed when the watermark is past its end plus the gap, not at it."""
    ends = {"exactly": NOON_US, "past": NOON_US - 1, "active": NOON_US + MINUTE}
    rows = [{"session_id": uuid_of(name), "ended_at": end} for name, end in ends.items()]
    writer.add_hot(sessions(rows, hot=True))
    writer.to_lake("sessions", sessions([{"session_id": uuid_of("lake")}]))
    writer.watermark = NOON_US + GAP
    writer.publish()
    found = _rows(open_engine(writer), "SELECT session_id, status FROM sessions")
    expected = {"exactly": "open", "past": "closed", "active": "open", "lake": "closed"}
    assert sorted(found) == sorted((_text(name), status) for name, status in expected.items())


def test_each_statement_sees_the_newest_cut(writer: CutWriter, open_engine: OpenEngine) -> None:
    """What was published a moment ago is in the next answer, and the answer says which cut."""
    writer.to_tail("events", event_table([{}]))
    writer.publish()
    engine = open_engine(writer)
    seen = []
    for _ in range(3):
        found = engine.run("SELECT count(*) AS n FROM events")
        seen.append((found.cut_sequence, found.table.to_pylist()[0]["n"]))
        writer.to_tail("events", event_table([{}]))
        writer.publish()
    writer.to_lake("events", event_table([{}] * 9))
    writer.tail = {}
    writer.publish()
    found = engine.run("SELECT count(*) AS n FROM events")
    assert [*seen, (found.cut_sequence, found.table.to_pylist()[0]["n"])] == [
        (1, 1),
        (2, 2),
        (3, 3),
        (5, 9),
    ]


def test_removed_tail_file_is_no_harm_once_open(writer: CutWriter, open_engine: OpenEngine) -> None:
    """The sweep removes files of old cuts; an engine that has them mapped still reads them."""
    writer.to_tail("events", event_table([{}]))
    cut = writer.publish()
    engine = open_engine(writer)
    assert _rows(engine, "SELECT count(*) FROM events") == [(1,)]
    (writer.tail_dir / cut.tail["events"][0]).unlink()
    assert _rows(engine, "SELECT count(*) FROM events") == [(1,)]
    with pytest.raises(Corrupt, match="missing"):
        open_engine(writer).run("SELECT 1")


def test_no_cut_is_said(writer: CutWriter, open_engine: OpenEngine) -> None:
    """Before the first start there is nothing to read: the message says what to do."""
    with pytest.raises(Unavailable, match="start `footfall serve` once"):
        open_engine(writer).run("SELECT 1")


def test_missing_data_file_is_corrupt(writer: CutWriter, open_engine: OpenEngine) -> None:
    """A lake that lost a file must not look smaller than it is."""
    writer.to_lake("events", event_table([{}]))
    writer.publish()
    for file in writer.lake.plan("events").files:
        Path(file).unlink()
    with pytest.raises(Corrupt, match="data file"):
        open_engine(writer).run("SELECT event_name FROM events")


def test_files_of_an_older_schema_read_as_null(writer: CutWriter, open_engine: OpenEngine) -> None:
    """Columns come by Iceberg field id: a file from before a column existed has nulls there."""
    writer.to_lake("events", event_table([{"page_title": "x"}]))
    (path,) = writer.lake.plan("events").files
    older = pq.read_table(path).drop_columns(["page_title", "items"])
    pq.write_table(older, path)
    writer.publish()
    rows = _rows(open_engine(writer), "SELECT page_title, items, event_name FROM events")
    assert rows == [(None, None, "page_view")]


@pytest.mark.parametrize("name", ["it's", "a*b", "a[1]b", "ünï cödé"])
def test_any_home_can_be_read(tmp_path: Path, open_engine: OpenEngine, name: str) -> None:
    """Paths are data: quotes and signs that DuckDB takes for patterns stand for themselves."""
    writer = CutWriter(tmp_path / name)
    writer.to_lake("events", event_table([{}, {}]))
    writer.publish()
    assert _rows(open_engine(writer), "SELECT count(event_name) FROM events") == [(2,)]


def test_filters_and_columns_reach_the_files(writer: CutWriter, open_engine: OpenEngine) -> None:
    """A day's question reads neither the other days nor columns it does not name."""
    for day in range(3):
        writer.to_lake("events", event_table([{"event_time": NOON_US + day * DAY}] * 3))
        started = {"session_id": uuid_of(f"s{day}"), "started_at": NOON_US + day * DAY}
        writer.to_lake("sessions", sessions([{**started, "revision": 1 + day}]))
    writer.to_tail("events", event_table([{}]))
    writer.add_hot(sessions([{"session_id": uuid_of("h")}], hot=True))
    writer.set_overrides(overrides(("v1", NOON_US, NOON_US, uuid_of("new"))))
    writer.set_removed(removed((uuid_of("s9"), 1)))
    writer.publish()
    engine = open_engine(writer)
    engine.run("SELECT 1")
    last_day = (NOON_US + 2 * DAY - DAY // 2) // SECOND
    for view, column, kept in (
        ("events", "event_time", "page_url"),
        ("sessions", "started_at", "events"),
    ):
        plan = _plan(
            engine, f"SELECT max({kept}) FROM {view} WHERE {column} >= to_timestamp({last_day})"
        )
        assert "Row Groups Scanned: 1 / 3" in plan
        assert "properties" not in plan
        assert "entry_page" not in plan


def _plan(engine: Engine, sql: str) -> str:
    query = engine._connection.execute(f"EXPLAIN ANALYZE {sql}")
    return str(query.fetchall()[0][1])


def test_arrow_types_of_ids_and_times(engine: Engine) -> None:
    """What Python gets: ids as text, instants in UTC, money as decimals."""
    schema = engine.run("SELECT event_id, event_time, value, bot_reasons FROM events").table.schema
    assert schema.types == [
        pa.string(),
        pa.timestamp("us", tz="UTC"),
        pa.decimal128(18, 6),
        pa.list_(pa.field("l", pa.string())),
    ]
