"""The files of deploy/nginx and deploy/caddy, run by the real servers in front of ours."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from footfall.clock import SystemClock
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.project import App
from footfall.settings import load_settings
from tests.collect.conftest import Running
from tests.deploy.proxies import PASSWORD, USER, caddy, nginx
from tests.machine.tls.certificates import Pair, make_pair
from tests.studio.fakes import FakeShop, Studio, studio
from tests.studio.test_live_stream import frames

EVENTS, STUDIO = "events.example.com", "footfall.example.com"
TARGET = "/collect?appId=shop_web"
PROXIES = {"nginx": nginx, "caddy": caddy}


class Front:
    """A proxy before a collector and a studio."""

    def __init__(self, port: int, collector: Running, shop: FakeShop, pages: Studio) -> None:
        self.port = port
        self.collector = collector
        self.shop = shop
        self.pages = pages

    def connect(self, context: ssl.SSLContext, source: str) -> http.client.HTTPSConnection:
        return _Named(EVENTS, self.port, context, source)


class _Named(http.client.HTTPSConnection):
    """Speaks to the loopback, and asks for a name as if it were resolved."""

    def __init__(self, name: str, port: int, context: ssl.SSLContext, source: str) -> None:
        super().__init__(name, port, timeout=30, context=context, source_address=(source, 0))
        self._port = port
        self._context_used = context
        self._name = name

    def connect(self) -> None:
        import socket

        plain = socket.create_connection(("127.0.0.1", self._port), 30, self.source_address)
        self.sock = self._context_used.wrap_socket(plain, server_hostname=self._name)


@pytest.fixture
def context() -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found


@pytest.fixture(params=sorted(PROXIES))
def front(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Front]:
    home = Home(tmp_path / "home")
    with contextlib.closing(Metadata.open(home)) as metadata:
        metadata.create_project("default")
        metadata.create_app(App("default", "shop_web", "Shop"))
    settings = load_settings(
        overrides=["collector.port=0", 'collector.trusted_proxies=["127.0.0.1/32"]']
    )
    collector = Running(home, settings)
    shop = FakeShop(Home(tmp_path / "shop"))
    directory = tmp_path / "proxy"
    directory.mkdir()
    pair = make_pair(tmp_path)
    start: Callable[[Path, Pair, int, int], Any] = PROXIES[request.param]
    try:
        with studio(shop, public_url=f"https://{STUDIO}", is_cookie_secure=True) as pages:
            pages_port = int(pages.url.rpartition(":")[2])
            with start(directory, pair, collector.port, pages_port) as port:
                yield Front(port, collector, shop, pages)
    finally:
        collector.close()


def _post(client: http.client.HTTPSConnection, body: Any, **headers: str) -> tuple[int, bytes]:
    client.request("POST", TARGET, body, {"Host": EVENTS, **headers}, encode_chunked=False)
    answer = client.getresponse()
    return answer.status, answer.read()


def test_client_addresses_bodies_and_connections(front: Front, context: ssl.SSLContext) -> None:
    """What a visitor sends through the proxy is in the log as if it had come directly.

    The address is the one that the proxy saw, whatever the visitor wrote; bodies arrive whole, in
    one piece or in chunks; one too large for the collector is the collector's to answer.
    """
    forged = {"X-Forwarded-For": "6.6.6.6"}
    client = front.connect(context, "127.0.0.2")
    assert _post(client, b"[]", **forged)[0] == 200
    used = client.sock
    long = b"[" + b" " * 900_000 + b"]"
    assert _post(client, long)[0] == 200
    client.request("POST", TARGET, iter([b"[", b" " * 200_000, b"]"]), {"Host": EVENTS})
    chunked = client.getresponse()
    assert (chunked.status, chunked.read()) == (200, b"")
    large = b" " * (3 << 20)
    assert _post(client, large)[0] == 200  # kept cut, as AWS SDKs need
    assert client.sock is used, "the connection was not kept"
    client.request("GET", "/metrics", headers={"Host": EVENTS})
    hidden = client.getresponse()
    hidden.read()
    assert hidden.status == 404
    client.close()
    direct = http.client.HTTPConnection(
        "127.0.0.1", front.collector.port, timeout=20, source_address=("127.0.0.3", 0)
    )
    direct.request("POST", TARGET, b"[]", forged)
    assert direct.getresponse().status == 200
    direct.close()
    records = front.collector.records()
    assert [record.client_ip for record in records] == ["127.0.0.2"] * 4 + ["127.0.0.3"]
    assert [record.body_bytes for record in records] == [2, 900_002, 200_002, 3 << 20, 2]
    assert records[1].body == long


def test_studio_behind_a_login(front: Front) -> None:
    """Nobody comes in without the proxy's password; then pages, changes and the stream work."""
    base = f"https://127.0.0.1:{front.port}"
    names = {"host": STUDIO}
    extensions = {"sni_hostname": STUDIO}
    link = front.pages.link.partition("/open")[2]
    front.shop.step(SystemClock().now_us(), 2)
    with httpx.Client(base_url=base, headers=names, verify=False, timeout=30) as client:  # noqa: S501
        refused = client.get(f"/open{link}", extensions=extensions)
        assert refused.status_code == 401
        client.auth = (USER, PASSWORD)
        # A name with a port is passed on whole, so that the answer can say what is wrong with it.
        named = {"host": f"{STUDIO}:{front.port}"}
        elsewhere = client.get("/", headers=named, extensions=extensions)
        assert elsewhere.status_code == 421
        assert f"https://{STUDIO} (studio.public_url)" in elsewhere.json()["detail"]
        assert elsewhere.json()["detail"].endswith(f"host={STUDIO}:{front.port}")
        opened = client.get(f"/open{link}", extensions=extensions)
        assert opened.status_code == 303
        assert opened.headers["strict-transport-security"] == "max-age=31536000"
        cookie = opened.headers["set-cookie"]
        assert "; Secure" in cookie
        client.headers["cookie"] = cookie.partition(";")[0]
        assert client.get("/api/status", extensions=extensions).status_code == 200
        ask = {"sql": "SELECT 1"}
        for origin, status in ((f"https://{STUDIO}", 200), ("https://evil.example", 403)):
            answer = client.post(
                "/api/sql", json=ask, headers={"origin": origin}, extensions=extensions
            )
            assert answer.status_code == status
        # Read while the stream stays open: a proxy that buffers would wait for its end.
        with client.stream("GET", "/api/live/stream", extensions=extensions) as stream:
            events = frames(stream)
            for number in range(3):
                event = next(event for event in events if "data" in event)
                assert json.loads(event["data"]), number
                front.shop.step(SystemClock().now_us(), 2)
