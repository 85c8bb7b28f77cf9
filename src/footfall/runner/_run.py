"""The driver as a process: open the parts, recover, work until told to stop."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import Final

from footfall.clock import Clock, SystemClock
from footfall.home import Home
from footfall.lake import Lake, LakePlace
from footfall.log import Log, LogSource
from footfall.machine.process import FileLock, stop_on_signals, watch_parent
from footfall.metadata import Metadata
from footfall.pipeline import Look, observed
from footfall.pipeline._lease import take
from footfall.pipeline._pulse import MoreMetrics
from footfall.pipeline._trouble import TroubleNote, trouble_file
from footfall.pipeline.consumers.consumers import Consumers, plug_ins
from footfall.pipeline.feed.feed import Feed
from footfall.pipeline.maintenance.maintainer import Filler, Maintainer
from footfall.pipeline.poison.attempts import Attempts
from footfall.pipeline.poison.bounds import unbounded
from footfall.pipeline.poison.poison import PoisonWatch
from footfall.pipeline.preview.committed import publisher_of, tail_of
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
    stopping, orphaned = threading.Event(), threading.Event()

    def stop(*_: object) -> None:
        stopping.set()

    def abandon() -> None:
        orphaned.set()
        stopping.set()

    with ExitStack() as stack:
        stack.enter_context(stop_on_signals(stop))
        watch_parent(parent_fd, abandon)
        pulse, url = stack.enter_context(
            observed(settings, clock, home.live_file(project), more_metrics)
        )
        engine = engine or _spark(settings)  # before anything is opened: it may be missing
        lock = stack.enter_context(closing(FileLock(home.state_dir(project) / "pipeline.lock")))
        log = stack.enter_context(closing(LogSource.of(home, project, settings.log).reader()))
        lake = settings.lake
        maintainer = Maintainer(
            maintain_command, lake.maintain_epochs, lake.maintain_age_max, clock, _tell
        )
        stack.callback(maintainer.stop)
        filler = Filler(fill_command, clock, _tell)
        stack.callback(filler.stop)
        driver = build(
            home, settings, project, log, clock, lock, stopping.wait, _tell, engine=engine
        )
        stack.enter_context(closing(driver))
        driver.lease.renew_in_background()
        pulse.waits("it recovers what the one before left")
        driver.recover()
        on_ready(url)
        pulse.works(Look(home, settings, project, driver.lease))
        while not stopping.is_set():
            pulse.turned()
            requests = driver.step()
            maintainer.after_step(driver.epoch)
            filler.after_step(driver.filling)
            if not requests:
                stopping.wait(_PAUSE_SECONDS)
        pulse.waits("it is stopping")
        maintainer.stop()
        filler.stop()
        if not orphaned.is_set():
            driver.finish()


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
    metadata = Metadata.open(home, clock, settings.metadata)
    place = LakePlace.of(settings.lake, home.lake_dir)
    lake = Lake(place, project)
    span = settings.pipeline.lease
    lease = take(metadata, project, span, clock, lock, pause, above=lake.term())
    tail = tail_of(home, settings.lake, place, project, clock, lease.term)
    consumers = Consumers(
        home,
        project,
        settings.consumers,
        metadata,
        lambda: Lake(place, project),
        clock,
        report,
        plug_ins(),
        settings,
        default=next(iter(settings.sessions.named)),
        is_previewed=False,
    )
    states = StateFiles(place, project)
    source = source or LogSource.of(home, project, settings.log)
    poison = PoisonWatch(
        Attempts(home.state_dir(project) / "attempts.json"),
        settings.pipeline,
        source,
        TroubleNote(trouble_file(home, project), clock, report),
        unbounded,
    )
    feed = Feed(project, settings, log, lake, metadata, poison)
    jobs = EpochJobs(str(home.root), settings, source, lake, metadata, states, engine, lease.term)
    return Driver(
        project,
        settings,
        log,
        lake,
        metadata,
        states,
        jobs,
        engine,
        publisher_of(project, tail),
        consumers,
        clock,
        lease,
        feed,
    )


def _spark(settings: Settings) -> Engine:
    from footfall.runner.spark import SparkEngine

    return SparkEngine.started(settings.runner)


def _tell(line: str) -> None:
    sys.stderr.write(f"footfall: {line}\n")
