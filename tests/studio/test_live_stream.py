"""Server-sent events: the newest snapshot at once, each new one soon, bounded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import httpx

from footfall.clock import SystemClock
from footfall.studio.api.live.feed import SUBSCRIBERS_MAX, LiveFeed
from tests.studio.fakes import PROJECT, FakeShop, Studio, studio, wait_until


def frames(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """Each event or comment of the stream."""
    found: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            found[name or "comment"] = value
        elif found:
            yield found
            found = {}


def test_stream_begins_with_the_newest_and_goes_on(shop: FakeShop, signed_in: httpx.Client) -> None:
    """A page that opens is not empty until the next event, and then follows without asking."""
    file = shop.home.live_file(PROJECT)
    shop.step(SystemClock().now_us(), 3)
    with signed_in.stream("GET", "/api/live/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        events = frames(answer)
        for _ in range(3):
            event = next(event for event in events if "data" in event)
            assert event["event"] == "snapshot"
            assert json.loads(event["data"]) == json.loads(file.read_bytes())
            shop.step(SystemClock().now_us(), 3)


def test_stream_says_that_it_waits_and_beats(shop: FakeShop) -> None:
    """Before the first snapshot the page can say why it is empty."""
    feed = LiveFeed(shop.home.live_file(PROJECT), heartbeat_seconds=0.05)
    with studio(shop, live=feed) as running, httpx.Client(base_url=running.url) as client:
        client.get(running.link)
        with client.stream("GET", "/api/live/stream") as answer:
            events = frames(answer)
            assert next(events) == {"retry": "1000"}
            assert next(events) == {"event": "waiting", "data": "{}"}
            assert next(events) == {"comment": "heartbeat"}
            shop.step(SystemClock().now_us(), 1)
            assert next(event for event in events if "data" in event)["event"] == "snapshot"


def test_streams_are_bounded_and_let_go(shop: FakeShop, running: Studio) -> None:
    """A page that reloads for ever must not fill the server; closed pages make room."""
    shop.step(SystemClock().now_us(), 1)
    with httpx.Client(base_url=running.url, limits=httpx.Limits(max_connections=100)) as client:
        client.get(running.link)
        with ExitStack() as stack:
            opened = [
                frames(stack.enter_context(client.stream("GET", "/api/live/stream")))
                for _ in range(SUBSCRIBERS_MAX)
            ]
            assert all(next(events) for events in opened)
            refused = client.get("/api/live/stream")
            assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
            assert client.get("/api/live").status_code == 200
        wait_until(lambda: running.services.live.subscribers == 0)


def test_server_stops_with_open_streams(shop: FakeShop) -> None:
    """Stopping must not wait for pages that never close."""
    shop.step(SystemClock().now_us(), 1)
    with studio(shop) as running, httpx.Client(base_url=running.url) as client:
        client.get(running.link)
        with client.stream("GET", "/api/live/stream") as answer:
            events = frames(answer)
            next(events)
            running.server.should_exit = True
            assert not [event for event in events if "error" in event]
