"""The process tree of `footfall serve`: which parts run, in what order they start and stop.

A supervisor (this module, importing nothing heavy) starts each part as a process of its own, waits
until it says where it listens, starts it again when it dies, and stops all of them in the order of
the data. Each child holds the read end of a pipe whose write end only the supervisor has: when the
supervisor dies, however hard, the pipe closes and the children stop by themselves.

    collector ──▶ worker (pipeline) ──▶ studio
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

from footfall.clock import Clock, SystemClock, random_token
from footfall.errors import Unavailable
from footfall.home import Home
from footfall.machine.process import Ready, read_ready

PARTS = ("collector", "worker", "studio")
"""In the order of the data: started and stopped in it."""

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 30.0
RESTART_SECONDS_MAX = 30.0
COLLECTOR_RESTART_SECONDS_MAX = 2.0
"""Clients wait for the collector, and some give up: it is cheap to start, and never waits long."""
_POLL_SECONDS = 0.02


def restart_delay(part: str, before: float) -> float:
    """Seconds until a part that ended starts again; `before` is what it was the last time."""
    most = COLLECTOR_RESTART_SECONDS_MAX if part == "collector" else RESTART_SECONDS_MAX
    return min(max(before * 2, 0.5), most)


class _Part:
    """One child process and when it may start again."""

    def __init__(self, name: str, command: Sequence[str], environ: dict[str, str]) -> None:
        self.name = name
        self.command = list(command)
        self.environ = environ
        self.process: subprocess.Popen[bytes] | None = None
        self.delay = 0.0
        self.start_at = 0.0

    def start(self, parent_fd: int) -> None:
        self.process = subprocess.Popen(
            [*self.command, "--parent-fd", str(parent_fd)],
            env=self.environ,
            pass_fds=(parent_fd,),
            stdin=subprocess.DEVNULL,
            # Ctrl-C reaches the supervisor alone, which stops the parts in their order.
            # In this session: see `footfall.machine.process.give_way`.
            process_group=0,
        )


class Supervisor:
    """Starts, watches and stops the parts; see the module's text."""

    def __init__(
        self,
        home: Home,
        settings_arguments: Sequence[str],
        environ: dict[str, str],
        clock: Clock | None = None,
        parts: Sequence[str] = PARTS,
        report: Callable[[str], None] = print,
    ) -> None:
        """Prepare, start nothing.

        Args:
            home: Where everything lies.
            settings_arguments: Command-line arguments that give the children the same settings.
            environ: Environment of the children.
            clock: For restart delays.
            parts: Which of `PARTS` to run.
            report: Takes one line about each unexpected end.
        """
        self._home = home
        self._clock = clock or SystemClock()
        self._report = report
        self._stopping = threading.Event()
        self.studio_token = random_token(16)
        """Of a one-time link, once `start` was called."""
        read_fd, self._write_fd = os.pipe()
        os.set_inheritable(read_fd, True)
        self._read_fd = read_fd
        self._parts = [
            _Part(name, self._command(name, settings_arguments), environ) for name in parts
        ]

    def start(self, waits_for: Callable[[str], None] = lambda _: None) -> dict[str, Ready]:
        """Start all parts and wait until each is ready; what the ready ones said.

        A pipeline that ends or takes long is started again like later on: it may have to look for
        a request that ends it, and meanwhile events are acknowledged and pages served.

        Args:
            waits_for: Called with the name of each part before it is waited for.

        Raises:
            Unavailable: another part ended or was not ready in time; its own output says why.
        """
        if any(part.name == "studio" for part in self._parts):
            from footfall.signin import Sessions

            try:
                Sessions(self._clock, self._home.studio_file).add_link(self.studio_token)
            except Unavailable as error:
                self._report(f"the link to the studio will not open: {error}")
        for part in self._parts:
            (self._home.run_dir / f"{part.name}.json").unlink(missing_ok=True)
            part.start(self._read_fd)
        ready = {}
        for part in self._parts:
            waits_for(part.name)
            try:
                ready[part.name] = self._wait_ready(part)
            except Unavailable as error:
                if part.name != "worker":
                    raise
                self._report(f"{error}; everything else goes on")
        return ready

    def watch(self) -> None:
        """Restart parts that end, until `stop` is asked for."""
        while not self._stopping.wait(0.2):
            for part in self._parts:
                self._revive(part)

    def request_stop(self, *_: object) -> None:
        """Make `watch` return; safe in a signal handler."""
        self._stopping.set()

    def stop(self) -> None:
        """Stop the parts in the order of the data; one that does not end in time is killed."""
        for part in self._parts:
            process = part.process
            if process is None or process.poll() is not None:
                continue
            with contextlib.suppress(Unavailable):
                self._wait_ready(part)  # before that it may not know how to stop cleanly
            process.terminate()
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._report(f"{part.name} did not stop in {STOP_SECONDS_MAX:.0f} s and was ended")
                process.kill()
                process.wait()
        with contextlib.suppress(OSError):
            os.close(self._write_fd)

    def pids(self) -> dict[str, int]:
        """Process ids of the running parts."""
        return {part.name: part.process.pid for part in self._parts if part.process is not None}

    def _command(self, name: str, settings_arguments: Sequence[str]) -> list[str]:
        return [
            sys.executable,
            "-m",
            "footfall.cli.main",
            name,
            "--home",
            str(self._home.root),
            *settings_arguments,
        ]

    def _wait_ready(self, part: _Part) -> Ready:
        process = part.process
        assert process is not None
        deadline = self._clock.monotonic() + START_SECONDS_MAX
        while self._clock.monotonic() < deadline:
            ready = read_ready(self._home, part.name)
            if ready is not None and ready.pid == process.pid:
                return ready
            if process.poll() is not None:
                raise Unavailable(f"the {part.name} did not start; see its message above")
            self._clock.sleep(_POLL_SECONDS)
        raise Unavailable(f"the {part.name} was not ready in {START_SECONDS_MAX:.0f} s")

    def _revive(self, part: _Part) -> None:
        process = part.process
        now = self._clock.monotonic()
        if process is not None and process.poll() is not None:
            part.process = None
            part.delay = restart_delay(part.name, part.delay)
            part.start_at = now + part.delay
            self._report(
                f"{part.name} ended (status {process.returncode});"
                f" starting again in {part.delay:.1f} s"
            )
        if part.process is None and now >= part.start_at:
            part.start(self._read_fd)
        elif part.process is not None and now - part.start_at > RESTART_SECONDS_MAX:
            part.delay = 0.0
