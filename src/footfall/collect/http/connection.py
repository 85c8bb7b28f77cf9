"""The collector's connections: bounded as all are, and answered in one piece."""

from __future__ import annotations

from footfall.collect.http.asgi import Scope, header_lines
from footfall.connections import Connection


class CollectorConnection(Connection):
    """Adds what only the collector needs."""

    def answer(self, scope: Scope, lines: bytes, body: bytes) -> bool:
        """Write the whole answer of a request in one piece.

        uvicorn's own way takes two messages and looks each header through with two regular
        expressions. Here `lines` have to be right as they are.

        Args:
            scope: The request's; the method is not HEAD.
            lines: Status line and headers, each with its line break; the body's length among them,
                nothing about the connection, and no character that does not belong there.
            body: Of that length.

        Returns:
            Whether it was written; if not, answer by ASGI's `send`: the connection ends with
            this answer, or is not free to be written to.
        """
        cycle = self.cycle
        if (
            cycle.scope is not scope  # the next request is there already
            or cycle.response_started
            or cycle.disconnected
            or not cycle.keep_alive
            or self.flow.write_paused
        ):
            return False
        usual = header_lines(self.server_state.default_headers)
        self.transport.write(b"%b%b\r\n%b" % (lines, usual, body))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        self.flow.resume_reading()  # and no timer: `drop_if_stalled` sees who stays idle
        return True

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """A client that sent all it wants may close its half and still read the answer."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            return None
        if self.scheme == "https":
            return None  # TLS has no half-closed connections
        cycle.keep_alive = False
        return True
