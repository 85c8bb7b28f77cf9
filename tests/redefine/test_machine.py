"""Session definitions over a project's life, as a state machine: whatever comes, each is its batch.

Rules are what happens to a project; the oracles are the definitions in some thirty lines each
(`tests/sessionize`), given all events of the lake at once.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from footfall import redefine
from footfall.clock import HOUR, MINUTE, SECOND
from footfall.errors import Conflict, Invalid
from footfall.pipeline import maintain
from footfall.redefine import filling, slices
from footfall.sessionize.gap import GapDefinition
from footfall.sessionize.zones import Zones
from tests.pipeline.harness import event, request
from tests.redefine.test_history import STEP, Run
from tests.scale import IS_FULL, scaled
from tests.sessionize import cut_oracle, oracle, windows
from tests.sessionize.world import ORACLE_COLUMNS, plain

Rows = dict[bytes, dict[str, Any]]
CUTS = {"cut_on_user": "other", "cut_on_campaign": True, "cut_at_midnight": True}
OPTIONS: dict[str, dict[str, Any]] = {
    "quick": {"kind": "gap", "gap": "20m", "length_max": "2h", "events_max": 3},
    "cuts": {"kind": "gap", "gap": "90m", "time_zone": "Europe/Berlin", **CUTS},
    "third": {"kind": "step", "step": "8h", "key": ["user_id"]},
    "sdk": {"kind": "client", "gap": "40m", "length_max": "3h", "events_max": 4},
    "people": {"kind": "gap", "gap": "1h", "key": ["user_id", "device_id"]},
}
AT_FIRST: Any = st.just(sorted(OPTIONS))
"""What is defined at once: all, where there are few examples."""
if IS_FULL:
    AT_FIRST = st.lists(st.sampled_from(sorted(OPTIONS)), unique=True)
GAPS = {
    "gap": GapDefinition(5 * MINUTE, 24 * HOUR, 100_000, HOUR),
    "quick": GapDefinition(20 * MINUTE, 2 * HOUR, 3, HOUR),
    "cuts": GapDefinition(
        *(90 * MINUTE, 24 * HOUR, 100_000, HOUR),
        midnight=Zones("Europe/Berlin"),
        on_user="other",
        on_campaign=True,
    ),
    "sdk": GapDefinition(40 * MINUTE, 3 * HOUR, 4, HOUR),
    "people": GapDefinition(HOUR, 24 * HOUR, 100_000, HOUR),
}
KEYS = {"sdk": ("visitor_id", "client_session_id"), "people": ("user_id", "device_id")}


def truth(name: str, version: int, events: list[dict[str, Any]]) -> Rows:
    """What a definition says of all events at once, by id."""
    person = f"footfall.{name}.{version}".encode()
    if len(person) > 16:
        person = hashlib.blake2b(person, digest_size=16).digest()
    if name == "third":
        return windows.sessions(events, 8 * HOUR, person, ("user_id",))
    columns = KEYS.get(name, ("visitor_id",))
    keyed = [one | {"visitor_id": windows.key_of(one, columns)} for one in events]
    found = {}
    for session in cut_oracle.sessions(keyed, GAPS[name]):
        row = oracle.row(session)
        key = windows.session_id(row["app_id"], row["visitor_id"], row["started_at"], person)
        found[key] = row | {"session_id": key}
    return found


class Life(Run):
    """A project whose events have users, devices, campaigns and sessions of an SDK."""

    def send(self) -> None:
        """Some of several visitors, a third of them late, one again; time goes on."""
        chance, now, events = self.chance, self.bench.clock.now_us(), []
        for _ in range(chance.randint(6, 14)):
            late = chance.choice([0, 0, 0, 20 * MINUTE, 10 * HOUR, 45 * HOUR])
            more = {
                "user_id": chance.choice(["u", "u", "w", None]),
                "device_id": chance.choice(["d", None]),
                "session_id": chance.choice(["s1", "s2", None]),
                "campaign": chance.choice([None, None, {"source": "a", "campaign": "spring"}]),
            }
            at = now - late - chance.randrange(50 * MINUTE)
            given = {key: value for key, value in more.items() if value is not None}
            events.append(event(f"v{chance.randrange(3)}", at, self.number, **given))
            self.number += 1
        events.append(dict(chance.choice(events)))  # the same again
        self.bench.append([request(self.batch, events, now, trusted=True)])
        self.batch += 1
        self.turn(20 * SECOND)
        self.bench.clock.advance(STEP - 20 * SECOND)


class Lives(RuleBasedStateMachine):
    """One project; `active` are the definitions that run besides the default, with versions."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="lives-")
        self.run = Life(Path(self.directory.name), 0)
        self.active: dict[str, int] = {}
        self.shown = "gap"

    @initialize(seed=st.integers(0, 999), names=AT_FIRST)
    def begin(self, seed: int, names: list[str]) -> None:
        """There is a past before anybody defines anything."""
        self.send(seed)
        self.send(seed + 1)
        for name in names:
            self.define(name)

    @rule(seed=st.integers(0, 999))
    def send(self, seed: int) -> None:
        """A batch comes, and its epoch is committed."""
        self.run.chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
        self.run.send()

    @rule(is_lost=st.booleans())
    def restart(self, is_lost: bool) -> None:
        """The process dies; perhaps all that it knew is lost."""
        self.run.restart(from_lake=is_lost)

    @rule(name=st.sampled_from(sorted(OPTIONS)))
    def define(self, name: str) -> None:
        """Add a definition, or the same again after it was dropped, under another version."""
        sessions = self.run.bench.settings.sessions
        if name in self.active:
            with pytest.raises(Conflict):
                redefine.define(self.run.metadata, sessions, "default", name, OPTIONS[name])
            return
        made = redefine.define(self.run.metadata, sessions, "default", name, OPTIONS[name])
        self.active[name] = made.version
        self.run.turn(2 * SECOND)

    @precondition(lambda self: self.active)
    @rule(turns=st.sampled_from((1, 3, 10**6)), is_forgotten=st.booleans())
    def fill(self, turns: int, is_forgotten: bool) -> None:
        """The process beside it computes some slices, or all; perhaps its state is lost."""
        self.run.fill(turns)
        if is_forgotten:
            for file in self.run.bench.home.state_dir("default").glob("redefine/*.arrow"):
                file.unlink()

    @rule(name=st.sampled_from(("gap", "quick", "cuts", "third")))
    def switch(self, name: str) -> None:
        """To one that is whole; nothing else can be switched to."""
        metadata, sessions = self.run.metadata, self.run.bench.settings.sessions
        whole = {
            one.name
            for one in redefine.listed(metadata, sessions, "default")
            if one.state == "whole" and one.name != "third"
        }
        if name in whole:
            redefine.switch(metadata, sessions, "default", name)
            self.shown = name
        else:
            with pytest.raises((Conflict, Invalid)):
                redefine.switch(metadata, sessions, "default", name)
        self.run.turn(2 * SECOND)

    @precondition(lambda self: self.active.keys() - {self.shown})
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        """No more events are placed in its sessions; another version may come."""
        name = data.draw(st.sampled_from(sorted(self.active.keys() - {self.shown})))
        redefine.drop(self.run.metadata, "default", name)
        del self.active[name]
        self.run.turn(2 * SECOND)

    @rule()
    def maintain(self) -> None:
        """Files are merged and notes folded."""
        bench = self.run.bench
        maintain(bench.home, bench.settings, "default", clock=bench.clock)

    @rule()
    def repair(self) -> None:
        """All that is hot closes, what waits is repaired: each table is its definition's batch."""
        assert self.run.fill()
        self.run.end()
        events = plain(self.run.bench.tables()["events"])
        for name, version in {"gap": 1, **self.active}.items():
            view = "sessions" if name == self.shown else f"sessions_{name}"
            assert self.run.seen(view) == {
                key: {column: row[column] for column in ORACLE_COLUMNS}
                for key, row in truth(name, version, events).items()
            }, f"{name}.{version}"
        rows = self.run.bench.tables()["other_sessions"].select(["session_id", "revision"])
        assert rows.num_rows == rows.group_by(["session_id", "revision"]).aggregate([]).num_rows

    def teardown(self) -> None:
        """However it ended, it is right in the end."""
        try:
            self.repair()
        finally:
            self.run.bench.stop_consumers()
            self.run.pipeline.close()
            self.directory.cleanup()


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "EVENTS_MAX", 15)
    monkeypatch.setattr(filling, "COMMIT_SLICES", 2)


class TestLives(Lives.TestCase):
    """Wide in `make test-full`."""

    settings = settings(
        max_examples=scaled(1, 150),
        stateful_step_count=scaled(6, 25),
        deadline=None,
        derandomize=scaled(1, 0) == 1,
        suppress_health_check=list(HealthCheck),
    )
