"""Giving memory back to the machine.

An epoch's commit needs several times the epoch for a moment. Arrow's pool and the C library keep
what was freed, in the hope that it is needed again, so without this the process stays at its
highest point for ever: 300 MiB above what it holds. (Polars' allocator gives back within a second
by itself.)
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable

import pyarrow as pa


def give_back() -> None:
    """Return freed memory to the operating system: some milliseconds, once an epoch."""
    pa.default_memory_pool().release_unused()
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], object]:
    """The C library's `malloc_trim`; only glibc has it, others do without."""
    trim: Callable[[int], object] = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)
    return trim
