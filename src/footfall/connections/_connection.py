"""A connection, bounded: uvicorn's own has no limit on headers, trailers and slowness."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable, Iterator
from typing import Any, Final

from uvicorn import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from footfall.clock import SECOND
from footfall.connections._addresses import AddressGroups
from footfall.connections._crowd import Crowd
from footfall.settings import ConnectionSettings

HEAD_BYTES_MAX: Final = 64 * 1024
"""Request line and headers; beyond it 431 and the connection is closed. Trailers: the same."""

HEADERS_MAX: Final = 256
"""A header of four bytes takes thirty times as many in memory; beyond it 431 as well."""

AHEAD_MAX: Final = 64
"""Requests that wait on their connection for the answer to one before; one more closes it."""

FAREWELL_SECONDS_MAX: Final = 0.5
"""How long a stop waits for an idle TLS client to say goodbye."""

CONNECTION: Final = "footfall.connection"
"""Key in the ASGI scope's `state` of the connection that a request came on."""

_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class _Awaited(enum.Enum):
    """What has to come next."""

    FIRST_BYTE = "first_byte"
    HEAD = "head"
    BODY = "body"
    NEXT_REQUEST = "next_request"
    READING = "reading"
    """The client has to read what is written."""
    FAREWELL = "farewell"
    """It is closing: what is written still has to go out."""
    ANSWER = "answer"
    """Ours: nothing is the client's to do."""


class _Trailers:
    """Takes the place of a request's headers once they are there: trailers are not kept."""

    def append(self, _header: object) -> None:
        """Drop it."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _NoCycle:
    """The request of a connection that is lost: answered, and nobody's."""

    scope: Final = None
    response_complete: Final = True
    more_body: Final = False


_TRAILERS: Final[Any] = _Trailers()
_NO_CYCLE: Final[Any] = _NoCycle()


class HeadRefusedError(Exception):
    """Ends the parser; the connection is closed."""


