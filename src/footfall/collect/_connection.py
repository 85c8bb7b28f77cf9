"""A connection, bounded: uvicorn's own has no limit on headers and none on slowness."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX: Final = 64 * 1024
"""Request line and headers; beyond it 431 and the connection is closed."""

REQUEST_SECONDS_MAX: Final = 60.0
"""From a request's first byte to its last, and from connecting to the first byte."""

FAREWELL_SECONDS_MAX: Final = 0.5
"""How long a stop waits for an idle TLS client to say goodbye."""

SPARE_CONNECTIONS: Final = 256
"""Connections beyond the limit that still get an answer before they are closed."""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Connection(HttpToolsProtocol):
    """See the module's text. Subclassed by `connection_class` with the limits of a collector."""

    connections_max = 0
    on_malformed: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """See uvicorn."""
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._is_in_head = True
        self._waiting_since: float | None = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Refuse to hold more connections than can be answered."""
        super().connection_made(transport)
        if len(self.connections) > self.connections_max + SPARE_CONNECTIONS:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Bound the head, which is parsed as it comes."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > HEAD_BYTES_MAX:
            self.on_malformed()
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A request's first byte came."""
        super().on_message_begin()
        self._head_bytes = 0
        self._is_in_head = True
        self._waiting_since = self.loop.time()

    def on_headers_complete(self) -> None:
        """Its headers came."""
        self._is_in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Its last byte came."""
        self._waiting_since = None
        super().on_message_complete()

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
        """Close the connection of a client that does not get on with its request."""
        since = self._waiting_since
        if since is not None and self.loop.time() - since > REQUEST_SECONDS_MAX:
            self.transport.abort()


def connection_class(
    connections_max: int, on_malformed: Callable[[], None]
) -> type[HttpToolsProtocol]:
    """A class of connections with these limits: uvicorn makes the objects itself."""
    attributes = {
        "connections_max": connections_max,
        "on_malformed": staticmethod(on_malformed),
    }
    return type("CollectorConnection", (Connection,), attributes)
