"""The ASGI application: a path, and who answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from footfall.clock import Clock
from footfall.collect._aws import AwsCollect, AwsPing
from footfall.collect._events import Events
from footfall.collect._http import Answer, Receive, Scope, Send, send_answer
from footfall.collect._intake import Intake
from footfall.collect._pixel import Pixel
from footfall.collect._refusals import Refusal, problem
from footfall.errors import FootfallError

EVENTS_PATH: Final = "/v1/events"
PIXEL_PATH: Final = "/v1/pixel.gif"

_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_JSON: Final = "application/json"
_NO_STORE: Final = "cache-control: no-store"
_HEALTHY: Final = Answer.of(200, b'{"status":"alive"}', _JSON, _NO_STORE)
_READY: Final = Answer.of(200, b'{"status":"ready"}', _JSON, _NO_STORE)
_NOT_FOUND: Final = Answer.of(
    404,
    problem(404, "not_found", "nothing is at this path", retryable=False),
    "application/problem+json",
)

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


class Edge(Protocol):
    """What takes requests of one protocol."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        ...

    async def refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        """Refuse without looking at the request."""
        ...


class CollectApp:
    """Routes requests. `is_full` says whether more connections are open than should be."""

    def __init__(
        self,
        intake: Intake,
        clock: Clock,
        readiness: Callable[[], Awaitable[FootfallError | None]],
    ) -> None:
        """Wire the parts.

        Args:
            intake: Takes requests.
            clock: For `/ping`.
            readiness: Why the log takes nothing; `None` if it does.
        """
        settings = intake.settings
        self._intake = intake
        self._readiness = readiness
        self.is_full: Callable[[], bool] = lambda: False
        self._edges: dict[str, Edge] = {
            settings.aws_collect_path: AwsCollect(intake),
            EVENTS_PATH: Events(intake),
            PIXEL_PATH: Pixel(intake),
        }
        self._others: dict[str, Handler] = {
            settings.aws_ping_path: AwsPing(clock),
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see ASGI 3."""
        path = scope["path"]
        edge = self._edges.get(path)
        if edge is not None:
            if self.is_full():
                await edge.refuse(scope, send, Refusal.TOO_MANY_CONNECTIONS)
            else:
                await edge(scope, receive, send)
            return
        other = self._others.get(path)
        if other is None:
            await send_answer(send, _NOT_FOUND, [])
        else:
            await other(scope, receive, send)

    async def _health(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_answer(send, _HEALTHY, [])

    async def _ready(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        error = await self._readiness()
        if error is None:
            await send_answer(send, _READY, [])
            return
        body = problem(503, error.code, str(error), retryable=True)
        answer = Answer.of(503, body, "application/problem+json", _NO_STORE, "retry-after: 5")
        await send_answer(send, answer, [])

    async def _metrics(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_answer(send, Answer.of(200, self._intake.metrics.text(), _METRICS_TYPE), [])
