"""Which requests end the process? Tried in children that may die.

    python -m footfall.pipeline.poison.search < job.json > found.json

Theory of operation. This process loads the libraries once and starts no thread, so that it can fork
a child for each trial in a few milliseconds. A child does with some requests what the pipeline does
with them (decode, enrich, sessions from nothing), within the bounds of memory and time, and leaves
with 0; anything else is a failed trial. Before each request it notes in shared memory which it is,
so the next trial can end before that one (`_narrow`), and one request that fails alone is at fault.

A search is done in rounds: one ends when it found as many as it may, or its time is over, and says
how far it is. Bounds are looked at only when nothing is half known, so each round gets on, and all
of it together ends, however many requests are at fault and however long each takes.
"""

from __future__ import annotations

import functools
import mmap
import os
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

import msgspec

from footfall.clock import SECOND, Clock, SystemClock
from footfall.decode import decode, decoders, leave_out, plug_ins
from footfall.enrich import enrich, event_schema
from footfall.errors import FootfallError, Unavailable
from footfall.event import conform
from footfall.log import LogSource
from footfall.machine.private import keep_private
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.feed.requests import of_protocols, read_requests
from footfall.pipeline.poison.bounds import bound_memory, bounded_time
from footfall.pipeline.poison.narrow import Narrowing, Noted
from footfall.positions import Place, Slice
from footfall.request import LoggedRequest
from footfall.secret import conceal
from footfall.sessionize import Definitions, SessionState
from footfall.settings import PipelineSettings

_UNREADABLE: Final = 75
"""A child's exit code when the log, not a request, is the trouble."""
_FAILED: Final = 1
_POLL_SECONDS: Final = 0.01
_NOTES: Final = struct.Struct("qq")
"""In shared memory: the request that is being decoded, and the first that was not reached."""


class Job(msgspec.Struct, frozen=True):
    """What to search, and within which bounds."""

    log: LogSource
    requests: Slice
    quarantined: tuple[int, ...]
    """Offsets in the same partition that are known already."""
    rules: Rules
    settings: PipelineSettings
    left_out: tuple[str, ...] = ()
    """Protocols whose plug-in is not to be loaded."""


class Found(msgspec.Struct, frozen=True):
    """What a round found."""

    offsets: tuple[int, ...] = ()
    """Of the requests at fault, ascending."""
    log_to: int = 0
    """Everything before was tried; at the job's end the search is over."""
    is_together: bool = False
    """Requests failed that passed when there were fewer of them."""
    plug_ins: tuple[str, ...] = ()
    """Protocols whose plug-in cannot be loaded; then nothing else was tried."""
    passes_nothing: bool = False
    """Not even no request at all, and no plug-in is to blame; then nothing else was tried."""


