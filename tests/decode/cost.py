"""What work costs, counted: calls, and bytes held. No clock, so a busy machine changes nothing."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple


class Cost(NamedTuple):
    """Of one piece of work."""

    result: Any
    calls: Counter[str]
    """How often each function was called, Python's and C's, by its name."""

    @property
    def total(self) -> int:
        return self.calls.total()


def counted(work: Callable[[], Any]) -> Cost:
    """Do the work and count every call in it."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            calls[frame.f_code.co_name] += 1
        elif event == "c_call":
            calls[argument.__name__] += 1

    before = sys.getprofile()
    gc.disable()  # finalizers of other tests are not this work
    sys.setprofile(note)
    try:
        result = work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return Cost(result, calls)


def peak_bytes(work: Callable[[], Any]) -> int:
    """Most bytes that Python held at a time for the work, above what it held before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
