"""Group commit: many small submissions, few appends.

One thread owns the writing side of a log. It takes everything that waits, appends it as one group
and tells the event loop once per group, so the cost of a sync and of a thread switch is shared by
all requests that came meanwhile: under load groups grow by themselves, without a timer.

    event loop    submit a, b ┆ submit c ┆ submit d ┆ …        resolve c, d
    thread                    append [a, b]       append [c, d] ───┘

It is woken at the end of a turn of the event loop (┆), not by the first record: that would be taken
alone while the turn has dozens, and each change of threads costs both of them.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from footfall.clock import Clock
from footfall.errors import Closed, FootfallError, Overloaded, Unavailable
from footfall.positions import Place

JOIN_SECONDS_MAX: Final = 30.0


class Appendable(Protocol):
    """What the committer needs of a log."""

    def append(self, records: Sequence[bytes]) -> Place:
        """See `Log.append`."""
        ...


_Waiting = tuple[bytes, asyncio.Future[None]]
"""A record, and who waits for it."""


class GroupCommitter:
    """Appends submitted records in groups; see the module's text.

    Everything but the thread's own work happens on the event loop it was made for.
    """

    def __init__(
        self,
        log: Appendable,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        *,
        group_requests_max: int,
        pending_bytes_max: int,
        on_group: Callable[[int, float], None] | None = None,
    ) -> None:
        """Start the thread.

        Args:
            log: Where to append; only this committer appends to it.
            loop: Resolves the futures.
            clock: For the duration of appends.
            group_requests_max: Most records of one append.
            pending_bytes_max: Most bytes that wait, those being appended included.
            on_group: Called on the loop after each append that worked, with the number of its
                records and how many seconds it took.
        """
        self._log = log
        self._loop = loop
        self._clock = clock
        self._group_requests_max = group_requests_max
        self._pending_bytes_max = pending_bytes_max
        self._on_group = on_group
        self._waiting: deque[_Waiting] = deque()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._is_woken = False
        self._is_closed = False
        self.pending_bytes = 0
        self.last_error: FootfallError | None = None
        """Why the last append failed; `None` once one worked again."""
        self._thread = threading.Thread(target=self._run, name="log-committer", daemon=True)
        self._thread.start()

    def has_room(self, size: int) -> bool:
        """Whether a record of `size` bytes would be taken now.

        To be asked before a request's body is read, so that refusing costs next to nothing.
        """
        pending_bytes = self.pending_bytes
        return pending_bytes == 0 or pending_bytes + size <= self._pending_bytes_max

    def submit(self, record: bytes) -> asyncio.Future[None]:
        """Ask for `record` to be appended; the future is done once it is durable.

        Where it is then, it does not say: other writers' records may lie within a group. It raises
        what `Log.append` raised for the group.

        Raises:
            Overloaded: too many bytes wait already; nothing was submitted.
            Closed: `close` was called before.
        """
        if self._is_closed:
            raise Closed("no more requests are taken")
        if not self.has_room(len(record)):
            raise Overloaded("too many requests wait for the disk; come back later")
        self.pending_bytes += len(record)
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((record, future))
        # After the append above: the thread clears the flag before it looks, so either it sees the
        # record or this sees the flag cleared and wakes it.
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon(self._wake.put, None)
        return future

    async def close(self) -> None:
        """Take nothing more, append what was submitted, end the thread; safe to call twice."""
        self._is_closed = True
        self._wake.put(None)
        await self._loop.run_in_executor(None, self._thread.join, JOIN_SECONDS_MAX)

    def _run(self) -> None:
        while True:
            self._wake.get()
            self._is_woken = False
            left = len(self._waiting)  # what comes from now on has a wake of its own
            while left:
                group = [
                    self._waiting.popleft() for _ in range(min(left, self._group_requests_max))
                ]
                self._append(group)
                left -= len(group)
            if self._is_closed and not self._waiting:
                return

    def _append(self, group: list[_Waiting]) -> None:
        started = self._clock.monotonic()
        error = None
        try:
            self._log.append([record for record, _ in group])
        except FootfallError as failure:
            error = failure
        except Exception as failure:  # supervisor loop: a bug must not end writing
            error = Unavailable(f"log failed in an unforeseen way; see its message: {failure!r}")
        seconds = self._clock.monotonic() - started
        self._loop.call_soon_threadsafe(self._resolve, group, error, seconds)

    def _resolve(self, group: list[_Waiting], error: FootfallError | None, seconds: float) -> None:
        self.last_error = error
        for record, future in group:
            self.pending_bytes -= len(record)
            if future.done():
                continue
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)
        if error is None and self._on_group is not None:
            self._on_group(len(group), seconds)