class Search:
    """One round; `run` does it."""

    def __init__(self, job: Job, clock: Clock) -> None:
        """Search as `job` says."""
        self._job = job
        self._clock = clock
        self._deadline = clock.monotonic() + job.settings.poison_search_max / SECOND
        self._parent = os.getppid()
        self._notes = mmap.mmap(-1, _NOTES.size)

    def run(self) -> Found:
        """Find the requests at fault.

        Raises:
            Unavailable: the log cannot be read now.
        """
        job = self._job
        if not self._can_load(job.left_out):
            names = tuple(name for name in plug_ins() if not self._can_load(_all_but(name)))
            if not names and self._can_load(plug_ins()):
                names = tuple(plug_ins())  # each alone can, all together cannot
            return Found((), job.requests.start, plug_ins=names, passes_nothing=not names)
        found: list[int] = []
        is_together = False
        left = Narrowing(
            job.requests.start, job.requests.stop, job.settings.micro_batch_requests_max
        )
        while not left.is_over and not (self._is_enough(found) and self._got_on(left)):
            start, stop = left.next
            if self._passes(functools.partial(self._work, start, stop, found)):
                left.passed(self._read_notes()[1])
                continue
            guilty = left.failed(self._read_notes()[0])
            if guilty is None:
                is_together = True
            else:
                found.append(guilty)
        return Found(tuple(found), left.start, is_together=is_together and not found)

    def _is_enough(self, found: list[int]) -> bool:
        is_late = self._clock.monotonic() > self._deadline
        return is_late or len(found) >= self._job.settings.poison_requests_max

    def _got_on(self, left: Narrowing) -> bool:
        return left.start > self._job.requests.start and not left.is_narrowed

    def _can_load(self, left_out: Sequence[str]) -> bool:
        return self._passes(lambda: self._load(left_out))

    def _passes(self, work: Callable[[], None]) -> bool:
        """Whether a child that does `work` lives."""
        self._note(-1, -1)
        child = os.fork()
        if child == 0:
            _try(self._job, work)
        status = self._wait(child)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) == _UNREADABLE:
            raise Unavailable("the log cannot be read to find the request at fault; see above")
        return status == 0

    def _wait(self, child: int) -> int:
        """Exit status of the child; it bounds itself, and ends with whoever asked for this."""
        while True:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return status
            if os.getppid() != self._parent:
                os.kill(child, 9)
                os.waitpid(child, 0)
                raise Unavailable("nobody waits for the search any more")
            self._clock.sleep(_POLL_SECONDS)

    def _note(self, at: int, done: int) -> None:
        _NOTES.pack_into(self._notes, 0, at, done)

    def _read_notes(self) -> tuple[int, int]:
        at, done = _NOTES.unpack_from(self._notes)
        return at, done

    # In the child

    def _load(self, left_out: Sequence[str]) -> None:
        leave_out(left_out)
        with bounded_time(self._job.settings.batch_time_max / SECOND):
            try:
                decoders()
            except (FootfallError, OSError) as error:
                raise RuntimeError("a plug-in cannot be loaded") from error

    def _work(self, start: int, stop: int, found: list[int]) -> None:
        job = self._job
        self._load(job.left_out)
        log = job.log.reader()
        definitions = Definitions.of(job.rules.sessions)
        refused = {*job.quarantined, *found}
        with bounded_time(job.settings.batch_time_max / SECOND):
            requests = read_requests(
                log,
                Place(job.requests.partition, start),
                stop - start,
                job.settings,
                job.rules.decode,
                refused,
            )
            refused |= of_protocols(requests, job.left_out)
            noted = Noted(requests, lambda one: self._note(one.offset if one else -1, -1))
            decoded = decode(noted, job.rules.decode, refused)
            enriched = enrich(decoded.events, job.rules.clock, steps=job.rules.enrich)
            events = conform(enriched.events, event_schema(job.rules.enrich))
            for one in definitions:
                state = one.sessionize(SessionState.empty(one.columns), events).state
                one.assign(events, state)
        self._note(-1, _after(requests, stop))


def _after(requests: list[LoggedRequest], stop: int) -> int:
    """Where the next try begins; what the log does not have is done with."""
    return requests[-1].offset + 1 if requests else stop


def _all_but(name: str) -> list[str]:
    return [other for other in plug_ins() if other != name]


def _try(job: Job, work: Callable[[], None]) -> NoReturn:
    """Work and leave the process: 0 if that went well."""
    code = _FAILED
    try:
        os.dup2(2, 1)  # what a plug-in prints must not mix with the answer
        bound_memory(job.settings.memory_max)
        work()
        code = 0
    except (FootfallError, OSError) as error:
        sys.stderr.write(f"footfall: {error}\n")
        code = _UNREADABLE
    except BaseException as error:
        sys.stderr.write(f"footfall: a trial ended with {type(error).__name__}\n")
    finally:
        os._exit(code)


def main() -> None:
    """Read a `Job`, write what was `Found`."""
    keep_private()
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job, dec_hook=conceal)
    try:
        found = Search(job, SystemClock()).run()
    except FootfallError as error:
        sys.stderr.write(f"footfall: {error}\n")
        sys.exit(_UNREADABLE)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
