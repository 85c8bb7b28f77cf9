"""What every request passes first, and what every answer carries.

Other programs and pages on the same machine can reach the loopback, and a name of any site can be
made to point to it. So the `Host` must be ours (DNS rebinding), requests that a browser says come
from elsewhere are refused (`Sec-Fetch-Site`, `Origin`; a cookie's SameSite does not tell ports
apart), and answers forbid being framed, sniffed, or loading anything from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, cast

import msgspec
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from footfall.clock import random_token
from footfall.errors import FootfallError
from footfall.signin import TOKEN_PREFIX, Sessions, Tokens
from footfall.studio.edge.problem_page import PAGE_MEDIA_TYPE, problem_page, wants_page
from footfall.studio.edge.problems import (
    PROBLEM_MEDIA_TYPE,
    Forbidden,
    Misdirected,
    SignedOut,
    problem_of,
)

NONCE_KEY: Final = "footfall_nonce"
_HOST_CHARS_MAX: Final = 255
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_BEARER: Final = "bearer"
_TOKEN_CHARS_MAX: Final = 200

TOKEN_AREAS: Final = frozenset(
    ("explore", "sql", "queries", "segments", "reports", "dashboards", "tiles", "ready-dashboards")
)
"""Areas of the API that a token reaches: questions, and what is kept of them."""
TOKEN_ROUTES: Final = frozenset(
    (
        ("GET", "/api/openapi.json"),
        ("GET", "/api/sessions/definitions"),
        ("PUT", "/api/sessions/definitions/{name}"),
        ("DELETE", "/api/sessions/definitions/{name}"),
        ("GET", "/api/sessions/diff"),
    )
)
"""Routes of other areas that it reaches, too."""
SESSION_ROUTES: Final = frozenset(
    ("/api/dashboards/{name}/links", "/api/dashboards/{name}/links/{link_id}")
)
"""Routes of its areas that it does not: a link lets others in."""


class Guard:
    """ASGI middleware around the whole app; see the module's text."""

    def __init__(self, app: ASGIApp, port: int, scheme: str = "http", public_url: str = "") -> None:
        """Wrap `app`.

        Args:
            app: What answers.
            port: Where it listens, on the loopback.
            scheme: `http` or `https`: what it speaks there.
            public_url: Its address behind a reverse proxy. What the proxy says of itself in headers
                is not looked at: it could be anybody.
        """
        self._app = app
        local = (f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        self._origins = {host: f"{scheme}://{host}" for host in local}
        self._expected = f"{scheme}://127.0.0.1:{port}"
        if public_url:
            public = _as_browsers_say(public_url)
            authority = public.partition("://")[2]
            # Some proxies pass the name without the port; it is nobody else's name either way.
            self._origins |= dict.fromkeys((authority, _without_port(authority)), public)
            self._expected = f"{public} (studio.public_url) or {self._expected}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on with the headers added to the answer."""
        if scope["type"] != ScopeType.HTTP:
            # Websockets are not served; what is left is the server telling of start and end.
            await self._app(scope, receive, send)
            return
        nonce = random_token(16)
        scope["state"] = {**scope.get("state", {}), NONCE_KEY: nonce}
        headers = _security_headers(nonce)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        sent = dict(scope["headers"])
        refusal = self._refusal(str(scope["method"]), sent)
        if refusal is None:
            await self._app(scope, receive, send_guarded)
        else:
            is_page = wants_page(sent.get(b"accept", b""))
            await refuse(refusal, send_guarded, page_nonce=nonce if is_page else None)

    def _refusal(self, method: str, headers: dict[bytes, bytes]) -> FootfallError | None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if host not in self._origins:
            return Misdirected(
                f"open the studio at {self._expected}; behind a proxy set studio.public_url to the"
                f" address that people type, with its port: host={host[:_HOST_CHARS_MAX]}"
            )
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if origin and origin != self._origins[host]:
            return Forbidden(f"requests from other sites are refused: origin={origin}")
        if method not in _SAFE_METHODS and not origin and b"sec-fetch-site" in headers:
            return Forbidden("requests that change something must say their origin")
        return None


def refuse_other_sites(connection: ASGIConnection[object, object, object, State]) -> None:
    """Raise for requests that a browser says come from another site or port."""
    site = connection.headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        raise Forbidden("the API only answers pages of the studio itself")


def link_guard(connection: ASGIConnection[object, object, object, State], _: object) -> None:
    """Litestar guard of what is open by a link of its own: for pages of the studio only."""
    refuse_other_sites(connection)


SessionGuard = Callable[[ASGIConnection[object, object, object, State], BaseRouteHandler], None]


def session_guard(sessions: Sessions, tokens: Tokens, cookie: str) -> SessionGuard:
    """Litestar guard of everything under `/api`: the request must bring a session or a token.

    A guard of the routes, not of paths: no spelling of an address reaches a handler without it. A
    function, because Litestar copies the guards that are objects, with all they hold.
    """

    def guard(
        connection: ASGIConnection[object, object, object, State], _: BaseRouteHandler
    ) -> None:
        refuse_other_sites(connection)
        token = _token_of(connection.headers.get("authorization", ""))
        if token is not None:
            if tokens.name_of(token) is None:
                raise SignedOut(
                    "the token opens nothing: it is wrong, has ended or was revoked;"
                    " footfall token create makes one"
                )
            scope = cast("HTTPScope", connection.scope)
            _demand_token_may(scope["method"], scope["path_template"])
        elif not sessions.is_open(connection.cookies.get(cookie, "")):
            raise SignedOut("open a fresh link: footfall studio link prints one")

    return guard


def _token_of(authorization: str) -> str | None:
    """The token that a request brings; other credentials are those of a proxy before us."""
    scheme, _, token = authorization.partition(" ")
    is_ours = scheme.lower() == _BEARER and token.strip().startswith(TOKEN_PREFIX)
    return token.strip()[:_TOKEN_CHARS_MAX] if is_ours else None


def _demand_token_may(method: str, template: str) -> None:
    """Refuse what a token does not do: whatever lets others in, sends elsewhere, or sets up."""
    area = template.removeprefix("/api/").partition("/")[0]
    is_asked = area in TOKEN_AREAS and template not in SESSION_ROUTES
    if not is_asked and (method, template) not in TOKEN_ROUTES:
        raise Forbidden(
            "a token asks, and keeps queries, segments, reports and dashboards; do this in the"
            " studio's pages, or in Python with a link of footfall studio link"
        )


def _security_headers(nonce: str) -> Iterable[tuple[bytes, bytes]]:
    policy = (
        "default-src 'none'; script-src 'self'; connect-src 'self'; font-src 'self';"
        " img-src 'self' data:; manifest-src 'self';"
        f" style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return (
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    )


def _as_browsers_say(url: str) -> str:
    """The origin of `url`: lower case, without the port that its scheme has anyway."""
    origin = url.lower()
    return origin.removesuffix(_DEFAULT_PORTS[origin.partition("://")[0]])


def _without_port(authority: str) -> str:
    name, colon, port = authority.rpartition(":")
    return name if colon and port.isdigit() else authority


async def refuse(error: FootfallError, send: Send, *, page_nonce: str | None = None) -> None:
    """Answer with an error of ours, outside the app; as a page if its nonce is given."""
    problem = problem_of(error)
    if page_nonce is None:
        body, media_type = msgspec.json.encode(problem), PROBLEM_MEDIA_TYPE
    else:
        body, media_type = problem_page(problem, page_nonce), f"{PAGE_MEDIA_TYPE}; charset=utf-8"
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
