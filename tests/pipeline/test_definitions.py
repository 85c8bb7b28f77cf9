"""Two session definitions side by side: each is what it is alone, whatever dies or comes late.

`day` (one UTC day of a visitor) runs beside `gap`, which is the default.
"""

from __future__ import annotations

import random
import shutil
import sqlite3
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from footfall.backup import back_up, finish_restore, restore
from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.errors import Conflict, Invalid
from footfall.pipeline import maintain
from footfall.pipeline._pipeline import Pipeline
from footfall.query.engine import Engine
from footfall.redefine.filling import fill
from footfall.request import Request
from footfall.sessionize import EVENT_COLUMNS, Definitions
from footfall.sessionize.step import StepDefinition
from footfall.upgrade import upgrade
from tests.pipeline.harness import START_US, Bench, Crash, Faults, event, request
from tests.query.cuts import query_settings
from tests.scale import scaled
from tests.sessionize import windows
from tests.sessionize.world import ORACLE_COLUMNS, plain

GAP_ONLY = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "sessions.file_rows_min=1",
    "sessions.gap=5m",
    "sessions.hot_age=10m",
)
BOTH = (*GAP_ONLY, 'sessions.definitions={day={kind="day"}}')
STEP = 5 * HOUR
GAP_TABLES = ("events", "sessions", "failed_events", "session_overrides", "session_changes")


def _batches(seed: int, count: int) -> list[list[Request]]:
    """A batch each five hours; a third of its events come late, up to two days."""
    chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
    made, number = [], 0
    for batch in range(count):
        now = START_US + batch * STEP
        events = []
        for _ in range(chance.randint(4, 9)):
            late = chance.choice([0, 0, 0, 20 * MINUTE, 10 * HOUR, 30 * HOUR, 45 * HOUR])
            at = now - late - chance.randrange(30 * MINUTE)
            events.append(event(f"v{chance.randrange(3)}", at, number))
            number += 1
        made.append([request(batch * 10 + n, events[n::2], now + n) for n in range(2)])
    return made


def _drive(bench: Bench, pipeline: Pipeline, batches: list[list[Request]]) -> None:
    """Each batch arrives, is shown, and its epoch closes."""
    for requests in batches:
        bench.append(requests)
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        bench.clock.advance(STEP - 20 * SECOND)


def _end(bench: Bench, pipeline: Pipeline) -> None:
    """Two days on everything is closed, repaired and written."""
    for _ in range(3):
        pipeline.finish()
        bench.clock.advance(DAY)
        pipeline.step()
        pipeline._take_commit(wait=True)
    pipeline.finish()


def _ran(bench: Bench, batches: list[list[Request]]) -> Pipeline:
    pipeline = bench.pipeline()
    _drive(bench, pipeline, batches)
    _end(bench, pipeline)
    return pipeline


