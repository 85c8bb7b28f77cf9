"""Request ids as text."""

from __future__ import annotations

from typing import Final

REQUEST_ID: Final = b"x-request-id"
"""Header that names the request."""


def request_id_text(request_id: bytes) -> str:
    """The usual form of a UUID."""
    text = request_id.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def request_id_header(request_id: bytes) -> tuple[bytes, bytes]:
    """Header that names the request, as the reference server sends it."""
    return (REQUEST_ID, request_id_text(request_id).encode())
