"""The same on a driver of buckets: definitions come while it runs, without previews."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from footfall import redefine
from footfall.clock import SECOND
from footfall.metadata import Metadata
from footfall.runner.driver import Driver
from footfall.testing.memory_log import MemoryLog
from tests.redefine.test_history import OPTIONS, SETTINGS, Run
from tests.runner.harness import Bucketed


class Driven(Run):
    """A project that a driver works on, in three buckets."""

    def _start(self, directory: Path, more: tuple[str, ...]) -> tuple[Any, Any]:
        bench = Bucketed(directory, *SETTINGS, "runner.buckets=3", *more, log=MemoryLog())
        return bench, bench.driver()

    @property
    def driver(self) -> Driver:
        driver: Driver = self.pipeline  # type: ignore[assignment]
        return driver

    @property
    def metadata(self) -> Metadata:
        return self.driver._metadata

    def turn(self, time: int) -> None:
        self.driver.step()
        self.bench.clock.advance(time)
        self.driver.step()


@pytest.mark.slow
def test_it_is_the_definition_in_the_end(tmp_path: Path) -> None:
    """Begun between epochs, filled beside them, repaired after, shown in a switch."""
    run = Driven(tmp_path, 3)
    for _ in range(4):
        run.send()
    settings = run.bench.settings.sessions
    redefine.define(run.metadata, settings, "default", "quick", OPTIONS["quick"])
    run.turn(2 * SECOND)
    assert run.driver.filling == ("quick.1",)
    run.send()
    assert run.fill()
    run.send()
    redefine.switch(run.metadata, settings, "default", "quick")
    run.end()
    assert run.driver.filling == ()
    assert run.seen("sessions") == run.truth("quick")
    run.driver.close()
