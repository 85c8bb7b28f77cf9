"""Epochs: the lake gets the same rows whatever dies, however the log is cut in micro-batches."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.lake import Lake
from footfall.lake.cut import read_cut
from footfall.live import LiveCounts, decode_snapshot
from footfall.metadata import Metadata
from footfall.pipeline._pipeline import Pipeline
from footfall.positions import Positions
from footfall.request import Request
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.harness import START_US, Bench, Crash, Faults, event, request
from tests.scale import scaled

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "sessions.file_rows_min=1",
    "sessions.gap=5m",
    "sessions.hot_age=10m",
)


def _traffic(seed: int, batches: int) -> list[list[Request]]:
    """Batches of requests, each some seconds later.

    Late events, repeats, ids used twice, broken bodies.
    """
    chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
    repeats = random.Random(seed + 1_000)  # noqa: S311 (seeded on purpose)
    sent: list[dict[str, object]] = []
    made: list[list[Request]] = []
    number = 0
    for batch in range(batches):
        now = START_US + batch * 90 * SECOND
        requests = []
        for _ in range(chance.randint(1, 4)):
            events = []
            for _ in range(chance.randint(1, 5)):
                late = chance.choice([0, 0, 0, 1, 3, 9, 40]) * MINUTE
                identity = chance.randrange(number + 1) if chance.random() < 0.1 else number
                visitor = f"v{chance.randrange(4)}"
                events.append(event(visitor, now - late - chance.randrange(60 * SECOND), identity))
                sent.append(dict(events[-1]))
                number += 1
            if repeats.random() < 0.3:
                events.append(dict(repeats.choice(sent)))
            broken = chance.random()
            body = b"{nonsense" if broken < 0.1 else None
            if broken > 0.9:
                events[0]["timestamp"] = ["not", "a", "time"]
            elif broken > 0.8:
                events[0]["event_type"] = ["not", "a", "name"]
            requests.append(request(number, events, now + len(requests), body=body))
        made.append(requests)
    return made


def _drive(bench: Bench, pipeline: Pipeline, batches: Sequence[list[Request]]) -> None:
    """Each batch arrives, is previewed, and twenty seconds later its epoch closes."""
    for requests in batches:
        bench.append(requests)
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        bench.clock.advance(70 * SECOND)


def _comparable(tables: dict[str, pa.Table]) -> dict[str, list[dict[str, object]]]:
    """Rows without their order."""
    return {
        name: sorted(table.to_pylist(), key=lambda row: sorted(map(str, row.items())))
        for name, table in tables.items()
    }


def test_ledger_equals_rows(tmp_path: Path) -> None:
    """Both sums hold, per epoch and in total, and the lake has exactly what they say."""
    bench = Bench(tmp_path, *SETTINGS)
    pipeline = bench.pipeline()
    batches = _traffic(1, 6)
    _drive(bench, pipeline, batches)
    pipeline.finish()
    tables = bench.tables()
    ledger = Metadata.open(bench.home).ledger("default")
    assert ledger.problems() == []
    assert ledger.requests == sum(map(len, batches))
    assert ledger.events == tables["events"].num_rows
    assert ledger.undecodable + ledger.failed == tables["failed_events"].num_rows
    assert ledger.undecodable > 0
    assert ledger.failed > 0
    assert ledger.duplicates > 0
    assert "id_conflict" in tables["failed_events"].column("reason").to_pylist()
    assert len(set(tables["events"].column("event_id").to_pylist())) == ledger.events
    noted = [
        problem.partition(" ")[0]
        for problems in tables["events"].column("problems").to_pylist()
        for problem in problems or ()
    ]
    assert ledger.unused == dict(Counter(noted))
    assert ledger.unused["wrong_type"] > 0
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    assert (cut.ledger, cut.tail) == (ledger, {})


def test_micro_batches_do_not_matter(tmp_path: Path) -> None:
    """One request at a time, or all at once: the lake has equal rows, byte for byte."""
    rows = []
    for name, requests_max in (("one", 1), ("all", 1000)):
        bench = Bench(
            tmp_path / name, *SETTINGS, f"pipeline.micro_batch_requests_max={requests_max}"
        )
        pipeline = bench.pipeline()
        for requests in _traffic(2, 6):
            bench.append(requests)
            while pipeline.step():
                pass
            bench.clock.advance(20 * SECOND)
            pipeline.step()
            pipeline._take_commit(wait=True)
            bench.clock.advance(70 * SECOND)
        pipeline.finish()
        rows.append(_comparable(bench.tables()))
    assert rows[0] == rows[1]


@pytest.mark.slow
def test_death_at_every_effect_changes_nothing(tmp_path: Path) -> None:
    """Die before and after the n-th effect, for every n, and start again: the same lake.

    Effects are: plan, each table's commit, the note of the commit, checkpoint, published cut.
    """
    batches = _traffic(3, 4)
    whole = Bench(tmp_path / "whole", *SETTINGS)
    faults = Faults()
    pipeline = whole.pipeline(faults)
    _drive(whole, pipeline, batches)
    pipeline.finish()
    expected = _comparable(whole.tables())
    assert faults.count > 40
    points = range(3, faults.count + 1, scaled(12, 3))
    for die_at in points:
        bench = Bench(tmp_path / str(die_at), *SETTINGS)
        assert _survives(bench, batches, die_at) == expected, f"{die_at=}"


def _survives(
    bench: Bench, batches: Sequence[list[Request]], die_at: int
) -> dict[str, list[dict[str, object]]]:
    faults = Faults(die_at)
    deaths = 0
    pipeline: Pipeline | None = None
    for requests in batches:
        bench.append(requests)
        for seconds in (0, 20, 70):
            bench.clock.advance(seconds * SECOND)
            if seconds == 70:
                continue
            try:
                if pipeline is None:
                    pipeline = bench.pipeline(faults)
                pipeline.step()
                if seconds == 20:
                    pipeline._take_commit(wait=True)
            except Crash:
                deaths += 1
                pipeline = _restart(bench, pipeline, seconds)
    assert pipeline is not None
    try:
        pipeline.finish()
    except Crash:
        deaths += 1
        _restart(bench, pipeline, 20).finish()
    assert deaths == 1
    return _comparable(bench.tables())


def _restart(bench: Bench, dead: Pipeline | None, seconds: int) -> Pipeline:
    """A new process; it goes on where the dead one was in the test's timetable."""
    if dead is not None:
        dead._executor.shutdown(wait=True)
    pipeline = bench.pipeline()
    pipeline.step()
    if seconds == 20 and not pipeline._preview.is_empty:
        pipeline.close_epoch()
    pipeline._take_commit(wait=True)
    return pipeline


