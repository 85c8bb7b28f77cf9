"""Consumers of epochs beside a pipeline: what they are given, and that they hold nobody up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from footfall.cli.operating import doctor
from footfall.clock import DAY, MINUTE
from footfall.errors import Unavailable
from footfall.lake import Lake
from footfall.live import decode_snapshot
from footfall.metadata import Metadata
from footfall.pipeline import Needs, maintain
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline.consumers.notes import ConsumerPosition, read_position, read_state
from footfall.positions import Positions
from footfall.studio import read_status
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.consumers.recorder import Book
from tests.pipeline.harness import Bench, event, request

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=1",
    "sessions.gap=1m",
    "sessions.hot_age=1m",
    "sessions.file_rows_min=1",
    "consumers.retry_min=1ms",
    "consumers.retry_max=2ms",
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One whose consumers end with the test."""
    made = Bench(tmp_path, *SETTINGS)
    yield made
    made.stop_consumers()


def _take(bench: Bench, pipeline: Pipeline, numbers: range, *, minutes: int = 5) -> None:
    """One epoch of a request for each number, and one that closes its sessions."""
    now = bench.clock.now_us()
    events = [[event(f"v{n % 3}", now, n), event("w", now, 1000 + n)] for n in numbers]
    bench.append([request(n, sent, now) for n, sent in zip(numbers, events, strict=True)])
    pipeline.finish()
    bench.clock.advance(minutes * MINUTE)
    pipeline.finish()


def _rows(bench: Bench, epoch: int) -> dict[str, pa.Table]:
    """Of one epoch, from the tables: what a consumer must have read."""
    return {
        name: rows.filter(pc.equal(rows.column("epoch"), epoch))
        for name, rows in bench.tables().items()
    }


def _as_sets(tables: dict[str, pa.Table]) -> dict[str, set[str]]:
    return {name: {str(row) for row in table.to_pylist()} for name, table in tables.items()}


def _position(bench: Bench, name: str) -> ConsumerPosition:
    found = read_position(bench.home.state_dir("default") / "consumers", name)
    assert found is not None
    return found


def test_each_epoch_is_given_once_in_order_with_its_rows(bench: Bench) -> None:
    """The rows are those that the tables have of the epoch; the oracle reads whole tables."""
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    for start in (0, 10, 20):
        _take(bench, pipeline, range(start, start + 4))
    assert pipeline.consumers.settle(60.0)
    assert book.given == list(range(1, pipeline.epoch + 1))
    assert len(book.given) >= 6
    for number in book.given:
        assert _as_sets(book.epochs[number]) == _as_sets(_rows(bench, number))
    assert sum(rows["sessions"].num_rows for rows in book.epochs.values()) > 0
    plans = Metadata.open(bench.home).last_epochs("default", 100)
    known = {one.epoch: (one.log_from, one.log_to, one.watermark, one.ledger) for one in plans}
    seen = {n: (e.log_from, e.log_to, e.watermark, e.ledger) for n, e in book.seen.items()}
    assert seen == known
    assert _position(bench, "book").needs == Needs(pipeline.epoch + 1)


def test_micro_batches_come_before_their_epoch_and_without_a_gap(bench: Bench) -> None:
    """Their rows are the epoch's, but for what only the epoch knows; progress follows."""
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(4))
    bench.append([request(9, [event("v", bench.clock.now_us(), 99)], bench.clock.now_us())])
    pipeline.step()
    assert pipeline.consumers.settle(60.0)
    start, middle, end = Positions(), Positions((4,)), Positions((5,))
    between = [(start, middle), (middle, end)]
    assert [(batch.log_from, batch.log_to) for batch in book.batches] == between
    columns = ["event_id", "app_id", "visitor_id", "log_offset", "event_time"]
    shown = book.batches[0].events.select(columns).sort_by("event_id")
    assert shown == book.epochs[1]["events"].select(columns).sort_by("event_id")
    assert (book.progress[-1].positions, book.progress[-1].ledger.requests) == (end, 5)


