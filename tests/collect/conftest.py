"""A collector to test: its application in process, or the whole of it on a socket."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from footfall.collect import Collector
from footfall.collect._app import CollectApp
from footfall.collect.edge.intake import Intake
from footfall.collect.metrics import CollectorMetrics
from footfall.errors import FootfallError
from footfall.home import Home
from footfall.log import GroupCommitter, SqliteLog
from footfall.metadata import Metadata
from footfall.metadata.keys.access import AccessDirectory
from footfall.project import App
from footfall.request import Request, decode_request
from footfall.settings import Settings, load_settings
from footfall.testing import MemoryLog, SimClock

SHOP_ORIGIN = "https://www.shop.test"


class Keys(NamedTuple):
    """What the template's apps send with."""

    server: str
    revoked_server: str


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Keys]:
    """Metadata with three apps, made once: `shop_web` takes any origin, `strict` only its own."""
    home = Home(tmp_path_factory.mktemp("template"))
    with contextlib.closing(Metadata.open(home)) as metadata:
        metadata.create_project("default")
        metadata.create_app(App("default", "shop_web", "Shop"))
        metadata.create_app(App("default", "strict", "Strict", origins=("https://*.shop.test",)))
        metadata.create_write_id("default", "shop_web", "gone")
        metadata.revoke_write_id("gone")
        server, _ = metadata.create_server_key("default", "shop_web")
        revoked, _ = metadata.create_server_key("default", "shop_web")
        metadata.revoke_server_key(revoked)
    return home.metadata_file, Keys(server, revoked)


@pytest.fixture
def keys(template: tuple[Path, Keys]) -> Keys:
    return template[1]


@pytest.fixture
def home(template: tuple[Path, Keys], tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    shutil.copy(template[0], home.metadata_file)
    return home


class Harness:
    """The application with a log in memory and a clock that stands still."""

    def __init__(self, home: Home, overrides: Sequence[str]) -> None:
        settings = load_settings(overrides=overrides).collector
        self.loop = asyncio.new_event_loop()
        self.clock = SimClock()
        self.log = MemoryLog()
        self.metrics = CollectorMetrics()
        self.readiness_error: FootfallError | None = None
        self.directory = AccessDirectory(home.metadata_file, self.clock, "default")
        self.committer = GroupCommitter(
            self.log,
            self.loop,
            self.clock,
            group_requests_max=100,
            pending_bytes_max=settings.pending_bytes_max,
            on_group=self.metrics.add_group,
        )
        intake = Intake(settings, self.directory, self.committer, self.metrics, self.clock)
        self.intake = intake
        self.app = CollectApp(intake, self.clock, self._readiness, {})

    async def _readiness(self) -> FootfallError | None:
        return self.readiness_error

    def request(
        self,
        method: str,
        target: str,
        *,
        headers: dict[str, str] | None = None,
        body: bytes | Sequence[bytes] = b"",
        peer: str = "192.0.2.1",
        read: list[dict[str, Any]] | None = None,
    ) -> Response:
        """Send one request and wait for its answer; `body` may come in parts.

        What the application reads of it is added to `read`.
        """
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode("latin-1"),
            "headers": [(k.encode(), v.encode("latin-1")) for k, v in (headers or {}).items()],
            "client": (peer, 50_000),
        }
        return self.send(scope, [body] if isinstance(body, bytes) else body, read=read)

    def send(
        self,
        scope: dict[str, Any],
        parts: Sequence[bytes],
        *,
        ends: bool = True,
        read: list[dict[str, Any]] | None = None,
    ) -> Response:
        """Send what ASGI would; without `ends` the client goes away after its last part."""
        messages: list[dict[str, Any]] = [
            {"type": "http.request", "body": part, "more_body": True} for part in parts
        ]
        if ends:
            messages[-1]["more_body"] = False
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            message = messages.pop(0) if messages else {"type": "http.disconnect"}
            if read is not None:
                read.append(message)
            return message

        async def send(message: Any) -> None:
            sent.append(message)

        self.loop.run_until_complete(asyncio.wait_for(self.app(scope, receive, send), 20))
        if not sent:
            return Response(0, {}, b"")
        start, *bodies = sent
        headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Response(start["status"], headers, b"".join(m["body"] for m in bodies))

    @property
    def records(self) -> list[Request]:
        """Requests in the log."""
        found = self.log.read(0, records_max=10_000, bytes_max=1 << 30)
        return [decode_request(record) for _, record in found]

    def close(self) -> None:
        self.loop.run_until_complete(self.committer.close())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        self.directory.close()


@pytest.fixture
def make_harness(home: Home) -> Iterator[Callable[..., Harness]]:
    """Makes harnesses: `make_harness("collector.body_bytes_max=1KiB")`."""
    made: list[Harness] = []

    def make(*overrides: str) -> Harness:
        made.append(Harness(home, overrides))
        return made[-1]

    yield make
    for harness in made:
        harness.close()


@pytest.fixture
def harness(make_harness: Callable[..., Harness]) -> Harness:
    return make_harness()


class Running:
    """A collector on a socket, in a thread."""

    def __init__(self, home: Home, settings: Settings) -> None:
        self.home = home
        ready = threading.Event()
        self.url = ""

        def on_ready(url: str) -> None:
            self.url = url
            ready.set()

        self.collector = Collector(home, settings, on_ready=on_ready)
        self.thread = threading.Thread(target=self.collector.serve)
        self.thread.start()
        assert ready.wait(60)
        self.port = int(self.url.rpartition(":")[2])

    def records(self) -> list[Request]:
        """Requests in the log."""
        with contextlib.closing(SqliteLog.reader(self.home.log_dir("default"))) as log:
            found = log.read(0, records_max=100_000, bytes_max=1 << 30)
        return [decode_request(record) for _, record in found]

    def close(self) -> None:
        self.collector.stop()
        self.thread.join(60)
        assert not self.thread.is_alive()


@pytest.fixture
def make_running(home: Home) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def make(*overrides: str) -> Running:
        made.append(Running(home, load_settings(overrides=["collector.port=0", *overrides])))
        return made[-1]

    yield make
    for running in made:
        running.close()


@pytest.fixture
def running(make_running: Callable[..., Running]) -> Running:
    return make_running()
