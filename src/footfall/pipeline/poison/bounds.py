"""Bounds of a process that runs plug-ins: memory and time.

Memory is bounded by the kernel: a thread of ours could not, since a plug-in in C, or a regular
expression, holds the interpreter and lets no thread run. Time has two bounds. At the first an alarm
raises `Late` as soon as Python runs again; what was done is thrown away and the process lives. What
never comes back to Python meets the second: a thread that needs no interpreter ends the process.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")
_AGAIN_SECONDS: Final = 1.0
"""Code that swallows everything, `Late` too, is told again as often."""
_GRACE_SECONDS_MIN: Final = 10.0
"""How long a late process has at least to come back to Python before it is ended."""


class Late(BaseException):
    """Work took longer than it may and was given up; try less of it."""


def bound_memory(bytes_max: int) -> None:
    """Let this process have `bytes_max` more memory of its own than it has now.

    Beyond it an allocation fails: Python raises `MemoryError`, other libraries end the process.
    Counted is what the kernel calls data: private writable memory, not mapped files. Libraries
    reserve a gigabyte of it at the start without touching it, so the bound is on what is added.
    Call it when they are loaded. Where the kernel does not say (not Linux) nothing is bounded.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return
    found = re.search(r"^VmData:\s+(\d+) kB$", status, re.MULTILINE)
    if found is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = (int(found[1]) << 10) + bytes_max
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def in_time(seconds: float, work: Callable[[], _T]) -> _T:
    """Do `work`, which must be pure, in the main thread and within its time.

    Raises:
        Late: it took longer. If it never returns to Python, the process ends at twice the
            time, ten seconds after the alarm at the soonest.
    """

    def ring(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)
        raise Late

    before = signal.signal(signal.SIGALRM, ring)
    try:
        try:
            with Path(os.devnull).open("w") as nowhere:  # tracebacks of all threads are for nobody
                hard = seconds + max(seconds, _GRACE_SECONDS_MIN)
                faulthandler.dump_traceback_later(hard, exit=True, file=nowhere)
                signal.setitimer(signal.ITIMER_REAL, seconds)
                return work()
        finally:
            _disarm()
    finally:  # the bell may have rung on the way out of the block above, not twice in a second
        _disarm()
        signal.signal(signal.SIGALRM, before)


def unbounded(seconds: float, work: Callable[[], _T]) -> _T:
    """As `in_time` where the process is not the pipeline's own: nothing is bounded."""
    return work()


def _disarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def bounded_time(seconds: float) -> Iterator[None]:
    """End this process (SIGALRM) if the block takes longer: for processes that may end."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
