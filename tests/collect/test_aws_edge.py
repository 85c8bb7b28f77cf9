"""The edge of the AWS Clickstream SDKs: answers as they need them, requests kept as they came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from footfall.clock import HOUR, SECOND, US_PER_MS
from footfall.collect.limits.body import CUT_BYTES
from footfall.errors import DiskFull, Unavailable
from footfall.request import REQUEST_VERSION, Request

TARGET = "/collect?platform=Web&appId={}&event_bundle_sequence_id=5&hashCode=02547c7a"
SHOP = TARGET.format("shop_web")
ORIGIN = "https://www.shop.test"
CORS = {
    "access-control-allow-origin": ORIGIN,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": "Retry-After, X-Request-ID",
    "vary": "Origin",
}
Make = Callable[..., Any]


def test_request_is_kept_as_it_came(harness: Any) -> None:
    """The record is all that decoding will ever see, and holds no cookie and no secret."""
    answer = harness.request(
        "POST",
        SHOP,
        headers={
            "host": "collect.shop.test",
            "origin": ORIGIN,
            "user-agent": "Mözilla/5.0",
            "content-type": "application/json; charset=utf-8",
            "cookie": "session=secret",
            "referer": ORIGIN + "/",
            "x-forwarded-for": "6.6.6.6",
        },
        body=b"\x00\xff[{",
    )
    (record,) = harness.records
    assert answer == (
        200,
        {"content-length": "0", **CORS, "x-request-id": answer.headers["x-request-id"]},
        b"",
    )
    assert answer.headers["x-request-id"].replace("-", "") == record.request_id.hex()
    assert record == Request(
        version=REQUEST_VERSION,
        request_id=record.request_id,
        received_at=harness.clock.now_us(),
        protocol="aws",
        app_id="shop_web",
        credential="shop_web",
        trusted=False,
        method="POST",
        path="/collect",
        query=SHOP.partition("?")[2],
        headers=(
            ("origin", ORIGIN),
            ("user-agent", "Mözilla/5.0"),
            ("content-type", "application/json; charset=utf-8"),
            ("referer", ORIGIN + "/"),
        ),
        client_ip="192.0.2.1",
        body=b"\x00\xff[{",
        body_bytes=4,
    )


def test_answer_without_origin_has_no_cors(harness: Any) -> None:
    """Mobile SDKs and servers send no Origin and need no CORS."""
    answer = harness.request("POST", SHOP, body=b"[]")
    assert (answer.status, sorted(answer.headers)) == (200, ["content-length", "x-request-id"])


def test_get_passes(harness: Any) -> None:
    """The reference server forwards GET; so the request is kept and judged later."""
    assert harness.request("GET", SHOP).status == 200
    assert [(r.method, r.body) for r in harness.records] == [("GET", b"")]


def test_other_methods_do_not(harness: Any) -> None:
    """A DELETE is nobody's event."""
    answer = harness.request("DELETE", SHOP)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST, OPTIONS")


def test_preflight_allows_what_the_sdk_will_send(harness: Any) -> None:
    """With credentials `*` does not do: without these the SDK never sends the POST."""
    answer = harness.request("OPTIONS", SHOP, headers={"origin": ORIGIN})
    allowed = answer.headers.pop("access-control-allow-headers").split(", ")
    assert answer == (
        204,
        {
            **CORS,
            "access-control-allow-methods": "GET, POST, OPTIONS",
            "access-control-max-age": "7200",
        },
        b"",
    )
    assert {"content-type", "user-agent", "content-encoding"} <= set(allowed)
    assert harness.records == []


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://www.shop.test", True),
        ("https://a.b.shop.test", True),
        ("https://shop.test", False),
        ("http://www.shop.test", False),
        ("https://www.shop.test.evil.example", False),
        ("null", False),
    ],
)
def test_origins_of_an_app(harness: Any, origin: str, is_allowed: bool) -> None:
    """A page elsewhere may not send in a site's name; its browser is told at the preflight."""
    headers = {"origin": origin}
    preflight = harness.request("OPTIONS", TARGET.format("strict"), headers=headers)
    post = harness.request("POST", TARGET.format("strict"), headers=headers, body=b"[]")
    assert preflight.status == 204
    assert post.status == (200 if is_allowed else 403)
    assert preflight.headers.get("access-control-allow-origin") == (origin if is_allowed else None)
    assert post.headers.get("access-control-allow-origin") == (origin if is_allowed else None)
    assert len(harness.records) == is_allowed


def test_unknown_id_is_quarantined_within_its_bound(make_harness: Make) -> None:
    """A 200 keeps the data of a site whose id was mistyped; the bound keeps strangers out."""
    harness = make_harness("collector.quarantine_requests_per_hour_max=2")
    statuses = [harness.request("POST", TARGET.format("nobody")).status for _ in range(3)]
    harness.clock.advance(HOUR)
    statuses.append(harness.request("POST", "/collect").status)
    assert statuses == [200, 200, 403, 200]
    assert [(r.app_id, r.credential) for r in harness.records] == [
        (None, "nobody"),
        (None, "nobody"),
        (None, ""),
    ]


def test_unknown_id_is_refused_by_setting(make_harness: Make) -> None:
    """As the reference server does."""
    harness = make_harness("collector.unknown_write_ids=refuse")
    answer = harness.request("POST", TARGET.format("nobody"), headers={"origin": ORIGIN})
    assert answer.status == 403
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert harness.records == []


