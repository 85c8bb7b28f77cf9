"""Do once what a start would do: so that readers have a cut before anything serves."""

from __future__ import annotations

from contextlib import closing

from footfall.clock import Clock, SystemClock
from footfall.home import Home
from footfall.log import LogSource
from footfall.machine.process import FileLock
from footfall.pipeline._run import build
from footfall.settings import Settings


def catch_up(home: Home, settings: Settings, project: str, clock: Clock | None = None) -> None:
    """Bring all that the log has into the lake, publish a cut, and end.

    Memory and time are as after an outage: an epoch or two at a time, as long as decoding takes.

    Raises:
        Conflict: a pipeline of this project runs.
        Corrupt: log or lake cannot be read; a start meets the same.
        DiskFull: as said; what is done is done.
    """
    clock = clock or SystemClock()
    with (
        closing(FileLock(home.state_dir(project) / "pipeline.lock")) as lock,
        closing(LogSource.of(home, project, settings.log).reader()) as log,
        closing(build(home, settings, project, log, clock, lock)) as pipeline,
    ):
        pipeline.recover()
        pipeline.finish()
