"""What a web request says about its visitor, as fields of an event.

Requests are made by strangers: what is not as it should be is left out, so that it can neither
fail the request nor make the event a failed one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, Final, Protocol
from urllib.parse import quote, unquote

from footfall.client._client import Client

COOKIE: Final = "footfall_visitor"
KEY: Final = "footfall.track"
"""Where the middleware puts `Track`: in WSGI's environ, in ASGI's scope."""
URL_CHARS_MAX: Final = 8192
TEXT_CHARS_MAX: Final = 1024
ID_CHARS_MAX: Final = 512


def request_fields(request: Mapping[str, Any], *, cookie: str = COOKIE) -> dict[str, Any]:
    """Fields for `Client.track` out of WSGI's environ or ASGI's scope.

    Behind a proxy the address is the proxy's unless the framework or its server was told to
    believe it (`ProxyFix`, `--proxy-headers`).

    Args:
        request: Flask's `request.environ`, Starlette's and FastAPI's `request.scope`.
        cookie: Name of the cookie that holds the visitor's id.

    Returns:
        `visitor_id`, `page` (`url`, `referrer`), `language`, `ip`, `user_agent`, as far as the
        request has them. Raises nothing. With a write id leave out `ip` and `user_agent`.
    """
    seen = _Wsgi(request) if "wsgi.version" in request else _Asgi(request)
    page = {"url": _short(seen.url(), URL_CHARS_MAX)}
    page["referrer"] = _short(seen.header("referer"), URL_CHARS_MAX)
    languages = seen.header("accept-language").split(",")[0].partition(";")[0].strip()
    found = {
        "visitor_id": _cookie(seen.header("cookie"), cookie),
        "page": {name: text for name, text in page.items() if text},
        "language": "" if languages == "*" else _short(languages, TEXT_CHARS_MAX),
        "ip": _address(seen.peer()),
        "user_agent": _short(seen.header("user-agent"), TEXT_CHARS_MAX),
    }
    return {name: value for name, value in found.items() if value}


class Track:
    """`track` of one request, under `footfall.track`; raises nothing."""

    def __init__(self, client: Client, request: Mapping[str, Any], cookie: str) -> None:
        """Look at nothing: a request that tracks nothing costs nothing."""
        self._client = client
        self._request = request
        self._cookie = cookie

    def __call__(self, name: str, /, **fields: Any) -> str | None:
        """Queue an event with the request's fields, over which those given here count.

        Args:
            name: As in `Client.track`.
            **fields: Its other arguments. `page` is completed: a title given here joins the
                request's address.

        Returns:
            The event's id; `None` if it is not queued, which a `DeliveryWarning` explains.
        """
        found = request_fields(self._request, cookie=self._cookie)
        if not self._client.is_server:
            found.pop("ip", None)
            found.pop("user_agent", None)
        page = fields.get("page")
        if isinstance(page, dict):
            fields["page"] = found.get("page", {}) | page
        return self._client.try_track(name, found | fields)


class _Seen(Protocol):
    def url(self) -> str: ...
    def peer(self) -> object: ...
    def header(self, name: str) -> str: ...


class _Wsgi:
    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def url(self) -> str:
        get = self._text
        host = get("HTTP_HOST") or f"{get('SERVER_NAME')}:{get('SERVER_PORT')}"
        path = get("SCRIPT_NAME") + get("PATH_INFO")
        return _url(get("wsgi.url_scheme"), host, path, get("QUERY_STRING"))

    def peer(self) -> object:
        return self._environ.get("REMOTE_ADDR")

    def header(self, name: str) -> str:
        return _decoded(self._text(f"HTTP_{name.upper().replace('-', '_')}"))

    def _text(self, name: str) -> str:
        return str(self._environ.get(name) or "")


class _Asgi:
    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope

    def url(self) -> str:
        scope = self._scope
        query = bytes(scope.get("query_string") or b"").decode("latin-1")
        path = str(scope.get("path") or "").encode("utf-8", "replace").decode("latin-1")
        return _url(str(scope.get("scheme") or "http"), self.header("host"), path, query)

    def peer(self) -> object:
        client = self._scope.get("client")
        return client[0] if client else None

    def header(self, name: str) -> str:
        wanted = name.encode()
        for key, value in self._scope.get("headers") or ():
            if key.lower() == wanted:
                return _decoded(value.decode("latin-1"))
        return ""


def _url(scheme: str, host: str, path: str, query: str) -> str:
    """Path and query in the latin-1 of PEP 3333."""
    if scheme not in ("http", "https") or not host.strip(":"):
        return ""
    address = quote(path.encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~")
    asked = quote(query.encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~?%[]")
    return f"{scheme}://{host}{address}" + (f"?{asked}" if asked else "")


def _cookie(header: str, wanted: str) -> str:
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == wanted:
            text = unquote(value.strip('"')).strip()
            return text if len(text) <= ID_CHARS_MAX else ""
    return ""


def _address(peer: object) -> str:
    """An address that the events API takes; test clients and sockets in files have others."""
    try:
        return str(ipaddress.ip_address(str(peer).partition("%")[0]))
    except ValueError:
        return ""


def _decoded(text: str) -> str:
    """Servers hand headers over as latin-1; browsers that send more send UTF-8."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")


def _short(text: str, chars_max: int) -> str:
    return text if len(text) <= chars_max else ""
