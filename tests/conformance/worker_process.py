"""The worker's own verb in a process that is killed at a moment: `moment verb [options …]`.

What is patched is only when it dies; everything else is `footfall worker --runner spark`.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from footfall.cli.main import run as run_verb
from footfall.lake import Lake
from footfall.metadata import Metadata
from footfall.runner.engine import First, Piece, Step
from footfall.runner.spark import SparkEngine

MOMENTS = ("plan written", "executors write", "between commits")


def die(pid: int | None = None) -> None:
    os.kill(pid or os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str, calls: int) -> None:
    """Die once a method was called so often."""
    real: Callable[..., Any] = getattr(owner, name)
    left = [calls]

    @functools.wraps(real)
    def call(*arguments: Any, **named: Any) -> Any:
        result = real(*arguments, **named)
        left[0] -= 1
        if left[0] == 0:
            die()
        return result

    setattr(owner, name, call)


class Deadly:
    """A step whose executor kills the driver when files of a bucket are written."""

    def __init__(self, step: Step, driver: int) -> None:
        self._step, self._driver = step, driver

    def __call__(self, bucket: int, pieces: Sequence[Piece]) -> Iterable[Piece]:
        made = list(self._step(bucket, pieces))
        die(self._driver)
        return made


def arm(moment: str) -> None:
    if moment == "plan written":
        after(Metadata, "plan_epoch", 1)
    elif moment == "between commits":
        after(Lake, "commit", 2)
    else:
        assert moment == "executors write", moment
        real = SparkEngine.run

        def run(self: SparkEngine, tasks: int, first: First, steps: Sequence[Step]) -> list[Piece]:
            return real(self, tasks, first, [*steps[:-1], Deadly(steps[-1], os.getpid())])

        SparkEngine.run = run  # type: ignore[method-assign]


if __name__ == "__main__":
    moment, *arguments = sys.argv[1:]
    arm(moment)
    sys.argv[1:] = arguments
    run_verb()
