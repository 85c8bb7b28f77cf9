"""A route's answers, made once: to requests that were taken, and to each refusal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from footfall.collect.edge.ids import request_id_text
from footfall.collect.http.asgi import HttpAnswer
from footfall.protocols import (
    DETAILS,
    REQUEST_ID_MARK,
    RETRY_AFTER_SECONDS,
    Refusal,
    Reply,
    Route,
    is_over_later,
)

PROBLEM_TYPE: Final = "application/problem+json"
_TEXT_TYPE: Final = "text/plain; charset=utf-8"
_NO_STORE: Final = "cache-control: no-store"
_CHALLENGE: Final = 'www-authenticate: Bearer realm="footfall"'
_ID_CHARACTERS: Final = len(request_id_text(bytes(16)))


class Taken:
    """The answer to requests that are durable."""

    def __init__(self, reply: Reply) -> None:
        """Make it of what the route says."""
        self._parts = reply.body.split(REQUEST_ID_MARK)
        body = (b"0" * _ID_CHARACTERS).join(self._parts)
        lines = [f"{name.lower()}: {value}" for name, value in reply.headers]
        self.answer = HttpAnswer.of(reply.status, body, reply.content_type, *lines)
        self.and_close = HttpAnswer.of(
            reply.status, body, reply.content_type, *lines, "connection: close"
        )

    def body(self, request_id: bytes) -> bytes | None:
        """The body with the request's id in it; `None` if it is always the same."""
        if len(self._parts) == 1:
            return None
        return request_id_text(request_id).encode().join(self._parts)


def refused(route: Route) -> Mapping[Refusal, HttpAnswer]:
    """Answers to all refusals of a route."""
    return {refusal: _refused(route, refusal) for refusal in route.refusals}


def unknown_server_key(route: Route) -> HttpAnswer:
    """In place of `UNKNOWN_KEY` for a secret: who sends it can prove who they are."""
    detail = "nobody knows this server key"
    if route.form == "text":
        return HttpAnswer.of(401, detail.encode(), _TEXT_TYPE, _NO_STORE, _CHALLENGE)
    body = problem(401, Refusal.UNKNOWN_KEY.value, detail, retryable=False)
    return HttpAnswer.of(401, body, PROBLEM_TYPE, _NO_STORE, _CHALLENGE)


def not_allowed(route: Route) -> HttpAnswer:
    """For another method than the route's."""
    allow = f"allow: {route.allow}"
    if route.form == "text":
        return HttpAnswer.of(405, b"", "", allow)
    detail = f"send events with {' or '.join(route.methods)}"
    body = problem(405, "method_not_allowed", detail, retryable=False)
    return HttpAnswer.of(405, body, PROBLEM_TYPE, allow)


def problem(status: int, code: str, detail: str, *, retryable: bool) -> bytes:
    """The body of an error as RFC 9457 has it: the same shape as the studio's."""
    return json.dumps(
        {
            "type": f"urn:footfall:problem:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": code,
            "detail": detail,
            "retryable": retryable,
        }
    ).encode()


def _refused(route: Route, refusal: Refusal) -> HttpAnswer:
    status = route.statuses[refusal]
    detail = DETAILS[refusal]
    lines = [_NO_STORE]
    if is_over_later(refusal):
        lines.append(f"retry-after: {RETRY_AFTER_SECONDS[refusal]}")
    if route.form == "text":
        return HttpAnswer.of(status, detail.encode(), _TEXT_TYPE, *lines)
    if status == 401:
        lines.append(_CHALLENGE)
    body = problem(status, refusal.value, detail, retryable=is_over_later(refusal))
    return HttpAnswer.of(status, body, PROBLEM_TYPE, *lines)
