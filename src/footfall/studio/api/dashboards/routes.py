"""Routes of dashboards and their tiles."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from litestar import MediaType, Response, Router, delete, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody

from footfall.dashboards.ready import ReadyDashboard, add_ready, ready_dashboards
from footfall.dashboards.storage import DashboardLink, Dashboards, KeptDashboard, ListedDashboard
from footfall.metadata.place import MetadataPlace
from footfall.studio.api.apps.apps import known
from footfall.studio.api.dashboards.tiles import (
    BehindAsked,
    RowsBehindShape,
    TileAsked,
    TileDataShape,
    tile_data,
    tile_parquet,
    tile_rows,
)
from footfall.studio.api.sql.routes import PARQUET, parquet_file
from footfall.studio.edge.asker import while_asked
from footfall.studio.edge.problems import NotFound
from footfall.studio.services import PROBLEMS, AnyRequest, Services, Use

_DATA: Final = ResponseSpec(TileDataShape, generate_examples=False, description="What it shows.")
_ROWS: Final = ResponseSpec(RowsBehindShape, generate_examples=False, description="Those rows.")


class DashboardsListed(msgspec.Struct, frozen=True):
    """Answer of `GET /api/dashboards`."""

    dashboards: tuple[ListedDashboard, ...]


class DashboardSaved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /api/dashboards/{name}`."""

    definition: dict[str, Any]
    """The dashboard; docs/use/dashboards.md."""
    version: int | None = None
    """The one that was changed, 0 for a new one; null overwrites any."""
    is_published: bool = False
    """Readers see it at once; else it is a draft."""


class DashboardLinks(msgspec.Struct, frozen=True):
    """Answer of `GET /api/dashboards/{name}/links`."""

    links: tuple[DashboardLink, ...]


class NewDashboardLink(msgspec.Struct, frozen=True):
    """Answer of `POST /api/dashboards/{name}/links`."""

    link: DashboardLink
    path: str
    """Of the page, behind the studio's address; its token is told this once."""


class ReadyListed(msgspec.Struct, frozen=True):
    """Answer of `GET /api/ready-dashboards`."""

    dashboards: tuple[ReadyDashboard, ...]


def dashboards_of(services: Services) -> Dashboards:
    """Where the project's are kept."""
    place = services.metadata or MetadataPlace.of(services.home)
    return Dashboards(place, services.project, services.clock)


@get("/", summary="All dashboards", responses=PROBLEMS)
async def listing(services: Use) -> DashboardsListed:
    """Names, titles, and what is published of them."""
    return DashboardsListed(await asyncio.to_thread(dashboards_of(services).list))


@get("/{name:str}", summary="One dashboard", responses=PROBLEMS)
async def one(
    services: Use, name: FromPath[str], published: FromQuery[bool] = False
) -> KeptDashboard:
    """Its draft if it has one; with `published` what readers see."""
    store = dashboards_of(services)
    found = await asyncio.to_thread(lambda: store.find(name, is_published=published))
    if found is None:
        raise NotFound(f"there is no such dashboard: {name}")
    return found


@put("/{name:str}", summary="Save a dashboard", responses=PROBLEMS)
async def save(services: Use, name: FromPath[str], data: JSONBody[DashboardSaved]) -> KeptDashboard:
    """Keep a draft, or publish; every mistake is told at once."""
    store = dashboards_of(services)
    keep = store.apply if data.is_published else store.save
    return await asyncio.to_thread(keep, name, data.definition, data.version)


@post("/{name:str}/discard", summary="Drop a draft", status_code=200, responses=PROBLEMS)
async def discard(services: Use, name: FromPath[str]) -> KeptDashboard:
    """Back to what readers see."""
    return await asyncio.to_thread(dashboards_of(services).discard, name)


@delete("/{name:str}", summary="Remove a dashboard", responses=PROBLEMS)
async def remove(services: Use, name: FromPath[str]) -> None:
    """With its links."""
    await asyncio.to_thread(dashboards_of(services).remove, name)


@get("/{name:str}/links", summary="Read-only links", responses=PROBLEMS)
async def links(services: Use, name: FromPath[str]) -> DashboardLinks:
    """Which there are; their tokens are kept nowhere."""
    return DashboardLinks(await asyncio.to_thread(dashboards_of(services).links, name))


@post("/{name:str}/links", summary="Share by a link", responses=PROBLEMS)
async def share(services: Use, name: FromPath[str]) -> NewDashboardLink:
    """Whoever has the link sees this dashboard as published, and nothing else."""
    token, link = await asyncio.to_thread(dashboards_of(services).share, name)
    return NewDashboardLink(link, shared_path(token))


@delete("/{name:str}/links/{link_id:str}", summary="End a link", responses=PROBLEMS)
async def unshare(services: Use, name: FromPath[str], link_id: FromPath[str]) -> None:
    """It opens nothing from now on."""
    await asyncio.to_thread(dashboards_of(services).unshare, name, link_id)


@post("/", summary="What a tile shows", status_code=200, responses={**PROBLEMS, 200: _DATA})
async def ask(services: Use, request: AnyRequest, data: JSONBody[TileAsked]) -> Response[bytes]:
    """Rows and which column is drawn as what; ends with the asker's connection."""
    body = await while_asked(request.receive, tile_data(services, data))
    return Response(body, media_type=MediaType.JSON)


@post("/rows", summary="Rows behind a number", status_code=200, responses={**PROBLEMS, 200: _ROWS})
async def behind(
    services: Use, request: AnyRequest, data: JSONBody[BehindAsked]
) -> Response[bytes]:
    """The rows that a segment of a tile counted, and how many they are."""
    found = await while_asked(request.receive, tile_rows(services, data))
    return Response(msgspec.json.encode(found), media_type=MediaType.JSON)


@post(
    "/parquet", summary="A tile as Parquet", status_code=200, responses={**PROBLEMS, 200: PARQUET}
)
async def parquet(services: Use, request: AnyRequest, data: JSONBody[TileAsked]) -> Response[bytes]:
    """What it shows as a file with types; `footfall-cut-off` says whether there was more."""
    body, is_cut_off = await while_asked(request.receive, tile_parquet(services, data))
    return parquet_file(body, is_cut_off=is_cut_off)


@get("/", summary="Ready-made dashboards", sync_to_thread=False, responses=PROBLEMS)
def ready() -> ReadyListed:
    """Those that come with Footfall, over columns that every project has."""
    return ReadyListed(ready_dashboards())


@post("/{name:str}", summary="Add a ready-made dashboard", responses=PROBLEMS)
async def add(
    services: Use, name: FromPath[str], app: FromQuery[str | None] = None
) -> KeptDashboard:
    """It becomes a dashboard like any other, published; a conflict where there is one so named.

    With `app` it is about that app alone, in its time zone.
    """
    found = None
    if app is not None:
        found = known(await asyncio.to_thread(services.read_apps), app).app
    return await asyncio.to_thread(add_ready, dashboards_of(services), name, found)


def shared_path(token: str) -> str:
    """The page that a link opens. What is behind # is sent to no server and noted in no log."""
    return f"/shared#{token}"


def router() -> Router:
    """Everything under `/api/dashboards`, `/api/tiles` and `/api/ready-dashboards`."""
    kept = [listing, one, save, discard, remove, links, share, unshare]
    return Router(
        "/api",
        route_handlers=[
            Router("/dashboards", route_handlers=kept),
            Router("/tiles", route_handlers=[ask, behind, parquet]),
            Router("/ready-dashboards", route_handlers=[ready, add]),
        ],
        tags=["dashboards"],
    )
