"""What tiles show, and the rows behind their numbers: asked for once a cut, however many look."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from footfall.dashboards.comparing import beside, range_before, why_not, without
from footfall.dashboards.definition import Dashboard, SegmentPart, Tile, TileOptions
from footfall.dashboards.files import parquet_of
from footfall.dashboards.reading import read_tile, scene_values, span_at
from footfall.dashboards.running import (
    RowsBehind,
    Scene,
    TileColumn,
    TileData,
    data_of,
    rows_behind,
)
from footfall.errors import Invalid
from footfall.explore.question.common import Compare, Filter
from footfall.explore.question.ranges import Range, Span
from footfall.explore.segments.kept import UsedSegment
from footfall.studio.api.explore.answers import CutName, newest_cut
from footfall.studio.services import Services


class TileAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/tiles`."""

    tile: dict[str, Any]
    """As a dashboard has it."""
    range: Range
    filters: tuple[Filter, ...] = ()
    zone: str = "UTC"
    compare: Compare = "none"
    """An earlier range whose numbers come along."""


class BehindAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/tiles/rows`."""

    tile: dict[str, Any]
    range: Range
    filters: tuple[Filter, ...] = ()
    zone: str = "UTC"
    parts: tuple[SegmentPart, ...] = ()
    """Values of the segment's columns; none: all of the tile."""
    cell: str | None = None
    """Of a report: the key of the number."""
    segments_at: str | None = None
    """Of a report: that of its answer, so that those open who were counted."""


Rows = tuple[tuple[str | int | float | bool | list[object] | dict[str, object] | None, ...], ...]


class BeforeShape(msgspec.Struct, frozen=True):
    """`footfall.dashboards.running.Before` as the API's description has it."""

    rows: Rows
    start: str
    end: str


class TileDataShape(msgspec.Struct, frozen=True):
    """`footfall.dashboards.running.TileData` as the API's description has it."""

    columns: tuple[TileColumn, ...]
    rows: Rows
    roles: TileOptions
    cells: tuple[str | None, ...] | None
    sql: str
    notes: tuple[str, ...]
    is_cut_off: bool
    cut_sequence: int
    cut_published_at: int
    segments: tuple[UsedSegment, ...] = ()
    segments_at: str | None = None
    before: BeforeShape | None = None
    not_compared: str = ""


class RowsBehindShape(msgspec.Struct, frozen=True):
    """`footfall.dashboards.running.RowsBehind` as the API's description has it."""

    columns: tuple[TileColumn, ...]
    rows: Rows
    count: int
    is_source: bool
    sql: str
    cut_sequence: int
    cut_published_at: int


async def tile_data(services: Services, asked: TileAsked) -> bytes:
    """What a tile shows, as JSON: kept from before if the cut is the same.

    Raises:
        FootfallError: what `data_of` raises.
    """
    tile = read_tile(asked.tile)
    scene = scene_of(services, tile.range or asked.range, asked.filters, asked.zone)
    return await _compared(services, tile, scene, asked.compare)


async def tile_parquet(services: Services, asked: TileAsked) -> tuple[bytes, bool]:
    """The same as a Parquet file, and whether there was more than its limits.

    Raises:
        FootfallError: what `parquet_of` raises.
    """
    tile = read_tile(asked.tile)
    scene = scene_of(services, tile.range or asked.range, asked.filters, asked.zone)
    return await parquet_of(tile, scene, services.sql)


async def shared_data(
    services: Services,
    dashboard: Dashboard,
    tile: Tile,
    range_: Range | None,
    compare: Compare = "none",
) -> bytes:
    """The same for a link: the dashboard's own filters, no statement; few at a time."""
    scene = _shared_scene(services, dashboard, tile, range_)
    async with services.tiles_shared:
        data = await _compared(services, tile, scene, compare)
    found = msgspec.json.decode(data, type=TileData)
    return msgspec.json.encode(msgspec.structs.replace(found, sql="", cells=None))


async def shared_parquet(
    services: Services, dashboard: Dashboard, tile: Tile, range_: Range | None
) -> tuple[bytes, bool]:
    """Of a link's tile: a Parquet file, and whether there was more than its limits."""
    scene = _shared_scene(services, dashboard, tile, range_)
    async with services.tiles_shared:
        return await parquet_of(tile, scene, services.sql)


def _shared_scene(
    services: Services, dashboard: Dashboard, tile: Tile, range_: Range | None
) -> Scene:
    given = tile.range or range_ or dashboard.range
    return scene_of(services, given, dashboard.filters, dashboard.zone)


async def tile_rows(services: Services, asked: BehindAsked) -> RowsBehind:
    """The rows that a segment counted.

    Raises:
        FootfallError: what `rows_behind` raises.
    """
    tile = read_tile(asked.tile)
    scene = scene_of(services, tile.range or asked.range, asked.filters, asked.zone)
    parts, cell, moment = asked.parts, asked.cell, asked.segments_at
    return await rows_behind(tile, scene, services.sql, parts, cell, moment)


def scene_of(services: Services, range_: Range, filters: tuple[Filter, ...], zone: str) -> Scene:
    """What holds for a tile now.

    Raises:
        Invalid: the range or the zone cannot be understood.
    """
    now = services.clock.now_us()
    try:
        span = span_at(range_, zone, now)
    except (KeyError, ValueError, OSError) as error:
        raise Invalid(f"no such IANA time zone: {zone!r}") from error
    queries = None if services.catalog is None else services.catalog.queries
    saved = partial(find_saved, queries, span, zone)
    shelf, index = services.segments, services.index
    return Scene(range_, span, filters, zone, now, saved, shelf, index=index)


def find_saved(
    queries: Any, span: Span, zone: str, name: str, given: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """What runs for a saved query, and its values.

    Its parameters `from`, `to` and `zone`, where it has them, are the ends of the range and the
    dashboard's zone, as in a tile's own SQL, whatever type they were saved with.

    Raises:
        Invalid: there is no such query, or a value is missing or wrong.
    """
    if queries is None:
        raise Invalid(f"this studio keeps no saved queries; write the SQL into the tile: {name!r}")
    wanted = {one.name for one in queries.get(name).parameters} - given.keys()
    ends = {one: at for one, at in scene_values(span, zone).items() if one in wanted}
    texts = {one: at if isinstance(at, str) else at.isoformat() for one, at in ends.items()}
    sql, values = queries.statement(name, {**texts, **given})
    for one in ends:
        sql = sql.replace(f"CAST(${one} AS VARCHAR)", f"${one}")
    return sql, {**values, **ends}


async def _compared(services: Services, tile: Tile, scene: Scene, compare: Compare) -> bytes:
    """What a tile shows, and what it showed in the range that it is compared with."""
    if compare == "none":
        return await _data(services, tile, scene)
    cut = await asyncio.to_thread(newest_cut, services.home, services.project)
    scene = msgspec.structs.replace(scene, columns=services.columns, cut=cut)
    range_ = range_before(scene.range, scene.span, scene.zone, compare)
    why = await why_not(tile, scene, services.sql) if isinstance(range_, Range) else range_
    if why or not isinstance(range_, Range):
        found = msgspec.json.decode(await _data(services, tile, scene), type=TileData)
        return msgspec.json.encode(without(found, why))
    earlier = scene_of(services, range_, scene.filters, scene.zone)
    both = await asyncio.gather(*(_data(services, tile, one) for one in (scene, earlier)))
    now, then = (msgspec.json.decode(one, type=TileData) for one in both)
    spans = (scene.span, earlier.span)
    return msgspec.json.encode(beside(tile, now, then, spans, scene.zone, compare))


async def _data(services: Services, tile: Tile, scene: Scene) -> bytes:
    shown = (tile.chart, tile.query, tile.options)
    asked = (shown, scene.span, scene.filters, scene.zone)
    key = f"tile {msgspec.json.encode(asked).decode()}"
    cut = await asyncio.to_thread(newest_cut, services.home, services.project)
    known = services.answers.get(key, cut)
    if known is not None:
        return known
    scene = msgspec.structs.replace(scene, columns=services.columns, cut=cut)
    found = await data_of(tile, scene, services.sql)
    body = msgspec.json.encode(found)
    if not found.segments:  # what these are may change, and no cut with it
        services.answers.put(key, CutName(found.cut_sequence, found.cut_published_at), body)
    return body
