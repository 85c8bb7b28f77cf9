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
    random = bytearray(os.urandom(10))
    random[0] = 0x70 | (random[0] & 0x0F)
    random[2] = 0x80 | (random[2] & 0x3F)
    return (now_us // 1_000).to_bytes(6, "big") + bytes(random)


def random_token(length_bytes: int = 24) -> str:
    """A secret for keys and one-time links: `length_bytes` of the system's random bytes, in hex."""
    return os.urandom(length_bytes).hex()
