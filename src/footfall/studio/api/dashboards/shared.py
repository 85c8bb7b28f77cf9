"""A dashboard for whoever has its link: no session, that dashboard's tiles, no statement.

The token comes in a header of its own, never in an address. It is looked up at each request, so a
link that was removed is over at once.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
from litestar import MediaType, Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, JSONBody

from footfall.dashboards.definition import Dashboard, Tile
from footfall.dashboards.storage import KeptDashboard
from footfall.explore.question.common import Compare
from footfall.explore.question.ranges import Range
from footfall.studio.api.dashboards.routes import dashboards_of
from footfall.studio.api.dashboards.tiles import TileDataShape, shared_data, shared_parquet
from footfall.studio.api.explore.answers import CutName, newest_cut
from footfall.studio.api.sql.routes import PARQUET, parquet_file
from footfall.studio.edge.asker import while_asked
from footfall.studio.edge.problems import NotFound
from footfall.studio.services import PROBLEMS, AnyRequest, Services, Use

HEADER: Final = "footfall-link"
_TOKEN_LENGTH_MAX: Final = 200
_DATA: Final = ResponseSpec(TileDataShape, generate_examples=False, description="What it shows.")


class SharedDashboard(msgspec.Struct, frozen=True):
    """Answer of `GET /api/shared`: the dashboard, its tiles without what they ask."""

    definition: Dashboard
    version: int


class SharedAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/shared/tiles/{tile}`."""

    range: Range | None = None
    """Null: the dashboard's."""
    compare: Compare = "none"
    """An earlier range whose numbers come along."""


@get("/", summary="A shared dashboard", responses=PROBLEMS)
async def shared(services: Use, request: AnyRequest) -> SharedDashboard:
    """What the link shows; the header `footfall-link` has its token."""
    found = await _opened(services, request)
    return SharedDashboard(_without_queries(found.definition), found.version)


@get("/cut", summary="Whether there is something new", responses=PROBLEMS)
async def cut(services: Use, request: AnyRequest) -> CutName:
    """Which cut is the newest: tiles are asked for again when it is another."""
    await _opened(services, request)
    found = await asyncio.to_thread(newest_cut, services.home, services.project)
    return found or CutName(0, 0)


@post(
    "/tiles/{tile_id:str}",
    summary="What a tile of it shows",
    status_code=200,
    responses={**PROBLEMS, 200: _DATA},
)
async def tile(
    services: Use, request: AnyRequest, tile_id: FromPath[str], data: JSONBody[SharedAsked]
) -> Response[bytes]:
    """Rows and which column is drawn as what, within a range."""
    kept = await _opened(services, request)
    found = _tile_of(kept, tile_id)
    work = shared_data(services, kept.definition, found, data.range, data.compare)
    body = await while_asked(request.receive, work)
    return Response(body, media_type=MediaType.JSON)


@post(
    "/tiles/{tile_id:str}/parquet",
    summary="A tile of it as Parquet",
    status_code=200,
    responses={**PROBLEMS, 200: PARQUET},
)
async def parquet(
    services: Use, request: AnyRequest, tile_id: FromPath[str], data: JSONBody[SharedAsked]
) -> Response[bytes]:
    """What it shows as a file with types; `footfall-cut-off` says whether there was more."""
    kept = await _opened(services, request)
    found = _tile_of(kept, tile_id)
    work = shared_parquet(services, kept.definition, found, data.range)
    body, is_cut_off = await while_asked(request.receive, work)
    return parquet_file(body, is_cut_off=is_cut_off)


def _tile_of(kept: KeptDashboard, tile_id: str) -> Tile:
    found = kept.definition.tile(tile_id)
    if found is None or found.query is None:
        raise NotFound(f"the dashboard has no such tile: {tile_id}")
    return found


async def _opened(services: Services, request: AnyRequest) -> KeptDashboard:
    token = request.headers.get(HEADER, "")
    found = None
    if 0 < len(token) <= _TOKEN_LENGTH_MAX:
        found = await asyncio.to_thread(dashboards_of(services).shared, token)
    if found is None:
        raise NotFound("this link shows nothing any more; ask whoever gave it to you for a new one")
    return found


def _without_queries(dashboard: Dashboard) -> Dashboard:
    replace = msgspec.structs.replace
    sheets = tuple(
        replace(sheet, tiles=tuple(replace(tile, query=None) for tile in sheet.tiles))
        for sheet in dashboard.sheets
    )
    return replace(dashboard, sheets=sheets, filters=())


def router() -> Router:
    """Everything under `/api/shared`."""
    return Router("/api/shared", route_handlers=[shared, cut, tile, parquet], tags=["dashboards"])
