"""The studio as a process: bind, serve, stop."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from footfall.alerts.desk import AlertDesk
from footfall.catalog.asking.running import catalog_parts
from footfall.catalog.defining import definitions_of
from footfall.clock import MINUTE, Clock, SystemClock
from footfall.connections import AddressGroups, Crowd, Server, authority, listen, open_files_max
from footfall.errors import Overloaded
from footfall.explore.journeys.maker import kept_new
from footfall.explore.journeys.process import IndexProcess
from footfall.home import Home
from footfall.lake.store.options import bucket_of
from footfall.log import LogSource
from footfall.machine.disk import DiskMeter
from footfall.machine.process import watch_parent
from footfall.machine.tls import ServerCertificate, server_certificate
from footfall.metadata.place import MetadataPlace
from footfall.metadata.progress.published import read_progress
from footfall.query import QueryPool
from footfall.settings import Settings
from footfall.signin import Sessions
from footfall.studio._app import make_app
from footfall.studio.api.apps.apps import read_apps
from footfall.studio.api.catalog.use import CatalogUse
from footfall.studio.api.live.feed import LiveFeed
from footfall.studio.api.live.mirror import LiveMirror
from footfall.studio.api.sessions.definitions import read_listed, views_of
from footfall.studio.edge.assets import Assets
from footfall.studio.edge.guard import Guard, refuse
from footfall.studio.services import Services

STATIC: Final = Path(__file__).parent / "static"
_STOP_SECONDS_MAX: Final = 3
_DISK_INTERVAL: Final = 1 * MINUTE
_TICKS_A_LOOK: Final = 10
"""The server ticks ten times a second."""


class StudioServer(Server):
    """Ends open streams when it is asked to stop, and follows its certificate."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None],
        certificate: ServerCertificate | None = None,
    ) -> None:
        super().__init__(
            self._within_bounds,
            settings.connections,
            Crowd(open_files_max(settings.studio.connections_max)),
            AddressGroups(),
            context=None if certificate is None else certificate.context,
            on_started=on_ready,
            log_level="warning",
            timeout_graceful_shutdown=_STOP_SECONDS_MAX,
        )
        self._app = app
        self._on_stop = on_stop
        self._certificate = certificate

    async def _within_bounds(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.crowd.is_full and scope["type"] == ScopeType.HTTP:
            full = "too many pages and programs are connected; close some, or raise"
            await refuse(Overloaded(f"{full} studio.connections_max"), send)
        else:
            await self._app(scope, receive, send)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_stop()
        await super().shutdown(sockets)

    async def on_tick(self, counter: int) -> bool:
        if self._certificate is not None and counter % _TICKS_A_LOOK == 0:
            told = self._certificate.refresh()
            if told:
                sys.stderr.write(f"footfall: studio: {told}\n")
        return await super().on_tick(counter)

    def request_exit(self) -> None:
        """Stop soon; safe from any thread."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal is a wish to stop, not an error: unlike Uvicorn, do not raise it again."""
        self.should_exit = True


def run(
    home: Home,
    settings: Settings,
    project: str,
    parent_pipe_fd: int | None = None,
    on_ready: Callable[[str], None] | None = None,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> None:
    """Serve the pages until SIGTERM, SIGINT or the end of the parent process.

    Args:
        home: Where everything lies; only `studio.db` is written there.
        settings: Section `studio`; port 0 takes a free one.
        project: Whose pages these are.
        parent_pipe_fd: Read end of a pipe; its end of file means that the parent is gone.
        on_ready: Called with the address once it is served.
        environ: Where query workers find credentials for a bucket; see `QueryPool`.
        clock: For tests.

    Raises:
        Invalid: the TLS certificate cannot be used.
        Unavailable: the port is taken.
    """
    certificate = server_certificate(settings.studio.tls_certificate, settings.studio.tls_key)
    clock = clock or SystemClock()
    cure = "stop what listens there, or set studio.port"
    listener = listen(settings.studio.host, settings.studio.port, cure)
    port = int(listener.getsockname()[1])
    sessions = Sessions(clock, home.studio_file)
    metadata = MetadataPlace.of(home, settings.metadata)
    bucket = bucket_of(settings.lake)
    definitions = definitions_of(metadata, project, settings)
    pool = QueryPool(home, project, settings.query, bucket, environ, definitions)
    places = settings.catalog.places
    catalog = catalog_parts(home, project, settings, pool, clock, environ or {}, places)
    live = LiveFeed(home.live_file(project))
    if not metadata.is_local:
        LiveMirror(home, project, metadata).start()
    index = _index(home, project, settings)
    services = Services(
        home=home,
        project=project,
        clock=clock,
        sessions=sessions,
        cookie=f"footfall_session_{port}",
        is_cookie_secure=certificate is not None or settings.studio.public_url.startswith("https:"),
        live=live,
        sql=catalog.runner,
        catalog=CatalogUse(
            catalog.crawling, catalog.queries, catalog.runner.define, catalog.run_crawl
        ),
        open_log=LogSource.of(home, project, settings.log).reader,
        metadata=metadata,
        read_definitions=lambda: views_of(read_listed(metadata, project, settings.sessions)),
        alerts=AlertDesk(home, project, settings, clock),
        settings=settings,
        index=index,
        read_apps=lambda: read_apps(metadata, project),
        collect_path=settings.collector.aws_collect_path,
        read_disk=DiskMeter(home, project, settings, clock, _DISK_INTERVAL),
        assets=Assets(STATIC),
        has_cut=lambda: (
            home.cut_file(project).is_file()
            or (not metadata.is_local and read_progress(metadata, project) is not None)
        ),
    )
    scheme = "http" if certificate is None else "https"
    url = settings.studio.public_url or f"{scheme}://{authority(settings.studio.host, port)}"
    app = Guard(
        make_app(services, on_shutdown=[pool.close, *([] if index is None else [index.close])]),
        port,
        scheme,
        settings.studio.public_url,
    )
    server = StudioServer(
        app, settings, lambda: on_ready(url) if on_ready else None, live.close, certificate
    )
    watch_parent(parent_pipe_fd, server.request_exit)
    with listener, kept_new(home, project, settings, environ or {}):
        server.run(sockets=[listener])


def _index(home: Home, project: str, settings: Settings) -> IndexProcess | None:
    """Who answers from the journey index, if the settings have one."""
    if not settings.has_index:
        return None
    return IndexProcess(home, project, settings.index, settings.query)
