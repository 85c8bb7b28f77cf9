"""Bodies come compressed in many ways, and a bomb costs no more than the limit."""

from __future__ import annotations

import base64
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from tests.decode.builders import AWS_EVENT, decode_one, failures_of, limits

BODY = json.dumps([AWS_EVENT]).encode()
RAW_DEFLATE = zlib.compress(BODY, wbits=-15)


def encoding(name: str) -> tuple[tuple[str, str], ...]:
    return (("content-encoding", name),)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(BODY, (), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + BODY, (), id="byte order mark"),
        pytest.param(b" \r\n\t" + BODY + b"\n", (), id="white space"),
        pytest.param(BODY, encoding("identity"), id="identity"),
        pytest.param(BODY, encoding("gzip"), id="unpacked by a proxy that left the header"),
        pytest.param(gzip.compress(BODY), encoding("gzip"), id="gzip"),
        pytest.param(gzip.compress(BODY), encoding("X-GZIP"), id="x-gzip"),
        pytest.param(gzip.compress(BODY), (), id="gzip without a header"),
        pytest.param(gzip.compress(BODY), encoding("identity"), id="gzip, header says not"),
        pytest.param(
            gzip.compress(BODY[:50]) + gzip.compress(BODY[50:]), encoding("gzip"), id="members"
        ),
        pytest.param(gzip.compress(BODY) + bytes(8), encoding("gzip"), id="gzip with padding"),
        pytest.param(zlib.compress(BODY), encoding("deflate"), id="deflate as zlib"),
        pytest.param(RAW_DEFLATE, encoding("deflate"), id="deflate as raw"),
        pytest.param(brotli.compress(BODY), encoding("br"), id="brotli"),
        pytest.param(zstandard.compress(BODY), encoding("zstd"), id="zstd"),
        pytest.param(
            zstandard.compress(BODY[:50]) + zstandard.compress(BODY[50:]),
            encoding("zstd"),
            id="zstd frames",
        ),
        pytest.param(
            brotli.compress(gzip.compress(BODY)),
            encoding("gzip, br"),
            id="two, undone from the last",
        ),
        pytest.param(base64.b64encode(gzip.compress(BODY)), (), id="base64 of gzip"),
        pytest.param(base64.urlsafe_b64encode(gzip.compress(BODY)), (), id="URL-safe base64"),
        pytest.param(base64.encodebytes(gzip.compress(BODY)), (), id="base64 in lines"),
        pytest.param(base64.b64encode(gzip.compress(BODY)).rstrip(b"="), (), id="no padding"),
        pytest.param(base64.b64encode(BODY), (), id="base64 of JSON"),
    ],
)
def test_every_form_gives_the_same_event(body: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    """Content decides, headers are hints: SDKs and proxies get them wrong."""
    assert decode_one(body, headers=headers).events == decode_one(BODY).events


def test_a_compressed_body_that_begins_like_json() -> None:
    """Compressed bytes may begin with anything; a byte order mark in raw deflate does with `{`."""
    stream = zlib.compressobj(wbits=-15, strategy=zlib.Z_FIXED)
    body = stream.compress(b"\xef\xbb\xbf" + BODY) + stream.flush()
    assert body[:1] == b"{"
    assert decode_one(body, headers=encoding("deflate")).events == decode_one(BODY).events


@pytest.mark.parametrize(
    ("body", "name"),
    [
        pytest.param(gzip.compress(BODY)[:-9], "gzip", id="gzip ends too soon"),
        pytest.param(gzip.compress(BODY)[:20] + b"\xff" * 40, "gzip", id="gzip damaged"),
        pytest.param(brotli.compress(BODY)[:-4], "br", id="brotli ends too soon"),
        pytest.param(b"\xff\xff" + BODY[3:], "br", id="no brotli"),
        pytest.param(zstandard.compress(BODY)[:-4], "zstd", id="zstd ends too soon"),
        pytest.param(b"junk", "zstd", id="no zstd"),
        pytest.param(zlib.compress(BODY)[:-8], "deflate", id="deflate ends too soon"),
        pytest.param(b"junk", "lzma", id="unknown"),
        pytest.param(b"junk", ",".join(["gzip"] * 5), id="too many"),
    ],
)
def test_what_cannot_be_unpacked_is_a_failed_request(body: bytes, name: str) -> None:
    """The bytes are kept with a reason, so they can be looked at and replayed."""
    decoded = decode_one(body, headers=encoding(name))
    (row,) = decoded.failures.to_pylist()
    assert (row["reason"], row["part"], row["payload"]) == ("bad_encoding", "request", body)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "base64"])
def test_a_bomb_is_not_inflated(name: str, layers: int) -> None:
    """24 MiB out of a few KiB: without a bound, one request takes the pipeline down."""
    compress = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": lambda data: brotli.compress(data, quality=3),
        "zstd": zstandard.compress,
        "base64": gzip.compress,
    }[name]
    bomb = bytes(24 << 20)
    for _ in range(layers):
        bomb = compress(bomb)
    headers = encoding(", ".join([name] * layers))
    if name == "base64":
        bomb, headers = base64.b64encode(bomb), ()
    tracemalloc.start()
    try:
        found = failures_of(bomb, settings=limits(inflated_bytes_max=1 << 20), headers=headers)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == [(-1, "body_too_large", None)]
    assert peak < 8 << 20


def test_a_body_cut_by_the_collector_is_too_large() -> None:
    """Its size on the wire is told, and what was kept of it, though its first events look whole."""
    decoded = decode_one(BODY, body_bytes=5_000_000)
    (row,) = decoded.failures.to_pylist()
    assert (row["reason"], row["payload_bytes"], row["payload"]) == (
        "body_too_large",
        5_000_000,
        BODY,
    )


def test_the_limit_holds_for_plain_bodies_as_well() -> None:
    """Settings may allow more on the wire than inflated; the smaller one counts."""
    assert failures_of(BODY, settings=limits(inflated_bytes_max=20)) == [
        (-1, "body_too_large", None)
    ]


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_a_server_key_in_a_body_is_masked(packed: Callable[[bytes], bytes]) -> None:
    """The collector does not read bodies, so this is the first place that can."""
    key = "fsk_" + "0123456789abcdef" * 3
    event = AWS_EVENT | {"attributes": {"note": f"sent with {key}"}}
    decoded = decode_one(packed(json.dumps([event]).encode()))
    [properties] = decoded.events["properties"].to_pylist()
    assert "fsk_01234567********" in properties
    assert key not in properties
