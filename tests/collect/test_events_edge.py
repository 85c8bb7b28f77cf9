"""Our own protocol: keys in every place, and refusals a client can act on."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]
ORIGIN = "https://www.shop.test"


def basic(user: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_request_is_taken_and_named(harness: Any) -> None:
    """The answer names the request, so that a person can find it."""
    answer = harness.request(
        "POST", "/v1/events", headers={"x-write-id": "shop_web", "origin": ORIGIN}, body=b"{}"
    )
    (record,) = harness.records
    body = json.loads(answer.body)
    assert body == {"accepted": True, "request_id": answer.headers["x-request-id"]}
    assert body["request_id"].replace("-", "") == record.request_id.hex()
    assert answer.status == 200
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert (record.protocol, record.app_id, record.body) == ("footfall", "shop_web", b"{}")


@pytest.mark.parametrize("content_type", ["text/plain;charset=UTF-8", "application/json", "", "x"])
def test_any_content_type_is_taken(harness: Any, content_type: str) -> None:
    """text/plain needs no preflight; what the body is, its bytes say."""
    headers = {"content-type": content_type}
    answer = harness.request("POST", "/v1/events?write_id=shop_web", headers=headers, body=b"\xff")
    assert answer.status == 200


def test_key_is_found_wherever_it_is(harness: Any, keys: Any) -> None:
    """A header, the query (sendBeacon has no headers), Bearer, Basic; only a secret is trusted."""
    places: list[tuple[str, dict[str, str]]] = [
        ("", {"x-write-id": "shop_web"}),
        ("", {"x-write-key": "shop_web"}),
        ("?write_id=shop_web", {}),
        ("", {"authorization": basic("shop_web")}),
        ("", {"authorization": f"Bearer {keys.server}"}),
        ("", {"authorization": f"bearer  {keys.server} "}),
        ("", {"authorization": basic(keys.server)}),
        ("", {"authorization": basic("", keys.server)}),
        ("?write_id=strict", {"authorization": f"Bearer {keys.server}", "x-write-id": "strict"}),
    ]
    for query, headers in places:
        answer = harness.request("POST", "/v1/events" + query, headers=headers, body=b"{}")
        assert answer.status == 200, (query, headers)
    shown = keys.server[:12]
    assert [(r.app_id, r.credential, r.trusted) for r in harness.records] == [
        ("shop_web", "shop_web", False)
    ] * 4 + [("shop_web", shown, True)] * 5


def test_secret_is_nowhere_in_the_log(harness: Any, keys: Any) -> None:
    """Who reads the log cannot send as a server."""
    harness.request("POST", "/v1/events", headers={"authorization": f"Bearer {keys.server}"})
    records = harness.log.read(0, records_max=9, bytes_max=1 << 20)
    assert records
    assert not any(keys.server.encode() in record for _, record in records)


def problem(answer: Any) -> tuple[int, str, bool]:
    """An error answer in short, after checking that it is one."""
    body = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(body) == {"type", "title", "status", "code", "detail", "retryable"}
    assert (body["status"], body["type"]) == (
        answer.status,
        f"urn:footfall:problem:{body['code']}",
    )
    return answer.status, body["code"], body["retryable"]


def test_request_without_a_key_is_refused(harness: Any) -> None:
    """The message says where a key goes."""
    for headers in ({}, {"authorization": "Digest x"}, {"authorization": "Basic %%%"}):
        answer = harness.request("POST", "/v1/events", headers=headers)
        assert problem(answer) == (401, "no_key", False)
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_bad_server_keys_are_refused(harness: Any, keys: Any) -> None:
    """A wrong secret is a mistake of its operator, who must see it; it is never quarantined."""
    answers = [
        problem(harness.request("POST", "/v1/events", headers={"authorization": f"Bearer {key}"}))
        for key in ("fsk_" + "0" * 48, keys.revoked_server)
    ]
    assert answers == [(401, "unknown_key", False), (403, "revoked_key", False)]
    assert harness.records == []


def test_unknown_key_is_not_refused_for_good_while_keys_cannot_be_looked_up(
    make_harness: Make,
) -> None:
    """It may be one that was just made: whoever sends keeps the events and tries again."""
    harness = make_harness()
    harness.directory.is_sure = False
    answers = [
        harness.request("POST", "/v1/events", headers=headers)
        for headers in ({"x-write-id": "new"}, {"authorization": "Bearer fsk_" + "0" * 48})
    ]
    assert [problem(answer) for answer in answers] == [(503, "unavailable", True)] * 2
    assert all(answer.headers["retry-after"] for answer in answers)
    assert harness.records == []


def test_unknown_write_id_is_quarantined_or_refused(make_harness: Make) -> None:
    """By setting, and within the bound."""
    harness = make_harness("collector.quarantine_requests_per_hour_max=1")
    answers = [harness.request("POST", "/v1/events?write_id=" + "n" * 999) for _ in range(2)]
    assert answers[0].status == 200
    assert problem(answers[1]) == (403, "unknown_key", False)
    assert [(r.app_id, r.credential) for r in harness.records] == [(None, "n" * 128)]


@pytest.mark.parametrize("declared", [True, False])
def test_body_over_the_limit_is_refused(make_harness: Make, declared: bool) -> None:
    """Our clients make smaller batches then; nothing is read of a body that says its size."""
    harness = make_harness("collector.body_bytes_max=1KiB")
    headers = {"x-write-id": "shop_web", "origin": ORIGIN}
    if declared:
        headers["content-length"] = "1025"
    answer = harness.request("POST", "/v1/events", headers=headers, body=[b"x" * 1000, b"x" * 25])
    assert problem(answer) == (413, "body_too_large", False)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert harness.records == []


def test_refusals_that_pass_say_when(make_harness: Make) -> None:
    """429 and 503 carry Retry-After, which pages may read."""
    harness = make_harness("collector.rate_per_app_max=1")
    answers = [harness.request("POST", "/v1/events?write_id=shop_web") for _ in range(3)]
    assert problem(answers[2]) == (429, "rate", True)
    assert answers[2].headers["retry-after"] == "1"


def test_many_bodies_at_once_are_bounded(make_harness: Make) -> None:
    """Slow uploads hold memory: beyond the bound they are put off, and what they held is free."""
    harness = make_harness("collector.pending_bytes_max=1KiB")
    for _ in range(2):
        answer = harness.request("POST", "/v1/events?write_id=shop_web", body=[b"x" * 600] * 2)
        assert problem(answer) == (503, "overloaded", True)
    answer = harness.request("POST", "/v1/events?write_id=shop_web", body=[b"x" * 300] * 2)
    assert answer.status == 200


def test_overload_is_told_before_a_body_is_read(make_harness: Make) -> None:
    """A collector that has too much to do must not take in bodies that it will not keep."""
    harness = make_harness("collector.pending_bytes_max=1KiB")
    harness.committer.pending_bytes = 1000
    read: list[dict[str, Any]] = []
    for path in ("/v1/events?write_id=shop_web", "/collect?appId=shop_web"):
        headers = {"content-length": "25"}
        answer = harness.request("POST", path, headers=headers, body=[b"x" * 25], read=read)
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert (read, harness.records) == ([], [])
    harness.committer.pending_bytes = 0


def test_origin_is_checked_where_the_key_is_known(harness: Any) -> None:
    """A preflight shows a write id in the query only; the POST is checked in any case."""
    evil = {"origin": "https://evil.example"}
    by_query = harness.request("OPTIONS", "/v1/events?write_id=strict", headers=evil)
    by_header = harness.request("OPTIONS", "/v1/events", headers=evil)
    post = harness.request("POST", "/v1/events", headers={**evil, "x-write-id": "strict"})
    assert "access-control-allow-origin" not in by_query.headers
    assert by_header.headers["access-control-allow-origin"] == "https://evil.example"
    assert problem(post) == (403, "origin_not_allowed", False)
    assert "access-control-allow-origin" not in post.headers


def test_only_post_sends_events(harness: Any) -> None:
    """GET is for the pixel."""
    assert problem(harness.request("GET", "/v1/events?write_id=shop_web"))[0] == 405
    answer = harness.request("POST", "/v1/events?write_id=shop_web&x=" + "y" * 20_000)
    assert problem(answer) == (414, "query_too_long", False)
