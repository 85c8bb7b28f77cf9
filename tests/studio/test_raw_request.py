"""Bodies as a person can read them, whatever was done to them on the way."""

from __future__ import annotations

import base64
import gzip
import zlib

import brotli
import msgspec
import pytest
import zstandard

from footfall.request import LoggedRequest, Request
from footfall.studio.api.events.raw_request import SHOWN_BYTES_MAX, RawRequest, raw_request

TEXT = '[{"event_type": "Größe ✓"}]'


def view(
    body: bytes, encoding: str = "", query: str = "", body_bytes: int | None = None
) -> RawRequest:
    headers = (("content-encoding", encoding),) if encoding else ()
    size = len(body) if body_bytes is None else body_bytes
    request = Request(
        1,
        bytes(16),
        0,
        "aws",
        "shop",
        "fw",
        False,
        "POST",
        "/collect",
        query,
        headers,
        "",
        body,
        size,
    )
    return raw_request(LoggedRequest(3, request))


@pytest.mark.parametrize(
    ("body", "encoding", "query", "undone"),
    [
        (TEXT.encode(), "", "", ()),
        (TEXT.encode(), "identity", "", ()),
        (gzip.compress(TEXT.encode()), "gzip", "", ("gzip",)),
        (zlib.compress(TEXT.encode()), "deflate", "", ("deflate",)),
        (brotli.compress(TEXT.encode()), "BR", "", ("br",)),
        (zstandard.compress(TEXT.encode()), "zstd", "", ("zstd",)),
        (gzip.compress(brotli.compress(TEXT.encode())), "br, gzip", "", ("gzip", "br")),
        (
            base64.b64encode(gzip.compress(TEXT.encode())),
            "",
            "appId=x&compression=gzip",
            ("base64", "gzip"),
        ),
    ],
    ids=["plain", "identity", "gzip", "deflate", "br", "zstd", "br in gzip", "gzip as text"],
)
def test_body_is_made_readable(
    body: bytes, encoding: str, query: str, undone: tuple[str, ...]
) -> None:
    """Whoever looks for a fault wants to read what was sent, and how it came."""
    found = view(body, encoding, query)
    assert (found.body, found.is_base64, found.undone) == (TEXT, False, undone)


def test_bad_body_is_shown_as_it_came() -> None:
    """The requests one most wants to look at are those that are broken."""
    found = view(b"\xff\xfe", "gzip")
    assert (found.body, found.is_base64, found.undone) == ("//4=", True, ())


@pytest.mark.parametrize(
    ("encode", "name"),
    [(gzip.compress, "gzip"), (brotli.compress, "br"), (zstandard.compress, "zstd")],
)
def test_bomb_is_cut(encode: object, name: str) -> None:
    """A small body that inflates without end must not fill the memory or the page."""
    assert callable(encode)
    found = view(encode(b"a" * 50_000_000), name)
    assert (len(found.body), found.is_cut) == (SHOWN_BYTES_MAX, True)


def test_cut_in_a_character() -> None:
    """A cut at a byte must not make a text unreadable."""
    found = view(b"a" + "é".encode() * SHOWN_BYTES_MAX)
    assert found.body == "a" + "é" * (SHOWN_BYTES_MAX // 2 - 1)
    assert not found.is_base64


def test_body_cut_by_the_collector_says_so() -> None:
    assert view(b"abc", body_bytes=10).is_cut


def test_server_keys_are_masked() -> None:
    """A log of an earlier version, and a compressed body, may have a secret: it is not shown."""
    key = "fsk_" + "0123456789ab" * 4
    body = gzip.compress(f'[{{"k": "{key}"}}]'.encode())
    headers = (("content-encoding", "gzip"), ("referer", f"https://shop.example/?k={key}"))
    found = raw_request(
        LoggedRequest(
            0,
            Request(
                version=1,
                request_id=bytes(16),
                received_at=0,
                protocol="footfall",
                app_id=None,
                credential=key,
                trusted=False,
                method="POST",
                path="/v1/events",
                query=f"write_id=%66sk%5F{key[4:]}&é",
                headers=headers,
                client_ip="203.0.113.9",
                body=body,
                body_bytes=len(body),
            ),
        )
    )
    shown = msgspec.json.encode(found).decode()
    assert key[12:] not in shown
    assert shown.count("****") >= 4
    assert found.query.endswith("&é")
