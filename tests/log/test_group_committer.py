"""Group commit: what is acknowledged, when, and what happens when the log cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from footfall.errors import Closed, DiskFull, Overloaded, Unavailable
from footfall.log import GroupCommitter
from footfall.positions import Place
from footfall.testing import MemoryLog, SimClock


class HeldLog:
    """A log whose appends wait until the test lets them through; notes the groups."""

    def __init__(self) -> None:
        self.inner = MemoryLog()
        self.groups: list[list[bytes]] = []
        self.gate = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)

    def append(self, records: Sequence[bytes]) -> Place:
        self.groups.append(list(records))
        self.entered.release()
        assert self.gate.acquire(timeout=60)
        return self.inner.append(records)


@asynccontextmanager
async def committer_of(
    log: object, on_group: Callable[[int, float], None] | None = None
) -> AsyncIterator[GroupCommitter]:
    committer = GroupCommitter(
        log,  # type: ignore[arg-type]
        asyncio.get_running_loop(),
        SimClock(),
        group_requests_max=4,
        pending_bytes_max=100,
        on_group=on_group,
    )
    try:
        yield committer
    finally:
        await committer.close()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(test(), 20)

    asyncio.run(bounded())


def test_nothing_is_acknowledged_before_the_append_returns() -> None:
    """The promise of the product: the future is pending as long as the disk has not answered."""

    async def test() -> None:
        log = HeldLog()
        async with committer_of(log) as committer:
            future = committer.submit(b"a")
            await asyncio.to_thread(log.entered.acquire)
            for _ in range(5):
                await asyncio.sleep(0)
            assert not future.done()
            assert committer.pending_bytes == 1
            log.gate.release()
            await future
            assert committer.pending_bytes == 0

    run(test)


def test_what_waits_is_appended_as_one_group() -> None:
    """While one append is under way requests gather."""

    async def test() -> None:
        log = HeldLog()
        sizes: list[int] = []
        async with committer_of(log, lambda records, _: sizes.append(records)) as committer:
            futures = [committer.submit(b"0")]
            await asyncio.to_thread(log.entered.acquire)
            futures += [committer.submit(b"%d" % number) for number in range(1, 8)]
            log.gate.release(3)
            await asyncio.gather(*futures)
        assert log.groups == [[b"0"], [b"1", b"2", b"3", b"4"], [b"5", b"6", b"7"]]
        assert sizes == [1, 4, 3]

    run(test)


def test_records_of_one_turn_of_the_loop_are_one_group() -> None:
    """The first of them is not appended alone, however long the turn takes."""

    async def test() -> None:
        log = HeldLog()
        log.gate.release(9)
        async with committer_of(log) as committer:
            futures = [committer.submit(b"a")]
            assert not log.entered.acquire(timeout=0.2)  # the turn goes on
            futures += [committer.submit(b"b"), committer.submit(b"c")]
            await asyncio.gather(*futures)
        assert log.groups == [[b"a", b"b", b"c"]]

    run(test)


def test_too_many_waiting_bytes_are_refused_at_once() -> None:
    """Memory is bounded; a single record is taken however large, or it never could be."""

    async def test() -> None:
        log = HeldLog()
        async with committer_of(log) as committer:
            first = committer.submit(b"x" * 150)
            with pytest.raises(Overloaded):
                committer.submit(b"y")
            log.gate.release(2)
            await first
            await committer.submit(b"y" * 100)

    run(test)


def test_failed_append_fails_its_group_and_the_next_one_works() -> None:
    """A full disk is told to each request that waited, and is over when it is over."""

    async def test() -> None:
        log = MemoryLog()
        async with committer_of(log) as committer:
            log.fail_with = DiskFull("full")
            results = await asyncio.gather(
                committer.submit(b"a"), committer.submit(b"b"), return_exceptions=True
            )
            assert [type(result) for result in results] == [DiskFull, DiskFull]
            assert isinstance(committer.last_error, DiskFull)
            log.fail_with = None
            await committer.submit(b"c")
            assert committer.last_error is None
            assert log.read(0, records_max=9, bytes_max=9) == [(0, b"c")]

    run(test)


def test_bug_in_the_log_does_not_end_the_thread() -> None:
    """An unforeseen error is an answer like any other, not silence for ever."""

    class Broken(MemoryLog):
        is_broken = True

        def append(self, records: Sequence[bytes]) -> Place:
            if self.is_broken:
                raise ZeroDivisionError
            return super().append(records)

    async def test() -> None:
        log = Broken()
        async with committer_of(log) as committer:
            with pytest.raises(Unavailable, match="ZeroDivisionError"):
                await committer.submit(b"a")
            log.is_broken = False
            await committer.submit(b"a")

    run(test)


def test_close_finishes_what_was_submitted_and_takes_nothing_more() -> None:
    """A graceful stop loses nothing that was accepted."""

    async def test() -> None:
        log = HeldLog()
        async with committer_of(log) as committer:
            futures = [committer.submit(b"%d" % number) for number in range(6)]
            log.gate.release(9)
            await committer.close()
            with pytest.raises(Closed):
                committer.submit(b"late")
            await asyncio.gather(*futures)
            assert [record for group in log.groups for record in group] == [
                b"%d" % number for number in range(6)
            ]

    run(test)


def test_abandoned_request_is_stored_all_the_same() -> None:
    """A client that hangs up while its request waits harms nobody else."""

    async def test() -> None:
        log = HeldLog()
        async with committer_of(log) as committer:
            first, second = committer.submit(b"a"), committer.submit(b"b")
            first.cancel()
            log.gate.release(2)
            await second
            assert log.inner.ends()[0] == 2

    run(test)
