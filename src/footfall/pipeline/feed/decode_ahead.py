"""The next micro-batch decoded by another process, while this one works on the last.

Decoding is two thirds of the work on an event and pure, so it can be anywhere; everything else is
order. This is for speed alone: what the other process does not deliver, for whatever reason, the
pipeline decodes itself, with everything that guards it (`_poison`). The process is started when
events come fast, and ended when they have not for a while.
"""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import sys
from collections.abc import Set
from typing import BinaryIO, Final, cast

from footfall.clock import SECOND, Clock
from footfall.log import LogSource
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.epoch.prepare import Prepared
from footfall.pipeline.feed.decode_protocol import BUFFER_BYTES, Job, Question, read_answer, send
from footfall.positions import Place, Positions
from footfall.settings import PipelineSettings

BUSY_EVENTS: Final = 4_000
"""A micro-batch with at least as many is worth asking for the next: at 0.2 s each, 20,000 events/s,
half of what one process decodes."""
IDLE_SECONDS: Final = 60.0
"""Not asked for so long, the process is ended; one that failed is replaced after as long."""
_LATE_SECONDS: Final = 10.0
"""Beyond its own bound, before an answer is no longer waited for."""


class DecodeAhead:
    """At most one process, at most one question under way."""

    def __init__(
        self, log: LogSource, rules: Rules, settings: PipelineSettings, clock: Clock
    ) -> None:
        """Start nothing yet."""
        self._job = Job(log, rules, settings)
        self._clock = clock
        self._process: _Process | None = None
        self._asked: Place | None = None
        self._is_warm = False
        self._used = -IDLE_SECONDS

    def ask(self, place: Place, quarantined: Set[int]) -> None:
        """Have the micro-batch from `place` on decoded, if the process is there or may be.

        Args:
            place: Of its first request.
            quarantined: Offsets of the partition's requests that are not decoded.
        """
        if self._asked is not None:
            return
        if self._process is None and not self._start():
            return
        assert self._process is not None
        self._used = self._clock.monotonic()
        known = tuple(sorted(known for known in quarantined if known >= place.offset))
        try:
            self._process.ask(Question(place, known))
        except OSError:
            self.close()
        else:
            self._asked = place

    def take(self, positions: Positions) -> Prepared | None:
        """What was asked for, waited for; `None` if it does not go on from there, or failed.

        Nothing is waited for while the process starts.
        """
        if self._asked is None or self._process is None:
            return None
        if not (self._is_warm or self._process.has_answered()):
            return None
        asked, self._asked, self._is_warm = self._asked, None, True
        try:
            found = self._process.answer()
        except Exception:  # supervisor: a dead process costs speed; what kills it, kills it here
            self.close()
            return None
        return found if asked.offset == positions[asked.partition] else None

    def rest(self) -> None:
        """Events come slowly: once that has lasted, give the process's memory back."""
        if self._clock.monotonic() - self._used >= IDLE_SECONDS:
            self.close()

    def close(self) -> None:
        """End the process."""
        self._asked = None
        if self._process is not None:
            self._process.end()
            self._process = None

    def _start(self) -> bool:
        if self._clock.monotonic() - self._used < IDLE_SECONDS:
            return False  # it failed a moment ago
        with contextlib.suppress(OSError):
            self._process = _Process(self._job)
        self._is_warm = False
        return self._process is not None


class _Process:
    """The process and the socket to it."""

    def __init__(self, job: Job) -> None:
        self._mine, theirs = socket.socketpair()
        with theirs:
            fd = theirs.fileno()
            command = [sys.executable, "-P", "-m", "footfall.pipeline.feed.decode_process", str(fd)]
            self._process = subprocess.Popen(command, pass_fds=(fd,), stdin=subprocess.DEVNULL)
        self._mine.settimeout(job.settings.batch_time_max / SECOND + _LATE_SECONDS)
        self._stream = cast("BinaryIO", self._mine.makefile("rwb", BUFFER_BYTES))
        send(self._stream, job)

    def ask(self, question: Question) -> None:
        send(self._stream, question)
        self._stream.flush()

    def has_answered(self) -> bool:
        """Whether an answer is there, or never will be."""
        return bool(select.select([self._mine], [], [], 0)[0])

    def answer(self) -> Prepared | None:
        return read_answer(self._stream)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # what was not sent
            self._stream.close()
        self._mine.close()
