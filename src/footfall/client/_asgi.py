"""ASGI middleware: FastAPI, Starlette, Litestar, Django and all others of their kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from footfall.client._client import Client
from footfall.client._request import COOKIE, KEY, Track

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class AsgiMiddleware:
    """Puts a `Track` into each request's scope, as `footfall.track`; sends nothing by itself."""

    def __init__(self, app: App, client: Client, *, cookie: str = COOKIE) -> None:
        """Wrap `app`; the visitor's id is in the cookie of this name, if the pages set one."""
        self._app = app
        self._client = client
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as `app` does."""
        if scope["type"] in ("http", "websocket"):
            scope[KEY] = Track(self._client, scope, self._cookie)
        await self._app(scope, receive, send)