def test_late_events_beyond_the_hot_tier_are_repaired(tmp_path: Path) -> None:
    """An event hours late joins two sessions that left memory long ago."""
    bench = Bench(tmp_path, *SETTINGS)
    pipeline = bench.pipeline()
    early = [
        event("v", START_US - 60 * MINUTE, 1),
        event("v", START_US - 52 * MINUTE, 2),
    ]
    bench.append([request(1, early, START_US)])
    bench.append([request(2, [event("w", START_US, 3)], START_US)])
    _settle(bench, pipeline)
    assert _sessions(bench) == [("v", 1, 1), ("v", 1, 1), ("w", 1, 1)]
    bench.clock.advance(3 * HOUR)
    _settle(bench, pipeline)
    late = event("v", START_US - 56 * MINUTE, 4)
    bench.append([request(3, [late], bench.clock.now_us())])
    _settle(bench, pipeline)
    pipeline.finish()
    tables = bench.tables()
    newest = _sessions(bench)
    assert ("v", 3, 2) in newest
    removed = set(tables["session_changes"].column("session_id").to_pylist())
    assert len(removed) == 1
    ledger = Metadata.open(bench.home).ledger("default")
    assert ledger.events == 4


def _settle(bench: Bench, pipeline: Pipeline) -> None:
    """Let everything be read, committed, and closed by the watermark."""
    for _ in range(4):
        pipeline.step()
        bench.clock.advance(15 * MINUTE)
        pipeline.step()
        pipeline._take_commit(wait=True)


def _sessions(bench: Bench) -> list[tuple[str, int, int]]:
    """Visitor, events and revision of every row of the table."""
    table = Lake(bench.home.lake_dir, "default").read("sessions")
    names = ("visitor_id", "events", "revision")
    return sorted(zip(*(table.column(name).to_pylist() for name in names), strict=True))


def test_events_received_but_not_committed_are_in_the_cut(tmp_path: Path) -> None:
    """The tail: what was acknowledged a moment ago is visible long before its epoch closes."""
    bench = Bench(tmp_path, *SETTINGS)
    pipeline = bench.pipeline()
    bench.append([request(1, [event("v", START_US, 1)], START_US)])
    pipeline.step()
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    assert (cut.positions.total, cut.epoch, cut.ledger.events) == (1, 0, 1)
    assert list(cut.tail) == ["events"]
    assert len(cut.sessions["gap"].hot) == 1
    assert bench.tables()["events"].num_rows == 0


