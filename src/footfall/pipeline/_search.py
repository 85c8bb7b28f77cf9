"""Which requests end the process? Tried in halves, in children that may die.

    python -m footfall.pipeline._search < job.json > found.json

Theory of operation. This process loads the libraries once and starts no thread, so that it can fork
a child for each trial in a few milliseconds. A child does with a range of the log what the pipeline
does with it (decode, enrich, sessions from nothing), within the bounds of memory and time, and
leaves with 0; anything else is a failed trial. A range that fails is tried in halves:

    [0, 8) fails   [0, 4) passes                 [4, 8) fails
                                   [4, 6) fails                [6, 8) passes
                            4 passes    5 fails                            → 5 is at fault

With `n` requests and `k` at fault this takes at most 2 k log2(n) trials, and as much work as
processing the range some times over. At the end the range without those found is tried once more:
if it still fails, no request alone is to blame.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, Literal, NoReturn

import msgspec

from footfall.clock import SECOND, Clock, SystemClock
from footfall.decode import decode, decoders
from footfall.enrich import enrich
from footfall.errors import FootfallError, Unavailable
from footfall.event import EVENT_SCHEMA, conform
from footfall.log import SqliteLog
from footfall.pipeline._bounds import bound_memory, bounded_time
from footfall.pipeline._plan import Rules
from footfall.pipeline._requests import logged_requests
from footfall.private import keep_private
from footfall.sessionize import GapDefinition, SessionState, assign, sessionize

_UNREADABLE: Final = 75
"""A child's exit code when the log, not a request, is the trouble."""
_FAILED: Final = 1
_POLL_SECONDS: Final = 0.01


class Job(msgspec.Struct, frozen=True):
    """What to search, and within which bounds."""

    log_dir: str
    log_from: int
    log_to: int
    quarantined: tuple[int, ...]
    """Offsets that are known already."""
    rules: Rules
    batch_requests_max: int
    batch_bytes_max: int
    memory_max: int
    batch_time_max: int
    requests_max: int
    search_time_max: int


class Found(msgspec.Struct, frozen=True):
    """Offsets of the requests at fault, ascending, and how it ended."""

    offsets: tuple[int, ...]
    verdict: Literal["found", "innocent", "together", "plug-ins", "too many", "too long"]
    """`innocent`: everything passes. `together`: a range fails, and no request of it alone.
    `plug-ins`: not even nothing passes."""


class _End(Exception):  # noqa: N818 (leaves the recursion)
    def __init__(self, found: Found) -> None:
        self.found = found


class Search:
    """One search; `run` does it."""

    def __init__(self, job: Job, clock: Clock) -> None:
        """Search as `job` says."""
        self._job = job
        self._clock = clock
        self._deadline = clock.monotonic() + job.search_time_max / SECOND
        self._parent = os.getppid()
        self._found: list[int] = []

    def run(self) -> Found:
        """Find the requests at fault.

        Raises:
            Unavailable: the log cannot be read now.
        """
        job = self._job
        try:
            if not self._passes(job.log_from, job.log_from):
                return Found((), "plug-ins")
            if self._passes(job.log_from, job.log_to):
                return Found((), "innocent")
            self._halve(job.log_from, job.log_to)
            if self._found and self._passes(job.log_from, job.log_to):
                return Found(tuple(sorted(self._found)), "found")
        except _End as end:
            return end.found
        return Found((), "together")

    def _halve(self, start: int, end: int) -> None:
        """Find what is at fault in a range that fails."""
        if end - start == 1:
            self._found.append(start)
            if len(self._found) > self._job.requests_max:
                raise _End(Found((), "too many"))
            return
        middle = (start + end) // 2
        failing = [half for half in ((start, middle), (middle, end)) if not self._passes(*half)]
        for half in failing:
            self._halve(*half)

    def _passes(self, start: int, end: int) -> bool:
        child = os.fork()
        if child == 0:
            _try(self._job, start, end, frozenset(self._found))
        status = self._wait(child)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _UNREADABLE:
            raise Unavailable("the log cannot be read to find the request at fault; see above")
        return status == 0

    def _wait(self, child: int) -> int:
        """Exit status of the child; ends it, and the search, when there is no time left."""
        while True:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return status
            is_late = self._clock.monotonic() > self._deadline
            if is_late or os.getppid() != self._parent:
                os.kill(child, 9)
                os.waitpid(child, 0)
                raise _End(Found((), "too long"))
            self._clock.sleep(_POLL_SECONDS)


def _try(job: Job, start: int, end: int, found: frozenset[int]) -> NoReturn:
    """Work on [start, end) and leave the process: 0 if that went well."""
    code = _FAILED
    try:
        os.dup2(2, 1)  # what a plug-in prints must not mix with the answer
        bound_memory(job.memory_max)
        _work(job, start, end, found | set(job.quarantined))
        code = 0
    except (FootfallError, OSError) as error:
        sys.stderr.write(f"footfall: {error}\n")
        code = _UNREADABLE
    except BaseException as error:
        sys.stderr.write(f"footfall: requests {start}-{end - 1}: {type(error).__name__}\n")
    finally:
        os._exit(code)


def _work(job: Job, start: int, end: int, quarantined: frozenset[int]) -> None:
    definition = GapDefinition.of(job.rules.sessions)
    state = SessionState.empty()
    log = SqliteLog.reader(Path(job.log_dir))
    offset = start
    with bounded_time(job.batch_time_max / SECOND):
        decoders()
    while offset < end:
        records_max = min(job.batch_requests_max, end - offset)
        records = log.read(offset, records_max=records_max, bytes_max=job.batch_bytes_max)
        if not records:
            return
        requests = logged_requests(records)
        with bounded_time(job.batch_time_max / SECOND):
            decoded = decode(requests, job.rules.decode, quarantined)
            events = conform(enrich(decoded.events, job.rules.clock).events, EVENT_SCHEMA)
            state = sessionize(state, events, definition).state
            assign(events, state)
        offset = requests[-1].offset + 1


def main() -> None:
    """Read a `Job`, write what was `Found`."""
    keep_private()
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        found = Search(job, SystemClock()).run()
    except FootfallError as error:
        sys.stderr.write(f"footfall: {error}\n")
        sys.exit(_UNREADABLE)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
