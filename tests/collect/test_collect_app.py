"""What is not an event: health, readiness, metrics, paths that nothing is at, too many clients."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from footfall.errors import DiskFull
from footfall.positions import Place
from tests.scale import scaled

Make = Callable[..., Any]


def test_health_and_readiness(harness: Any) -> None:
    """Alive says that the process answers; ready, that the log takes requests."""
    assert harness.request("GET", "/health").status == 200
    assert harness.request("GET", "/ready").status == 200
    harness.readiness_error = DiskFull("disk is full")
    answer = harness.request("GET", "/ready")
    assert (answer.status, json.loads(answer.body)["code"]) == (503, "disk_full")
    assert harness.request("GET", "/health").status == 200


def test_unknown_path(harness: Any) -> None:
    """A typing mistake in a client's address must show."""
    answer = harness.request("POST", "/v1/event")
    assert (answer.status, json.loads(answer.body)["code"]) == (404, "not_found")


def test_metrics_count_what_became_of_requests(make_harness: Make) -> None:
    """Each request is in one outcome; the text is what Prometheus reads."""
    harness = make_harness("collector.body_bytes_max=1KiB")
    harness.request("POST", "/collect?appId=shop_web", body=b"12345")
    harness.request("POST", "/collect?appId=shop_web", body=b"x" * 2000)
    harness.request("POST", "/collect?appId=nobody")
    harness.request("POST", "/collect?appId=gone")
    harness.request("POST", "/v1/events")
    families = {
        family.name: family
        for family in text_string_to_metric_families(
            harness.request("GET", "/metrics").body.decode()
        )
    }
    requests = {
        (sample.labels["protocol"], sample.labels["outcome"]): sample.value
        for sample in families["footfall_collector_requests"].samples
    }
    assert requests == {
        ("aws", "accepted"): 1,
        ("aws", "cut"): 1,
        ("aws", "quarantined"): 1,
        ("aws", "revoked_key"): 1,
        ("footfall", "no_key"): 1,
    }
    appended = families["footfall_collector_append_requests"].samples
    assert [s.value for s in appended if s.name.endswith("_sum")] == [3]
    assert [s.value for s in families["footfall_collector_body_bytes"].samples] == [2005]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/collect?appId=shop_web", 503),
        ("/v1/events", 503),
        ("/v1/pixel.gif", 503),
        ("/health", 200),
    ],
)
def test_too_many_connections_are_refused(harness: Any, target: str, status: int) -> None:
    """A bound on memory and descriptors; a check by a load balancer is answered all the same."""
    harness.app.is_full = lambda: True
    assert harness.request("POST", target, headers={"origin": "https://a.example"}).status == status
    harness.app.is_full = lambda: False
    assert harness.request("POST", "/collect?appId=shop_web").status == 200


def test_no_answer_before_the_log_has_it(harness: Any) -> None:
    """The promise: as long as the append has not returned, no byte of an answer is sent."""
    gate, entered = threading.Event(), threading.Event()
    append = harness.log.append

    def held_append(records: Sequence[bytes]) -> Place:
        entered.set()
        assert gate.wait(60)
        return append(records)

    harness.log.append = held_append
    sent: list[Any] = []

    async def test() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"[]", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/collect",
            "raw_path": b"/collect",
            "query_string": b"appId=shop_web",
            "headers": [],
            "client": ("192.0.2.1", 1),
        }
        answering = asyncio.ensure_future(harness.app(scope, receive, send))
        await asyncio.to_thread(entered.wait, 20)
        for _ in range(20):
            await asyncio.sleep(0)
        assert not sent
        gate.set()
        await asyncio.wait_for(answering, 20)

    harness.loop.run_until_complete(test())
    assert [message.get("status") for message in sent] == [200, None]


TEXTS = st.binary(max_size=40) | st.sampled_from([b"shop_web", b"fsk_0", b"Basic Og==", b"-1", b""])
NAMES = st.binary(max_size=9) | st.sampled_from(
    b"content-length authorization x-write-id x-write-key origin user-agent x-forwarded-for"
    b" content-encoding cookie".split()
)
PATHS = st.sampled_from(["/collect", "/v1/events", "/v1/pixel.gif", "/ping", "/ready", "/metrics"])
SCOPES = st.fixed_dictionaries(
    {
        "type": st.just("http"),
        "method": st.sampled_from(["GET", "POST", "OPTIONS", "HEAD", "PUT", "é"]),
        "path": PATHS | st.text(max_size=9),
        "raw_path": st.binary(max_size=9),
        "query_string": st.binary(max_size=60)
        | TEXTS.map(lambda text: b"appId=" + text)
        | TEXTS.map(lambda text: b"write_id=" + text),
        "headers": st.lists(st.tuples(NAMES, TEXTS), max_size=6),
        "client": st.none() | st.tuples(st.just("10.0.0.1"), st.just(1)),
    }
)


@pytest.fixture
def fuzzed(make_harness: Make) -> Any:
    """One harness for all examples."""
    return make_harness(
        'collector.trusted_proxies=["10.0.0.0/8"]',
        "collector.body_bytes_max=50B",
        "collector.quarantine_requests_per_hour_max=10000",
    )


@hypothesis_settings(
    max_examples=scaled(100, 4000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    scope=SCOPES, parts=st.lists(st.binary(max_size=30), min_size=1, max_size=4), ends=st.booleans()
)
def test_no_request_makes_it_fail(
    fuzzed: Any, scope: dict[str, Any], parts: list[bytes], ends: bool
) -> None:
    """Whatever comes is answered below 500, and what was taken is kept byte for byte."""
    before = fuzzed.log.ends()[0]
    answer = fuzzed.send(scope, parts, ends=ends)
    added = fuzzed.records[before:]
    assert answer.status < 500
    if answer.status == 200 and scope["path"] in ("/collect", "/v1/events", "/v1/pixel.gif"):
        assert [(r.body, r.query.encode("latin-1")) for r in added] == [
            (b"".join(parts)[:50], scope["query_string"])
        ]
    else:
        assert added == []
