"""What a driver does besides the rows: when epochs are due, what readers and consumers get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import footfall.runner._run as run_module
from footfall.clock import HOUR, MINUTE, SECOND
from footfall.errors import LeaseLost
from footfall.lake import Lake, LakePlace
from footfall.lake.cut import read_cut
from footfall.metadata import Metadata
from footfall.positions import Place
from footfall.request import encode_request
from footfall.testing.memory_log import MemoryLog
from tests.pipeline.consumers.recorder import Book
from tests.pipeline.harness import event, request
from tests.pipeline.test_bucket import _in_bucket
from tests.pipeline.test_pipeline import SETTINGS, _traffic
from tests.runner.harness import Bucketed, embedded, follow, ledgers, plans_of, rows
from tests.servers.s3 import S3Server

SMALL = (*SETTINGS, "runner.buckets=2")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bucketed]:
    """A home with an empty log of two partitions."""
    made = Bucketed(tmp_path, *SMALL, log=MemoryLog(segment_records=1, partitions=2))
    yield made
    made.stop_consumers()


def put(bench: Bucketed, number: int, partition: int = 0, *, at: int | None = None) -> None:
    """A request of two visitors' events."""
    now = bench.clock.now_us() if at is None else at
    events = [event(name, now, number * 2 + place) for place, name in enumerate("vw")]
    bench.log.append([encode_request(request(number, events, now))], partition)


def test_an_epoch_is_due_by_age_by_size_and_to_close_sessions(bench: Bucketed) -> None:
    """Not before: each costs commits and files. With nothing left to do none is made."""
    bench.set("runner.epoch_requests_max=3")
    driver = bench.driver()
    put(bench, 1)
    assert driver.step() == 0
    bench.clock.advance(11 * SECOND)
    assert (driver.step(), driver.epoch) == (1, 1)
    for number in range(2, 6):
        put(bench, number, number % 2)
    assert (driver.step(), driver.epoch) == (3, 2)
    assert driver.step() == 0
    bench.clock.advance(HOUR)
    assert (driver.step(), driver.epoch) == (1, 3)
    bench.clock.advance(HOUR)
    driver.step()
    sessions = bench.tables()["sessions"]
    assert sorted(sessions.column("visitor_id").to_pylist()) == ["v", "w"]
    epoch = driver.epoch
    bench.clock.advance(HOUR)
    assert (driver.step(), driver.epoch) == (0, epoch)


def test_a_partition_that_is_behind_holds_the_watermark_back(bench: Bucketed) -> None:
    """Half of a session's events may wait in it."""
    bench.set("runner.epoch_requests_max=2", "runner.slice_requests_max=1")
    driver = bench.driver()
    begin = bench.clock.now_us()
    bench.clock.advance(2 * HOUR)
    for number in range(3):
        put(bench, number, 1, at=begin + number * MINUTE)
    put(bench, 9, 0, at=begin + HOUR)
    driver.step()
    lag = bench.settings.pipeline.watermark_lag
    # One of each was read: partition 0 to its head, 1 to its first.
    assert driver._note.watermark == begin - lag
    bench.clock.advance(11 * SECOND)
    driver.step()
    assert driver._note.watermark == bench.clock.now_us() - lag


def test_readers_and_consumers_get_each_committed_epoch(
    bench: Bucketed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut names it, its open sessions are hot rows; consumers are given its rows once."""
    book = Book()
    monkeypatch.setattr(run_module, "plug_ins", lambda: {"book": book})
    driver = bench.driver()
    for number in range(2):
        put(bench, number, number)
        driver.finish()
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    assert (cut.epoch, cut.positions) == (2, bench.log.ends())
    assert cut.tail == {}
    assert cut.ledger.events == 4
    shown = cut.sessions["gap"]
    assert len(shown.hot) + len(shown.kept) > 0
    assert driver.consumers.settle(60.0)
    assert book.given == [1, 2]
    assert [len(book.epochs[epoch]["events"]) for epoch in (1, 2)] == [2, 2]


def test_what_was_put_aside_is_not_decoded(bench: Bucketed) -> None:
    """It fails as poison, in the plan of its epoch."""
    driver = bench.driver()
    for partition in range(2):
        put(bench, partition, partition)
    driver._metadata.quarantine("default", [Place(1, 0)], term=driver.lease.term)
    driver.finish()
    tables = bench.tables()
    assert len(tables["events"]) == 2
    (failed,) = tables["failed_events"].to_pylist()
    assert (failed["log_partition"], failed["reason"]) == (1, "poison")


def test_the_log_is_trimmed_below_the_oldest_state_that_is_kept(bench: Bucketed) -> None:
    """A driver that starts from it reads on in every partition."""
    bench.set("log.keep_age_min=1s")
    driver = bench.driver()
    for number in range(4):
        put(bench, number)
        bench.clock.advance(MINUTE)
        driver.finish()
        driver.consumers.settle(60.0)
    kept = driver._states.notes()
    assert [note.epoch for note in kept] == [driver.epoch, driver.epoch - 1]
    starts = bench.log.starts()
    assert 0 < starts[0] <= kept[-1].log_to[0]
    again = bench.driver()
    put(bench, 9)
    again.finish()
    assert Metadata.open(bench.home).ledger("default").problems() == []


def test_an_older_driver_writes_no_state_once_a_newer_one_did(bench: Bucketed) -> None:
    """However long it was paused."""
    older = bench.driver()
    put(bench, 1)
    newer = bench.driver()
    newer.finish()
    with pytest.raises(LeaseLost, match="another driver"):
        older._states.write(older._note)


def test_with_everything_in_a_bucket_rows_are_those_of_a_disk(
    tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    """Tables and state in an object store: nothing of them lies on the machine."""
    whole = embedded(tmp_path / "whole", _traffic(71, 4), *SETTINGS, seed=1)
    place = _in_bucket(s3_server, bucket)
    mine = Bucketed(tmp_path / "mine", *SMALL, *place, log=whole.log)
    driver = mine.driver()
    follow(driver, plans_of(whole)[:-1])
    driver = mine.driver()
    follow(driver, plans_of(whole)[-1:])
    assert rows(mine) == rows(whole)
    assert ledgers(mine) == ledgers(whole)
    lake = Lake(LakePlace.of(mine.settings.lake, mine.home.lake_dir), "default")
    assert any("/_runner/" in one.path for one in lake.store.list(lake.store.root))
    found = [file for file in mine.home.root.rglob("*") if file.suffix in (".parquet", ".state")]
    assert found == []
    mine.stop_consumers()
