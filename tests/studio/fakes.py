"""A studio on a free port with a made-up project behind it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import math
import random
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import duckdb
import msgspec
import pyarrow as pa
import uvicorn

from footfall.clock import SECOND, SystemClock
from footfall.errors import FootfallError
from footfall.event import FAILED_SCHEMA
from footfall.home import Home, write_atomically
from footfall.ledger import Ledger
from footfall.live import LiveState
from footfall.positions import Positions
from footfall.project import App
from footfall.request import Request, encode_request
from footfall.settings import load_settings
from footfall.signin import Sessions
from footfall.studio._app import make_app
from footfall.studio._run import STATIC, StudioServer, listen
from footfall.studio.api.apps.apps import AppView
from footfall.studio.api.live.feed import LiveFeed
from footfall.studio.api.sql.runner import SqlColumn, SqlValue
from footfall.studio.edge.assets import Assets
from footfall.studio.edge.guard import Guard
from footfall.studio.services import Services
from footfall.testing.events import event_table

TOKEN = "one-time-token"  # noqa: S105
PROJECT = "default"
PAGES = {
    "/": "Home",
    "/product/linen-shirt": "Linen shirt",
    "/product/oak-chair": "Oak chair",
    "/product/desk-lamp": "Desk lamp",
    "/category/new": "New arrivals",
    "/category/sale": "Sale",
    "/cart": "Your cart",
    "/checkout": "Checkout",
    "/checkout/done": "Thank you",
    "/journal/how-we-make-a-very-long-lasting-chair-out-of-one-plank-of-oak": "Journal",
    "/account/orders": "Orders",
    "/search": "Search",
}
SOURCES = [None, None, "google", "newsletter", "instagram", "news.ycombinator.com", "bing"]
DEVICES: list[tuple[str, str, str | None]] = [
    ("mobile", "Mobile Safari", "iOS"),
    ("mobile", "Chrome Mobile", "Android"),
    ("desktop", "Chrome", "Windows"),
    ("desktop", "Firefox", "Linux"),
    ("desktop", "Safari", "Mac OS X"),
    ("tablet", "Mobile Safari", "iOS"),
]
NAMES = ["page_view"] * 6 + ["scroll"] * 3 + ["click"] * 2 + ["add_to_cart", "search", "purchase"]


class FakeAnswer(msgspec.Struct):
    """Like `footfall.query.protocol.Answer`."""

    columns: tuple[SqlColumn, ...]
    body: bytes
    is_cut_off: bool = False
    cut_sequence: int = 7
    cut_published_at: int = 1_000


class FakeSql:
    """Answers from a list of events; raises `error` instead when one is set.

    One event is looked up; what counts many is run by a DuckDB over them.
    """

    def __init__(self) -> None:
        self.events: dict[tuple[str, int], dict[str, Any]] = {}
        self.failures: list[dict[str, Any]] = []
        self.questions: list[tuple[str, Sequence[SqlValue]]] = []
        self.error: Exception | None = None

    async def run(
        self,
        sql: str,
        params: Sequence[SqlValue] | dict[str, SqlValue] = (),
        *,
        format: Literal["rows", "csv"] = "rows",  # noqa: A002
        rows_max: int | None = None,
    ) -> FakeAnswer:
        self.questions.append((sql, params))
        if self.error is not None:
            raise self.error
        if "failed_events" in sql or "WITH recent" in sql or sql.startswith("SELECT MIN("):
            return self._count(sql, params)
        found = self._find(params)
        columns = tuple(SqlColumn(name, _type(value)) for name, value in (found or {}).items())
        rows = [[_plain(value) for value in found.values()]] if found else []
        return FakeAnswer(columns, msgspec.json.encode(rows))

    def _count(self, sql: str, params: Sequence[SqlValue] | dict[str, SqlValue]) -> FakeAnswer:
        with duckdb.connect() as connection:
            events = event_table(self.events.values())
            at = [field.name for field in events.schema].index("request_id")
            ids = pa.array([str(uuid.UUID(bytes=one.as_py())) for one in events["request_id"]])
            connection.register("events", events.set_column(at, "request_id", ids))
            connection.register("failed_events", failed_table(self.failures))
            connection.execute(
                "CREATE VIEW sessions AS SELECT NULL::BLOB AS session_id, '' AS status"
            )
            given = params if isinstance(params, dict) else list(params)
            rows = connection.execute(sql, given).fetchall()
        return FakeAnswer((), msgspec.json.encode(rows))

    def _find(self, params: Sequence[SqlValue]) -> dict[str, Any] | None:
        row = self.events.get((str(params[0]), int(str(params[1])))) if len(params) == 2 else None
        return None if row is None else event_table([row]).to_pylist()[0]


def failed_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    """Failed events; each row names the columns it cares about, times are microseconds."""
    common = {"protocol": "footfall", "part": "record", "reason": "not_json", "message": "no JSON"}
    fields = [
        field
        for field in FAILED_SCHEMA
        if field.name in ("received_at", "credential", "path", *common)
    ]
    arrays = [
        pa.array([{**common, **row}.get(field.name) for row in rows], pa.int64()).cast(field.type)
        if pa.types.is_timestamp(field.type)
        else pa.array([{**common, **row}.get(field.name) for row in rows], field.type)
        for field in fields
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


class FakeLog:
    """The reading side of a log that is a dict."""

    def __init__(self) -> None:
        self.records: dict[int, bytes] = {}
        self.error: FootfallError | None = None

    def read(
        self, offset: int, *, records_max: int, bytes_max: int, partition: int = 0
    ) -> list[tuple[int, bytes]]:
        if self.error is not None:
            raise self.error
        kept = sorted(number for number in self.records if number >= offset)
        return [(number, self.records[number]) for number in kept[:records_max]]

    def starts(self) -> Positions:
        return Positions((min(self.records, default=0),))

    def ends(self) -> Positions:
        return Positions((max(self.records, default=-1) + 1,))

    def close(self) -> None:
        pass


class FakeShop:
    """Visitors of a small shop; each step is a micro-batch, published as the pipeline would."""

    def __init__(self, home: Home, seed: int = 7) -> None:
        self.home = home
        self.sql = FakeSql()
        self.log = FakeLog()
        self.totals = Ledger()
        self._state = LiveState()
        self._random = random.Random(seed)  # noqa: S311
        self._offset = 0
        self._has_bots = False
        self._now = 0

    def step(self, now_us: int, events: int, spread_us: int = SECOND) -> list[dict[str, Any]]:
        """Add `events` received within `spread_us` before `now_us` and publish."""
        rows = self._rows(now_us, events, spread_us)
        self._take(rows, now_us)
        self.publish(now_us)
        return rows

    def add(self, changes: Sequence[dict[str, Any]]) -> None:
        """Add events that are as asked, else as any other."""
        rows = [{**self._row(change["received_at"]), **change} for change in changes]
        for row in rows:
            self._answer_with(row)
        now_us = max(row["received_at"] for row in rows)
        self._take(rows, now_us)
        self.publish(now_us)

    def _take(self, rows: Sequence[dict[str, Any]], now_us: int) -> None:
        count = len(rows)
        self._state.add(event_table(rows), now_us)
        self.totals += Ledger(requests=count, decoded=count, records=count, events=count)

    def publish(self, now_us: int) -> None:
        """Write the live file."""
        self._now = now_us
        snapshot = self._state.snapshot(now_us, open_sessions=0, totals=self.totals)
        people = msgspec.structs.replace(
            snapshot.people, open_sessions=round(snapshot.people.visitors_30m * 0.7)
        )
        snapshot = msgspec.structs.replace(snapshot, people=people)
        file = self.home.live_file(PROJECT)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, msgspec.json.encode(snapshot))

    def fail(self, now_us: int, **columns: Any) -> None:
        """One more request that failed."""
        row = {"part": "request", "reason": "unknown_write_id", "credential": "wbe", **columns}
        self.sql.failures.append({"received_at": now_us, **row})
        self.totals += Ledger(requests=1, undecodable=1)
        self.publish(now_us)

    def history(self, now_us: int, minutes: int = 30) -> None:
        """Half an hour of visits up to now, some of them by bots; published once."""
        self._has_bots = True
        for second in range(minutes * 60, 0, -5):
            wave = 14 + round(9 * math.sin(second / 190)) + self._random.randrange(6)
            at = now_us - second * SECOND
            self._take(self._rows(at, wave, 5 * SECOND), at)
        self.publish(at)
        self._has_bots = False

    def _rows(self, now_us: int, count: int, spread_us: int) -> list[dict[str, Any]]:
        times = sorted(now_us - self._random.randrange(spread_us) for _ in range(count))
        return [self._row(received_at) for received_at in times]

    def _row(self, received_at: int) -> dict[str, Any]:
        chance = self._random
        visitor = int(chance.paretovariate(0.6)) % 700
        device, browser, system = DEVICES[visitor % len(DEVICES)]
        is_bot = self._has_bots and visitor % 23 == 22
        if is_bot:
            device, browser, system = "bot", "Crawler", None
        path = min(chance.choices(list(PAGES), k=2), key=list(PAGES).index)
        row = {
            "event_name": chance.choice(NAMES),
            "app_id": "shop",
            "visitor_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"visitor {visitor}")),
            "user_id": f"customer-{visitor}" if visitor % 5 == 0 else None,
            "received_at": received_at,
            "event_time": received_at - chance.randrange(50_000, 900_000),
            "sent_at": received_at - chance.randrange(10_000, 40_000),
            "request_id": uuid.UUID(int=chance.getrandbits(128), version=4).bytes,
            "log_offset": self._offset,
            "page_url": f"https://shop.example{path}?utm_source=x",
            "page_host": "shop.example",
            "page_path": path,
            "page_title": PAGES[path],
            "source": SOURCES[visitor % len(SOURCES)],
            "device_category": device,
            "browser": browser,
            "os": system,
            "user_agent": "Mozilla/5.0 (made up)",
            "properties": json.dumps({"item_id": f"sku-{visitor}", "price": 12.5}),
            "is_late": False,
            "is_bot": is_bot,
        }
        self._log(row)
        return row

    def _log(self, row: dict[str, Any]) -> None:
        body = gzip.compress(json.dumps([{"event_type": row["event_name"]}]).encode())
        request = Request(
            version=1,
            request_id=row["request_id"],
            received_at=row["received_at"],
            protocol="aws",
            app_id="shop",
            credential="fw_shop",
            trusted=False,
            method="POST",
            path="/collect",
            query="platform=Web&appId=fw_shop",
            headers=(("content-type", "application/json"), ("content-encoding", "gzip")),
            client_ip="203.0.113.9",
            body=body,
            body_bytes=len(body),
        )
        self.log.records[self._offset] = encode_request(request)
        self._offset += 1
        self._answer_with(row)
        while len(self.log.records) > 5_000:
            del self.log.records[next(iter(self.log.records))]
            del self.sql.events[next(iter(self.sql.events))]

    def _answer_with(self, row: dict[str, Any]) -> None:
        key = (str(uuid.UUID(bytes=row["request_id"])), 0)
        self.sql.events[key] = row


class Studio:
    """A running studio; `url` ends without a slash."""

    def __init__(self, url: str, server: uvicorn.Server, services: Services) -> None:
        self.url = url
        self.server = server
        self.services = services
        self.loop: asyncio.AbstractEventLoop = server.servers[0].get_loop()

    @property
    def link(self) -> str:
        return f"{self.url}/open?token={TOKEN}"


@contextlib.contextmanager
def studio(
    shop: FakeShop,
    assets: Path = STATIC,
    port: int = 0,
    public_url: str = "",
    overrides: Sequence[str] = (),
    **replaced: Any,
) -> Iterator[Studio]:
    """Serve in a thread of this process; port 0 is a free one."""
    listener = listen("127.0.0.1", port, "take another port")
    port = listener.getsockname()[1]
    with listener:
        services = make_services(shop, port, assets, **replaced)
        yield from _serve(listener, port, services, public_url, overrides)


def _serve(
    listener: socket.socket,
    port: int,
    services: Services,
    public_url: str,
    overrides: Sequence[str],
) -> Iterator[Studio]:
    services.sessions.add_link(TOKEN)
    started = threading.Event()
    app = Guard(make_app(services), port, "http", public_url)
    server = StudioServer(app, load_settings(overrides=overrides), started.set, services.live.close)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    assert started.wait(60)
    try:
        yield Studio(f"http://127.0.0.1:{port}", server, services)
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


def make_services(shop: FakeShop, port: int, assets: Path = STATIC, **replaced: Any) -> Services:
    """Services of the fake shop."""
    clock = SystemClock()
    shop_app = App(project=PROJECT, app_id="shop", name="Fake shop")
    parts: dict[str, Any] = {
        "home": shop.home,
        "project": PROJECT,
        "clock": clock,
        "sessions": Sessions(clock, shop.home.studio_file),
        "cookie": f"footfall_session_{port}",
        "is_cookie_secure": False,
        "live": LiveFeed(shop.home.live_file(PROJECT)),
        "sql": shop.sql,
        "open_log": lambda: shop.log,
        "read_apps": lambda: (AppView(shop_app, "fw_shop", ("fw_shop",)),),
        "collect_path": "/collect",
        "read_disk": None,
        "assets": Assets(assets),
        "has_cut": lambda: True,
    }
    return Services(**{**parts, **replaced})


@contextlib.contextmanager
def feeding(
    shop: FakeShop, events: int = 1, interval_s: float = 0.2
) -> Iterator[Callable[[], None]]:
    """Publish a micro-batch every `interval_s` until the block ends; calling it stops earlier."""
    stopped = threading.Event()
    clock = SystemClock()

    def feed() -> None:
        while not stopped.wait(interval_s):
            shop.step(clock.now_us(), events, spread_us=int(interval_s * SECOND))

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    try:
        yield stopped.set
    finally:
        stopped.set()
        thread.join(60)


def wait_until(holds: Callable[[], bool], seconds_max: float = 60.0) -> None:
    """Return once `holds()`; fail after `seconds_max`."""
    deadline = time.monotonic() + seconds_max
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return str(uuid.UUID(bytes=value))
    return value if isinstance(value, bool | int | float | str | list | None) else str(value)


def _type(value: Any) -> str:
    return {bytes: "UUID", bool: "BOOLEAN", int: "BIGINT", str: "VARCHAR"}.get(
        type(value), "TIMESTAMP WITH TIME ZONE" if hasattr(value, "year") else "VARCHAR"
    )


def main() -> None:
    """Serve the fake shop for looking at it: `python -m tests.studio.fakes [home]`."""
    import sys

    home = Home(Path(sys.argv[1] if len(sys.argv) > 1 else ".cache/fake-home"))
    shop = FakeShop(home)
    shop.history(SystemClock().now_us())
    with studio(shop) as running, feeding(shop):
        print(running.link, flush=True)  # noqa: T201
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(3600)


if __name__ == "__main__":
    main()
