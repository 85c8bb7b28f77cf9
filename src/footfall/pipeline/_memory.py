"""What Python and the C library do with memory, and when.

An epoch's commit needs several times the epoch for a moment. Arrow's pool and the C library keep
what was freed, in the hope that it is needed again, so without this the process stays at its
highest point for ever: 300 MiB above what it holds. (Polars' allocator gives back within a second
by itself.)
"""

from __future__ import annotations

import ctypes
import functools
import gc
from collections.abc import Callable
from typing import Final

import pyarrow as pa

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
_ADVICE: Final = {
    _M_TRIM_THRESHOLD: 1 << 30,
    _M_TOP_PAD: 16 << 20,
    _M_MMAP_THRESHOLD: 1 << 30,
}
"""See mallopt(3)."""


def keep_freed() -> None:
    """Let this process keep what it frees until `give_back`, and take it from one place.

    Tables of some megabytes come and go many times a second. By default each is mapped, zeroed by
    the kernel page by page, and unmapped again (docs/adr/0008).
    """
    pa.set_memory_pool(pa.system_memory_pool())
    allocator = ctypes.CDLL(None)
    if hasattr(allocator, "mallopt"):  # only glibc's takes advice
        for parameter, value in _ADVICE.items():
            allocator.mallopt(parameter, value)


def give_back() -> None:
    """Return freed memory to the operating system: some milliseconds, once an epoch."""
    pa.default_memory_pool().release_unused()
    _trim()(0)


def calm_collector() -> None:
    """Let Python look for reference cycles rarely.

    Decoding makes millions of short-lived objects, none of them in cycles, and each look walks what
    libraries keep for ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@functools.cache
def _trim() -> Callable[[int], object]:
    """The C library's `malloc_trim`; only glibc has it, others do without."""
    trim: Callable[[int], object] = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: 0)
    return trim
