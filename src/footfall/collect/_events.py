"""Edge of our own protocol: `POST /v1/events`.

The key comes in a header, in the query (so that `sendBeacon` works) or, for servers, as
`Authorization`. Any content type is taken: text/plain spares a page the preflight.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from footfall.collect._cors import PREFLIGHT, answer_headers, preflight_headers
from footfall.collect._http import (
    Answer,
    Receive,
    Scope,
    Seen,
    Send,
    parameter,
    read_headers,
    send_answer,
)
from footfall.collect._ids import request_id_text
from footfall.collect._intake import Intake, Sender
from footfall.collect._refusals import EVENTS_STATUS, Refusal, problem, problem_answers
from footfall.collect._respond import respond
from footfall.project import SERVER_KEY_PREFIX

PROTOCOL: Final = "footfall"
_REFUSED: Final = problem_answers(EVENTS_STATUS)
_UNKNOWN_SERVER_KEY: Final = Answer.of(
    401,
    problem(401, Refusal.UNKNOWN_KEY.value, "nobody knows this server key", retryable=False),
    "application/problem+json",
    "cache-control: no-store",
    'www-authenticate: Bearer realm="footfall"',
)
_NOT_ALLOWED: Final = Answer.of(
    405,
    problem(405, "method_not_allowed", "send events with POST", retryable=False),
    "application/problem+json",
    "allow: POST, OPTIONS",
)
_BODY: Final = '{"accepted":true,"request_id":"%s"}'
_QUARANTINED_BODY: Final = '{"accepted":true,"quarantined":true,"request_id":"%s"}'
"""Kept as failed events, since nobody knows the write id: a client that can read is told."""


def _taken(body: str) -> Answer:
    return Answer.of(200, (body % request_id_text(bytes(16))).encode(), "application/json")


_TAKEN: Final = _taken(_BODY)
_QUARANTINED: Final = _taken(_QUARANTINED_BODY)


class Events:
    """`POST /v1/events`."""

    def __init__(self, intake: Intake) -> None:
        """Wire the parts."""
        self._intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        intake = self._intake
        seen = read_headers(scope["headers"])
        if scope["method"] == "OPTIONS":
            await self._preflight(scope, send, seen)
            return
        if scope["method"] != "POST":
            await send_answer(send, _NOT_ALLOWED, answer_headers(seen.origin))
            return
        if len(scope["query_string"]) > intake.settings.query_bytes_max:
            await self._refuse(scope, send, Refusal.QUERY_TOO_LONG, seen.origin)
            return
        sender = self._sender(scope, seen)
        if sender is None:
            await self._refuse(scope, send, Refusal.NO_KEY, seen.origin)
            return
        refusal = intake.check(sender, seen)
        if refusal is not None:
            await self._refuse(scope, send, refusal, seen.origin, is_secret=sender.is_secret)
            return
        taken = await intake.take(PROTOCOL, scope, receive, seen, sender, cut=False)
        if isinstance(taken, Refusal):
            await self._refuse(scope, send, taken, seen.origin)
        elif taken is not None:
            answer, text = (
                (_TAKEN, _BODY) if sender.access is not None else (_QUARANTINED, _QUARANTINED_BODY)
            )
            body = (text % request_id_text(taken.request_id)).encode()
            await respond(scope, send, answer, seen.origin, request_id=taken.request_id, body=body)

    async def refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        """Refuse without looking at the request."""
        await self._refuse(scope, send, refusal, read_headers(scope["headers"]).origin)

    async def _preflight(self, scope: Scope, send: Send, seen: Seen) -> None:
        """A preflight shows no headers, so only a write id in the query can refuse an origin."""
        origin = seen.origin
        write_id = parameter(scope["query_string"], b"write_id")
        if write_id and self._intake.is_origin_refused(self._intake.by_write_id(write_id), origin):
            origin = None
        await send_answer(send, PREFLIGHT, preflight_headers(origin))

    def _sender(self, scope: Scope, seen: Seen) -> Sender | None:
        """Who sends: a server key counts before a write id, a header before the query."""
        authorization = seen.used.get(b"authorization")
        if authorization is not None:
            for text in authorization_texts(authorization):
                if text.startswith(SERVER_KEY_PREFIX):
                    return self._intake.by_server_key(text)
                if text:
                    return self._intake.by_write_id(text)
        header = seen.used.get(b"x-write-id") or seen.used.get(b"x-write-key")
        write_id = (
            header.decode("latin-1").strip()
            if header
            else parameter(scope["query_string"], b"write_id")
        )
        return self._intake.by_write_id(write_id) if write_id else None

    async def _refuse(
        self,
        scope: Scope,
        send: Send,
        refusal: Refusal,
        origin: bytes | None,
        *,
        is_secret: bool = False,
    ) -> None:
        self._intake.refuse(PROTOCOL, refusal)
        if refusal is Refusal.ORIGIN_NOT_ALLOWED:
            origin = None
        is_bad_secret = refusal is Refusal.UNKNOWN_KEY and is_secret
        answer = _UNKNOWN_SERVER_KEY if is_bad_secret else _REFUSED[refusal]
        await respond(scope, send, answer, origin)


def authorization_texts(header: bytes) -> list[str]:
    """What an `Authorization` header may hold a key in.

    The token of `Bearer`; password and user of `Basic`, a server key first.
    """
    scheme, _, rest = header.strip().partition(b" ")
    if scheme.lower() == b"bearer":
        return [rest.strip().decode("latin-1")]
    if scheme.lower() != b"basic":
        return []
    try:
        pair = base64.b64decode(rest.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return []
    user, _, password = pair.partition(":")
    return sorted((user, password), key=lambda text: not text.startswith(SERVER_KEY_PREFIX))
