"""The edge of every protocol: one way from a request to its answer, as the route says.

    method? ─▶ query short enough? ─▶ who sends? may they? ─▶ body ─▶ append ─▶ durable: answer
      405            414                a `Refusal`, with the route's status for it

Where the key is in the body, the body is read first, within the same bounds.
"""

from __future__ import annotations

from footfall.collect.edge import answers
from footfall.collect.edge.intake import Intake, Sender
from footfall.collect.edge.intake import Taken as TakenRequest
from footfall.collect.edge.keys import Keys
from footfall.collect.http.asgi import Receive, Scope, Seen, Send, read_headers, send_answer
from footfall.collect.http.cors import PREFLIGHT, answer_headers, preflight_headers
from footfall.collect.http.respond import respond
from footfall.collect.limits.body import Body
from footfall.protocols import Refusal, Route

NOT_ALLOWED = "method_not_allowed"
"""Outcome in metrics."""


class Edge:
    """Takes requests of one route."""

    def __init__(self, protocol: str, route: Route, intake: Intake) -> None:
        """Make all answers.

        Args:
            protocol: Its name, for records and metrics.
            route: What to do.
            intake: Checks and appends requests.
        """
        self.protocol = protocol
        self._intake = intake
        self._methods = frozenset(route.methods)
        self._has_preflights = route.cors
        self._allows = route.allow
        self._is_cut = route.over_limit == "cut"
        self._keyless = intake.by_write_id("") if route.without_key == "unknown" else None
        self._keys = Keys(intake, route.keys)
        self._refused = answers.refused(route)
        self._unknown_server_key = answers.unknown_server_key(route)
        self._not_allowed = answers.not_allowed(route)
        self._taken = answers.Taken(route.reply)
        self._quarantined = answers.Taken(route.quarantined or route.reply)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; see ASGI 3."""
        intake = self._intake
        seen = read_headers(scope["headers"])
        if scope["method"] not in self._methods:
            await self._other_method(scope, send, seen)
            return
        if len(scope["query_string"]) > intake.settings.query_bytes_max:
            await self._refuse(scope, send, Refusal.QUERY_TOO_LONG, seen.origin)
            return
        sender = self._keys.of_head(scope, seen)
        body: Body | Refusal | None = None
        if sender is None and self._keys.are_in_body:
            body = await self._read(scope, receive, seen)
            if not isinstance(body, Body):
                await self._not_read(scope, send, seen, body)
                return
            sender = self._keys.of_body(body.data)
        sender = sender or self._keyless
        refusal = Refusal.NO_KEY if sender is None else intake.check(sender, seen)
        if sender is None or refusal is not None:
            await self._refuse(scope, send, refusal or Refusal.NO_KEY, seen.origin, sender)
            return
        body = body or await self._read(scope, receive, seen)
        if not isinstance(body, Body):
            await self._not_read(scope, send, seen, body)
            return
        taken = await intake.append(self.protocol, scope, seen, sender, body)
        if isinstance(taken, Refusal):
            await self._refuse(scope, send, taken, seen.origin)
        else:
            await self._answer(scope, send, seen.origin, sender, taken)

    async def refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        """Refuse without looking at the request."""
        await self._refuse(scope, send, refusal, read_headers(scope["headers"]).origin)

    async def _read(self, scope: Scope, receive: Receive, seen: Seen) -> Body | Refusal | None:
        return await self._intake.read(self.protocol, scope, receive, seen, cut=self._is_cut)

    async def _not_read(
        self, scope: Scope, send: Send, seen: Seen, refusal: Refusal | None
    ) -> None:
        if refusal is not None:  # else the client is gone
            await self._refuse(scope, send, refusal, seen.origin)

    async def _other_method(self, scope: Scope, send: Send, seen: Seen) -> None:
        """A preflight, or what the route does not take; pages may read that too."""
        if scope["method"] != "OPTIONS" or not self._has_preflights:
            self._intake.metrics.requests[self.protocol, NOT_ALLOWED] += 1
            await send_answer(send, self._not_allowed, answer_headers(seen.origin))
            return
        origin = seen.origin
        sender = self._keys.of_preflight(scope["query_string"])
        if sender is not None and self._intake.is_origin_refused(sender, origin):
            origin = None
        headers = preflight_headers(origin, scope["headers"], self._allows)
        await send_answer(send, PREFLIGHT, headers)

    async def _answer(
        self, scope: Scope, send: Send, origin: bytes | None, sender: Sender, taken: TakenRequest
    ) -> None:
        reply = self._quarantined if sender.access is None else self._taken
        await respond(
            scope,
            send,
            reply.answer if taken.is_drained else reply.and_close,
            origin,
            request_id=taken.request_id,
            body=reply.body(taken.request_id),
            is_last=not taken.is_drained,
        )

    async def _refuse(
        self,
        scope: Scope,
        send: Send,
        refusal: Refusal,
        origin: bytes | None,
        sender: Sender | None = None,
    ) -> None:
        self._intake.refuse(self.protocol, refusal)
        if refusal is Refusal.ORIGIN_NOT_ALLOWED:
            origin = None
        answer = self._refused[refusal]
        if refusal is Refusal.UNKNOWN_KEY and sender is not None and sender.is_secret:
            answer = self._unknown_server_key
        await respond(scope, send, answer, origin)
