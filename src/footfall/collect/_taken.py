"""The answer to a request that was taken: of all answers the one that has to cost little."""

from __future__ import annotations

from http import HTTPStatus

from footfall.collect._connection import CONNECTION, Connection
from footfall.collect._cors import answer_headers, answer_lines
from footfall.collect._http import Answer, Headers, Scope, Send, header_lines, send_answer
from footfall.collect._ids import REQUEST_ID, request_id_header, request_id_text


class TakenAnswer:
    """Status 200 with the same headers each time, and those of the request: origin and id."""

    def __init__(self, headers: Headers) -> None:
        """`headers`: those of every request: the body's length, nothing about the connection."""
        self._headers = headers
        self._lines = b"HTTP/1.1 200 %b\r\n" % HTTPStatus.OK.phrase.encode() + header_lines(headers)

    async def send(
        self, scope: Scope, send: Send, origin: bytes | None, request_id: bytes, body: bytes = b""
    ) -> None:
        """Answer in one piece if the connection allows it, else by ASGI's `send`.

        Args:
            scope: ASGI's. The method is not HEAD.
            send: ASGI's.
            origin: Page that may read the answer.
            request_id: Of the request that was appended.
            body: As long as `headers` say.
        """
        connection: Connection | None = scope.get("state", {}).get(CONNECTION)
        if connection is not None:
            shown = request_id_text(request_id).encode()
            lines = b"%b%b%b: %b\r\n" % (self._lines, answer_lines(origin), REQUEST_ID, shown)
            if connection.answer(scope, lines, body):
                return
        more = [*answer_headers(origin), request_id_header(request_id)]
        await send_answer(send, Answer(200, self._headers, body), more)