def test_duplicates_are_remembered_over_restarts(tmp_path: Path) -> None:
    """A retry after a crash of the pipeline is still a retry."""
    bench = Bench(tmp_path, *SETTINGS)
    for number in range(1, 5):
        pipeline = bench.pipeline()
        bench.append([request(number, [event("v", START_US, 1)], bench.clock.now_us())])
        pipeline.step()
        bench.clock.advance(20 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
        pipeline._executor.shutdown()  # and dies: nothing else is written
    assert bench.tables()["events"].num_rows == 1
    assert Metadata.open(bench.home).ledger("default").duplicates == 3


def test_checkpoint_does_not_know_the_future(tmp_path: Path) -> None:
    """A checkpoint written while the next epoch is previewed must not hold its event ids.

    Otherwise a restart would take the next epoch's events for repeats, and lose them.
    """
    bench = Bench(tmp_path, *SETTINGS, "pipeline.checkpoint_epochs=1")
    pipeline = bench.pipeline()
    bench.append([request(1, [event("v", START_US, 1)], START_US)])
    pipeline.step()
    bench.clock.advance(20 * SECOND)
    pipeline.close_epoch()
    bench.append([request(2, [event("v", START_US, 2)], bench.clock.now_us())])
    committing = pipeline._committing
    assert committing is not None
    committing.result()
    prepared = pipeline._feed.next(Positions((1,)))
    assert prepared is not None
    pipeline._preview_requests(prepared)  # beside the commit
    pipeline._take_commit(wait=True)  # checkpoints epoch 1
    pipeline._executor.shutdown()
    restarted = bench.pipeline()
    restarted.finish()
    assert bench.tables()["events"].num_rows == 2


def test_live_counters_survive_a_restart(tmp_path: Path) -> None:
    """The last half hour is counted again from the lake: a restart is no dip on the page."""
    bench = Bench(tmp_path, *SETTINGS)
    pipeline = bench.pipeline()
    bench.append([request(n, [event("v", START_US, n)], START_US) for n in range(3)])
    _settle_soon(bench, pipeline)
    assert pipeline.consumers.settle()
    before = _live(bench)
    pipeline._executor.shutdown()
    pipeline = bench.pipeline()
    assert pipeline.consumers.settle()
    after = _live(bench)
    assert (before.events_30m, after.events_30m) == (3, 3)
    assert [one.log_offset for one in after.stream] == [2, 1, 0]


def _settle_soon(bench: Bench, pipeline: Pipeline) -> None:
    pipeline.step()
    bench.clock.advance(20 * SECOND)
    pipeline.step()
    pipeline._take_commit(wait=True)


def _live(bench: Bench) -> LiveCounts:
    return decode_snapshot(bench.home.live_file("default").read_bytes()).people


def test_log_is_trimmed_only_below_every_kept_checkpoint(tmp_path: Path) -> None:
    """What a restart from the oldest kept checkpoint reads must stay; what is older may go."""
    bench = Bench(tmp_path, *SETTINGS, "pipeline.checkpoint_epochs=1", "log.keep_age_min=1s")
    bench.log = MemoryLog(segment_records=1)
    pipeline = bench.pipeline()
    for number in range(40):
        bench.append([request(number, [event("v", START_US, number)], bench.clock.now_us())])
        pipeline.step()
        if number % 8 == 7:
            _settle_soon(bench, pipeline)
    kept = sorted((tmp_path / "state" / "default").glob("checkpoint-*"))
    oldest = json.loads((kept[0] / "note.json").read_bytes())["log_to"]["offsets"][0]
    assert len(kept) == 2
    assert 0 < bench.log.starts()[0] <= oldest
    pipeline._executor.shutdown()
    shutil.rmtree(kept[1])  # the newest is lost: its epoch is redone from the log
    bench.pipeline().finish()
    assert bench.tables()["events"].num_rows == 40


def test_log_is_trimmed_by_size_but_never_below_a_kept_checkpoint(tmp_path: Path) -> None:
    """A bound on bytes overrides the age that is asked for, not what a restart needs."""
    bench = Bench(tmp_path, *SETTINGS, "pipeline.checkpoint_epochs=1", "log.bytes_max=1B")
    bench.log = MemoryLog(segment_records=1)
    pipeline = bench.pipeline()
    for number in range(40):
        bench.append([request(number, [event("v", START_US, number)], bench.clock.now_us())])
        pipeline.step()
        if number % 8 == 7:
            _settle_soon(bench, pipeline)
    kept = sorted((tmp_path / "state" / "default").glob("checkpoint-*"))
    oldest = json.loads((kept[0] / "note.json").read_bytes())["log_to"]["offsets"][0]
    assert bench.log.starts()[0] == oldest > 0
    pipeline._executor.shutdown()
    bench.pipeline().finish()
    assert bench.tables()["events"].num_rows == 40
