"""Requests made to cost as much as they can, for tests and benchmarks.

`hostile_texts` has the texts. `requests` wraps each as a stranger would: as it is, and compressed
so that little is received and as much unpacked as may be.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import brotli
import zstandard

from footfall.decode.blocks.body import UNPACKED_BYTES_FREE
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings
from tests.decode.builders import AWS_EVENT, RECEIVED_AT, logged
from tests.decode.hostile_texts import EVENTS, KINDS, MIB, Kind

EMPTY_GZIP: Final = gzip.compress(b"", mtime=0)
"""A member without anything in it."""


class Hostile(NamedTuple):
    """A request and what is hostile about it."""

    name: str
    logged: LoggedRequest

    @property
    def received(self) -> int:
        """Bytes that were sent for it, lines of the head aside."""
        request = self.logged.request
        return len(request.body) + len(request.query) + sum(len(v) for _, v in request.headers)


def padded(body: bytes, size: int) -> bytes:
    """A Zstandard body as large as `size`: a frame that decoders skip earns it more to unpack."""
    room = max(0, size - len(body) - 8)
    return body + b"\x50\x2a\x4d\x18" + struct.pack("<I", room) + bytes(room)


def stored_gzip(data: bytes) -> bytes:
    return gzip.compress(data, 0, mtime=0)


def compressed_requests(settings: DecodeSettings) -> Iterator[Hostile]:
    """What is hostile about the compression, whatever it holds."""
    most = settings.inflated_bytes_max
    free = UNPACKED_BYTES_FREE
    members = {"empty members": EMPTY_GZIP, "tiny members": gzip.compress(b" ", mtime=0)}
    bodies: list[tuple[str, str, bytes]] = []
    for name, one in members.items():
        for label, size in (("small", free), ("large", most)):
            packed = zstandard.compress(one * (size // len(one)))
            body = packed if label == "small" else padded(packed, most // 200)
            bodies.append((f"{name} in zstd, {label}", "zstd", body))
        bodies.append((f"{name}, as they are", "gzip", one * (MIB // len(one))))
    frames = zstandard.compress(b"")
    bodies.append(("empty frames", "zstd", frames * (MIB // len(frames))))
    wide = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=23)
    ).compressobj()
    frame = wide.compress(b" ") + wide.flush()
    bodies.append(("frames of wide windows", "zstd", frame * (MIB // len(frame))))
    bodies.append(("skipped frames", "zstd", b"\x50\x2a\x4d\x18\0\0\0\0" * (MIB // 8)))
    text = b"[" + b" " * (most - 2) + b"]"
    bodies.append(("bomb", "br", brotli.compress(text, quality=3)))
    deep = brotli.compress(brotli.compress(brotli.compress(text, quality=3), quality=3), quality=3)
    bodies.append(("bomb in bombs", "br, br, br", deep))
    layered = zstandard.compress(gzip.compress(base64.b64encode(gzip.compress(text[:free]))))
    bodies.append(("base64 in gzip in zstd", "zstd", layered))
    noise = zstandard.compress(b"A \n" * (free // 3))
    bodies.append(("base64 with spaces", "zstd", noise))
    bodies.append(("stored in stored", "gzip", stored_gzip(stored_gzip(stored_gzip(b"[" * MIB)))))
    for name, encoding, body in bodies:
        headers = (("content-encoding", encoding),)
        yield Hostile(f"compressed: {name}", logged(body[:MIB], headers=headers))


def head_requests() -> Iterator[Hostile]:
    """What is hostile about query and headers."""
    many = "&".join(f"{number:x}" for number in range(12_000))
    escapes = "a=" + "%41" * 21_000
    events = json.dumps([AWS_EVENT] * 200).encode()
    agents = {
        "letters": "a" * 8192,
        "names of bots": "bo " * 2700,
        "versions": "Mozilla/5.0 (" + "1." * 4000,
    }
    yield Hostile("head: many parameters", logged(events, query=many))
    yield Hostile("head: many parameters, plus signs", logged(events, query=many + "+"))
    yield Hostile("head: escapes", logged(events, query=escapes))
    for query in (many, escapes, "value=" + "9" * 60_000, "url=" + "%2541a" * 10_000):
        changes = {"protocol": "pixel", "method": "GET", "query": query}
        yield Hostile(f"pixel: {query[:12]}…", logged(b"", **changes))
    for name, agent in agents.items():
        headers = (("user-agent", agent), ("accept-language", "a;" * 4000))
        yield Hostile(f"head: user agent of {name}", logged(events, headers=headers))
    yield Hostile("head: unknown key", logged(EMPTY_GZIP * 40_000, app_id=None))


def requests(settings: DecodeSettings, names: frozenset[str] | None = None) -> Iterator[Hostile]:
    """All of them, each made when it is asked for."""
    for name, make in KINDS.items():
        if names is not None and name not in names:
            continue
        for protocol in EVENTS:
            yield from wrapped(name, make, protocol, settings)
    if names is None:
        yield from compressed_requests(settings)
        yield from head_requests()


def wrapped(name: str, make: Kind, protocol: str, settings: DecodeSettings) -> Iterator[Hostile]:
    """A kind as it is, in a kilobyte or two, and in as little as unpacks to the most."""
    most = settings.inflated_bytes_max
    headers = (("content-encoding", "zstd"),)
    plain = make(MIB - 4096, protocol)[:MIB]
    small = zstandard.compress(make(UNPACKED_BYTES_FREE - 4096, protocol))
    large = padded(zstandard.compress(make(most - 8192, protocol)), most // 200)
    for label, body, sent in (
        ("plain", plain, ()),
        ("small", small, headers),
        ("large", large, headers),
    ):
        changes = {"protocol": protocol, "headers": sent, "received_at": RECEIVED_AT}
        yield Hostile(f"{name}, {protocol}, {label}", logged(body, **changes))