def test_an_epoch_is_given_again_until_the_consumer_is_done_with_it(bench: Bench) -> None:
    """Also those of before that it still needs; what it is done with never comes again."""
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(4))
    assert pipeline.consumers.settle(60.0)
    last = pipeline.epoch
    book.needs = Needs(last + 1)  # done with none of the next
    _take(bench, pipeline, range(10, 14))
    assert pipeline.consumers.settle(60.0)
    expected = list(range(1, pipeline.epoch + 1))
    assert book.given == expected
    again = bench.pipeline()
    assert again.consumers.settle(60.0)
    assert book.given == expected + expected[last:]
    assert [place.first_epoch for place in book.places] == [1, last + 1]


def test_one_that_forgets_begins_with_the_next_epoch_and_keeps_nothing(bench: Bench) -> None:
    book = bench.consumers["book"] = Book(is_durable=False)
    book.needs = Needs(1, positions=Positions())
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(4))
    assert pipeline.consumers.settle(60.0)
    last = pipeline.epoch
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(10, 14))
    assert pipeline.consumers.settle(60.0)
    assert book.given == list(range(1, pipeline.epoch + 1))
    assert book.places[1].first_epoch == last + 1
    assert pipeline.consumers.still_needed().epoch > 1 << 60
    assert pipeline.consumers.still_needed().positions is None


def test_one_that_hangs_and_one_that_raises_hold_up_nobody(bench: Bench) -> None:
    """Epochs are committed, cuts published, the log taken; the third consumer gets all of it."""
    hangs, raises, works = Book(), Book(), Book()
    hangs.gate.clear()
    raises.raises = OSError("the other side is gone")
    bench.consumers.update(hangs=hangs, raises=raises, works=works)
    pipeline = bench.pipeline()
    for start in (0, 10):
        _take(bench, pipeline, range(start, start + 4))
    assert bench.tables()["events"].num_rows == 16
    pipeline.consumers.settle(0.0)
    _wait_for(works, pipeline.epoch)
    assert works.given == list(range(1, pipeline.epoch + 1))
    assert hangs.given == [1]
    assert set(raises.given) == {1}
    assert raises.closed >= 1
    directory = bench.home.state_dir("default") / "consumers"
    assert read_state(directory, "hangs").doing == "epoch 1"
    assert read_state(directory, "raises").error == "the other side is gone"
    assert (_position(bench, "hangs").needs, _position(bench, "raises").needs) == (
        Needs(1),
        Needs(1),
    )
    _look_at_both(bench, pipeline.epoch)
    raises.raises = None
    hangs.gate.set()
    for book in (hangs, raises):
        _wait_for(book, pipeline.epoch)
        assert sorted(book.epochs) == works.given
        assert {n: _as_sets(rows) for n, rows in book.epochs.items()} == {
            n: _as_sets(rows) for n, rows in works.epochs.items()
        }


def _look_at_both(bench: Bench, epoch: int) -> None:
    """What people see of one that hangs and one that raises, beside those that are well."""

    def no_log() -> NoReturn:
        raise Unavailable("not of interest")

    status = read_status(bench.home, "default", bench.clock, no_log)
    behind = {one.name: one.epochs_behind for one in status.consumers}
    assert behind == {"hangs": epoch, "live": 0, "raises": epoch, "works": 0}
    first = Metadata.open(bench.home).epoch("default", 1)
    assert first is not None
    since = {one.behind_since for one in status.consumers if one.epochs_behind}
    assert since == {first.committed_at}
    said = [problem for problem in status.problems if problem.startswith("consumer ")]
    assert len(said) == 1
    assert said[0].startswith(f"consumer raises, {epoch} epochs behind since 2026-")
    assert said[0].endswith("the other side is gone")
    found, sentence = doctor._consumers(bench.home, "default")
    assert found == "attention"
    assert all(name in sentence for name in behind)


def _wait_for(book: Book, epoch: int) -> None:
    """Its thread works by itself; the test's time limit ends what never comes."""
    while epoch not in book.epochs:
        _let_others_run()


