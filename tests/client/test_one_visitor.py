"""Page and server speak of one visitor: the texts of both documents, together, in Chromium."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any
from wsgiref.simple_server import WSGIServer

import pytest

from footfall.client import Client, WsgiMiddleware
from tests.client.conftest import events_of
from tests.client.test_middleware import Quiet
from tests.client.test_ways_to_send import blocks
from tests.collect.conftest import Running
from tests.system.browser import open_browser

PAGE = '<!doctype html><title>Shop</title><link rel="icon" href="data:,">{page}{cookie}'


class Server(ThreadingHTTPServer, WSGIServer):
    """Browsers open more connections than they use."""

    daemon_threads = True


@contextmanager
def serving(app: Any) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Quiet)
    server.set_app(app)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def shop(html: str) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        if environ["PATH_INFO"] == "/orders":
            environ["footfall.track"]("order_placed")
        start_response("200 OK", [("Content-Type", "text/html")])
        return [html.encode()]

    return app


@pytest.mark.browser
def test_page_and_server_events_are_of_one_visitor(running: Running, server_key: str) -> None:
    """The snippet, the line after it, and the middleware: else an order has no session."""
    (page, *_) = [code for language, code in blocks("send.md") if language == "html"]
    (cookie,) = [code for language, code in blocks("python-client.md") if language == "html"]
    html = PAGE.format(page=page.replace("http://127.0.0.1:7700", running.url), cookie=cookie)
    client = Client(running.url, key=server_key)
    with serving(WsgiMiddleware(shop(html), client)) as origin, open_browser() as browser:
        tab = browser.new_page()
        with tab.expect_response(lambda answer: "/v1/events" in answer.url) as answer:
            tab.goto(f"{origin}/boots")
        assert answer.value.status == 200
        tab.evaluate("fetch('/orders').then((answer) => answer.text())")
    assert client.flush()
    client.close()
    seen, ordered = events_of(running)
    assert (seen["name"], ordered["name"]) == ("page_view", "order_placed")
    assert seen["visitor_id"] == ordered["visitor_id"]
    assert ordered["page"] == {"url": f"{origin}/orders", "referrer": f"{origin}/boots"}
    assert ordered["ip"] == "127.0.0.1"
    assert "Chrome" in ordered["user_agent"]
