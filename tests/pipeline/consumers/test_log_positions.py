"""Consumers of a log of several partitions: nothing is missed, what is needed stays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest

from footfall.clock import MINUTE
from footfall.live import decode_snapshot
from footfall.pipeline import Needs, Positions
from footfall.pipeline._pipeline import Pipeline
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.consumers.recorder import Book
from tests.pipeline.consumers.test_consumers import SETTINGS
from tests.pipeline.harness import Bench, event, request

PARTITIONS = 3


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One with a log of several partitions, which take turns."""
    made = Bench(tmp_path, *SETTINGS, "log.keep_age_min=1s")
    made.log = MemoryLog(segment_records=1, partitions=PARTITIONS)
    yield made
    made.stop_consumers()


def _take(bench: Bench, pipeline: Pipeline, numbers: range) -> None:
    """One epoch, its requests in all partitions."""
    now = bench.clock.now_us()
    for number in numbers:
        bench.append([request(number, [event(f"v{number % 3}", now, number)], now)])
    pipeline.finish()
    bench.clock.advance(2 * MINUTE)
    pipeline.finish()
    assert pipeline.consumers.settle(60.0)


def test_micro_batches_of_partitions_follow_each_other(bench: Bench) -> None:
    """Each begins where the one before ended, has rows of one partition, and its epoch's."""
    book = bench.consumers["book"] = Book()
    pipeline = bench.pipeline()
    for start in (0, 7, 14):
        _take(bench, pipeline, range(start, start + 7))
    assert book.batches[0].log_from == Positions()
    assert all(one.log_to == after.log_from for one, after in pairwise(book.batches))
    assert book.batches[-1].log_to == book.progress[-1].positions == bench.log.ends()
    assert book.progress[-1].lag_requests == 0
    for batch in book.batches:
        (piece,) = batch.log_from.slices_to(batch.log_to)
        assert set(batch.events.column("log_partition").to_pylist()) == {piece.partition}
        assert set(batch.events.column("log_offset").to_pylist()) == set(
            range(piece.start, piece.stop)
        )
    shown = {str(row) for one in book.batches for row in _places(one.events)}
    assert shown == {str(row) for rows in book.epochs.values() for row in _places(rows["events"])}
    assert len(shown) == 21


def _places(events: pa.Table) -> list[object]:
    names = ["event_id", "log_partition", "log_offset", "request_index"]
    return list(events.select(names).to_pylist())


def test_each_part_of_the_log_stays_that_a_consumer_needs(bench: Bench) -> None:
    """In each partition from the first request on that any of them still reads."""
    one, other = bench.consumers["one"], bench.consumers["other"] = Book(), Book()
    one.needs = Needs(1, positions=Positions((2, 6, 4)))
    other.needs = Needs(1, positions=Positions((6, 1, 6)))
    pipeline = bench.pipeline()
    for start in range(0, 60, 12):
        _take(bench, pipeline, range(start, start + 12))
    assert bench.log.starts() == Positions((2, 1, 4))
    bench.set("consumers.log_bytes_max=1B")
    _take(bench, bench.pipeline(), range(60, 72))
    assert Positions((6, 6, 6)) <= bench.log.starts()


def test_live_counters_that_see_no_micro_batch_count_every_event_once(bench: Bench) -> None:
    """What was left out is taken from the epoch, whichever partitions it lies in."""
    pipeline = bench.pipeline()
    _take(bench, pipeline, range(7))
    bench.set("consumers.queue_bytes_max=1B")
    pipeline = bench.pipeline()
    for start in (7, 14):
        _take(bench, pipeline, range(start, start + 7))
    live = decode_snapshot(bench.home.live_file("default").read_bytes())
    assert live.people.events_30m == 21
