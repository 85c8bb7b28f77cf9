"""The process around a project's pipeline, or around a driver: open, recover, step, stop.

Who steps is given as a `Stepper`. Signals, the end of the parent, health, and the processes that
are started beside the work are the same for all.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import msgspec

from footfall.clock import Clock
from footfall.home import Home
from footfall.log import Log, LogSource
from footfall.machine.process import FileLock, stop_on_signals, watch_parent
from footfall.pipeline._lease import WriterLease
from footfall.pipeline._look import Look
from footfall.pipeline._pulse import MoreMetrics, Pulse
from footfall.pipeline.maintenance.maintainer import Filler, Maintainer
from footfall.settings import Settings


class Stepper(Protocol):
    """What works on epochs, a step at a time."""

    lease: WriterLease

    @property
    def epoch(self) -> int:
        """Last epoch that the lake holds."""

    @property
    def filling(self) -> tuple[str, ...]:
        """Session definitions whose past is not whole."""

    def recover(self) -> None:
        """Go on from what the one before left."""

    def step(self) -> int:
        """Do what is due; how many requests there were."""

    def finish(self) -> None:
        """Commit everything that the log has."""

    def close(self) -> None:
        """Give up the lease and write no more."""


class Worker(msgspec.Struct, frozen=True):
    """One process's; `working` makes it."""

    home: Home
    settings: Settings
    project: str
    clock: Clock
    pulse: Pulse
    url: str | None
    """Where health is told, if `pipeline.health_address` is set."""
    log: Log
    lock: FileLock
    stopping: threading.Event
    """Set by a signal, and by the end of the parent."""
    orphaned: threading.Event
    """The parent is gone."""
    maintainer: Maintainer
    filler: Filler

    def work(
        self, stepper: Stepper, on_ready: Callable[[], None], pause: Callable[[int, float], float]
    ) -> None:
        """Recover and step until told to stop; then commit everything, and close the stepper.

        When the parent is gone nothing more is committed: the next start goes on.

        Args:
            stepper: Newly wired; it is closed in any case.
            on_ready: Called when it takes work.
            pause: Seconds to wait after a step that had so many requests and took so many seconds.

        Raises:
            Exception: whatever the stepper raises.
        """
        with closing(stepper):
            stepper.lease.renew_in_background()
            self.pulse.waits("it recovers what the one before left")
            stepper.recover()
            on_ready()
            self.pulse.works(Look(self.home, self.settings, self.project, stepper.lease))
            while not self.stopping.is_set():
                self.pulse.turned()
                started = self.clock.monotonic()
                requests = stepper.step()
                self.maintainer.after_step(stepper.epoch)
                self.filler.after_step(stepper.filling)
                self.stopping.wait(pause(requests, self.clock.monotonic() - started))
            self.pulse.waits("it is stopping")
            self.maintainer.stop()
            self.filler.stop()
            if not self.orphaned.is_set():
                stepper.finish()


@contextmanager
def working(
    home: Home,
    settings: Settings,
    project: str,
    clock: Clock,
    *,
    parent_fd: int | None = None,
    maintain_command: Sequence[str] | None = None,
    fill_command: Sequence[str] | None = None,
    more_metrics: MoreMetrics | None = None,
) -> Iterator[Worker]:
    """A worker, stopped by signals and by the end of the parent.

    Args:
        home: Where everything lies.
        settings: All of them.
        project: Which.
        clock: For pauses and ages.
        parent_fd: Read end of a pipe that closes when the parent ends.
        maintain_command: Runs maintenance once, when due; `None` to leave it to others.
        fill_command: Computes the past of session definitions, likewise.
        more_metrics: What else `/metrics` at `pipeline.health_address` has.

    Raises:
        Unavailable: the address is taken, or the log is not reached.
    """
    stopping, orphaned = threading.Event(), threading.Event()

    def stop(*_: object) -> None:
        stopping.set()

    def abandon() -> None:
        orphaned.set()
        stopping.set()

    with ExitStack() as stack:
        stack.enter_context(stop_on_signals(stop))
        watch_parent(parent_fd, abandon)
        live_file = home.live_file(project)
        pulse, url = stack.enter_context(observed(settings, clock, live_file, more_metrics))
        lock = stack.enter_context(closing(FileLock(home.state_dir(project) / "pipeline.lock")))
        log = stack.enter_context(closing(LogSource.of(home, project, settings.log).reader()))
        lake = settings.lake
        maintainer = Maintainer(
            maintain_command, lake.maintain_epochs, lake.maintain_age_max, clock, tell
        )
        stack.callback(maintainer.stop)
        filler = Filler(fill_command, clock, tell)
        stack.callback(filler.stop)
        yield Worker(
            home,
            settings,
            project,
            clock,
            pulse,
            url,
            log,
            lock,
            stopping,
            orphaned,
            maintainer,
            filler,
        )


@contextmanager
def observed(
    settings: Settings,
    clock: Clock,
    live_file: Path | None = None,
    more: MoreMetrics | None = None,
) -> Iterator[tuple[Pulse, str | None]]:
    """A pulse, answered about at `pipeline.health_address` while the block runs; and the URL there.

    Raises:
        Unavailable: the address is taken.
    """
    pulse = Pulse(clock, settings.pipeline.turn_time_max)
    if not settings.pipeline.health_address:
        yield pulse, None
        return
    from footfall.pipeline._health import answering  # a web server, which few need here

    with answering(settings, pulse, live_file, more) as url:
        yield pulse, url


def tell(line: str) -> None:
    """Say it on standard error, which may be a file on a disk that is full."""
    with suppress(OSError):
        sys.stderr.write(f"footfall: {line}\n")