def test_revoked_id_is_refused(harness: Any) -> None:
    """Whoever revokes an id wants its requests to stop."""
    assert harness.request("POST", TARGET.format("gone")).status == 403
    assert harness.records == []


@pytest.mark.parametrize("parts", [1, 7])
def test_body_over_the_limit_is_kept_cut(make_harness: Make, parts: int) -> None:
    """Refused, the SDK would send it again for ever, and nothing behind it would get through."""
    harness = make_harness("collector.body_bytes_max=100KiB")
    body = bytes(range(256)) * 800
    size = -(-len(body) // parts)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    assert harness.request("POST", SHOP, body=pieces).status == 200
    (record,) = harness.records
    assert (record.body, record.body_bytes) == (body[:CUT_BYTES], len(body))


def test_body_far_over_the_limit_is_not_read_to_its_end(make_harness: Make) -> None:
    """No SDK sends that: it is noted and the connection closed."""
    harness = make_harness("collector.body_bytes_max=1KiB")
    answer = harness.request(
        "POST", SHOP, body=[b"x" * 5000] * 9, headers={"content-length": "1000000"}
    )
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    (record,) = harness.records
    assert (record.body, record.body_bytes) == (b"x" * 1024, 1_000_000)


def test_body_of_just_the_limit_is_whole(make_harness: Make) -> None:
    """The limit itself is allowed."""
    harness = make_harness("collector.body_bytes_max=1KiB")
    for body in ([b"x" * 1024], [b"x" * 1000, b"x" * 24]):
        harness.request("POST", SHOP, body=body)
    assert [(len(r.body), r.body_bytes) for r in harness.records] == [(1024, 1024)] * 2


def test_long_query_is_refused(make_harness: Make) -> None:
    """Queries are bounded; the SDK's own are short."""
    harness = make_harness("collector.query_bytes_max=1KiB")
    assert harness.request("POST", SHOP + "&x=" + "y" * 1024).status == 414
    assert harness.records == []


def test_too_many_requests_of_one_app_are_put_off(make_harness: Make) -> None:
    """One app's flood must not starve another; the SDK keeps what got 503 and sends it later."""
    harness = make_harness("collector.rate_per_app_max=2")
    answers = [harness.request("POST", SHOP, headers={"origin": ORIGIN}) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 200, 200, 200, 503]
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].headers["access-control-allow-origin"] == ORIGIN
    assert harness.request("POST", TARGET.format("strict")).status == 200
    harness.clock.advance(SECOND)
    assert [harness.request("POST", SHOP).status for _ in range(3)] == [200, 200, 503]


def test_full_disk_is_answered_and_over_when_it_is_over(harness: Any) -> None:
    """Nothing is acknowledged that is not stored; the SDK is asked to come back."""
    harness.log.fail_with = DiskFull("full")
    answer = harness.request("POST", SHOP)
    assert (answer.status, answer.headers["retry-after"]) == (503, "30")
    harness.log.fail_with = Unavailable("locked")
    assert harness.request("POST", SHOP).status == 503
    harness.log.fail_with = None
    assert harness.request("POST", SHOP).status == 200
    assert len(harness.records) == 1
    assert harness.metrics.requests == {
        ("aws", "disk_full"): 1,
        ("aws", "unavailable"): 1,
        ("aws", "accepted"): 1,
    }


def test_stopping_collector_takes_nothing_more(harness: Any) -> None:
    """A request that races with the stop is sent again, not lost."""
    harness.loop.run_until_complete(harness.committer.close())
    assert harness.request("POST", SHOP).status == 503
    assert harness.metrics.requests == {("aws", "closing"): 1}


def test_client_that_goes_away_leaves_nothing(harness: Any) -> None:
    """Half a body is no request; the client will send it again."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/collect",
        "raw_path": b"/collect",
        "query_string": b"appId=shop_web",
        "headers": [],
        "client": None,
    }
    assert harness.send(scope, [b"[{"], ends=False).status == 0
    assert harness.records == []
    assert harness.metrics.requests == {("aws", "disconnected"): 1}


def test_path_is_a_setting(make_harness: Make) -> None:
    """Sites that used another server keep their address."""
    harness = make_harness("collector.aws_collect_path=/in/v2", "collector.aws_ping_path=/up")
    assert harness.request("POST", SHOP.replace("/collect", "/in/v2")).status == 200
    assert harness.request("GET", "/up").status == 200
    assert harness.request("POST", SHOP).status == 404


def test_id_is_percent_decoded(harness: Any) -> None:
    """Clients may encode more than they must; what is no UTF-8 is nobody's id."""
    for text in ("shop%5Fweb", "%73hop_web", "%ff", "shop_web%00"):
        harness.request("POST", f"/collect?x=&appId={text}&appId=strict")
    assert [r.app_id for r in harness.records] == ["shop_web", "shop_web", None, None]


def test_ping_says_the_time(harness: Any) -> None:
    """Milliseconds since 1970 with decimals, as the reference server answers."""
    harness.clock.advance(5 * US_PER_MS + 7)
    answer = harness.request("GET", "/ping?appId=shop_web", headers={"origin": ORIGIN})
    assert answer.body == b'{"timestamp": 1700000000005.007}'
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert harness.request("OPTIONS", "/ping", headers={"origin": ORIGIN}).status == 204
