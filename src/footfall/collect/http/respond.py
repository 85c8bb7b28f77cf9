"""Answers that pages may read, each at as little cost as can be.

Those to requests that were taken are nearly all there are, and refusals must not cost much when
there is more than can be taken.
"""

from __future__ import annotations

from footfall.collect.edge.ids import REQUEST_ID, request_id_header, request_id_text
from footfall.collect.http.asgi import HttpAnswer, Scope, Send, send_answer
from footfall.collect.http.connection import CollectorConnection
from footfall.collect.http.cors import answer_headers, answer_lines
from footfall.connections import CONNECTION


async def respond(
    scope: Scope,
    send: Send,
    answer: HttpAnswer,
    origin: bytes | None,
    *,
    request_id: bytes = b"",
    body: bytes | None = None,
    is_last: bool = False,
) -> None:
    """Answer in one piece if the connection allows it (ADR 10), else by ASGI's `send`.

    Args:
        scope: ASGI's.
        send: ASGI's.
        answer: With the body's length among its headers, and nothing about the connection.
        origin: Page that may read the answer, if any.
        request_id: Of the request that was appended, if it was.
        body: In place of the answer's, and as long.
        is_last: The answer says that the connection is closed after it.
    """
    content = answer.body if body is None else body
    connection: CollectorConnection | None = scope.get("state", {}).get(CONNECTION)
    if connection is not None and scope["method"] != "HEAD" and not is_last:
        lines = answer.lines + answer_lines(origin)
        if request_id:
            lines += b"%b: %b\r\n" % (REQUEST_ID, request_id_text(request_id).encode())
        if connection.answer(scope, lines, content):
            return
    more = answer_headers(origin)
    if request_id:
        more = [*more, request_id_header(request_id)]
    await send_answer(send, answer._replace(body=content), more)
