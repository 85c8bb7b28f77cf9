"""Definitions that come while a project runs: in the end each is what it says of all events.

The oracle is the definition in some thirty lines (`tests/sessionize`), given the lake's events.
"""

from __future__ import annotations

import random
import shutil
import uuid
from pathlib import Path
from typing import Any

import pytest

from footfall import redefine
from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.errors import Conflict, Invalid
from footfall.lake import Lake
from footfall.metadata import Metadata
from footfall.pipeline._pipeline import Pipeline
from footfall.query.engine import Engine
from footfall.redefine import filling, slices
from footfall.sessionize import EVENT_COLUMNS
from footfall.sessionize.gap import GapDefinition
from tests.pipeline.harness import START_US, Bench, event, request
from tests.query.cuts import query_settings
from tests.sessionize import windows
from tests.sessionize.world import ORACLE_COLUMNS, plain, truth_of

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "sessions.file_rows_min=1",
    "sessions.gap=5m",
    "sessions.hot_age=10m",
)
STEP = 5 * HOUR
QUICK = GapDefinition(20 * MINUTE, 2 * HOUR, 3, HOUR)
OPTIONS: dict[str, dict[str, Any]] = {
    "quick": {"kind": "gap", "gap": "20m", "length_max": "2h", "events_max": 3},
    "third": {"kind": "step", "step": "8h", "key": ["user_id"]},
}


class Run:
    """A project that lives: batches come, some late; people redefine."""

    def __init__(self, directory: Path, seed: int, *more: str) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
        self.bench: Bench
        self.pipeline: Pipeline
        self.bench, self.pipeline = self._start(directory, more)
        self.number = self.batch = 0

    def _start(self, directory: Path, more: tuple[str, ...]) -> tuple[Bench, Pipeline]:
        bench = Bench(directory, *SETTINGS, *more)
        return bench, bench.pipeline()

    @property
    def metadata(self) -> Metadata:
        return self.pipeline._parts.metadata

    def send(self) -> None:
        """A batch, a third of it up to two days late; its epoch closes, and five hours go by."""
        chance, now, events = self.chance, START_US + self.batch * STEP, []
        for _ in range(chance.randint(5, 10)):
            late = chance.choice([0, 0, 0, 20 * MINUTE, 10 * HOUR, 30 * HOUR, 45 * HOUR])
            at = now - late - chance.randrange(50 * MINUTE)
            more = chance.choice([{}, {"user": {"id": f"u{chance.randrange(2)}"}}])
            events.append(event(f"v{chance.randrange(3)}", at, self.number, **more))
            self.number += 1
        for minutes in range(0, 100, 9):  # activity that reaches over what a state begins with
            events.append(event("steady", now - minutes * MINUTE, self.number))
            self.number += 1
        self.bench.append([request(self.batch, events, now)])
        self.batch += 1
        self.turn(20 * SECOND)
        self.bench.clock.advance(STEP - 20 * SECOND)

    def turn(self, time: int) -> None:
        self.pipeline.step()
        self.bench.clock.advance(time)
        self.pipeline.step()
        self.pipeline._take_commit(wait=True)

    def restart(self, *, from_lake: bool = False) -> None:
        """The process dies; with `from_lake` what it knew is lost as well."""
        if from_lake:
            self.bench.stop_consumers()
            for file in self.bench.home.state_dir("default").glob("checkpoint*"):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
            self.bench.log.trim(self.pipeline.truth.log_to)
        self.pipeline = self.bench.pipeline()

    def define(self, name: str) -> None:
        settings = self.bench.settings.sessions
        redefine.define(self.metadata, settings, "default", name, OPTIONS[name])
        self.turn(2 * SECOND)
        assert f"{name}.1" in self.pipeline.truth.state.keys

    def fill(self, turns: int = 10**6) -> bool:
        """As the process beside it does, for so many slices; whether all is whole."""
        left = iter(range(turns))
        found = filling.fill(
            self.bench.home,
            self.bench.settings,
            "default",
            should_stop=lambda: next(left, None) is None,
            clock=self.bench.clock,
        )
        return all(one.is_whole for one in found)

    def end(self) -> None:
        """Two days on everything is closed, repaired and written."""
        self.turn(2 * SECOND)
        for _ in range(3):
            self.pipeline.finish()
            self.bench.clock.advance(DAY)
            self.turn(SECOND)
        self.pipeline.finish()

    def asked(self, sql: str) -> list[dict[str, Any]]:
        engine = Engine(self.bench.home, "default", query_settings())
        try:
            return plain(engine.run(sql).table)
        finally:
            engine.close()

    def seen(self, view: str) -> dict[bytes, dict[str, Any]]:
        rows = self.asked(f"SELECT * FROM {view}")
        found = {uuid.UUID(row["session_id"]).bytes: row for row in rows}
        assert len(found) == len(rows), "no session is there twice"
        return {
            key: {n: row[n] for n in ORACLE_COLUMNS} | {"session_id": key}
            for key, row in found.items()
        }

    def truth(self, name: str) -> dict[bytes, dict[str, Any]]:
        events = plain(self.bench.tables()["events"].select([*EVENT_COLUMNS, "event_id"]))
        if name == "third":
            return windows.sessions(events, 8 * HOUR, b"footfall.third.1", ("user_id",))
        person = b"footfall.quick.1"
        found = {}
        for row in truth_of(events, QUICK)[0].values():
            key = windows.session_id(row["app_id"], row["visitor_id"], row["started_at"], person)
            found[key] = row | {"session_id": key}
        return found


