"""Whatever stands in an address, a header or a body: an answer, never a failure of ours."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_from_bytes

from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.scale import scaled

PATHS = ["/collect", "/ping", "/v1/events", "/v1/pixel.gif", "/health", "/ready", "/nothing"]
NAMES = [
    "appId",
    "write_id",
    "platform",
    "hashCode",
    "event_bundle_sequence_id",
    "compression",
    "d",
]
HEADERS = [
    "content-length", "authorization", "x-write-id", "x-write-key", "x-forwarded-for", "origin",
    "content-type", "content-encoding", "user-agent", "referer", "dnt",
]  # fmt: skip
anything = st.binary(max_size=30) | st.sampled_from(
    [b"9" * 5000, b"-1", b"%d" % (1 << 64), b"\xff\xfe", b"%zz", b"[::1", b"1:2:3", b"Basic ====",
     b"Bearer fsk_" + b"x" * 200, b"shop_web", b"::ffff:1.2.3.4, 5.6.7.8:9"]
)  # fmt: skip


@hypothesis_settings(
    max_examples=scaled(80, 5000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    method=st.sampled_from(["GET", "POST", "OPTIONS", "HEAD", "PUT"]),
    path=st.sampled_from(PATHS),
    query=st.lists(st.tuples(st.sampled_from(NAMES), anything, st.booleans()), max_size=3),
    headers=st.dictionaries(st.sampled_from(HEADERS), anything, max_size=4),
    body=anything | st.integers(1, 60_000).map(lambda depth: b"[" * depth),
)
@example("GET", "/v1/pixel.gif", [("d", b"[" * 9000, True)], {}, b"")
@example("POST", "/v1/events", [], {"content-length": b"9" * 19}, b"[]")
def test_no_request_fails(
    harness: Any,
    method: str,
    path: str,
    query: list[tuple[str, bytes, bool]],
    headers: dict[str, bytes],
    body: bytes,
) -> None:
    """What is wrong with a request is the client's to hear, or found out when it is decoded."""
    pairs = (
        f"{name}={quote_from_bytes(value) if is_quoted else value.decode('latin-1')}"
        for name, value, is_quoted in query
    )
    target = f"{path}?{'&'.join(pairs)}"
    answer = harness.request(
        method,
        target,
        headers={name: value.decode("latin-1") for name, value in headers.items()},
        body=body,
        peer="10.0.0.1",
    )
    assert 200 <= answer.status < 500
    if answer.headers.get("content-type") == "application/problem+json":
        problem = json.loads(answer.body)
        assert problem["status"] == answer.status
        assert problem["detail"]
