"""What tests, ours and other people's, need instead of the real thing."""

from __future__ import annotations

from footfall.testing.memory_log import MemoryLog
from footfall.testing.sim_clock import SimClock

__all__ = ["MemoryLog", "SimClock"]
