"""A connection, bounded: uvicorn's own has no limit on headers and none on slowness."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from footfall.collect._http import Scope, header_lines

HEAD_BYTES_MAX: Final = 64 * 1024
"""Request line and headers; beyond it 431 and the connection is closed."""

REQUEST_SECONDS_MAX: Final = 60.0
"""From a request's first byte to its last, and from connecting to the first byte."""

IDLE_SECONDS_MAX: Final = 30.0
"""From an answer to the next request's first byte."""

FAREWELL_SECONDS_MAX: Final = 0.5
"""How long a stop waits for an idle TLS client to say goodbye."""

SPARE_CONNECTIONS: Final = 256
"""Connections beyond the limit that still get an answer before they are closed."""

CONNECTION: Final = "footfall.connection"
"""Key in the ASGI scope's `state` of the connection that a request came on."""

_NOTHING_YET: Final = object()
_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Connection(HttpToolsProtocol):
    """See the module's text. Subclassed by `connection_class` with the limits of a collector.

    What it watches it reads off uvicorn's state, because a call for each step of each request
    costs (ADR 10): `scope` is new with a request's first byte, and `cycle` has that scope from its
    last header on.
    """

    connections_max = 0
    on_malformed: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See uvicorn."""
        super().__init__(*args, **kwargs)
        self.app_state = {CONNECTION: self}
        self._head_bytes = 0
        self._awaited: object | None = _NOTHING_YET
        self._awaited_since = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse to hold more connections than can be answered."""
        super().connection_made(transport)
        if len(self.connections) > self.connections_max + SPARE_CONNECTIONS:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bound the head, which is parsed as it comes."""
        request = self.scope
        super().data_received(data)
        if self.scope is not request or not self._is_in_head():
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self.on_malformed()
            self.transport.write(_TOO_LARGE)
            self.transport.close()

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

    def shutdown(self) -> None:
        """The server stops: finish what is being answered, and wait for nobody's TLS farewell.

        An idle client reads nothing, so it would answer ours never.
        """
        super().shutdown()
        if self.scheme == "https" and self.transport.is_closing():
            self.loop.call_later(FAREWELL_SECONDS_MAX, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """Count what is not HTTP."""
        self.on_malformed()
        super().send_400_response(msg)

    def drop_if_stalled(self) -> None:
        """Close the connection of a client that does not get on with its request, or has none.

        To be called from time to time: a wait is as old as the first call that met it.
        """
        awaited = self._find_awaited()
        now = self.loop.time()
        if awaited is None or awaited is not self._awaited:
            self._awaited, self._awaited_since = awaited, now
            return
        waited = now - self._awaited_since
        if awaited is self.cycle:
            if waited > IDLE_SECONDS_MAX and not self.transport.is_closing():
                self.transport.close()
        elif waited > REQUEST_SECONDS_MAX:
            self.transport.abort()

    def _find_awaited(self) -> object | None:
        """What the client has to send: an object that is another for another request.

        The cycle of the last request if that was answered and there is no new one; `None` if
        the client waits for us.
        """
        cycle = self.cycle
        if self._is_in_head():
            return self.scope or _NOTHING_YET
        if cycle.more_body:
            return self.scope
        return cycle if cycle.response_complete else None

    def _is_in_head(self) -> bool:
        return self.cycle is None or self.cycle.scope is not self.scope


def connection_class(
    connections_max: int, on_malformed: Callable[[], None]
) -> type[HttpToolsProtocol]:
    """A class of connections with these limits: uvicorn makes the objects itself."""
    attributes = {
        "connections_max": connections_max,
        "on_malformed": staticmethod(on_malformed),
    }
    return type("CollectorConnection", (Connection,), attributes)
