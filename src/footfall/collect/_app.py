"""The ASGI application: a path, and who answers it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from footfall.clock import Clock
from footfall.collect.edge.answers import PROBLEM_TYPE, problem
from footfall.collect.edge.intake import Intake
from footfall.collect.edge.ping import AwsPing
from footfall.collect.edge.routing import PluginRoutes, Routing
from footfall.collect.http.asgi import HttpAnswer, Receive, Scope, Send, read_headers, send_answer
from footfall.collect.http.cors import PREFLIGHT, answer_headers, preflight_headers
from footfall.errors import FootfallError
from footfall.protocols import Refusal, tidy_path

NOBODY: Final = "none"
"""Protocol, in metrics, of requests to paths that nothing is at."""
NOT_FOUND: Final = "not_found"

_METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_JSON: Final = "application/json"
_NO_STORE: Final = "cache-control: no-store"
_HEALTHY: Final = HttpAnswer.of(200, b'{"status":"alive"}', _JSON, _NO_STORE)
_READY: Final = HttpAnswer.of(200, b'{"status":"ready"}', _JSON, _NO_STORE)
_NOT_FOUND: Final = HttpAnswer.of(
    404, problem(404, NOT_FOUND, "nothing is at this path", retryable=False), PROBLEM_TYPE
)
_ANY_METHOD: Final = "GET, POST, PUT, OPTIONS"

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


class CollectApp:
    """Routes requests. `is_full` says whether more connections are open than should be."""

    def __init__(
        self,
        intake: Intake,
        clock: Clock,
        readiness: Callable[[], Awaitable[FootfallError | None]],
        plug_ins: PluginRoutes,
    ) -> None:
        """Wire the parts.

        Args:
            intake: Takes requests.
            clock: For `/ping`.
            readiness: Why the log takes nothing; `None` if it does.
            plug_ins: Routes of installed packages, by protocol.
        """
        self._intake = intake
        self._readiness = readiness
        self.is_full: Callable[[], bool] = lambda: False
        self._routing = Routing(intake, plug_ins)
        self._others: dict[str, Handler] = {
            tidy_path(intake.settings.aws_ping_path): AwsPing(clock),
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see ASGI 3."""
        path = scope["path"]
        edge = self._routing.find(path)
        if edge is not None:
            if self.is_full():
                await edge.refuse(scope, send, Refusal.TOO_MANY_CONNECTIONS)
            else:
                await edge(scope, receive, send)
            return
        other = self._others.get(path) or self._others.get(tidy_path(path))
        if other is None:
            await self._not_found(scope, send)
        else:
            await other(scope, receive, send)

    async def _not_found(self, scope: Scope, send: Send) -> None:
        """Told so that a page can read it, for which its preflight must pass; and counted."""
        origin = read_headers(scope["headers"]).origin
        self._intake.metrics.requests[NOBODY, NOT_FOUND] += 1
        if scope["method"] == "OPTIONS" and origin is not None:
            headers = preflight_headers(origin, scope["headers"], _ANY_METHOD)
            await send_answer(send, PREFLIGHT, headers)
        else:
            await send_answer(send, _NOT_FOUND, answer_headers(origin))

    async def _health(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_answer(send, _HEALTHY, [])

    async def _ready(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        error = await self._readiness()
        if error is None:
            await send_answer(send, _READY, [])
            return
        body = problem(503, error.code, str(error), retryable=True)
        answer = HttpAnswer.of(503, body, PROBLEM_TYPE, _NO_STORE, "retry-after: 5")
        await send_answer(send, answer, [])

    async def _metrics(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send_answer(send, HttpAnswer.of(200, self._intake.metrics.text(), _METRICS_TYPE), [])
