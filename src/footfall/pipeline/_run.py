"""The pipeline as a process: open the parts, recover, work until told to stop."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing

from footfall.clock import SECOND, Clock, SystemClock
from footfall.enrich import warm_up
from footfall.home import Home
from footfall.lake import Lake
from footfall.live import LiveState
from footfall.log import Log, SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline._attempts import Attempts
from footfall.pipeline._bounds import bound_memory
from footfall.pipeline._checkpoint import Checkpoints
from footfall.pipeline._lease import take
from footfall.pipeline._maintainer import Maintainer
from footfall.pipeline._pipeline import Pipeline
from footfall.pipeline._poison import PoisonWatch
from footfall.pipeline._publisher import Publisher
from footfall.pipeline._tail import Tail
from footfall.process import FileLock, stop_on_signals, watch_parent
from footfall.settings import Settings

_IDLE_SECONDS = 0.05


def run(
    home: Home,
    settings: Settings,
    project: str,
    *,
    parent_fd: int | None = None,
    on_ready: Callable[[], None] = lambda: None,
    maintain_command: Sequence[str] | None = None,
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
        on_ready: Called when it takes work.
        maintain_command: Runs maintenance once, when due; `None` to leave it to others.
        clock: For tests.

    Raises:
        Conflict: another pipeline of this project runs.
        LeaseLost: this one was silent for `pipeline.lease`, and another took over.
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
        lock = stack.enter_context(closing(FileLock(home.state_dir(project) / "pipeline.lock")))
        log = stack.enter_context(closing(SqliteLog.reader(home.log_dir(project))))
        pipeline = build(
            home, settings, project, log, clock, lock, stopping.wait, _tell, is_process=True
        )
        bound_memory(settings.pipeline.memory_max)
        stack.enter_context(closing(pipeline))
        pipeline.lease.renew_in_background()
        pipeline.recover()
        on_ready()
        warm_up()
        _calm_collector()
        maintainer = Maintainer(maintain_command, settings.lake.maintain_epochs, clock, _tell)
        stack.callback(maintainer.stop)
        while not stopping.is_set():
            started = clock.monotonic()
            requests = pipeline.step()
            maintainer.after_step(pipeline.epoch)
            stopping.wait(_pause(settings, requests, clock.monotonic() - started))
        maintainer.stop()
        if not orphaned.is_set():
            pipeline.finish()


def _tell(line: str) -> None:
    sys.stderr.write(f"footfall: {line}\n")


def _calm_collector() -> None:
    """Let Python look for reference cycles rarely.

    Decoding makes millions of short-lived objects, none of them in cycles, and each look walks what
    libraries keep for ever.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _pause(settings: Settings, requests: int, seconds: float) -> float:
    """Seconds until the next micro-batch: none after a large one, so that a backlog shrinks."""
    if requests == 0:
        return _IDLE_SECONDS
    if requests >= settings.pipeline.micro_batch_requests_max // 2:
        return 0.0
    return max(settings.pipeline.micro_batch_interval / SECOND - seconds, 0.0)


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
    own decoding is bounded in time: it ends the process.
    """
    metadata = Metadata.open(home, clock)
    lake = Lake(home.lake_dir, project)
    span = settings.pipeline.lease
    lease = take(metadata, project, span, clock, lock, pause, above=lake.term())
    grace = settings.lake.tail_grace
    tail = Tail(home.tail_dir(project), home.cut_file(project), clock, grace, lease.term)
    publisher = Publisher(
        project, settings.sessions.gap, tail, home.live_file(project), LiveState(), clock
    )
    attempts = Attempts(home.state_dir(project) / "attempts.json")
    poison = PoisonWatch(
        attempts, settings.pipeline, home.log_dir(project), report, is_bounding=is_process
    )
    return Pipeline(
        project,
        settings,
        log,
        lake,
        metadata,
        Checkpoints(home.state_dir(project)),
        publisher,
        clock,
        lease,
        poison,
    )
