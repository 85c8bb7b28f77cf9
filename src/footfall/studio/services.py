"""What the routes need of the rest; tests pass fakes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from litestar import MediaType, Request
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from footfall.alerts.desk import AlertDesk
from footfall.clock import Clock
from footfall.dashboards.columns import TableColumns
from footfall.explore.running import Index
from footfall.explore.segments.storage import Segments
from footfall.home import Home
from footfall.machine.disk import DiskStatus
from footfall.metadata.place import MetadataPlace
from footfall.query import SqlRunner
from footfall.settings import Settings
from footfall.signin import Sessions, Tokens
from footfall.studio.api.apps.apps import ReadApps
from footfall.studio.api.catalog.use import CatalogUse
from footfall.studio.api.explore.answers import AnswerCache
from footfall.studio.api.explore.running import Running
from footfall.studio.api.live.feed import LiveFeed
from footfall.studio.api.sessions.definitions import DEFAULT, DefinitionView
from footfall.studio.api.status.status import LogReader
from footfall.studio.edge.assets import Assets
from footfall.studio.edge.problems import Problem


class Services(msgspec.Struct, frozen=True):
    """One project, as the studio sees it."""

    home: Home
    project: str
    clock: Clock
    sessions: Sessions
    cookie: str
    """Name of the session's cookie; has the port, as cookies of one host are shared by all."""
    is_cookie_secure: bool
    """Browsers may send the cookie over TLS only."""
    live: LiveFeed
    sql: SqlRunner
    open_log: Callable[[], LogReader]
    read_apps: ReadApps
    collect_path: str
    """Where the collector takes the AWS Clickstream protocol."""
    read_disk: Callable[[], DiskStatus] | None
    assets: Assets
    has_cut: Callable[[], bool]
    """Whether a worker has published anything yet."""
    metadata: MetadataPlace | None = None
    """Where it is, if not in the home."""
    alerts: AlertDesk | None = None
    """Rules and what fired; none in tests of other pages."""
    settings: Settings | None = None
    """The installation's."""
    catalog: CatalogUse | None = None
    """Crawls, views, saved queries."""
    index: Index | None = None
    """The journey index, if the settings have it."""
    answers: AnswerCache = msgspec.field(default_factory=AnswerCache)
    """Of the explore models and of tiles, given lately."""
    running: Running = msgspec.field(default_factory=Running)
    """Questions of the explore models that have no answer yet."""
    read_definitions: Callable[[], tuple[DefinitionView, ...]] = lambda: (DEFAULT,)
    """Of sessions, as they are noted now, the default first. Reads a file or asks a database."""
    columns: TableColumns = msgspec.field(default_factory=TableColumns)
    """Of tables that tiles read."""
    tiles_shared: asyncio.Semaphore = msgspec.field(default_factory=lambda: asyncio.Semaphore(2))
    """Held while a tile is computed for a link: others wait, not the analysts."""

    @property
    def tokens(self) -> Tokens:
        """What programs ask with."""
        return Tokens(self.clock, self.home.studio_file)

    @property
    def segments(self) -> Segments:
        """Where the project's are kept."""
        place = self.metadata or MetadataPlace.of(self.home)
        return Segments(place, self.project, self.clock)


Use = NamedDependency[Services]
"""Injected by name, not part of the API."""
AnyRequest = Request[object, object, State]
PROBLEMS: Final = dict.fromkeys(
    (400, 401, 403, 404, 503),
    ResponseSpec(
        Problem,
        generate_examples=False,
        media_type=MediaType.JSON,
        description="An error (RFC 9457), as application/problem+json.",
    ),
)
"""What each route may answer besides; `responses` of its decorator."""
