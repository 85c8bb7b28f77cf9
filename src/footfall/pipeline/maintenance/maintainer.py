"""Starts maintenance when it is due, as a child process; never lets it harm the pipeline."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Sequence
from typing import Final

from footfall.clock import SECOND, Clock

BACKOFF_SECONDS_MIN: Final = 60.0
BACKOFF_SECONDS_MAX: Final = 3600.0
_STOP_SECONDS_MAX: Final = 10.0


class Maintainer:
    """One child at a time, every so many epochs, and when none come every so long.

    After a failure later and later, up to an hour.

    The child ends with this process: it holds the read end of a pipe whose write end is only here.
    """

    def __init__(
        self,
        command: Sequence[str] | None,
        every_epochs: int,
        age_max: int,
        clock: Clock,
        report: Callable[[str], None],
    ) -> None:
        """Start nothing.

        Args:
            command: Runs maintenance once; gets `--parent-fd N` at its end. `None`: nothing ever.
            every_epochs: How many epochs between two runs …
            age_max: … or microseconds, whichever comes first: what expires does so with time, also
                where nothing comes.
            clock: For the time between runs and between failures.
            report: Takes one line about each failure.
        """
        self._command = command
        self._every = every_epochs
        self._age_max = age_max
        self._clock = clock
        self._report = report
        self._child: subprocess.Popen[bytes] | None = None
        self._write_fd = -1
        self._last: int | None = None
        self._last_at = 0.0
        self._backoff = 0.0
        self._not_before = 0.0

    def after_step(self, epoch: int) -> None:
        """Look after the child, and start one if it is due; cheap, called after each micro-batch.

        Args:
            epoch: Last epoch committed. The first call only notes it: a start has more urgent work.
        """
        if self._last is None:
            self._last, self._last_at = epoch, self._clock.monotonic()
        if self._child is not None:
            self._reap()
        if self._child is not None or self._command is None:
            return
        now = self._clock.monotonic()
        is_old = (now - self._last_at) * SECOND >= self._age_max
        if (is_old or epoch - self._last >= self._every) and now >= self._not_before:
            self._last, self._last_at = epoch, now
            self._start()

    def stop(self) -> None:
        """Tell the child to stop and wait; it notes how far it is. Again is harmless."""
        if self._child is None:
            return
        self._child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_STOP_SECONDS_MAX)
        self._child.kill()
        self._child.wait()
        self._forget()

    def _start(self) -> None:
        assert self._command is not None
        read_fd, self._write_fd = os.pipe()
        try:
            self._child = subprocess.Popen(
                [*self._command, "--parent-fd", str(read_fd)],
                pass_fds=(read_fd,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,
            )
        except OSError as error:
            os.close(self._write_fd)
            self._failed(str(error))
        finally:
            os.close(read_fd)

    def _reap(self) -> None:
        assert self._child is not None
        status = self._child.poll()
        if status is None:
            return
        self._forget()
        if status == 0:
            self._backoff = 0.0
        else:
            self._failed(f"status {status}")

    def _failed(self, why: str) -> None:
        self._backoff = min(max(2 * self._backoff, BACKOFF_SECONDS_MIN), BACKOFF_SECONDS_MAX)
        self._not_before = self._clock.monotonic() + self._backoff
        self._report(f"maintenance failed ({why}); trying again in {self._backoff:.0f} s")

    def _forget(self) -> None:
        self._child = None
        os.close(self._write_fd)