def _is_exact(run: Run, name: str) -> None:
    assert run.seen(f"sessions_{name}") == run.truth(name)
    rows = run.bench.tables()["other_sessions"].select(["session_id", "revision"])
    assert rows.num_rows == rows.group_by(["session_id", "revision"]).aggregate([]).num_rows


def test_a_switch_is_right_at_every_read(tmp_path: Path) -> None:
    """Old and new events, in lake and tail, name the sessions of the definition that is shown."""
    run = Run(tmp_path, 77)
    run.define("third")
    first = redefine.listed(run.metadata, run.bench.settings.sessions, "default")
    assert [one.state for one in first] == ["whole", "whole"], "nothing came before"
    for _ in range(4):
        run.send()
    stored = run.seen("sessions")
    settings = run.bench.settings.sessions
    run.define("quick")
    with pytest.raises(Conflict, match="its past is not computed yet"):
        redefine.switch(run.metadata, settings, "default", "quick")
    with pytest.raises(Conflict, match="is there"):
        redefine.define(run.metadata, settings, "default", "quick", OPTIONS["quick"])
    assert run.fill()
    run.turn(2 * SECOND)
    redefine.switch(run.metadata, settings, "default", "quick")
    with pytest.raises(Conflict, match="switch to another"):
        redefine.drop(run.metadata, "default", "quick")
    run.turn(2 * SECOND)
    now = START_US + run.batch * STEP
    run.bench.append([request(900, [event("v0", now, 9000)], now)])
    run.pipeline.step()
    run.bench.clock.advance(SECOND)
    run.pipeline.step()  # in the tail
    run.batch += 1
    _names(run, "sessions_quick", "sessions")
    run.end()
    assert run.seen("sessions") == run.truth("quick")
    assert run.seen("sessions_gap").keys() >= stored.keys()
    _names(run, "sessions_quick", "sessions")
    redefine.switch(run.metadata, settings, "default", "gap")
    run.turn(2 * SECOND)
    _names(run, "sessions_gap", "sessions")
    redefine.drop(run.metadata, "default", "quick")
    run.turn(2 * SECOND)
    with pytest.raises(Invalid):
        run.seen("sessions_quick")
    again = redefine.define(run.metadata, settings, "default", "quick", {"kind": "day"})
    assert again.version == 2, "a version is never used twice"


def _names(run: Run, gone: str, shown: str) -> None:
    """Each event is in the session that it names, each session has as many as it counts."""
    with pytest.raises(Invalid):
        run.seen(gone)
    counted = run.asked(
        "SELECT s.session_id, any_value(s.events) AS told, count(e.event_id) AS n,"
        " count(*) FILTER (e.event_time NOT BETWEEN s.started_at AND s.ended_at) AS out"
        f" FROM {shown} s LEFT JOIN events e USING (session_id) GROUP BY 1"
    )
    assert counted
    assert all(row["told"] == row["n"] and row["out"] == 0 for row in counted)
    total = run.asked("SELECT count(*) AS n, count(session_id) AS named FROM events")[0]
    assert total["n"] == total["named"] == sum(row["n"] for row in counted)


def test_a_kill_between_file_and_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It dies before and after each commit of a fill, once: nothing is written twice or missing."""
    monkeypatch.setattr(slices, "EVENTS_MAX", 12)
    monkeypatch.setattr(filling, "COMMIT_SLICES", 3)
    run = Run(tmp_path, 5)
    for _ in range(6):
        run.send()
    run.define("quick")
    replace, deaths = Lake.replace, 0

    class Death(Exception):  # noqa: N818
        pass

    def dying(lake: Lake, table: str, *arguments: Any, **named: Any) -> bool:
        nonlocal deaths
        deaths += 1
        if deaths % 3 == 1:
            raise Death
        done = replace(lake, table, *arguments, **named)
        if deaths % 3 == 2:
            raise Death
        return done

    monkeypatch.setattr(Lake, "replace", dying)
    for _ in range(50):
        try:
            if run.fill():
                break
        except Death:
            continue
    assert deaths > 4
    monkeypatch.setattr(Lake, "replace", replace)
    run.end()
    _is_exact(run, "quick")


def test_events_of_users_join_at_every_read(tmp_path: Path) -> None:
    """The worked table: a server's events are in their user's session, whenever either comes."""
    run = Run(tmp_path, 1, "sessions.events_of_users=join")

    def send(rows: list[tuple[str | None, int]]) -> None:
        events = []
        for visitor, minute in rows:
            one = event("v", START_US + minute * MINUTE, run.number, user_id="u")
            if visitor is None:
                del one["visitor_id"]
            events.append(one)
            run.number += 1
        now = START_US + 20 * MINUTE + run.batch
        run.bench.append([request(run.batch, events, now, trusted=True)])
        run.batch += 1
        run.turn(20 * SECOND)

    def joined() -> list[int]:
        found = run.asked(
            "SELECT event_time FROM events JOIN sessions USING (session_id)"
            " WHERE events.visitor_id IS NULL ORDER BY 1"
        )
        return [(row["event_time"] - START_US) // MINUTE for row in found]

    send([(None, 6), ("v", 2), ("v", 3), (None, 1), (None, 2), (None, 9)])
    assert joined() == [2, 6]
    send([("v", 7)])
    assert joined() == [2, 6, 9], "the session goes on: it ended less than its gap before"
    run.end()
    assert joined() == [2, 6, 9]
    assert run.asked("SELECT sum(events) AS n FROM sessions") == [{"n": 3}]
