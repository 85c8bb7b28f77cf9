"""Time and chance, injected.

The one module that may read the machine's clock or its random bytes.
"""

from __future__ import annotations

import os
import time
from typing import Protocol

US_PER_MS = 1_000
US_PER_SECOND = 1_000_000
SECOND = US_PER_SECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_RANDOM_BYTES = 10
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


def uuid7(now_us: int) -> bytes:
    """A UUIDv7 (RFC 9562 §5.7) as 16 bytes.

    48 bits of milliseconds, then random bits; sorts by time.
    """
    return _uuid7(now_us, os.urandom(_RANDOM_BYTES))


class Uuid7Source:
    """UUIDv7s for those who need thousands a second; for one thread.

    Reads random bytes for many at once: a read costs up to 20 µs and lets other threads in.
    """

    def __init__(self) -> None:
        """Read nothing yet."""
        self._random = b""
        self._used = 0

    def next(self, now_us: int) -> bytes:
        """As `uuid7`."""
        start = self._used
        if start >= len(self._random):
            self._random = os.urandom(_RANDOM_BYTES * 256)
            start = 0
        self._used = start + _RANDOM_BYTES
        return _uuid7(now_us, self._random[start : self._used])


def _uuid7(now_us: int, random: bytes) -> bytes:
    number = int.from_bytes(random, "big") & _UUID7_RANDOM_BITS | _UUID7_FIXED_BITS
    return ((now_us // 1_000 << 80) | number).to_bytes(16, "big")


def random_token(length_bytes: int = 24) -> str:
    """A secret for keys and one-time links: `length_bytes` of the system's random bytes, in hex."""
    return os.urandom(length_bytes).hex()
