"""`/ping` of the AWS Clickstream SDKs, path by setting: is anybody there, and what time is it?"""

from __future__ import annotations

from typing import Final

from footfall.clock import US_PER_MS, Clock
from footfall.collect.http.asgi import HttpAnswer, Receive, Scope, Send, read_headers, send_answer
from footfall.collect.http.cors import PREFLIGHT, answer_headers, preflight_headers

_ALLOW: Final = "GET, POST, OPTIONS"


class AwsPing:
    """Answers the time; takes nothing."""

    def __init__(self, clock: Clock) -> None:
        """Wire the parts."""
        self._clock = clock

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer one request."""
        origin = read_headers(scope["headers"]).origin
        if scope["method"] == "OPTIONS":
            headers = preflight_headers(origin, scope["headers"], _ALLOW)
            await send_answer(send, PREFLIGHT, headers)
            return
        now = self._clock.now_us()
        body = b'{"timestamp": %d.%03d}' % divmod(now, US_PER_MS)
        answer = HttpAnswer.of(200, body, "application/json", "cache-control: no-store")
        await send_answer(send, answer, answer_headers(origin))
