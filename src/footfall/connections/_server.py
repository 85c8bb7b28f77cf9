"""uvicorn's server over bounded connections."""

from __future__ import annotations

import asyncio
import math
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

import uvicorn

from footfall.clock import SECOND
from footfall.connections._addresses import AddressGroups
from footfall.connections._connection import Connection
from footfall.connections._crowd import Crowd
from footfall.settings import ConnectionSettings

BACKLOG: Final = 2048
_TICKS_A_LOOK: Final = 5
"""uvicorn ticks ten times a second."""


class Server(uvicorn.Server):
    """Serves one listening socket; see the folder's text."""

    connection_class: type[Connection] = Connection

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        settings: ConnectionSettings,
        crowd: Crowd,
        groups: AddressGroups,
        *,
        context: ssl.SSLContext | None = None,
        on_started: Callable[[], None] = lambda: None,
        on_malformed: Callable[[], None] = lambda: None,
        **config: Any,
    ) -> None:
        """Listen not yet.

        Args:
            app: What answers, by ASGI.
            settings: How long to wait for what.
            crowd: Its connections.
            groups: Which addresses count together.
            context: For TLS.
            on_started: Called when it listens.
            on_malformed: Called for each connection with what is not HTTP.
            config: uvicorn's own.
        """
        super().__init__(
            uvicorn.Config(
                app,
                interface="asgi3",
                ws="none",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=math.ceil(settings.idle_time_max / SECOND),
                ssl_context_factory=None if context is None else lambda *_: context,
                **config,
            )
        )
        self.crowd = crowd
        self._settings = settings
        self._groups = groups
        self._on_started = on_started
        self._on_malformed = on_malformed

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen: with connections of ours and a bound on TLS handshakes."""
        assert sockets is not None, "it is given its sockets"
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(1)
        loop = asyncio.get_running_loop()
        context = self.config.ssl
        handshake = self._settings.head_time_max / SECOND
        self.servers = [
            await loop.create_server(
                self._connect,
                sock=listening,
                ssl=context,
                backlog=self.config.backlog,
                ssl_handshake_timeout=None if context is None else handshake,
            )
            for listening in sockets
        ]
        self.started = True
        self._on_started()

    async def on_tick(self, counter: int) -> bool:
        """Twice a second, see who stalls."""
        if counter % _TICKS_A_LOOK == 0:
            for member in self.crowd.members():
                assert isinstance(member, Connection)
                member.drop_if_stalled()
            self.crowd.look()
        return await super().on_tick(counter)

    def _connect(self) -> Connection:
        return self.connection_class(
            self.config,
            self.server_state,
            self._settings,
            self.crowd,
            self._groups,
            self._on_malformed,
        )
