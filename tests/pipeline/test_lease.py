"""The writer's lease: taken at once where the holder is surely dead, else after its silence."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.clock import HOUR, SECOND
from footfall.errors import Conflict, LeaseLost, Unavailable
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.machine.process import FileLock, boot_id
from footfall.metadata import Holder, Metadata
from footfall.pipeline._lease import WriterLease, take
from footfall.pipeline._run import build
from footfall.positions import Positions
from footfall.testing import SimClock
from tests.pipeline.harness import START_US, Bench, event, request

SPAN = 15 * SECOND
ELSEWHERE = Holder("another boot", "another-host", 4711)


@pytest.fixture
def clock() -> SimClock:
    return SimClock(START_US)


@pytest.fixture
def metadata(tmp_path: Path, clock: SimClock) -> Iterator[Metadata]:
    with contextlib.closing(Metadata.open(Home(tmp_path), clock)) as metadata:
        metadata.create_project("default")
        yield metadata


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[FileLock]:
    with contextlib.closing(FileLock(tmp_path / "pipeline.lock")) as lock:
        yield lock


def _take(metadata: Metadata, clock: SimClock, lock: FileLock | None = None) -> WriterLease:
    return take(metadata, "default", SPAN, clock, lock)


def test_dead_holder_of_this_machine_is_replaced_at_once(
    metadata: Metadata, clock: SimClock, lock: FileLock
) -> None:
    """After kill -9 the pipeline may not stand still for the span of a lease."""
    before = clock.monotonic()
    terms = [_take(metadata, clock, lock).term for _ in range(3)]
    assert (terms, clock.monotonic() - before) == ([1, 2, 3], 0)


def test_silent_holder_elsewhere_is_replaced_after_its_span(
    metadata: Metadata, clock: SimClock, lock: FileLock
) -> None:
    """A free lock file says nothing about another machine: only silence does."""
    metadata.take_lease("default", None, ELSEWHERE)
    before = clock.monotonic()
    assert _take(metadata, clock, lock).term == 2
    assert SPAN / SECOND <= clock.monotonic() - before <= SPAN / SECOND + 1


def test_paused_holder_of_this_machine_is_replaced_after_its_span(
    metadata: Metadata, clock: SimClock, tmp_path: Path, lock: FileLock
) -> None:
    """A stopped process keeps its lock for ever; it may not keep the project for ever."""
    _take(metadata, clock, lock)
    before = clock.monotonic()
    with contextlib.closing(FileLock(tmp_path / "pipeline.lock")) as other:
        lease = _take(metadata, clock, other)
        assert (lease.term, clock.monotonic() - before >= SPAN / SECOND) == (2, True)
        lock.close()
        lease.renew()  # the paused one has ended: the lock is taken, too
        with contextlib.closing(FileLock(tmp_path / "pipeline.lock")) as third:
            assert not third.acquire()


def test_living_holder_is_left_alone(metadata: Metadata, clock: SimClock, lock: FileLock) -> None:
    """One renewal is enough: the second pipeline stops and says who runs."""
    metadata.take_lease("default", None, ELSEWHERE)

    def pause(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.monotonic() > SPAN / SECOND / 2:
            metadata.renew_lease("default", 1)

    with pytest.raises(Conflict, match="host=another-host pid=4711"):
        take(metadata, "default", SPAN, clock, lock, pause)
    lease = metadata.lease("default")
    assert lease is not None
    assert (lease.term, lease.holder) == (1, ELSEWHERE)


def test_pipeline_of_a_version_without_leases_is_left_alone(
    metadata: Metadata, clock: SimClock, tmp_path: Path, lock: FileLock
) -> None:
    """Such a one holds the lock file and has no row: an upgrade must not run beside it."""
    assert lock.acquire()
    with contextlib.closing(FileLock(tmp_path / "pipeline.lock")) as other:
        changed = iter([None, ELSEWHERE])

        def pause(_: float) -> bool:
            return next(changed) is not None

        with pytest.raises(Unavailable, match="stopped while it waited"):
            take(metadata, "default", SPAN, clock, other, pause)
    assert metadata.lease("default") is None


def test_lease_that_was_given_up_is_free_at_once(
    metadata: Metadata, clock: SimClock, lock: FileLock
) -> None:
    """A clean stop lets a pipeline on another machine start without waiting."""
    metadata.take_lease("default", None, ELSEWHERE)
    metadata.give_up_lease("default", 1)
    before = clock.monotonic()
    lease = _take(metadata, clock, lock)
    assert (lease.term, clock.monotonic()) == (2, before)
    lease.close()
    found = metadata.lease("default")
    assert found is not None
    assert found.is_given_up


def test_term_is_above_what_the_tables_have_seen(tmp_path: Path) -> None:
    """Metadata from a backup that is older than the tables must not lock the project for ever."""
    bench = Bench(tmp_path)
    for _ in range(3):
        pipeline = build(bench.home, bench.settings, "default", bench.log, bench.clock)
        pipeline.recover()
        bench.append([request(1, [event("v", START_US, pipeline.lease.term)], START_US)])
        pipeline.finish()
        pipeline.close()
    for file in bench.home.metadata_file.parent.glob("metadata.db*"):
        file.unlink()
    pipeline = build(bench.home, bench.settings, "default", bench.log, bench.clock)
    assert pipeline.lease.term == 4
    pipeline.close()


def test_only_one_of_two_takes_it(metadata: Metadata) -> None:
    """Both saw the same silence; the database lets one of them through."""
    metadata.take_lease("default", None, ELSEWHERE)
    seen = metadata.lease("default")
    assert metadata.take_lease("default", seen, Holder("b", "one", 1)) == 2
    with pytest.raises(Conflict):
        metadata.take_lease("default", seen, Holder("c", "two", 2))


def test_wall_clock_jumps_do_not_matter(
    metadata: Metadata, clock: SimClock, lock: FileLock
) -> None:
    """Hours back or forth: a lease is neither taken too early nor kept for ever."""
    for jump in (-6 * HOUR, 6 * HOUR):
        seen = metadata.lease("default")
        metadata.take_lease("default", seen, ELSEWHERE)
        before = clock.monotonic()
        clock.jump(jump)
        _take(metadata, clock, lock)
        assert SPAN / SECOND <= clock.monotonic() - before <= SPAN / SECOND + 1


def test_metadata_refuses_an_older_term(metadata: Metadata, clock: SimClock) -> None:
    """Plans and notes of commits: the older writer learns it at its next write."""
    old = _take(metadata, clock)
    new = _take(metadata, clock)
    span = {"log_from": Positions(), "log_to": Positions((1,)), "watermark": 0, "plan": "p"}
    with pytest.raises(LeaseLost, match="this one stops"):
        metadata.plan_epoch("default", 1, **span, term=old.term)
    metadata.plan_epoch("default", 1, **span, term=new.term)
    with pytest.raises(LeaseLost):
        metadata.commit_epoch("default", 1, Ledger(), term=old.term)
    metadata.commit_epoch("default", 1, Ledger(), term=new.term)
    with pytest.raises(LeaseLost):
        metadata.renew_lease("default", old.term)
    old.close()  # gives nothing up that is another's
    found = metadata.lease("default")
    assert found is not None
    assert (found.term, found.is_given_up) == (new.term, False)
    assert found.holder == Holder(boot_id(), os.uname().nodename, os.getpid())


def _whole_files(bench: Bench) -> set[str]:
    """In the tail, those aside that the live counters write, on a thread of their own."""
    names = {path.name for path in bench.home.tail_dir("default").iterdir()}
    return {name for name in names if "live.json" not in name}


def test_older_pipeline_stops_before_it_writes(tmp_path: Path) -> None:
    """One that wakes after another took over publishes no cut, plans and commits nothing."""
    bench = Bench(tmp_path)
    old = bench.pipeline()
    bench.append([request(1, [event("v", START_US, 1)], START_US)])
    old.step()
    new = bench.pipeline()
    published = bench.home.cut_file("default").read_bytes()
    files = _whole_files(bench)
    bench.clock.advance(20 * SECOND)
    with pytest.raises(LeaseLost):
        old.step()
    assert bench.home.cut_file("default").read_bytes() == published
    assert _whole_files(bench) == files
    new.finish()
    assert bench.tables()["events"].num_rows == 1
    assert Metadata.open(bench.home).ledger("default").events == 1


def test_trouble_of_a_writer_that_was_replaced_is_not_told(
    metadata: Metadata, clock: SimClock
) -> None:
    """It slept; its parts fail over what the new one wrote, and it is about to stop."""
    said: list[str] = []
    old = _take(metadata, clock)
    old.tell(said.append, "before")
    clock.advance(SPAN)
    new = _take(metadata, clock)
    old.tell(said.append, "after")
    new.tell(said.append, "of the new one")
    assert said == ["before", "of the new one"]