def _let_others_run() -> None:
    threading.Event().wait(0.01)


def test_what_waits_for_one_that_hangs_is_bounded_and_its_epochs_are_not_lost(
    bench: Bench,
) -> None:
    """Micro-batches are left out, counted, as one hole; memory holds none of them."""
    bench.set("consumers.queue_bytes_max=1B")
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    for start in (0, 10, 20):
        _take(bench, pipeline, range(start, start + 4))
    assert pipeline.consumers.settle(60.0)
    assert (book.batches, book.given) == ([], list(range(1, pipeline.epoch + 1)))
    state = read_state(bench.home.state_dir("default") / "consumers", "book")
    assert state.batches_left_out == 3


def test_live_counters_that_are_too_slow_count_every_event_with_its_epoch(bench: Bench) -> None:
    """All micro-batches are left out for them; the numbers are those of one that keeps up."""
    bench.set("consumers.queue_bytes_max=1B")
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(4), minutes=1)
    _take(bench, pipeline, range(10, 13), minutes=1)
    assert pipeline.consumers.settle(60.0)
    people = decode_snapshot(bench.home.live_file("default").read_bytes()).people
    assert (people.events_30m, people.visitors_30m) == (14, 4)


def test_rows_stay_as_they_were_committed_while_a_consumer_needs_them(bench: Bench) -> None:
    """Folding would rename sessions of old events, and drop revisions; compaction does neither.

    Beyond `consumers.keep_age_max` it goes on, and the consumer is told what it lost.
    """
    bench.set("lake.fold_rows=1", "lake.merge_runs=2", "consumers.keep_age_max=1d")
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    now = bench.clock.now_us()
    _take(bench, pipeline, range(4))
    bench.append([request(50, [event("v1", now - MINUTE // 2, 777)], bench.clock.now_us())])
    for _ in range(3):
        _take(bench, pipeline, range(20, 20))
    _take(bench, pipeline, range(60, 62))
    assert pipeline.consumers.settle(60.0)
    needed = pipeline.epoch
    first = {number: _as_sets(rows) for number, rows in book.epochs.items()}
    assert any(rows["session_overrides"] for rows in first.values())
    _rewind(bench, "book", 1)
    report = maintain(bench.home, bench.settings, "default", full=True, clock=bench.clock)
    assert (report.notes_folded, report.rewrites > 0) == (0, True)
    book.epochs.clear()
    pipeline = bench.pipeline()
    assert pipeline.consumers.settle(60.0)
    assert {number: _as_sets(rows) for number, rows in book.epochs.items()} == first

    _rewind(bench, "book", 1)
    bench.clock.advance(2 * DAY)
    report = maintain(bench.home, bench.settings, "default", full=True, clock=bench.clock)
    assert report.notes_folded > 0
    book.given.clear()
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(70, 72))
    assert pipeline.consumers.settle(60.0)
    changed = Lake(bench.home.lake_dir, "default").changed_epoch()
    assert 1 < changed <= needed
    assert [(lost.first, lost.last) for lost in book.lost] == [(1, changed)]
    assert book.given == list(range(changed + 1, pipeline.epoch + 1))
    position = _position(bench, "book")
    assert (position.lost, position.lost_to) == (changed, changed)


def _rewind(bench: Bench, name: str, epoch: int) -> None:
    """As if the consumer had been done with nothing since; nobody runs."""
    bench.stop_consumers()
    file = bench.home.state_dir("default") / "consumers" / name / "position.json"
    text = file.read_text().replace(f'"epoch":{_position(bench, name).needs.epoch}', '"epoch":1')
    file.write_text(text.replace('"epoch":1', f'"epoch":{epoch}'))


def test_old_days_and_plans_stay_while_a_consumer_needs_them(bench: Bench) -> None:
    """Retention drops a day once nobody needs an epoch of it, or the consumer waited too long."""
    bench.set(
        "lake.keep_age=8d",
        "consumers.keep_age_max=30d",
        "log.keep_age_min=1s",
        "duplicates.horizon=1d",
    )
    book = bench.consumers["book"] = Book()
    book.needs = Needs(1)
    pipeline = bench.pipeline()
    for day in range(14):
        _take(bench, pipeline, range(10 * day, 10 * day + 2), minutes=24 * 60)
    assert pipeline.consumers.settle(60.0)
    pipeline.close()
    report = maintain(bench.home, bench.settings, "default", clock=bench.clock)
    assert (report.days_dropped, report.epochs_forgotten) == (0, 0)
    book.needs = None
    pipeline = bench.pipeline()
    assert pipeline.consumers.settle(60.0)
    pipeline.close()
    report = maintain(bench.home, bench.settings, "default", clock=bench.clock)
    assert (report.days_dropped > 0, report.epochs_forgotten > 0) == (True, True)
    assert book.lost == []


def test_the_log_stays_for_one_that_reads_it_within_its_bound(bench: Bench) -> None:
    """What it needs is not trimmed, whatever `log` says, up to `consumers.log_bytes_max`."""
    bench.set("log.keep_age_min=1s")
    bench.log = MemoryLog(segment_records=1)
    book = bench.consumers["book"] = Book()
    book.needs = Needs(1, positions=Positions((2,)))
    pipeline = bench.pipeline()
    for start in (0, 10, 20, 30):
        _take(bench, pipeline, range(start, start + 4))
        assert pipeline.consumers.settle(60.0)
    assert bench.log.starts() == Positions((2,))
    bench.set("log.keep_age_min=1s", "consumers.log_bytes_max=1B")
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(40, 44))
    assert bench.log.starts()[0] > 10


def test_data_files_that_a_consumer_names_stay(bench: Bench) -> None:
    """Compaction replaces them and nobody else names them: garbage, but for the consumer."""
    bench.set("lake.file_grace=1s", "lake.snapshots_max=1", "lake.snapshot_age_max=1s")
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    for start in (0, 10, 20):
        _take(bench, pipeline, range(start, start + 4))
    assert pipeline.consumers.settle(60.0)
    named = book.seen[1].files("events")
    assert len(named) == 1
    book.needs = Needs(pipeline.epoch + 1, files=named)
    _take(bench, pipeline, range(30, 34))
    assert pipeline.consumers.settle(60.0)
    book.needs = None
    pipeline.close()
    for _ in range(3):
        maintain(bench.home, bench.settings, "default", full=True, clock=bench.clock)
        for plan in bench.home.tail_dir("default").glob("plan-*"):
            plan.unlink()
        bench.clock.advance(DAY // 2)
    kept = {str(file) for file in bench.home.lake_dir.rglob("*.parquet")}
    assert set(named) <= kept
    current = Lake(bench.home.lake_dir, "default").plan("events").files
    assert set(named).isdisjoint(current)


def test_a_home_that_knows_fewer_epochs_than_its_consumer_goes_on_from_there(bench: Bench) -> None:
    """After a restore: no epoch to come is passed over, though its number was given before."""
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(4))
    assert pipeline.consumers.settle(60.0)
    last = pipeline.epoch
    bench.stop_consumers()
    file = bench.home.state_dir("default") / "consumers" / "book" / "position.json"
    file.write_text(file.read_text().replace(f'"epoch":{last + 1}', f'"epoch":{last + 9}'))
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(10, 14))
    assert pipeline.consumers.settle(60.0)
    assert book.given == list(range(1, pipeline.epoch + 1))


def test_a_need_that_cannot_be_is_the_consumers_error(bench: Bench) -> None:
    """One that says it is done with an epoch it was not given would be passed over it."""
    book = bench.consumers["book"] = Book()
    book.needs = Needs(99)
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(4))
    while len(book.given) < 3:
        _let_others_run()
    assert set(book.given) == {1}
    state = read_state(bench.home.state_dir("default") / "consumers", "book")
    assert "needs an epoch from 1 to 2 on after epoch 1, not from 99 on" in state.error
