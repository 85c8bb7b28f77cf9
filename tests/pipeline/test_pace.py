"""Micro-batches are frequent when that is cheap, and never wait while there is a backlog."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.pipeline._pace import IDLE_SECONDS, Pace
from footfall.settings import load_settings
from tests.pipeline.harness import START_US, Bench, event, request

PACE = Pace(0.2, 1.0)


@pytest.mark.parametrize(
    ("requests", "seconds", "was_cut", "pause"),
    [
        (0, 0.0, False, IDLE_SECONDS),
        (10, 0.05, False, 0.15),
        (10, 0.13, False, 0.07),
        (900, 0.4, False, 0.2),
        (900, 0.9, False, 0.1),
        (900, 3.0, False, 0.0),
        (900, 0.05, True, 0.0),
    ],
)
def test_interval_grows_with_the_work(
    requests: int, seconds: float, was_cut: bool, pause: float
) -> None:
    """A third of the time is left over, between the shortest and the longest interval."""
    assert PACE.pause(requests, seconds, was_cut=was_cut) == pytest.approx(pause)


def test_settings_that_contradict_each_other_keep_the_shortest() -> None:
    """Whoever asks for one micro-batch in ten seconds gets that."""
    settings = load_settings(overrides=["pipeline.micro_batch_interval=10s"])
    assert Pace.of(settings.pipeline) == Pace(10.0, 10.0)


@pytest.mark.parametrize("bound", ["requests_max=2", "bytes_max=1B"])
def test_micro_batch_that_could_not_take_all_is_a_backlog(tmp_path: Path, bound: str) -> None:
    """Whether their number or their size was the limit."""
    bench = Bench(tmp_path, f"pipeline.micro_batch_{bound}")
    bench.append(
        request(number, [event("v", START_US, number)], START_US) for number in range(1, 4)
    )
    pipeline = bench.pipeline()
    steps = []
    while taken := pipeline.step():
        steps.append((taken, pipeline.was_cut))
    expected = (
        [(2, True), (1, False)] if "requests" in bound else [(1, True), (1, True), (1, False)]
    )
    assert steps == expected
    assert not pipeline.was_cut
