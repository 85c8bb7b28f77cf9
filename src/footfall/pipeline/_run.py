"""The pipeline as a process: open the parts, recover, work until told to stop."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from footfall.clock import Clock, SystemClock
from footfall.enrich import plan_steps, warm_up
from footfall.errors import Conflict, Corrupt, DiskFull, Unavailable
from footfall.home import Home
from footfall.log import Log, LogSource
from footfall.machine.disk import full_places, is_disk_full
from footfall.machine.process import FileLock
from footfall.pipeline._memory import calm_collector, keep_freed
from footfall.pipeline._pace import Pace
from footfall.pipeline._parts import open_parts
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline._pulse import MoreMetrics
from footfall.pipeline._worker import tell, working
from footfall.pipeline.consumers.consumers import plug_ins
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.feed.decode_ahead import DecodeAhead
from footfall.pipeline.poison.bounds import bound_memory, in_time, unbounded
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
        stopping, pace = worker.stopping, Pace.of(settings.pipeline)

        def work(ready: Callable[[], None]) -> None:
            pipeline = build(
                home,
                settings,
                project,
                worker.log,
                clock,
                worker.lock,
                stopping.wait,
                tell,
                is_process=True,
            )
            worker.work(
                pipeline,
                ready,
                lambda requests, took: pace.pause(requests, took, was_cut=pipeline.was_cut),
            )

        def ready() -> None:
            on_ready(worker.url)
            warm_up(plan_steps(settings.enrich))
            calm_collector()

        keep_freed()
        bound_memory(settings.pipeline.memory_max)  # plug-ins run from here on
        _work_through_full_disks(
            work, ready, stopping, lambda: full_places(home, project), worker.pulse.waits
        )


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
                tell(f"{error}; looking again in {pause:.0f} s")
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
            tell(f"{full}, looking again in {pause:.0f} s: {error}")
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
    source = LogSource.of(home, project, settings.log)
    ahead = None
    if is_process and (os.cpu_count() or 1) >= CORES_MIN:
        ahead = DecodeAhead(source, Rules.of(settings), settings.pipeline, clock)
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
        plugged=plug_ins() if is_process else None,
        bound=in_time if is_process else unbounded,
        ahead=ahead,
    )
    return Pipeline(parts, Checkpoints(home.state_dir(project)))