class Connection(HttpToolsProtocol):
    """See the module's text.

    What it watches it reads off uvicorn's state, because a call for each step of each request
    costs (ADR 10): `scope` is new with a request's first byte, and `cycle` has that scope from its
    last header on. `on_body` and `on_message_complete` are uvicorn's without WebSockets, which no
    server of ours speaks.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        settings: ConnectionSettings,
        crowd: Crowd,
        groups: AddressGroups,
        on_malformed: Callable[[], None],
    ) -> None:
        """See uvicorn.

        Args:
            config: uvicorn's.
            server_state: uvicorn's.
            settings: How long to wait for what.
            crowd: The server's connections.
            groups: Which addresses count together.
            on_malformed: Called when what comes is not HTTP.
        """
        super().__init__(config=config, server_state=server_state, app_state={CONNECTION: self})
        self.group: str | None = None
        self._settings = settings
        self._crowd = crowd
        self._groups = groups
        self._on_malformed = on_malformed
        self._answering: Any = _NO_CYCLE
        self._head_bytes = 0
        self._read_bytes = 0
        self._body_bytes = 0
        self._trailer_bytes = 0
        self._is_refused = False
        self._awaited: tuple[_Awaited, object] = (_Awaited.FIRST_BYTE, None)
        self._awaited_since = self._moved_at = self.loop.time()
        self._progress = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Find a place in the crowd, or go."""
        super().connection_made(transport)
        self.group = self._groups.find(self.client[0]) if self.client else None
        if not self._crowd.enter(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of all that was read.

        It refers to itself in a few ways, and garbage is looked for rarely (`collect._run`).
        """
        super().connection_lost(exc)
        if not self._answering.response_complete:  # uvicorn tells only the last that was sent
            self._answering.disconnected = True
            self._answering.message_event.set()
        self._unset_keepalive_if_required()
        self._crowd.leave(self)
        self.pipeline.clear()
        self.app_state = {}
        self.scope = self.headers = None  # type: ignore[assignment]
        self.cycle = self._answering = _NO_CYCLE

    def data_received(self, data: bytes) -> None:
        """Bound head and trailers, which are parsed as they come."""
        request, body_bytes = self.scope, self._body_bytes
        self._read_bytes = len(data)
        super().data_received(data)
        cycle = self.cycle
        if self.scope is request or cycle is None or cycle.scope is not self.scope:
            self._add_part(request, body_bytes, len(data))
        elif self._head_bytes or self._trailer_bytes:
            self._head_bytes = self._trailer_bytes = 0

    def _add_part(self, request: object, body_bytes: int, size: int) -> None:
        """A read that did not bring the whole head of a new request, as nearly all do."""
        if self._is_in_head():
            is_new = self.scope is not request
            self._head_bytes = max(1, self._parsed_bytes()) if is_new else self._head_bytes + size
            if self._head_bytes > HEAD_BYTES_MAX or len(self.headers or ()) > HEADERS_MAX:
                self._refuse()
            return
        self._head_bytes = 0
        if self._body_bytes != body_bytes:
            self._trailer_bytes = 0
            return
        self._trailer_bytes += size  # no byte of a body: trailers, or a chunk's extensions
        if self._trailer_bytes > HEAD_BYTES_MAX:
            self._refuse()

    def on_headers_complete(self) -> None:
        """Refuse a head that is too large before anybody sees it, however it came."""
        if (
            len(self.headers) > HEADERS_MAX
            or len(self.pipeline) >= AHEAD_MAX
            # Nearly always it is all in one small read, and nothing need be added up.
            or (
                (self._head_bytes or self._read_bytes > HEAD_BYTES_MAX)
                and self._parsed_bytes() > HEAD_BYTES_MAX
            )
        ):
            self._is_refused = True
            raise HeadRefusedError
        super().on_headers_complete()
        self.headers = _TRAILERS

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """Keep it for the application, unless it has answered."""
        self._body_bytes += len(body)
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """The request ended."""
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def shutdown(self) -> None:
        """The server stops: finish what is being answered, and wait for nobody's TLS farewell.

        An idle client reads nothing, so it would answer ours never.
        """
        super().shutdown()
        if self.scheme == "https" and self.transport.is_closing():
            self.loop.call_later(FAREWELL_SECONDS_MAX, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        """The parser stopped: what came is not HTTP, or we refused it."""
        if self._is_refused:
            self._refuse()
        elif not self.transport.is_closing():
            self._on_malformed()
            super().send_400_response(msg)

    @property
    def turn(self) -> object:
        """See `Member`."""
        return self.scope

    @property
    def is_awaited(self) -> bool:
        """See `Member`."""
        cycle = self.cycle
        if cycle is None or self.flow.write_paused:
            return True
        if self.pipeline:
            return False
        return cycle.response_complete or (cycle.more_body and not self.flow.read_paused)

    def drop(self) -> None:
        """Close at once, whatever is on the way."""
        self.transport.abort()

    def drop_if_stalled(self) -> None:
        """Close the connection of a client that does not get on with its part, or has none.

        To be called from time to time: a wait is as old as the first call that met it.
        """
        now = self.loop.time()
        awaited = (self._find_awaited(), self.scope)
        progress = self._body_bytes
        if awaited[0] in (_Awaited.READING, _Awaited.FAREWELL):
            progress = self.transport.get_write_buffer_size()
        if awaited[0] is not self._awaited[0] or awaited[1] is not self._awaited[1]:
            self._awaited, self._awaited_since, self._moved_at = awaited, now, now
        elif progress != self._progress:
            self._moved_at = now
        self._progress = progress
        if self._is_overdue(now - self._awaited_since, now - self._moved_at):
            self._crowd.dropped[self._awaited[0].value] += 1
            self.drop()

    def _is_overdue(self, waited: float, stood: float) -> bool:
        """Whether that is too long.

        Args:
            waited: Seconds since this is waited for.
            stood: Seconds since any of it came.
        """
        settings = self._settings
        match self._awaited[0]:
            case _Awaited.ANSWER:
                return False
            case _Awaited.FIRST_BYTE | _Awaited.HEAD:
                return waited > settings.head_time_max / SECOND
            case _Awaited.BODY:
                stall_max, body_max = settings.stall_time_max, settings.body_time_max
                return stood > stall_max / SECOND or waited > body_max / SECOND
            case _Awaited.NEXT_REQUEST:
                return waited > settings.idle_time_max / SECOND
            case _Awaited.READING | _Awaited.FAREWELL:
                return stood > settings.stall_time_max / SECOND

    def _find_awaited(self) -> _Awaited:
        cycle = self.cycle
        if self.transport.is_closing():
            return _Awaited.FAREWELL
        if self.flow.write_paused:
            return _Awaited.READING
        if self._is_in_head():
            return _Awaited.FIRST_BYTE if self.scope is None else _Awaited.HEAD
        if cycle.more_body:
            return _Awaited.ANSWER if self.flow.read_paused else _Awaited.BODY
        return _Awaited.NEXT_REQUEST if cycle.response_complete else _Awaited.ANSWER

    def _is_in_head(self) -> bool:
        return self.cycle is None or self.cycle.scope is not self.scope

    def _parsed_bytes(self) -> int:
        """Of the head, as far as it is parsed."""
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _refuse(self) -> None:
        """Head or trailers are too large: close, and say so if an answer is due now."""
        if self.transport.is_closing():
            return
        self._on_malformed()
        cycle = self.cycle
        is_due = cycle is None or (
            not cycle.response_started if cycle.scope is self.scope else cycle.response_complete
        )
        if is_due and not self.pipeline:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        else:
            self.transport.abort()
