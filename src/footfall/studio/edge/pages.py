"""Routes that are no API: the one-time link, the files of the front end, the page itself."""

from __future__ import annotations

from typing import Final

from anyio import to_thread
from litestar import Response, get
from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from footfall.clock import SECOND
from footfall.errors import FootfallError
from footfall.signin import SESSION_AGE_MAX
from footfall.studio.edge.assets import Asset, is_known
from footfall.studio.edge.guard import NONCE_KEY
from footfall.studio.edge.problem_page import answer_person
from footfall.studio.edge.problems import Forbidden, NotFound
from footfall.studio.services import AnyRequest, Services, Use

LINK_IS_OVER: Final = (
    "this link was used before, is older than a day, or is of another server: ask for a fresh one"
    " where Footfall runs, with `footfall studio link`"
)


@get("/open", include_in_schema=False)
async def open_link(
    services: Use, request: AnyRequest, token: FromQuery[str] = ""
) -> Redirect | Response[bytes]:
    """Use up a one-time link: start a session and go to the pages."""
    try:
        secret = await to_thread.run_sync(_open_session, services, request, token)
    except FootfallError as error:
        return answer_person(request, error, str(request.scope["state"][NONCE_KEY]))
    if secret is None:
        return Redirect("/", status_code=303)
    cookie = Cookie(
        key=services.cookie,
        value=secret,
        httponly=True,
        secure=services.is_cookie_secure,
        samesite="strict",
        path="/",
        max_age=SESSION_AGE_MAX // SECOND,
    )
    return Redirect("/", status_code=303, cookies=[cookie])


def _open_session(services: Services, request: AnyRequest, token: str) -> str | None:
    """The new session's secret; `None` if the browser has an open one."""
    if services.sessions.is_open(request.cookies.get(services.cookie, "")):
        return None
    secret = services.sessions.open(token)
    if secret is None:
        raise Forbidden(LINK_IS_OVER)
    return secret


@get(["/", "/{path:path}"], include_in_schema=False)
async def page(services: Use, request: AnyRequest, path: FromPath[str] = "") -> Response[bytes]:
    """A file of the front end, else the page itself: its router knows the other addresses."""
    name = path.strip("/")
    asset = services.assets.get(name)
    if asset is not None and name != "index.html":
        return _file(request, asset)
    if name.startswith(("api/", "assets/")) or name == "api" or "." in name.rpartition("/")[2]:
        raise NotFound(f"there is nothing at this address: path=/{name}")
    return Response(
        services.assets.page(str(request.scope["state"][NONCE_KEY])),
        media_type="text/html",
        headers={"cache-control": "no-store"},
    )


def _file(request: AnyRequest, asset: Asset) -> Response[bytes]:
    form = asset.form(request.headers.get("accept-encoding", ""))
    headers = asset.headers(form)
    if is_known(request.headers.get("if-none-match", ""), form.etag):
        return Response(b"", status_code=304, headers=headers)
    return Response(form.content, media_type=asset.media_type, headers=headers)
