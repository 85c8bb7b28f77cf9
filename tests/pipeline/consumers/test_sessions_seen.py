"""Sessions that close: consumers see them before their epoch, and the epoch has the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import footfall.runner._run as run_module
from footfall.clock import MINUTE, SECOND
from footfall.event import FAILED_SCHEMA
from footfall.ledger import Ledger
from footfall.live import decode_snapshot
from footfall.pipeline import DefinitionSeen, MicroBatch, SessionsSeen
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline.consumers import runner as runner_module
from footfall.pipeline.consumers.mailbox import Committed, Mailbox
from footfall.pipeline.preview.closing import SessionWatch
from footfall.positions import Positions
from footfall.session import SESSION_SCHEMA
from footfall.testing.events import event_table
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.consumers.recorder import Book
from tests.pipeline.harness import Bench, event, request
from tests.pipeline.test_pipeline import _drive, _traffic
from tests.runner.harness import Bucketed
from tests.scale import scaled

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "pipeline.watermark_lag=1ms",
    "sessions.file_rows_min=1",
    "sessions.gap=5m",
    "sessions.hot_age=2h",
    'sessions.definitions={gap={kind="gap"},minute={kind="step",step="1m"}}',
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, *SETTINGS)
    yield made
    made.stop_consumers()


def _rows(seen: list[SessionsSeen], name: str) -> list[dict[str, Any]]:
    return [
        row
        for one in seen
        if name in one.definitions
        for row in one.definitions[name].rows.to_pylist()
    ]


def _form(row: dict[str, Any]) -> str:
    return str({name: row[name] for name in SESSION_SCHEMA.names if name != "epoch"})


def _sums(seen: list[SessionsSeen], name: str) -> Counter[str]:
    found = Counter[str]()
    for one in seen:
        for counts in one.definitions[name].apps.values() if name in one.definitions else ():
            found.update(
                opened=counts.opened,
                joined=counts.joined,
                closed=counts.closed,
                repaired=counts.repaired,
            )
    return found


def test_a_session_is_seen_when_the_watermark_passes_and_committed_later(bench: Bench) -> None:
    """Alerts act on it: no epoch need close first, and nothing comes twice."""
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    now = bench.clock.now_us()
    bench.append([request(1, [event("v", now, 1), event("w", now, 2)], now)])
    pipeline.step()
    assert pipeline.consumers.settle(60)
    [first] = book.sessions
    assert (first.epoch, first.at) == (0, now)
    assert {name: one.rows.num_rows for name, one in first.definitions.items()} == {
        "gap": 0,
        "minute": 0,
    }
    counts = first.definitions["gap"].apps["shop"]
    assert (counts.opened, counts.open, counts.closed) == (2, 2, 0)
    bench.clock.advance(11 * SECOND)
    pipeline.step()
    pipeline._take_commit(wait=True)
    bench.clock.advance(5 * MINUTE)
    pipeline._advance_watermark()
    pipeline._publish_idle()  # a second without anything new, and no epoch
    assert pipeline.consumers.settle(60)
    assert (pipeline.epoch, book.given) == (1, [1])
    last = book.sessions[-1]
    assert last.watermark > now + 5 * MINUTE
    counts = last.definitions["gap"].apps["shop"]
    assert (counts.opened, counts.open, counts.closed, counts.repaired) == (0, 0, 2, 0)
    assert sorted(row["visitor_id"] for row in _rows(book.sessions, "gap")) == ["v", "w"]
    pipeline.finish()
    for _ in range(3):  # nothing changes any more, so nothing is said
        bench.clock.advance(2 * SECOND)
        pipeline.step()
    assert pipeline.consumers.settle(60)
    assert book.sessions[-1] is last
    exact = bench.tables()
    for name, table in (("gap", "sessions"), ("minute", "other_sessions")):
        seen = sorted(map(_form, _rows(book.sessions, name)))
        assert seen == sorted(map(_form, exact[table].to_pylist()))


@pytest.mark.parametrize("seed", range(scaled(1, 3)))
def test_what_is_seen_is_what_is_committed(bench: Bench, seed: int) -> None:
    """Late events, repeats, joins: the last form seen of each session is the one in the tables."""
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    # A consumer is given what comes after its thread began; on a busy machine epochs are faster.
    assert pipeline.consumers.settle(60)
    _drive(bench, pipeline, _traffic(seed, 12))
    _go_on(bench, pipeline)
    exact = bench.tables()
    gone = set(exact["session_changes"].column("session_id").to_pylist())
    for name, table in (("gap", "sessions"), ("minute", "other_sessions")):
        seen = _rows(book.sessions, name)
        written = exact[table].to_pylist()
        assert len(written) > 10
        assert {_form(row) for row in written} <= {_form(row) for row in seen}
        sums = _sums(book.sessions, name)
        living = {row["session_id"] for row in written} - gone
        assert sums["opened"] - sums["joined"] == len(living)
        assert sums["closed"] + sums["repaired"] == len(seen)
        last = [one.definitions[name] for one in book.sessions if name in one.definitions][-1]
        assert sum(counts.open or 0 for counts in last.apps.values()) == 0
    assert sum(row["revision"] > 1 for row in exact["sessions"].to_pylist()) > 0
    assert _meters_are_exact(bench, exact) == 1


def test_counters_that_begin_late_say_from_which_epoch_on_they_count(bench: Bench) -> None:
    """A thread that gets no processor while epochs are committed counts those after them."""
    with runner_module._guard:  # no consumer's thread begins meanwhile
        pipeline = bench.pipeline()
        _drive(bench, pipeline, _traffic(0, 4))
        assert pipeline.epoch > 1
    _drive(bench, pipeline, _traffic(1, 12)[4:])
    _go_on(bench, pipeline)
    exact = bench.tables()
    start = _meters_are_exact(bench, exact)
    assert min(exact["other_sessions"].column("epoch").to_pylist()) < start


def _go_on(bench: Bench, pipeline: Pipeline) -> None:
    """Until all is closed, committed and counted."""
    for _ in range(20):
        bench.clock.advance(MINUTE)
        pipeline.step()
    pipeline.finish()
    assert pipeline.consumers.settle(60)


def _meters_are_exact(bench: Bench, exact: dict[str, pa.Table]) -> int:
    """The live counters are the rows of the epochs that they name; the first of these."""
    live = decode_snapshot(bench.home.live_file("default").read_bytes()).sessions
    assert live is not None
    epochs = range(live.since_epoch, live.to_epoch + 1)
    assert live.meters
    for meter in live.meters:
        table = exact["sessions" if meter.definition == "gap" else "other_sessions"]
        rows = [row for row in table.to_pylist() if row["epoch"] in epochs]
        first = [row for row in rows if row["revision"] == 1]
        assert first
        assert (meter.closed, meter.repaired) == (len(first), len(rows) - len(first))
        assert meter.duration.sum == sum(row["duration_ms"] for row in first)
        assert (meter.events.sum, meter.open) == (sum(row["events"] for row in first), 0)
    return epochs.start


def test_nobody_who_asks_costs_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """No look is taken, no session counted, while no consumer overrides the call."""
    pipeline = bench.pipeline()
    for runner in pipeline.consumers._runners:
        runner.mailbox.settle(60)
        runner.mailbox.takes_sessions = False
    looks: list[object] = []
    monkeypatch.setattr(SessionWatch, "look", lambda *some: looks.append(some))
    _drive(bench, pipeline, _traffic(1, 2))
    assert looks == []
    assert pipeline._preview.opened == []


def test_a_runner_gives_the_rows_of_its_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is previewed there: the rows come with the epoch, before it, for each definition."""
    log = MemoryLog(segment_records=1, partitions=1)
    bench = Bucketed(tmp_path, *SETTINGS, "runner.buckets=2", log=log)
    book = Book()
    monkeypatch.setattr(run_module, "plug_ins", lambda: {"book": book})
    driver = bench.driver()
    now = bench.clock.now_us()
    bench.append([request(1, [event("v", now, 1), event("w", now, 2)], now)])
    driver.finish()
    bench.clock.advance(10 * MINUTE)
    driver.step()
    assert driver.consumers.settle(60)
    bench.stop_consumers()
    assert [one.epoch for one in book.sessions] == book.given == [1, 2]
    exact = bench.tables()
    for name, table in (("gap", "sessions"), ("minute", "other_sessions")):
        assert sorted(map(_form, _rows(book.sessions, name))) == sorted(
            map(_form, exact[table].to_pylist())
        )
        assert exact[table].num_rows == 2
    counts = book.sessions[-1].definitions["gap"].apps["shop"]
    assert (counts.closed, counts.open) == (2, None)


def test_too_many_rows_are_left_out_with_micro_batches() -> None:
    """A consumer that hangs holds no memory: both kinds of rows go, all at once; batches count."""
    rows = pa.table({"n": pa.array(range(1000))})
    seen = SessionsSeen(1, 1, 0, {"gap": DefinitionSeen(rows, {})})
    events = event_table([{}])
    start = Positions((0,))
    batch = MicroBatch(1, start, start, events, FAILED_SCHEMA.empty_table(), Ledger())
    mailbox = Mailbox(2 * rows.nbytes + events.nbytes, Committed(0, Positions()))
    for item in (seen, batch, seen, seen):
        mailbox.put(item)
    mailbox.put(batch)
    assert mailbox.take() is batch
    assert mailbox.batches_left_out == 1
    mailbox.takes_sessions = False
    mailbox.put(seen)
    mailbox.put(batch)
    assert mailbox.take() is batch
