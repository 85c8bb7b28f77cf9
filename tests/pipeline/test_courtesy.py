"""Maintenance waits for a pipeline that needs the machine, and for no other, and not for ever."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from footfall.clock import SECOND
from footfall.lake.cut import publish, read_cut
from footfall.pipeline.maintenance.courtesy import (
    BEHIND_MIN,
    REST_FACTOR,
    Courtesy,
    are_readers_behind,
)
from footfall.testing.sim_clock import SimClock
from tests.pipeline.harness import START_US, Bench, event, request


def test_waits_while_readers_are_behind() -> None:
    """And goes on as soon as they are not."""
    clock = SimClock(START_US)
    rest = Courtesy(lambda: clock.monotonic() < began + 3.0, lambda: False, clock)
    began = clock.monotonic()
    clock.sleep(1.0)
    rest()
    assert clock.monotonic() - began == pytest.approx(3.0, abs=0.2)
    rest()
    assert clock.monotonic() - began == pytest.approx(3.0, abs=0.2)


def test_works_a_little_under_lasting_overload() -> None:
    """A pipeline that never catches up makes files that somebody must merge."""
    clock = SimClock(START_US)
    rest = Courtesy(lambda: True, lambda: False, clock)
    began = clock.monotonic()
    for _ in range(5):
        clock.sleep(1.0)
        rest()
    assert clock.monotonic() - began == pytest.approx(5 * (1 + REST_FACTOR), abs=1.0)


def test_stop_is_not_waited_out() -> None:
    """A server that stops has no minute for its maintenance."""
    clock = SimClock(START_US)
    rest = Courtesy(lambda: True, lambda: True, clock)
    clock.sleep(60.0)
    before = clock.monotonic()
    rest()
    assert clock.monotonic() == before


def test_readers_are_behind_when_what_they_see_is_old(tmp_path: Path) -> None:
    """At the log's head they never are; nor where no pipeline runs."""
    bench = Bench(tmp_path)

    def is_behind() -> bool:
        return are_readers_behind(bench.home, "default", bench.settings, bench.clock)

    assert not is_behind()
    now = bench.clock.now_us()
    bench.append([request(1, [event("v", now, 1)], now)])
    pipeline = bench.pipeline()
    while pipeline.step():
        pass
    bench.clock.sleep(2.0)
    pipeline.step()
    assert not is_behind()
    file = bench.home.cut_file("default")
    cut = read_cut(file)
    assert cut is not None
    publish(msgspec.structs.replace(cut, watermark=cut.watermark - BEHIND_MIN - SECOND), file)
    assert is_behind()
    bench.clock.sleep(11.0)
    assert not is_behind()
    file.write_bytes(b"damaged")
    assert not is_behind()
