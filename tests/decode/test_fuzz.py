"""Whatever bytes come, decoding does not raise and both sums hold."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import brotli
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode import decode
from footfall.event import FAILED_SCHEMA, FailureReason
from footfall.request import LoggedRequest
from tests.decode.builders import SETTINGS, captured, limits, logged
from tests.decode.test_footfall import FULL
from tests.scale import scaled

CAPTURED = [request.request.body for name in ("immediate", "batch") for request in captured(name)]
OWN = [
    json.dumps(body).encode() for body in (FULL, [FULL, FULL], {"events": [FULL], "context": FULL})
]
TINY = limits(
    events_per_request_max=3, payload_bytes_max=16, text_bytes_max=24, inflated_bytes_max=4000
)
NASTY = [
    *(b"NaN", b"Infinity", b"1e999", b"-0", b"9" * 400, b"1e-400", b"0x10", b"\\ud800", b"\\u0000"),
    *(
        b"\x00",
        b"\xff",
        b"\xed\xa0\x80",
        b"[" * 300,
        b"{" * 300,
        b"]",
        b"}",
        b'"',
        b"\\",
        b",",
        b":",
    ),
    *(b"null", b"true", b'{"event_id":', b"\n", b"\xef\xbb\xbf", b'"events":[', b"\xf0\x9f\x8e"),
    *(b"18446744073709551616", b"-9223372036854775809", b"253402300800000", b"{}", b"[]"),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A real body with some bytes cut, doubled or put in."""
    body = draw(st.sampled_from(CAPTURED + OWN))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 40)))
        body = body[:start] + draw(st.sampled_from([b"", body[start:end] * 2, *NASTY])) + body[end:]
    return body


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FULL, "events", "context", "x"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@st.composite
def wrong_types(draw: st.DrawFn) -> bytes:
    """A good event with some values of any type."""
    base = draw(st.sampled_from([FULL, json.loads(CAPTURED[0])[0]]))
    changed: dict[str, Any] = {**base}
    for key in draw(st.lists(st.sampled_from(sorted(base)), max_size=3)):
        changed[key] = draw(json_values)
    return json.dumps([base, changed, base]).encode()


bodies = st.one_of(
    mutated(),
    wrong_types(),
    st.binary(max_size=60),
    json_values.map(lambda v: json.dumps(v).encode()),
)
packers = st.sampled_from(
    [bytes, gzip.compress, zlib.compress, brotli.compress, zstandard.compress, base64.b64encode,
     lambda body: base64.b64encode(gzip.compress(body))]
)  # fmt: skip
header_values = st.sampled_from(
    ["gzip", "br", "deflate", "zstd", "identity", "gzip, br", "x", ",,"]
)


@st.composite
def requests(draw: st.DrawFn) -> LoggedRequest:
    body = draw(packers)(draw(bodies))
    if draw(st.integers(0, 9)) == 0:
        body = body[: draw(st.integers(0, len(body)))]
    headers = [("user-agent", draw(st.text(max_size=5)))]
    if draw(st.booleans()):
        headers.append(("content-encoding", draw(header_values)))
    return logged(
        body,
        protocol=draw(st.sampled_from(["aws", "footfall", "pixel"])),
        query=draw(
            st.sampled_from(
                ["", "platform=Web&upload_timestamp=x", "a=%ff&&=", "name=%00&value=1e5&&;"]
            )
        ),
        headers=tuple(headers),
        trusted=draw(st.booleans()),
        app_id=draw(st.sampled_from(["shop", "shop_web", None])),
        body_bytes=len(body) + draw(st.sampled_from([0, 0, 0, 5])),
        request_id=draw(st.binary(min_size=16, max_size=16)),
    )


@settings(max_examples=scaled(200, 8000), deadline=None)
@given(st.lists(requests(), max_size=3), st.sampled_from([SETTINGS, TINY]))
def test_every_record_is_an_event_or_a_failure(batch: list[LoggedRequest], limit: Any) -> None:
    """No bytes raise or are an internal error; no record is lost or counted twice.

    And no column holds what it must not.
    """
    decoded = decode(batch, limit)
    ledger = decoded.ledger
    assert ledger.problems() == []
    assert (ledger.requests, ledger.events) == (len(batch), decoded.events.num_rows)
    assert ledger.failed + ledger.undecodable == decoded.failures.num_rows
    decoded.events.validate(full=True)
    decoded.failures.validate(full=True)
    assert decoded.failures.schema.equals(FAILED_SCHEMA)
    reasons = decoded.failures.column("reason").to_pylist()
    assert FailureReason.INTERNAL not in reasons
    for row in decoded.failures.to_pylist():
        assert len(row["payload"]) <= min(limit.payload_bytes_max, row["payload_bytes"])
    for row in decoded.events.to_pylist():
        for column in ("properties", "user_properties", "items"):
            text = row[column]
            assert text is None or isinstance(json.loads(text), dict | list)
            assert text is None or len(text.encode()) <= limit.text_bytes_max
