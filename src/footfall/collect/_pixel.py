"""Edge for places where only an image loads: `GET /v1/pixel.gif`, one event in the query."""

from __future__ import annotations

import base64
from typing import Final

from footfall.collect._http import (
    Answer,
    Receive,
    Scope,
    Send,
    parameter,
    read_headers,
    send_answer,
)
from footfall.collect._intake import Intake
from footfall.collect._refusals import PIXEL_STATUS, Refusal, text_answers
from footfall.collect._respond import respond

PROTOCOL: Final = "pixel"
GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent GIF of one pixel: 43 bytes."""

_NO_STORE: Final = "cache-control: no-store"
_TAKEN: Final = Answer.of(200, GIF, "image/gif", _NO_STORE)
_REFUSED: Final = text_answers(PIXEL_STATUS)
_NOT_ALLOWED: Final = Answer.of(405, b"", "", "allow: GET")


class Pixel:
    """`GET /v1/pixel.gif`."""

    def __init__(self, intake: Intake) -> None:
        """Wire the parts."""
        self._intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "GET":
            await send_answer(send, _NOT_ALLOWED, [])
            return
        seen = read_headers(scope["headers"])
        query = scope["query_string"]
        if len(query) > self._intake.settings.query_bytes_max:
            await self._refuse(scope, send, Refusal.QUERY_TOO_LONG, seen.origin)
            return
        write_id = parameter(query, b"write_id")
        if not write_id:
            await self._refuse(scope, send, Refusal.NO_KEY, seen.origin)
            return
        sender = self._intake.by_write_id(write_id)
        refusal = self._intake.check(sender, seen)
        if refusal is not None:
            await self._refuse(scope, send, refusal, seen.origin)
            return
        taken = await self._intake.take(PROTOCOL, scope, receive, seen, sender, cut=True)
        if isinstance(taken, Refusal):
            await self._refuse(scope, send, taken, seen.origin)
        elif taken is not None:
            await respond(scope, send, _TAKEN, seen.origin, request_id=taken.request_id)

    async def refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        """Refuse without looking at the request."""
        await self._refuse(scope, send, refusal, read_headers(scope["headers"]).origin)

    async def _refuse(
        self, scope: Scope, send: Send, refusal: Refusal, origin: bytes | None
    ) -> None:
        self._intake.refuse(PROTOCOL, refusal)
        if refusal is Refusal.ORIGIN_NOT_ALLOWED:
            origin = None
        await respond(scope, send, _REFUSED[refusal], origin)
