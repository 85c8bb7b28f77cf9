"""The pipeline as a process: open the parts, recover, work until told to stop."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from footfall.clock import Clock, SystemClock
from footfall.enrich import plan_steps, warm_up
from footfall.errors import Conflict, Corrupt, DiskFull, Unavailable
from footfall.home import Home
from footfall.lake import Lake, LakePlace
from footfall.log import Log, LogSource
from footfall.machine.disk import full_places, is_disk_full
from footfall.machine.process import FileLock, stop_on_signals, watch_parent
from footfall.metadata import Metadata
from footfall.pipeline._lease import take
from footfall.pipeline._look import Look
from footfall.pipeline._memory import calm_collector, keep_freed
from footfall.pipeline._pace import Pace
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline._pulse import MoreMetrics, observed
from footfall.pipeline._trouble import TroubleNote, trouble_file
from footfall.pipeline.consumers.consumers import Consumers, plug_ins
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.feed.decode_ahead import DecodeAhead
from footfall.pipeline.feed.feed import Feed
from footfall.pipeline.maintenance.maintainer import Filler, Maintainer
from footfall.pipeline.poison.attempts import Attempts
from footfall.pipeline.poison.bounds import bound_memory, in_time, unbounded
from footfall.pipeline.poison.poison import PoisonWatch
from footfall.pipeline.preview.committed import publisher_of, tail_of
from footfall.pipeline.recovery.checkpoint import Checkpoints
from footfall.settings import Settings

CORES_MIN = 3
"""To decode ahead: collector and pipeline fill two, and a third process would slow them down."""
_FULL_SECONDS_MIN = 1.0
_FULL_SECONDS_MAX = 10.0
"""How long the pipeline waits for space before it looks again."""


def run(
    home: Home,
    settings: Settings,
    project: str,
    *,
    parent_fd: int | None = None,
    on_ready: Callable[[str | None], None] = lambda _: None,
    maintain_command: Sequence[str] | None = None,
    fill_command: Sequence[str] | None = None,
    more_metrics: MoreMetrics | None = None,
    clock: Clock | None = None,
) -> None:
    """Run the pipeline of `project` until SIGTERM, SIGINT or the end of the parent.

    On a signal everything in the log is committed first; when the parent is gone the pipeline
    stops at once, and the next start goes on from the plan.

    Args:
        home: Where everything lies.
        settings: All of them.
        project: Which.
        parent_fd: Read end of a pipe that closes when the parent ends.
        on_ready: Called when it takes work, with the URL of `pipeline.health_address` if it is set.
        maintain_command: Runs maintenance once, when due; `None` to leave it to others.
        fill_command: Computes the past of session definitions, likewise.
        more_metrics: What else `/metrics` there has.
        clock: For tests.

    Raises:
        Conflict: another pipeline of this project runs.
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
        lock = stack.enter_context(closing(FileLock(home.state_dir(project) / "pipeline.lock")))
        log = stack.enter_context(closing(LogSource.of(home, project, settings.log).reader()))
        maintainer = _maintainer(maintain_command, settings, clock)
        stack.callback(maintainer.stop)
        filler = Filler(fill_command, clock, _tell)
        stack.callback(filler.stop)

        def work(ready: Callable[[], None]) -> None:
            pipeline = build(
                home, settings, project, log, clock, lock, stopping.wait, _tell, is_process=True
            )
            pace = Pace.of(settings.pipeline)
            with closing(pipeline):
                pipeline.lease.renew_in_background()
                pulse.waits("it recovers what the one before left")
                pipeline.recover()
                ready()
                pulse.works(Look(home, settings, project, pipeline.lease))
                while not stopping.is_set():
                    pulse.turned()
                    started = clock.monotonic()
                    requests = pipeline.step()
                    maintainer.after_step(pipeline.epoch)
                    filler.after_step(pipeline.filling)
                    seconds = clock.monotonic() - started
                    stopping.wait(pace.pause(requests, seconds, was_cut=pipeline.was_cut))
                pulse.waits("it is stopping")
                maintainer.stop()
                filler.stop()
                if not orphaned.is_set():
                    pipeline.finish()

        def ready() -> None:
            on_ready(url)
            warm_up(plan_steps(settings.enrich))
            calm_collector()

        keep_freed()
        bound_memory(settings.pipeline.memory_max)  # plug-ins run from here on
        _work_through_full_disks(
            work, ready, stopping, lambda: full_places(home, project), pulse.waits
        )


