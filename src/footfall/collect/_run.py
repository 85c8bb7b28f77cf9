"""The collector's process: sockets, signals, start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Final

import uvloop

from footfall.clock import Clock, SystemClock
from footfall.collect._app import CollectApp
from footfall.collect._ready import Readiness
from footfall.collect.edge.intake import Intake
from footfall.collect.edge.plug_ins import plug_in_routes
from footfall.collect.edge.routing import PluginRoutes
from footfall.collect.http.connection import CollectorConnection
from footfall.collect.metrics import CollectorMetrics
from footfall.connections import AddressGroups, Crowd, Server, listen, open_files_max
from footfall.home import Home
from footfall.log import GroupCommitter, Log, LogSource
from footfall.machine.process import stop_on_signals, watch_parent
from footfall.machine.tls import ServerCertificate, server_certificate
from footfall.metadata.keys.access import POLL_INTERVAL_US, AccessDirectory, KeyDirectory
from footfall.metadata.keys.shared_access import SharedAccess
from footfall.metadata.place import MetadataPlace
from footfall.project import DEFAULT_PROJECT
from footfall.settings import Settings

STOP_SECONDS_MAX: Final = 10
"""How long a stop waits for clients that are in the middle of a request."""

_OBJECTS_MIN: Final = 10_000
"""So many more containers than at the last collection start one; a request in work has 14."""

_SWITCH_SECONDS: Final = 0.0002
"""Shorter lets the committer in sooner and costs CPU.

One run on a calm machine gave 12,900 requests a second with the usual 5 ms, 16,400 with 0.5 and
20,900 with 0.1; runs on a busy one did not tell 0.1, 0.2 and 0.5 apart.
"""


def run(
    home: Home,
    settings: Settings,
    project: str = DEFAULT_PROJECT,
    *,
    clock: Clock | None = None,
    parent_pipe_fd: int | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Take events until SIGTERM, SIGINT or the end of the parent process.

    A stop answers every request that was accepted, finishes the log and returns.

    Args:
        home: Where log and metadata lie.
        settings: Sections `collector` and `log` count.
        project: Whose log and whose keys.
        clock: The machine's by default.
        parent_pipe_fd: Read end of a pipe; its end of file means that the parent is gone.
        on_ready: Called once with the URL, when requests are taken.

    Raises:
        Invalid: the TLS certificate cannot be used.
        Conflict: another process writes this log.
        Unavailable: the address is taken or the log cannot be opened.
    """
    collector = Collector(home, settings, project, clock=clock, on_ready=on_ready)

    def stop(_number: int, _frame: FrameType | None) -> None:
        collector.stop()

    # The committer's thread needs the interpreter for moments only, but has to wait for it as long
    # as this interval whenever the event loop is busy: with the usual 5 ms a sync takes 20.
    sys.setswitchinterval(_SWITCH_SECONDS)
    # A request that was taken leaves no cycle of objects behind, but a few dozen requests at a time
    # are enough objects for a look at all of them, again and again: a twentieth of its cost.
    gc.set_threshold(_OBJECTS_MIN, 10, 10)
    with stop_on_signals(stop):
        watch_parent(parent_pipe_fd, collector.stop)
        collector.serve()


