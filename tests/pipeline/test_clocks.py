"""The wall clock is set: nothing is lost, doubled, or in another session than it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.clock import DAY, MINUTE, SECOND
from footfall.sessionize import EVENT_COLUMNS
from tests.pipeline.harness import Bench, event, request
from tests.pipeline.test_repair import _owners, _sessions
from tests.sessionize import oracle
from tests.sessionize.world import plain

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "sessions.gap=5m",
    "sessions.hot_age=10m",
)
GAP, LENGTH_MAX, EVENTS_MAX = 5 * MINUTE, DAY, 100_000


@pytest.mark.parametrize("jump", [2 * DAY, -2 * DAY], ids=["ahead", "back"])
def test_a_clock_set_for_a_while_loses_and_doubles_nothing(tmp_path: Path, jump: int) -> None:
    """Visitors go on, every request is sent twice, and the process starts again while it is wrong.

    Events say their own times: the sender's clock is right.
    """
    bench = Bench(tmp_path, *SETTINGS)
    pipeline = bench.pipeline()
    numbers = iter(range(10_000))
    truth = bench.clock.now_us()
    for step in range(18):
        if step == 6:
            bench.clock.jump(jump)
        if step == 12:
            bench.clock.jump(-jump)
        events = [
            event(f"v{visitor}", truth - visitor * SECOND, next(numbers)) for visitor in range(4)
        ]
        for repeat in range(2):
            bench.append([request(step * 10 + repeat, events, bench.clock.now_us())])
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        if step in (8, 14):
            pipeline._executor.shutdown()
            pipeline = bench.pipeline()
        # Every sixth time the visitors are away for longer than a session lasts.
        away = 7 * MINUTE if step % 3 == 2 else MINUTE
        bench.clock.advance(away)
        truth += away + 20 * SECOND
    bench.clock.advance(30 * MINUTE)
    for _ in range(5):
        pipeline.finish()
        bench.clock.advance(30 * MINUTE)
        pipeline.step()
        pipeline._take_commit(wait=True)

    tables = bench.tables()
    events = plain(tables["events"].select([*EVENT_COLUMNS, "event_id", "session_id", "epoch"]))
    assert len(events) == len({one["event_id"] for one in events}) == 18 * 4
    found = oracle.sessions(events, GAP, LENGTH_MAX, EVENTS_MAX)
    assert len(found) >= 4 * 6
    assert _sessions(tables) == {row["session_id"]: row for row in map(oracle.row, found)}
    owners = _owners(events, plain(tables["session_overrides"]))
    assert owners == {
        one["event_id"]: oracle.row(session)["session_id"] for session in found for one in session
    }
    ledger = bench.pipeline().truth.ledger
    assert (ledger.events, ledger.duplicates, ledger.problems()) == (72, 72, [])
