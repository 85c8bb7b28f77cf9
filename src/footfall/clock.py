"""Time and chance, injected.

The one module that may read the machine's clock or its random bytes.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

US_PER_MS = 1_000
US_PER_SECOND = 1_000_000
SECOND = US_PER_SECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_RANDOM_BYTES = 10
_COUNTER_MAX = (1 << 12) - 1
_UUID7_FIXED_BITS = 0x7 << 76 | 0b10 << 62  # version and variant
_UUID7_RANDOM_BITS = (1 << 80) - 1 ^ (0xF << 76 | 0b11 << 62)


class Clock(Protocol):
    """What a part needs of time. Tests pass `footfall.testing.SimClock`."""

    def now_us(self) -> int:
        """Wall clock, microseconds since 1970 UTC. May jump."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after `seconds`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """Microseconds since 1970 UTC."""
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        """Seconds since an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread for `seconds`."""
        time.sleep(seconds)


def day_text(day: int) -> str:
    """A day since 1970 as 2026-11-26."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def time_text(moment_us: int) -> str:
    """A moment, microseconds since 1970 UTC, for people: 2026-11-26 14:05:09 UTC."""
    return datetime.fromtimestamp(moment_us / SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def uuid7(now_us: int) -> bytes:
    """A UUIDv7 (RFC 9562 §5.7) as 16 bytes.

    48 bits of milliseconds, then random bits; sorts by time.
    """
    random = int.from_bytes(os.urandom(_RANDOM_BYTES), "big")
    number = random & _UUID7_RANDOM_BITS | _UUID7_FIXED_BITS
    return (now_us // 1_000 << 80 | number).to_bytes(16, "big")


class Uuid7Source:
    """UUIDv7s for those who need thousands a second; for one thread.

    The bits that RFC 9562 leaves open are a counter within the millisecond (12, its "method 1") and
    a tail (62) drawn by each source at its start and whenever the counter could not keep two ids
    apart: when a millisecond is full and when the clock goes back. So ids of one source sort as
    they were made (but for those two cases), and a table of them compresses to four bytes each;
    fully random ones take twelve. They are unique, and no secret: who has one can guess others.
    """

    def __init__(self) -> None:
        """Draw a tail at the first id."""
        self._ms = -1
        self._counter = _COUNTER_MAX
        self._tail = 0

    def next(self, now_us: int) -> bytes:
        """Another id; its first 48 bits are the milliseconds of `now_us`."""
        ms = now_us // 1_000
        if ms > self._ms and self._ms >= 0:
            self._counter = 0
        elif ms < self._ms or self._counter == _COUNTER_MAX:
            self._counter = 0
            self._tail = int.from_bytes(os.urandom(8), "big") >> 2
        else:
            self._counter += 1
        self._ms = ms
        number = _UUID7_FIXED_BITS | self._counter << 64 | self._tail
        return (ms << 80 | number).to_bytes(16, "big")


def random_token(length_bytes: int = 24) -> str:
    """A secret for keys and one-time links: `length_bytes` of the system's random bytes, in hex."""
    return os.urandom(length_bytes).hex()
