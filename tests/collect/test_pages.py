"""What a browser needs before its page may send, and to let the page read what went wrong."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest

from footfall.home import Home
from footfall.metadata import Metadata

ORIGIN = "https://www.shop.test"
PAGE = {"origin": ORIGIN}
ADDED = (
    "baggage,content-type,sentry-trace,traceparent,x-write-id",
    "content-type,x-datadog-origin,x-datadog-trace-id",
    "newrelic, Tracestate ,X-B3-Sampled",
)


@pytest.mark.parametrize("asked", ADDED)
@pytest.mark.parametrize(
    "target", ["/v1/events?write_id=shop_web", "/collect?appId=shop_web", "/ping", "/v1/event"]
)
def test_preflight_allows_each_header_that_is_asked_for(
    harness: Any, target: str, asked: str
) -> None:
    """Monitoring adds headers to all requests of a page; one that is not allowed stops them all."""
    headers = {
        **PAGE,
        "access-control-request-method": "POST",
        "access-control-request-headers": asked,
    }
    answer = harness.request("OPTIONS", target, headers=headers)
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert answer.status == 204
    assert {name.strip().lower() for name in asked.split(",")} <= set(allowed)
    assert len(allowed) == len(set(allowed))


def test_what_is_no_header_is_not_allowed(harness: Any) -> None:
    """Nothing that somebody makes up ends up as a header of ours, and no answer grows for ever."""
    asked = "a\tb, x:y,,\xe9, ok," + ",".join(f"x-{number}" for number in range(2000))
    headers = {**PAGE, "access-control-request-headers": asked}
    answer = harness.request("OPTIONS", "/v1/events", headers=headers)
    allowed = answer.headers["access-control-allow-headers"].split(", ")
    assert "ok" in allowed
    assert not {"a\tb", "x:y", "", "\xe9"} & set(allowed)
    assert len(allowed) < 150


@pytest.mark.parametrize(
    "target",
    [
        "/v1/events/?write_id=shop_web",
        "//v1/events?write_id=shop_web",
        "/v1//events//?write_id=shop_web",
        "/collect/?appId=shop_web",
        "///collect?appId=shop_web",
    ],
)
def test_a_slash_too_many_is_the_same_path(harness: Any, target: str) -> None:
    """Addresses are put together from two settings, each with its own slash."""
    preflight = {**PAGE, "access-control-request-method": "POST"}
    asked = harness.request("OPTIONS", target, headers=preflight)
    answer = harness.request("POST", target, headers=PAGE, body=b'{"name":"t"}')
    assert asked.status == 204
    assert asked.headers["access-control-allow-origin"] == ORIGIN
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert len(harness.records) == 1


def test_slashes_of_the_other_paths_and_of_settings(make_harness: Any) -> None:
    """Whatever answers at all answers with a slash too many."""
    harness = make_harness("collector.aws_collect_path=/in/v2/", "collector.aws_ping_path=/up/")
    for method, target in (
        ("POST", "/in/v2?appId=shop_web"),
        ("POST", "/in//v2/?appId=shop_web"),
        ("GET", "/up"),
        ("GET", "/health/"),
        ("GET", "/v1/pixel.gif/?write_id=shop_web"),
    ):
        assert harness.request(method, target).status == 200, target


@pytest.mark.parametrize("path", ["/v1/event", "/", "/collect/x", "//", "/" + "/" * 5000, ""])
def test_nothing_here_is_told_to_the_page_and_counted(harness: Any, path: str) -> None:
    """A page sees an opaque network error otherwise, and the operator nothing at all."""
    preflight = {**PAGE, "access-control-request-method": "POST"}
    asked = harness.request("OPTIONS", path, headers=preflight)
    answer = harness.request("POST", path, headers=PAGE)
    assert (asked.status, asked.headers["access-control-allow-origin"]) == (204, ORIGIN)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (404, ORIGIN)
    assert harness.metrics.requests == {("none", "not_found"): 2}


@pytest.mark.parametrize(
    ("method", "target", "protocol", "allow"),
    [
        ("DELETE", "/collect", "aws", "GET, POST, OPTIONS"),
        ("GET", "/v1/events", "footfall", "POST, OPTIONS"),
        ("POST", "/v1/pixel.gif", "pixel", "GET"),
    ],
)
def test_another_method_is_told_to_the_page_and_counted(
    harness: Any, method: str, target: str, protocol: str, allow: str
) -> None:
    """All answers but `origin_not_allowed` can be read by the page."""
    answer = harness.request(method, target, headers=PAGE)
    assert (answer.status, answer.headers["allow"]) == (405, allow)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert harness.metrics.requests == {(protocol, "method_not_allowed"): 1}


WRITTEN = [
    ("https://SHOP.test", "https://shop.test"),
    ("https://münchen.test", "https://xn--mnchen-3ya.test"),
    ("https://shop.test:443/", "https://shop.test"),
    ("https://*.Shop.Test", "https://www.shop.test"),
]


@pytest.mark.parametrize(("written", "sent"), WRITTEN)
@pytest.mark.parametrize("is_old", [False, True])
def test_an_origin_matches_however_it_was_written(
    home: Home, make_harness: Any, written: str, sent: str, is_old: bool
) -> None:
    """Browsers know one form; also those count that were stored before anybody looked."""
    with contextlib.closing(Metadata.open(home)) as metadata:
        metadata.set_origins("default", "strict", ("*",) if is_old else (written,))
    if is_old:
        with contextlib.closing(sqlite3.connect(home.metadata_file)) as file, file:
            file.execute(
                "UPDATE apps SET origins = json_array(?) WHERE app_id = 'strict'", [written]
            )
    harness = make_harness()
    for origin, status in ((sent, 200), ("https://evil.test", 403)):
        headers = {"origin": origin, "x-write-id": "strict"}
        assert harness.request("POST", "/v1/events", headers=headers, body=b"{}").status == status
