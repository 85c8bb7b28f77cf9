"""The driver as a process: open the parts, recover, work until told to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from footfall.clock import Clock, SystemClock
from footfall.home import Home
from footfall.lake import LakePlace
from footfall.log import Log, LogSource
from footfall.machine.process import FileLock
from footfall.pipeline._parts import open_parts
from footfall.pipeline._pulse import MoreMetrics
from footfall.pipeline._worker import tell, working
from footfall.pipeline.consumers.consumers import plug_ins
from footfall.runner.driver import Driver
from footfall.runner.engine import Engine
from footfall.runner.epoch import EpochJobs
from footfall.runner.state import StateFiles
from footfall.settings import Settings

_PAUSE_SECONDS: Final = 0.5
"""Between looks at the log when no epoch is due."""


def run(
    home: Home,
    settings: Settings,
    project: str,
    *,
    engine: Engine | None = None,
    parent_fd: int | None = None,
    on_ready: Callable[[str | None], None] = lambda _: None,
    maintain_command: Sequence[str] | None = None,
    fill_command: Sequence[str] | None = None,
    more_metrics: MoreMetrics | None = None,
    clock: Clock | None = None,
) -> None:
    """Drive `project` until SIGTERM, SIGINT or the end of the parent, as `footfall.pipeline.run`.

    On a signal everything in the log is committed first; when the parent is gone the epoch under
    way is, and the next start takes the rest.

    Args:
        home: Where log, metadata and cut lie.
        settings: All of them.
        project: Which.
        engine: What runs the work; none: Spark, as `[runner]` says.
        parent_fd: Read end of a pipe that closes when the parent ends.
        on_ready: Called when it takes work, with the URL of `pipeline.health_address` if it is set.
        maintain_command: Runs maintenance once, when due; `None` to leave it to others.
        fill_command: Computes the past of session definitions, likewise.
        more_metrics: What else `/metrics` there has.
        clock: For tests.

    Raises:
        Conflict: another pipeline or driver of this project runs.
        Invalid: Spark cannot be started; the sentence says what to do.
        LeaseLost: this one was silent for `pipeline.lease`, and another took over.
        Unavailable: `pipeline.health_address` is taken.
    """
    clock = clock or SystemClock()
    with working(
        home,
        settings,
        project,
        clock,
        parent_fd=parent_fd,
        maintain_command=maintain_command,
        fill_command=fill_command,
        more_metrics=more_metrics,
    ) as worker:
        engine = engine or _spark(settings)  # before the lease is taken: it may be missing
        driver = build(
            home,
            settings,
            project,
            worker.log,
            clock,
            worker.lock,
            worker.stopping.wait,
            tell,
            engine=engine,
        )
        worker.work(
            driver,
            lambda: on_ready(worker.url),
            lambda requests, _: 0.0 if requests else _PAUSE_SECONDS,
        )


def build(
    home: Home,
    settings: Settings,
    project: str,
    log: Log,
    clock: Clock,
    lock: FileLock | None = None,
    pause: Callable[[float], object] | None = None,
    report: Callable[[str], None] = lambda _: None,
    *,
    engine: Engine,
    source: LogSource | None = None,
) -> Driver:
    """Take the project's lease and wire a driver; nothing is read yet.

    `lock` and `pause` are as in `footfall.pipeline._lease.take`; `source` is where executors read
    the log, if not where the settings say.
    """
    source = source or LogSource.of(home, project, settings.log)
    parts = open_parts(
        home,
        settings,
        project,
        log,
        clock,
        lock,
        pause,
        report,
        source=source,
        plugged=plug_ins(),
        is_previewed=False,
    )
    lake, metadata, term = parts.lake, parts.metadata, parts.lease.term
    states = StateFiles(LakePlace.of(settings.lake, home.lake_dir), project)
    jobs = EpochJobs(str(home.root), settings, source, lake, metadata, states, engine, term)
    return Driver(parts, states, jobs, engine)


def _spark(settings: Settings) -> Engine:
    from footfall.runner.spark import SparkEngine

    return SparkEngine.started(settings.runner)
