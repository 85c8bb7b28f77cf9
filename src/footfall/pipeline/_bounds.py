"""Bounds of a process that runs plug-ins: memory and time, kept by the kernel.

A thread of ours could not keep them: a plug-in in C, or a regular expression, holds the interpreter
and lets no thread run.
"""

from __future__ import annotations

import contextlib
import re
import resource
import signal
from collections.abc import Iterator
from pathlib import Path


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


@contextlib.contextmanager
def bounded_time(seconds: float) -> Iterator[None]:
    """End this process (SIGALRM) if the block takes longer; one block at a time."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
