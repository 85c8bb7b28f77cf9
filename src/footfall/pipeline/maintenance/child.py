"""Work beside the pipeline in a child process: one at a time, ends with it, never harms it."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Sequence
from typing import Final

from footfall.clock import Clock

BACKOFF_SECONDS_MIN: Final = 60.0
BACKOFF_SECONDS_MAX: Final = 3600.0
_STOP_SECONDS_MAX: Final = 10.0


class Child:
    """One child at a time; after a failure later and later, up to an hour.

    The child ends with this process: it holds the read end of a pipe whose write end is only here.
    """

    what = "a child process"

    def __init__(
        self, command: Sequence[str] | None, clock: Clock, report: Callable[[str], None]
    ) -> None:
        """Start nothing.

        Args:
            command: Does the work once; gets `--parent-fd N` at its end. `None`: nothing ever.
            clock: For the time between failures.
            report: Takes one line about each failure.
        """
        self._command = command
        self._clock = clock
        self._report = report
        self._child: subprocess.Popen[bytes] | None = None
        self._write_fd = -1
        self._backoff = 0.0
        self._not_before = 0.0

    def _is_ready(self) -> bool:
        """Look after the child; whether one may be started now."""
        if self._child is not None:
            self._reap()
        is_free = self._child is None and self._command is not None
        return is_free and self._clock.monotonic() >= self._not_before

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
        self._report(f"{self.what} failed ({why}); trying again in {self._backoff:.0f} s")

    def _forget(self) -> None:
        self._child = None
        os.close(self._write_fd)
