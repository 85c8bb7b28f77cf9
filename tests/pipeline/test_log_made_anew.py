"""A log that ends before what was read of it is not the log that it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import Corrupt
from footfall.testing import MemoryLog
from tests.pipeline.harness import START_US, Bench, event, request


def test_requests_of_a_log_that_was_made_anew_are_not_skipped(tmp_path: Path) -> None:
    """Its offsets begin again: the first of them would be taken for read, and lost in silence."""
    bench = Bench(tmp_path)
    bench.append([request(number, [event("v", START_US, number)], START_US) for number in range(5)])
    bench.pipeline().finish()
    bench.log = MemoryLog()
    bench.append([request(9, [event("w", START_US, 9)], START_US)])
    with pytest.raises(Corrupt, match="made anew"):
        bench.pipeline().finish()
