"""The writer's lease: one pipeline writes a project, across machines and through long pauses.

Theory of operation. A lease is a row in the metadata database with a *term* that only counts up.
Plans and notes of commits are refused under a lower term than the newest; so are commits to a table
that has seen a higher one, and whoever takes the lease of a writer that may still live stamps its
term on every table before anything else. So an older writer that was paused, or cut off, finds out
at its next write whatever the clocks say: safety is the term alone.

When the lease may be taken is a question of liveness:

    nobody ever took it, or it was given up          at once
    its holder ran under this kernel, and the lock   at once: the kernel lets go of a lock only
    file in the home is free                         with the process that held it
    anything else                                    when it was not renewed for `pipeline.lease`,
                                                     on the waiter's own monotonic clock

A holder renews three times in that span. A waiter that sees a renewal stops: another one runs.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
from collections.abc import Callable

from footfall.clock import SECOND, Clock
from footfall.errors import Conflict, LeaseLost, Unavailable
from footfall.machine.process import FileLock, boot_id
from footfall.metadata import Holder, Lease, Metadata

RENEWALS = 3
"""How often a lease is renewed within its span."""
_WATCH_SECONDS = 0.2


class WriterLease:
    """The right to write one project; `take` gets it."""

    def __init__(
        self,
        metadata: Metadata,
        project: str,
        term: int,
        span: int,
        clock: Clock,
        lock: FileLock | None,
        *,
        is_contested: bool,
    ) -> None:
        """Hold the lease of `term`; `span` in microseconds. Use `take` instead."""
        self.term = term
        self.is_contested = is_contested
        """The writer before was only silent: it may live, and must be kept out of the tables."""
        self._metadata = metadata
        self._project = project
        self._span_seconds = span / SECOND
        self._clock = clock
        self._lock = lock
        self._renewed = clock.monotonic()
        self._lost: LeaseLost | None = None
        self._mutex = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_held(self) -> bool:
        """Whether nobody else may have it: it was not lost, and was renewed within its span."""
        silent = self._clock.monotonic() - self._renewed
        return self._lost is None and silent < self._span_seconds

    def check(self) -> None:
        """Raise if another writer took over; asks the database if it was not asked for a while.

        Raises:
            LeaseLost: stop, and write nothing more.
        """
        if self._clock.monotonic() - self._renewed >= self._span_seconds / 2:
            with contextlib.suppress(Unavailable):  # tables and plans refuse without it as well
                self.renew()
        if self._lost is not None:
            raise self._lost

    def tell(self, report: Callable[[str], None], trouble: str) -> None:
        """Report a trouble, unless another writer took over.

        After a long pause this writer's parts may fail over what the new one has written since, a
        consumer over a position that moved on. That is no trouble to look into: this one stops.
        """
        with contextlib.suppress(LeaseLost):
            self.check()
            report(trouble)

    def renew(self) -> None:
        """Show that this process lives.

        Raises:
            Unavailable: the database could not be written; try again.
        """
        with self._mutex:
            now = self._clock.monotonic()
            try:
                self._metadata.renew_lease(self._project, self.term)
            except LeaseLost as error:
                self._lost = error
                return
            self._renewed = now
        if self._lock is not None:
            self._lock.acquire()  # one that took over from a paused process has it when that ends

    def renew_in_background(self) -> None:
        """Renew from a thread of its own until `close`: long work must not look like death."""
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Give the lease up: the next writer need not wait. Nothing may be written after it."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        if self._lost is None:
            with contextlib.suppress(Unavailable):
                self._metadata.give_up_lease(self._project, self.term)

    def _keep(self) -> None:
        while self._lost is None and not self._closing.wait(self._span_seconds / RENEWALS):
            with contextlib.suppress(Unavailable):
                self.renew()


def take(
    metadata: Metadata,
    project: str,
    span: int,
    clock: Clock,
    lock: FileLock | None = None,
    pause: Callable[[float], object] | None = None,
    *,
    above: int = 0,
) -> WriterLease:
    """Become the only writer of `project`; waits up to `span` for a holder that is silent.

    Args:
        metadata: Holds the lease.
        project: What to write.
        span: How long a lease lasts without renewal, in microseconds.
        clock: Measures the silence.
        lock: The lock file of the home; `None` where all pipelines run in one process.
        pause: Waits some seconds; a true answer ends the wait.
        above: The highest term that a table has seen: metadata restored from a backup may know
            only lower ones.

    Raises:
        Conflict: another pipeline of this project runs.
        Unavailable: it was told to stop while it waited.
    """
    holder = Holder(boot_id(), platform.node(), os.getpid())
    pause = pause or clock.sleep
    seen = metadata.lease(project)
    since = clock.monotonic()
    is_silent = False
    while not (is_free := _is_free(seen, holder, lock)) and not is_silent:
        if pause(_WATCH_SECONDS):
            raise Unavailable("the pipeline was stopped while it waited for another one's lease")
        if metadata.lease(project) != seen:
            raise Conflict(_running(project, seen))
        is_silent = seen is not None and clock.monotonic() - since >= span / SECOND
    term = metadata.take_lease(project, seen, holder, above)
    return WriterLease(metadata, project, term, span, clock, lock, is_contested=not is_free)


def _is_free(seen: Lease | None, holder: Holder, lock: FileLock | None) -> bool:
    """Whether the writer before is surely gone."""
    is_alone = lock is None or lock.acquire()
    if seen is None:
        return is_alone  # a version without leases may run there: its lock is all it has
    return seen.is_given_up or (is_alone and seen.holder.boot == holder.boot)


def _running(project: str, seen: Lease | None) -> str:
    where = "" if seen is None else f" host={seen.holder.host} pid={seen.holder.pid}"
    return f"another pipeline of this project runs; stop it first: {project=}{where}"
