"""Where a route of a package may have its key: header, body, in order; and what cannot be read."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from footfall.collect._app import CollectApp
from footfall.protocols import Header, InBody, Query, Reply, Route

ROUTE = Route(
    paths=("/api/send",),
    methods=("POST", "PUT"),
    keys=(Query("k"), Header("X-Client-Id"), InBody(("payload", "website")), InBody(("site",))),
    reply=Reply(status=202, body=b'{"id":"<request id>"}', content_type="application/json"),
)


@pytest.fixture
def theirs(harness: Any) -> Any:
    """The harness, with the route of a package."""
    harness.app = CollectApp(
        harness.intake, harness.clock, harness._readiness, {"theirs": (ROUTE,)}
    )
    return harness


BODIES: list[bytes] = [
    b'{"payload":{"website":"shop_web","x":[1]}}',
    b' {"site":"shop_web"}',
    b'[{"site":"shop_web"},{"site":"strict"}]',
    gzip.compress(b'{"a":"' + b"x" * 500_000 + b'","site":"shop_web"}'),
    b'{"payload":null,"site":"shop_web"}',
]
NO_KEY: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"5",
    b'{"site":null}',
    b'{"site":{"a":1}}',
    b'{"payload":[]}',
    b"[" * 100_000,
    b'{"site":"\xff"}',
    gzip.compress(b'{"site":"shop_web"}', mtime=0)[:9],
    gzip.compress(b" " * (2 << 20) + b'{"site":"shop_web"}'),
]


@pytest.mark.parametrize("body", BODIES)
def test_key_in_the_body(theirs: Any, body: bytes) -> None:
    """Some trackers have it nowhere else; the request is kept byte for byte."""
    answer = theirs.request("POST", "/api/send", body=body)
    (record,) = theirs.records
    assert (answer.status, record.app_id, record.body) == (202, "shop_web", body)
    assert json.loads(answer.body) == {"id": answer.headers["x-request-id"]}
    assert record.protocol == "theirs"


@pytest.mark.parametrize("body", NO_KEY)
def test_a_body_without_a_key_is_refused(theirs: Any, body: bytes) -> None:
    """Whatever stands in it: a bomb costs a megabyte, and nothing is kept of nobody's."""
    answer = theirs.request("POST", "/api/send", body=body)
    assert (answer.status, theirs.records) == (401, [])
    assert theirs.metrics.requests == {("theirs", "no_key"): 1}


def test_the_first_place_counts(theirs: Any) -> None:
    """A body is looked into only where nothing before it names a sender."""
    body = b'{"site":"nobody"}'
    theirs.request("POST", "/api/send?k=shop_web", headers={"x-client-id": "strict"}, body=body)
    theirs.request("PUT", "/api/send", headers={"x-client-id": "strict"}, body=body)
    theirs.request("POST", "/api/send", body=body)
    assert [record.app_id for record in theirs.records] == ["shop_web", "strict", None]


def test_refusals_are_the_route_s(theirs: Any) -> None:
    """Origin and method as for ours."""
    body = b'{"site":"strict"}'
    evil = theirs.request("POST", "/api/send", headers={"origin": "https://evil.test"}, body=body)
    other = theirs.request("GET", "/api/send")
    assert (evil.status, other.status, other.headers["allow"]) == (403, 405, "POST, PUT, OPTIONS")
    assert theirs.records == []