def _sorted(
    tables: dict[str, pa.Table], names: Any, without: Sequence[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Rows without their order. A start more may make an epoch more: then `epoch` says nothing."""
    return {
        name: sorted(
            tables[name].drop_columns(list(without)).to_pylist(),
            key=lambda row: sorted(map(str, row.items())),
        )
        for name in names
    }


def _truth(bench: Bench) -> dict[bytes, dict[str, Any]]:
    """What the oracle says of all events that the lake has."""
    events = bench.tables()["events"].select([*EVENT_COLUMNS, "event_id"])
    return windows.sessions(plain(events))


def _written(bench: Bench) -> dict[bytes, dict[str, Any]]:
    """The newest revision of each session by day; none was ever written twice as one revision."""
    rows = plain(bench.tables()["other_sessions"])
    assert {(row["definition"], row["definition_version"]) for row in rows} <= {("day", 1)}
    ids = [(row["session_id"], row["revision"]) for row in rows]
    assert len(set(ids)) == len(ids)
    newest = {row["session_id"]: row for row in sorted(rows, key=lambda row: row["revision"])}
    return {key: {n: row[n] for n in ORACLE_COLUMNS} for key, row in newest.items()}


def _asked(bench: Bench, sql: str) -> list[dict[str, Any]]:
    engine = Engine(bench.home, "default", query_settings())
    try:
        return plain(engine.run(sql).table)
    finally:
        engine.close()


def _seen(bench: Bench) -> dict[bytes, dict[str, Any]]:
    """What a statement sees of `sessions_day`."""
    found = _asked(bench, "SELECT * FROM sessions_day")
    rows = {uuid.UUID(row["session_id"]).bytes: row for row in found}
    assert len(rows) == len(found)
    return {
        key: {n: row[n] for n in ORACLE_COLUMNS} | {"session_id": key} for key, row in rows.items()
    }


@pytest.mark.slow
def test_each_is_what_it_is_alone(tmp_path: Path) -> None:
    """`gap` writes the same rows, to the byte, as without another beside it; `day` its oracle's."""
    alone, both = Bench(tmp_path / "alone", *GAP_ONLY), Bench(tmp_path / "both", *BOTH)
    batches = _batches(1, scaled(9, 14))
    _ran(alone, batches)
    pipeline = both.pipeline()
    waited = False
    for batch in batches:
        _drive(both, pipeline, [batch])
        waited |= pipeline.truth.state["day.1"].has_pending
    assert waited, "a late event touched a day that had left memory"
    _end(both, pipeline)
    tables = both.tables()
    assert _sorted(tables, GAP_TABLES) == _sorted(alone.tables(), GAP_TABLES)
    assert tables["session_overrides"].num_rows
    assert _written(both) == _truth(both)
    assert max(tables["other_sessions"].column("revision").to_pylist()) > 1
    assert alone.tables()["other_sessions"].num_rows == 0


@pytest.mark.slow
def test_statements_see_open_and_closed_sessions_of_both(tmp_path: Path) -> None:
    """Previews, hot rows and the lake are one view, at every moment when nothing is provisional."""
    bench = Bench(tmp_path, *BOTH)
    pipeline = bench.pipeline()
    checked = 0
    for batch in _batches(2, 9):
        bench.append(batch)
        pipeline.step()
        now = _asked(bench, "SELECT count(DISTINCT session_id) AS n FROM sessions_day")
        assert now[0]["n"] > 0
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        pipeline.finish()
        if not pipeline.truth.state["day.1"].has_pending:
            assert _seen(bench) == _truth(bench)
            checked += 1
        bench.clock.advance(STEP - 20 * SECOND)
    assert checked > 3
    states = "SELECT DISTINCT status FROM sessions_day ORDER BY 1"
    assert [row["status"] for row in _asked(bench, states)] == ["closed", "open"]
    joined = _asked(bench, "SELECT count(*) AS n FROM events JOIN sessions USING (session_id)")
    assert joined[0]["n"] == bench.tables()["events"].num_rows
    assert _asked(bench, "SELECT count(*) AS n FROM events JOIN sessions_day USING (session_id)")[
        0
    ] == {"n": 0}, "events name the default's sessions"
    with pytest.raises(Invalid):
        _asked(bench, "SELECT * FROM sessions_week")
    with pytest.raises(Invalid):
        _asked(bench, "SELECT * FROM _hot_day")


@pytest.mark.slow
def test_death_at_effects_changes_nothing_of_either(tmp_path: Path) -> None:
    """Plan, each table's commit, its note, checkpoint, cut: before and after, then a start."""
    batches = _batches(3, 5)
    whole = Bench(tmp_path / "whole", *BOTH)
    faults = Faults()
    pipeline = whole.pipeline(faults)
    _drive(whole, pipeline, batches)
    count = faults.count
    _end(whole, pipeline)
    expected = _sorted(whole.tables(), (*GAP_TABLES, "other_sessions"), ["epoch"])
    assert expected["other_sessions"]
    for die_at in range(5, count, scaled(53, 2)):
        bench = Bench(tmp_path / str(die_at), *BOTH)
        pipeline = bench.pipeline(Faults(die_at))
        deaths = 0
        for requests in batches:
            bench.append(requests)
            for seconds in (0, 20):
                bench.clock.advance(seconds * SECOND)
                try:
                    pipeline.step()
                    pipeline._take_commit(wait=True)
                except Crash:
                    deaths += 1
                    pipeline._executor.shutdown(wait=True)
                    pipeline = bench.pipeline()
                    pipeline.step()
                    if seconds and not pipeline._preview.is_empty:
                        pipeline.close_epoch()
                    pipeline._take_commit(wait=True)
            bench.clock.advance(STEP - 20 * SECOND)
        assert deaths == 1, f"{die_at=}"
        _end(bench, pipeline)
        assert _sorted(bench.tables(), expected, ["epoch"]) == expected, f"{die_at=}"


@pytest.mark.slow
def test_states_lost_are_made_from_the_lake(tmp_path: Path) -> None:
    """No checkpoint and a trimmed log: both go on and come to the same sessions."""
    for seed in range(scaled(1, 10)):
        batches = _batches(40 + seed, scaled(8, 12))
        middle = len(batches) // 2 + 1
        kept, lost = Bench(tmp_path / f"k{seed}", *BOTH), Bench(tmp_path / f"l{seed}", *BOTH)
        _ran(kept, batches)
        pipeline = lost.pipeline()
        _drive(lost, pipeline, batches[:middle])
        lost.stop_consumers()
        shutil.rmtree(lost.home.state_dir("default"))
        lost.log.trim(pipeline.truth.log_to)
        before, pipeline = pipeline, lost.pipeline()
        assert pipeline.truth.epoch == before.truth.epoch > 0
        _drive(lost, pipeline, batches[middle:])
        _end(lost, pipeline)
        rows = [_sorted(bench.tables(), GAP_TABLES, ["epoch"]) for bench in (lost, kept)]
        assert rows[0] == rows[1], seed
        assert _written(lost) == _written(kept) == _truth(kept), seed


def test_a_backup_has_both(tmp_path: Path) -> None:
    """What is restored elsewhere answers, and goes on from its checkpoint."""
    bench = Bench(tmp_path / "home", *BOTH)
    upgrade(bench.home)
    batches = _batches(5, 8)
    pipeline = bench.pipeline()
    _drive(bench, pipeline, batches[:6])
    pipeline.finish()
    back_up(bench.home, tmp_path / "backup")
    again = Bench(tmp_path / "again", *BOTH)
    restore(tmp_path / "backup", again.home)
    finish_restore(again.home)
    upgrade(again.home)
    again.log, again.clock = bench.log, bench.clock
    assert _sorted(again.tables(), ["other_sessions"]) == _sorted(
        bench.tables(), ["other_sessions"]
    )
    pipeline = again.pipeline()
    assert pipeline.truth.state.keys == ("gap.1", "day.1")
    _drive(again, pipeline, batches[6:])
    _end(again, pipeline)
    assert _written(again) == _truth(again)
    assert _seen(again) == _truth(again)


def test_an_error_in_one_is_an_error_of_the_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No table has a row of it; when the definition is mended the epoch is done as planned."""
    batches = _batches(6, 6)
    whole = Bench(tmp_path / "whole", *BOTH)
    _ran(whole, batches)
    bench = Bench(tmp_path / "torn", *BOTH)
    pipeline = bench.pipeline()
    _drive(bench, pipeline, batches[:3])
    before = bench.tables()
    bench.append(batches[3])
    pipeline.step()
    bench.clock.advance(20 * SECOND)
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        broken.setattr(StepDefinition, "close", fail)
        pipeline.step()
        with pytest.raises(ZeroDivisionError):
            pipeline._take_commit(wait=True)
        assert bench.tables() == before
        pipeline._executor.shutdown(wait=True)
        with pytest.raises(ZeroDivisionError):
            bench.pipeline()
        assert bench.tables() == before
    pipeline = bench.pipeline()
    bench.clock.advance(STEP - 20 * SECOND)
    _drive(bench, pipeline, batches[4:])
    _end(bench, pipeline)
    both = (*GAP_TABLES, "other_sessions")
    assert _sorted(bench.tables(), both, ["epoch"]) == _sorted(whole.tables(), both, ["epoch"])


@pytest.mark.slow
def test_a_definition_comes_and_goes(tmp_path: Path) -> None:
    """One that is added is exact, its past too when that is computed; the default never notices."""
    alone, bench = Bench(tmp_path / "alone", *GAP_ONLY), Bench(tmp_path / "home", *GAP_ONLY)
    batches = _batches(7, 15)
    _ran(alone, batches)
    _drive(bench, bench.pipeline(), batches[:4])
    with_day = Bench(bench.home.root, *BOTH)
    with_day.log, with_day.clock = bench.log, bench.clock
    pipeline = with_day.pipeline()
    _drive(with_day, pipeline, batches[4:9])
    # An older checkpoint is of before it came, and plans tell both.
    shutil.rmtree(max(with_day.home.state_dir("default").glob("checkpoint-*")))
    pipeline = with_day.pipeline()
    assert pipeline.truth.state.keys == ("gap.1", "day.1")
    assert pipeline.filling == ("day.1",)
    fill(with_day.home, with_day.settings, "default", clock=with_day.clock)
    _drive(with_day, pipeline, batches[9:12])
    assert pipeline.filling == ()
    pipeline.finish()
    assert _seen(with_day) == _truth(with_day)
    bench.clock = with_day.clock
    pipeline = bench.pipeline()
    assert pipeline.truth.state.keys == ("gap.1",)
    _drive(bench, pipeline, batches[12:])
    _end(bench, pipeline)
    rows = [_sorted(one.tables(), GAP_TABLES, ["epoch"]) for one in (bench, alone)]
    assert rows[0] == rows[1]


def test_another_version_is_another_definition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its ids, state and rows are its own; what was planned with the old is not done with it."""
    bench = Bench(tmp_path, *BOTH)
    pipeline = bench.pipeline()
    batches = _batches(8, 8)
    _drive(bench, pipeline, batches[:4])
    old = set(_seen(bench))
    newer = Bench(tmp_path, *GAP_ONLY, 'sessions.definitions={day={kind="day",version=2}}')
    newer.log, newer.clock = bench.log, bench.clock
    bench.append(batches[4])
    pipeline.step()
    pipeline.close_epoch()
    pipeline._executor.shutdown(wait=True)
    _unmark(bench)
    pipeline = newer.pipeline()
    assert pipeline.truth.state.keys == ("gap.1", "day.2")
    pipeline.step()
    assert not set(_seen(newer)) & old
    _unmark(bench)
    with monkeypatch.context() as changed:
        changed.setattr(Definitions, "keys", ("gap.1", "day.3"))
        with pytest.raises(Conflict, match=r"planned=gap.1, day.1 here=gap.1, day.3"):
            newer.pipeline()


def test_changed_options_are_refused(tmp_path: Path) -> None:
    """Sessions of two rules never lie under one name: the sentence says what to do."""
    bench = Bench(tmp_path, *BOTH)
    _drive(bench, bench.pipeline(), _batches(9, 2))
    for changed in (
        (*GAP_ONLY, 'sessions.definitions={day={kind="day",time_zone="Europe/Berlin"}}'),
        (*GAP_ONLY, 'sessions.definitions={day={kind="step",step="1h"}}'),
        (*BOTH, "sessions.gap=6m"),
    ):
        other = Bench(tmp_path, *changed)
        other.log, other.clock = bench.log, bench.clock
        with pytest.raises(Conflict, match="give the definition another version"):
            other.pipeline()
    other = Bench(tmp_path, *BOTH, "sessions.hot_age=7m")
    other.log, other.clock = bench.log, bench.clock
    assert other.pipeline().truth.state.keys == ("gap.1", "day.1")


def _unmark(bench: Bench) -> None:
    """As if the process had died before the last epoch was marked committed."""
    with closing(sqlite3.connect(bench.home.metadata_file)) as metadata:
        metadata.execute(
            "UPDATE epochs SET committed_at = NULL, ledger = NULL, ledger_total = NULL"
            " WHERE epoch = (SELECT max(epoch) FROM epochs)"
        )
        metadata.commit()


def test_another_default_is_refused(tmp_path: Path) -> None:
    """It would name other sessions in events."""
    bench = Bench(tmp_path, *BOTH)
    _drive(bench, bench.pipeline(), _batches(9, 2))
    other = Bench(tmp_path, *BOTH, "sessions.default=day")
    other.log, other.clock = bench.log, bench.clock
    with pytest.raises(Conflict, match=r"default=gap.1 first=day.1"):
        other.pipeline()
    assert bench.pipeline().truth.state.keys == ("gap.1", "day.1")


def test_maintenance_keeps_what_is_seen(tmp_path: Path) -> None:
    """Folding, compaction and days leave one newest revision of each, and the same view."""
    bench = Bench(tmp_path, *BOTH, "lake.fold_rows=1", "lake.maintain_epochs=1")
    _ran(bench, _batches(10, scaled(8, 12)))
    before = _seen(bench)
    assert before == _truth(bench)
    maintain(bench.home, bench.settings, "default", clock=bench.clock)
    pipeline = bench.pipeline()
    pipeline.step()
    assert _seen(bench) == before
    assert _written(bench) == before
