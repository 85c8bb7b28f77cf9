"""The record's bytes: other programs read them by the page that documents them."""

from __future__ import annotations

from pathlib import Path

from footfall.request import Request, decode_request, encode_request

PAGE = Path(__file__).parents[2] / "docs" / "formats" / "request.md"


def test_documented_bytes_are_the_bytes() -> None:
    """A log written today is read by the version of next year."""
    request = Request(
        version=1,
        request_id=bytes.fromhex("018bcfe5680070008000000000000000"),
        received_at=1_700_000_000_000_000,
        protocol="aws",
        app_id="shop",
        credential="shop",
        trusted=False,
        method="POST",
        path="/collect",
        query="appId=shop",
        headers=(),
        client_ip="192.0.2.1",
        body=b"[]",
        body_bytes=2,
    )
    block = PAGE.read_text("utf-8").split("```")[1]
    documented = bytes.fromhex("".join(line.partition(";")[0] for line in block.splitlines()))
    assert documented == encode_request(request)
    assert decode_request(documented) == request
