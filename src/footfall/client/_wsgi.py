"""WSGI middleware: Flask, Django, Bottle and all others of their kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from footfall.client._client import Client
from footfall.client._request import COOKIE, KEY, Track

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WsgiMiddleware:
    """Puts a `Track` into each request's environ, as `footfall.track`; sends nothing by itself."""

    def __init__(self, app: App, client: Client, *, cookie: str = COOKIE) -> None:
        """Wrap `app`; the visitor's id is in the cookie of this name, if the pages set one."""
        self._app = app
        self._client = client
        self._cookie = cookie

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request, as `app` does."""
        environ[KEY] = Track(self._client, environ, self._cookie)
        return self._app(environ, start_response)