class _Server(Server):
    """Without uvicorn's signal handlers: ours stop it, and it may run in a thread."""

    connection_class = CollectorConnection

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Collector:
    """One collector; `serve` once, `stop` from anywhere."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        project: str = DEFAULT_PROJECT,
        *,
        clock: Clock | None = None,
        on_ready: Callable[[str], None] | None = None,
    ) -> None:
        """Open nothing yet."""
        self._home = home
        self._settings = settings
        self._project = project
        self._clock = clock or SystemClock()
        self._on_ready = on_ready or (lambda _: None)
        self._metrics = CollectorMetrics()
        self._server: _Server | None = None
        self._certificate: ServerCertificate | None = None
        self._readiness: Readiness | None = None
        self._is_stopping = False

    def serve(self) -> None:
        """Take requests until `stop`; see `run`."""
        settings = self._settings.collector
        self._certificate = server_certificate(settings.tls_certificate, settings.tls_key)
        cure = "set collector.host and collector.port"
        listening = listen(settings.host, settings.port, cure)
        with contextlib.ExitStack() as stack:
            stack.enter_context(contextlib.closing(listening))
            directory = self._directory()
            stack.enter_context(contextlib.closing(directory))
            log = LogSource.of(self._home, self._project, self._settings.log).writer(self._clock)
            stack.enter_context(contextlib.closing(log))
            runner = stack.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
            plug_ins, problems = plug_in_routes(settings)
            for problem in problems:
                sys.stderr.write(f"footfall: collector: {problem}\n")
            runner.run(self._serve(listening, log, directory, plug_ins))

    def _directory(self) -> KeyDirectory:
        metadata = self._settings.metadata
        place = MetadataPlace.of(self._home, metadata)
        if place.is_local:
            return AccessDirectory(place.file, self._clock, self._project)
        shared = SharedAccess(place, self._clock, self._project, metadata.keys_age_max)
        shared.start()
        return shared

    def stop(self) -> None:
        """Make `serve` finish and return; safe from any thread and in signal handlers."""
        self._is_stopping = True
        if self._server is not None:
            self._server.should_exit = True

    async def _serve(
        self,
        listening: socket.socket,
        log: Log,
        directory: KeyDirectory,
        plug_ins: PluginRoutes,
    ) -> None:
        committer = self._committer(log)
        readiness = self._readiness = Readiness(committer, log, self._clock)
        settings = self._settings.collector
        intake = Intake(settings, directory, committer, self._metrics, self._clock)
        app = CollectApp(intake, self._clock, readiness, plug_ins)
        server = self._make_server(app, listening)
        app.is_full = lambda: server.crowd.is_full
        self._metrics.connections = lambda: len(server.crowd)
        self._metrics.connections_dropped = lambda: server.crowd.dropped
        self._metrics.pending_bytes = lambda: committer.pending_bytes
        self._metrics.key_failures = lambda: directory.failures
        watching = asyncio.create_task(_watch(directory, self._certificate))
        try:
            await server.serve([listening])
        finally:
            watching.cancel()
            await committer.close()

    def _committer(self, log: Log) -> GroupCommitter:
        return GroupCommitter(
            log,
            asyncio.get_running_loop(),
            self._clock,
            group_requests_max=self._settings.log.group_requests_max,
            pending_bytes_max=self._settings.collector.pending_bytes_max,
            on_group=self._appended,
        )

    def _appended(self, requests: int, seconds: float) -> None:
        self._metrics.add_group(requests, seconds)
        if self._readiness is not None:
            self._readiness.appended()

    def _make_server(self, app: CollectApp, listening: socket.socket) -> _Server:
        settings = self._settings.collector
        certificate = self._certificate
        server = self._server = _Server(
            app,
            self._settings.connections,
            Crowd(open_files_max(settings.connections_max), settings.connections_per_address_max),
            AddressGroups(settings.trusted_proxies),
            context=None if certificate is None else certificate.context,
            on_started=lambda: self._started(listening),
            on_malformed=self._count_malformed,
            lifespan="off",
            loop="none",
            log_config=None,
            log_level="error",
            timeout_graceful_shutdown=STOP_SECONDS_MAX,
        )
        server.should_exit = self._is_stopping
        return server

    def _started(self, listening: socket.socket) -> None:
        gc.freeze()  # what is there now stays: full collections need not look at it again
        host, port = listening.getsockname()[:2]
        scheme = "http" if self._certificate is None else "https"
        self._on_ready(f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}")

    def _count_malformed(self) -> None:
        self._metrics.malformed += 1


async def _watch(directory: KeyDirectory, certificate: ServerCertificate | None) -> None:
    """Follow changes of keys and certificate."""
    while True:
        directory.refresh()
        if certificate is not None and (told := certificate.refresh()):
            sys.stderr.write(f"footfall: collector: {told}\n")
        await asyncio.sleep(POLL_INTERVAL_US / 1_000_000)
