"""What a web request says about its visitor, in real servers' requests and in hostile ones."""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar import Litestar, Request, get
from litestar.middleware import DefineMiddleware

from footfall.client import (
    AsgiMiddleware,
    Client,
    DeliveryWarning,
    WsgiMiddleware,
    request_fields,
)
from footfall.client._event import make_event
from tests.client.conftest import Collector, hearing

HEADERS = {
    "Host": "shop.example",
    "Cookie": "a=b; footfall_visitor=v%2D17; c",
    "User-Agent": "Mozilla/5.0 (test)",
    "Referer": "https://search.example/?q=x",
    "Accept-Language": "de-CH;q=0.9, en",
}
FIELDS = {
    "visitor_id": "v-17",
    "page": {
        "url": "http://shop.example/caf%C3%A9/b?size=9&q=%20x",
        "referrer": "https://search.example/?q=x",
    },
    "language": "de-CH",
    "ip": "127.0.0.1",
    "user_agent": "Mozilla/5.0 (test)",
}
TARGET = "/caf%C3%A9/b?size=9&q=%20x"
HTTP = ["HTTP_HOST", "HTTP_COOKIE", "HTTP_REFERER", "HTTP_USER_AGENT", "HTTP_ACCEPT_LANGUAGE"]
HOSTILE = st.text(st.characters(max_codepoint=255), max_size=50) | st.just("x" * 100_000)


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        del format, args


@pytest.fixture
def serve() -> Iterator[Callable[[Any], int]]:
    """Serves one request to a WSGI application and gives the port."""
    threads = []

    def start(app: Any) -> int:
        server = make_server("127.0.0.1", 0, app, handler_class=Quiet)

        def handle() -> None:
            with server:
                server.handle_request()

        threads.append(threading.Thread(target=handle))
        threads[-1].start()
        return server.server_port

    yield start
    for thread in threads:
        thread.join(60)


def ask(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", TARGET, headers=HEADERS)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def wsgi_app(**event: Any) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        environ["footfall.track"]("seen", **event)
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]

    return app


def litestar_app(client: Client) -> Litestar:
    @get("/café/b")
    async def handle(request: Request[Any, Any, Any]) -> None:
        request.scope["footfall.track"]("seen")

    return Litestar([handle], middleware=[DefineMiddleware(AsgiMiddleware, client=client)])


def sent(collector: Collector) -> dict[str, Any]:
    ((event,),) = collector.batches
    return {name: event[name] for name in event if name not in {"event_id", "timestamp", "name"}}


def test_wsgi_gives_the_requests_fields(collector: Collector, serve: Callable[[Any], int]) -> None:
    """As a server made of the standard library hands them over."""
    with Client(collector.url, key="fsk_x") as client:
        assert ask(serve(WsgiMiddleware(wsgi_app(), client))) == 200
    assert sent(collector) == FIELDS


async def _asgi(collector: Collector) -> None:
    with Client(collector.url, key="fsk_x") as client:
        transport = httpx.ASGITransport(litestar_app(client), client=("127.0.0.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as http_:
            assert (await http_.get(TARGET, headers=HEADERS)).status_code == 200


def test_asgi_gives_the_requests_fields(collector: Collector) -> None:
    """The same as WSGI."""
    asyncio.run(_asgi(collector))
    assert sent(collector) == FIELDS


def test_with_a_write_id_address_and_browser_are_left_out(
    collector: Collector, serve: Callable[[Any], int]
) -> None:
    """They would not be believed, and an address would end up among the properties."""
    with Client(collector.url, write_id="web") as client:
        ask(serve(WsgiMiddleware(wsgi_app(), client)))
    assert set(sent(collector)) == {"visitor_id", "page", "language"}


def test_fields_given_count_over_the_requests(
    collector: Collector, serve: Callable[[Any], int]
) -> None:
    """A page is completed, so that a title need not repeat the address."""
    event = {"visitor_id": "other", "page": {"title": "Boots"}, "value": 3}
    with Client(collector.url, write_id="web") as client:
        ask(serve(WsgiMiddleware(wsgi_app(**event), client)))
    found = sent(collector)
    assert (found["visitor_id"], found["value"]) == ("other", 3)
    assert found["page"] == FIELDS["page"] | {"title": "Boots"}


@pytest.mark.parametrize(
    "event",
    [{"nonsense": 1}, {"timestamp": "today"}, {"properties": {"x": object()}}, {"name": "y"}],
)
def test_a_mistake_in_an_event_fails_no_request(
    collector: Collector, serve: Callable[[Any], int], event: dict[str, Any]
) -> None:
    """It is told as a warning, and the person who ordered gets the order."""
    with hearing() as told, Client(collector.url, write_id="web") as client:
        assert ask(serve(WsgiMiddleware(wsgi_app(**event), client))) == 200
    assert ["an event was not sent" in text for text in told] == [True]
    assert collector.batches == []


def test_a_closed_client_fails_no_request(
    collector: Collector, serve: Callable[[Any], int]
) -> None:
    """Servers that stop still answer what they have begun."""
    client = Client(collector.url, write_id="web")
    client.close()
    with pytest.warns(DeliveryWarning, match="closed"):
        assert ask(serve(WsgiMiddleware(wsgi_app(), client))) == 200


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from([*HTTP, "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR"]), HOSTILE)
)
def test_no_wsgi_request_fails_it(environ: dict[str, str]) -> None:
    """Strangers choose every byte; what comes out must be an event the collector takes."""
    fields = request_fields({"wsgi.version": (1, 0), "wsgi.url_scheme": "http", **environ})
    _check(fields)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"host", b"Cookie", b"referer", b"user-agent", b"accept-language"]),
            HOSTILE.map(lambda text: text.encode("latin-1")),
        )
    ),
    st.text(max_size=50),
    st.binary(max_size=50),
    st.none() | st.tuples(HOSTILE, st.integers()),
)
def test_no_asgi_request_fails_it(
    headers: list[tuple[bytes, bytes]], path: str, query: bytes, peer: tuple[str, int] | None
) -> None:
    """The same for ASGI, where scopes may lack what is optional."""
    scope = {"type": "http", "headers": headers, "path": path, "query_string": query}
    _check(request_fields({**scope, "client": peer}))
    _check(request_fields({"type": "http"}))


def _check(fields: dict[str, Any]) -> None:
    make_event("x", fields, 0, is_server=True)
    assert len(fields.get("visitor_id", "")) <= 512
    assert all(fields.values())