def _maintainer(command: Sequence[str] | None, settings: Settings, clock: Clock) -> Maintainer:
    lake = settings.lake
    return Maintainer(command, lake.maintain_epochs, lake.maintain_age_max, clock, _tell)


def _work_through_full_disks(
    work: Callable[[Callable[[], None]], None],
    on_ready: Callable[[], None],
    stopping: threading.Event,
    find_full: Callable[[], list[Path]],
    waits: Callable[[str], None] = lambda _: None,
) -> None:
    """Work until told to stop; on a full disk start over, from what is durable, when there is room.

    So it does when a database or a store is away that it needs, and when that is back.

    Starting over is what happens after a crash as well, so nothing that was half written can be
    taken for whole. The process stays: it need not load everything again, and is no death.

    Raises:
        DiskFull: it was told to stop while the disk was full.
    """
    pause = _FULL_SECONDS_MIN
    has_been_ready = False

    def ready() -> None:
        nonlocal pause, has_been_ready
        pause = _FULL_SECONDS_MIN
        if not has_been_ready:
            on_ready()
        has_been_ready = True

    while True:
        try:
            work(ready)
        except Exception as error:  # supervisor: only what time mends is survived here
            places = find_full()
            if not _is_waited_out(error, places):
                raise
            if isinstance(error, Unavailable) and not places:
                if stopping.is_set():
                    raise
                _tell(f"{error}; looking again in {pause:.0f} s")
                stopping.wait(pause)
                pause = min(2 * pause, _FULL_SECONDS_MAX)
                continue
            if stopping.is_set():
                raise DiskFull(
                    "stopped while the disk is full; what was acknowledged is in the log and goes"
                    f" on when there is space: {error}"
                ) from error
            full = f"the disk is full; free some space{_where(places)}"
            waits(full)
            _tell(f"{full}, looking again in {pause:.0f} s: {error}")
        else:
            return
        stopping.wait(pause)
        pause = min(2 * pause, _FULL_SECONDS_MAX)


def _is_waited_out(error: Exception, full: Sequence[Path]) -> bool:
    """Whether the work goes on by itself once there is space.

    SQLite keeps the reason for itself where it cannot make a file, so while a place is full that is
    taken for the reason of whatever does not say that it needs a person.
    """
    if isinstance(error, Unavailable):  # a database or a store, and what was acknowledged waits
        return True
    return is_disk_full(error) or (bool(full) and not isinstance(error, (Conflict, Corrupt)))


def _where(places: Sequence[Path]) -> str:
    return "" if not places else f" in {', '.join(map(str, places))}"


def _tell(line: str) -> None:
    with suppress(OSError):  # it may be a file on the disk that is full
        sys.stderr.write(f"footfall: {line}\n")


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
    is_process: bool = False,
) -> Pipeline:
    """Take the project's lease and wire a pipeline on local files; nothing is read yet.

    `lock` and `pause` are as in `_lease.take`, which also says what is raised. In a process of its
    own decoding is bounded in time, and consumers of installed packages run.
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
        plug_ins() if is_process else None,
        settings,
        default=next(iter(settings.sessions.named)),
    )
    source = LogSource.of(home, project, settings.log)
    attempts = Attempts(home.state_dir(project) / "attempts.json")
    poison = PoisonWatch(
        attempts,
        settings.pipeline,
        source,
        TroubleNote(trouble_file(home, project), clock, report),
        in_time if is_process else unbounded,
    )
    ahead = None
    if is_process and (os.cpu_count() or 1) >= CORES_MIN:
        rules = Rules.of(settings)
        ahead = DecodeAhead(source, rules, settings.pipeline, clock)
    feed = Feed(project, settings, log, lake, metadata, poison, ahead)
    return Pipeline(
        project,
        settings,
        log,
        lake,
        metadata,
        Checkpoints(home.state_dir(project)),
        publisher_of(project, tail),
        consumers,
        clock,
        lease,
        feed,
    )
