"""Edge of the AWS Clickstream SDKs: `/collect` and `/ping`, paths by setting.

Success is status 200 exactly; any other makes the SDK send the same bytes again, before anything
newer. So whatever the body is, it is taken, and judged later.
"""

from __future__ import annotations

from typing import Final

from footfall.clock import US_PER_MS, Clock
from footfall.collect._cors import PREFLIGHT, answer_headers, preflight_headers
from footfall.collect._http import (
    Answer,
    Receive,
    Scope,
    Send,
    parameter,
    read_headers,
    send_answer,
)
from footfall.collect._ids import request_id_header
from footfall.collect._intake import Intake, Taken
from footfall.collect._refusals import AWS_STATUS, Refusal, text_answers
from footfall.collect._respond import respond

PROTOCOL: Final = "aws"
_TAKEN: Final = Answer.of(200)
_TAKEN_AND_CLOSE: Final = Answer.of(200, b"", "", "connection: close")
_REFUSED: Final = text_answers(AWS_STATUS)
_NOT_ALLOWED: Final = Answer.of(405, b"", "", "allow: GET, POST, OPTIONS")
_METHODS: Final = frozenset({"POST", "GET"})


class AwsCollect:
    """`/collect`: one request of the SDK."""

    def __init__(self, intake: Intake) -> None:
        """Wire the parts."""
        self._intake = intake

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        intake = self._intake
        seen = read_headers(scope["headers"])
        query = scope["query_string"]
        sender = intake.by_write_id(parameter(query, b"appId") or "")
        if scope["method"] == "OPTIONS":
            origin = None if intake.is_origin_refused(sender, seen.origin) else seen.origin
            await send_answer(send, PREFLIGHT, preflight_headers(origin))
            return
        if scope["method"] not in _METHODS:
            await send_answer(send, _NOT_ALLOWED, [])
            return
        if len(query) > intake.settings.query_bytes_max:
            await self._refuse(scope, send, Refusal.QUERY_TOO_LONG, seen.origin)
            return
        refusal = intake.check(sender, seen)
        if refusal is not None:
            await self._refuse(scope, send, refusal, seen.origin)
            return
        taken = await intake.take(PROTOCOL, scope, receive, seen, sender, cut=True)
        if isinstance(taken, Refusal):
            await self._refuse(scope, send, taken, seen.origin)
        elif taken is not None:
            await self._taken(scope, send, seen.origin, taken)

    async def refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        """Refuse without looking at the request."""
        await self._refuse(scope, send, refusal, read_headers(scope["headers"]).origin)

    async def _taken(self, scope: Scope, send: Send, origin: bytes | None, taken: Taken) -> None:
        if taken.is_drained:
            await respond(scope, send, _TAKEN, origin, request_id=taken.request_id)
        else:
            more = [*answer_headers(origin), request_id_header(taken.request_id)]
            await send_answer(send, _TAKEN_AND_CLOSE, more)

    async def _refuse(
        self, scope: Scope, send: Send, refusal: Refusal, origin: bytes | None
    ) -> None:
        self._intake.refuse(PROTOCOL, refusal)
        if refusal is Refusal.ORIGIN_NOT_ALLOWED:
            origin = None
        await respond(scope, send, _REFUSED[refusal], origin)


class AwsPing:
    """`/ping`: the SDK asks for the time and whether anybody is there."""

    def __init__(self, clock: Clock) -> None:
        """Wire the parts."""
        self._clock = clock

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        origin = read_headers(scope["headers"]).origin
        if scope["method"] == "OPTIONS":
            await send_answer(send, PREFLIGHT, preflight_headers(origin))
            return
        now = self._clock.now_us()
        body = b'{"timestamp": %d.%03d}' % divmod(now, US_PER_MS)
        answer = Answer.of(200, body, "application/json", "cache-control: no-store")
        await send_answer(send, answer, answer_headers(origin))
