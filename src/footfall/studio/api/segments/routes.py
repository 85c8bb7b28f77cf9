"""Routes of segments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from litestar import MediaType, Response, Router, delete, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody

from footfall.errors import Invalid
from footfall.explore.answer import Members
from footfall.explore.running import run_on
from footfall.explore.segments.definition import (
    CELL_LENGTH_MAX,
    EXPORT_ROWS_MAX,
    Every,
    Segment,
    Unit,
)
from footfall.explore.segments.kept import KeptSegment, Overlap, SegmentChanges, SegmentSize, Which
from footfall.explore.segments.words import sentence
from footfall.studio.edge.asker import while_asked
from footfall.studio.edge.problems import NotFound
from footfall.studio.services import PROBLEMS, AnyRequest, Services, Use

SPARK_SIZES: Final = 60
"""Sizes of each segment in a list."""
PAGE_DEFAULT: Final = 1_000
IMPORT_BYTES_MAX: Final = 16 << 20
_Result = TypeVar("_Result")
Moment = Annotated[str, msgspec.Meta(max_length=64)]
ExportFormat = Literal["csv", "json", "parquet"]


class ListedSegment(msgspec.Struct, frozen=True):
    """A segment in a list."""

    segment: KeptSegment
    words: str
    """What it means, as a sentence."""
    sizes: tuple[SegmentSize, ...]
    """The last ones, oldest first."""


class SegmentsListed(msgspec.Struct, frozen=True):
    """Answer of `GET /api/segments`."""

    segments: tuple[ListedSegment, ...]


class SegmentShown(msgspec.Struct, frozen=True):
    """Answer of `GET /api/segments/{name}`."""

    segment: KeptSegment
    words: str
    sizes: tuple[SegmentSize, ...]
    """All that are kept, oldest first."""
    versions: tuple[KeptSegment, ...]
    """As it was, newest first."""


class SegmentDefined(msgspec.Struct, frozen=True):
    """Answer of whatever makes or changes a segment."""

    segment: KeptSegment
    words: str
    notes: tuple[str, ...]
    """What to know before believing it, such as an event that never happened."""


class SegmentSaved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /api/segments/{name}`."""

    definition: Segment
    title: str | None = None
    every: Every | None = None
    """How often its size is noted; null: as before, else each day."""
    version: int | None = None
    """The one that was changed, 0 for a new one; null overwrites any."""


class SegmentOfNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/segments/{name}/save`."""

    model: str
    question: dict[str, Any]
    cell: Annotated[str, msgspec.Meta(max_length=CELL_LENGTH_MAX)]
    form: Literal["definition", "list"] = "definition"
    """`list`: exactly those who are behind it now."""
    title: str | None = None
    version: int | None = None


class SegmentList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /api/segments/{name}/list`."""

    ids: tuple[str, ...]
    unit: Unit = "visitor"
    app: str = ""
    title: str | None = None
    version: int | None = None


class SegmentDraft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/segments/preview`."""

    definition: Segment
    at: Moment | None = None
    """As of this moment, ISO 8601; null: now."""


class SegmentPreview(msgspec.Struct, frozen=True):
    """Answer of `POST /api/segments/preview`."""

    words: str
    size: int
    total: int
    """Everybody that its rules are asked about."""
    notes: tuple[str, ...]
    sql: str
    cut_sequence: int
    cut_published_at: int


class MembersAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/segments/{name}/members`."""

    at: Moment | None = None
    after: str | None = None
    limit: int | None = None


class OverlapAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/segments/overlap`."""

    names: tuple[str, ...]
    """Two or three segments of one unit."""
    at: Moment | None = None


class RegionAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/segments/overlap/members`."""

    names: tuple[str, ...]
    inside: tuple[bool, ...]
    """Of each segment, whether they are in it."""
    at: Moment | None = None
    after: str | None = None
    limit: int | None = None


class ChangesAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/segments/{name}/changes`."""

    since: int | None = None
    """`at` of the earlier refresh's size; null: the one before the later."""
    until: int | None = None
    """`at` of the later one's; null: the newest."""


class ChangedAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /api/segments/{name}/changes/members`."""

    which: Which
    since: int | None = None
    until: int | None = None
    after: str | None = None
    limit: int | None = None


@get("/", summary="All segments", responses=PROBLEMS)
async def listed(services: Use) -> SegmentsListed:
    """What each means, and how large it was lately."""

    def read() -> SegmentsListed:
        store = services.segments
        sizes = store.last_sizes(SPARK_SIZES)
        return SegmentsListed(
            tuple(
                ListedSegment(one, sentence(one.definition, one.listed), sizes.get(one.name, ()))
                for one in store.list()
            )
        )

    return await asyncio.to_thread(read)


@get("/{name:str}", summary="One segment", responses=PROBLEMS)
async def one(services: Use, name: FromPath[str]) -> SegmentShown:
    """With its earlier versions and all its sizes."""

    def read() -> SegmentShown:
        store = services.segments
        found = store.find(name)
        if found is None:
            raise NotFound(f"there is no such segment: {name[:80]}")
        words = sentence(found.definition, found.listed)
        return SegmentShown(found, words, store.sizes(name), store.versions(name))

    return await asyncio.to_thread(read)


@put("/{name:str}", summary="Make or change a segment", responses=PROBLEMS)
async def save(
    services: Use, request: AnyRequest, name: FromPath[str], data: JSONBody[SegmentSaved]
) -> SegmentDefined:
    """By its rule; every mistake is told at once."""
    from footfall.explore.segments.acting import defining

    store, now = services.segments, services.clock.now_us()
    options: Any = {"title": data.title, "every": data.every, "version": data.version}
    return await _defined(
        services, request, lambda: defining(store, name, data.definition, now, **options)
    )


@post("/{name:str}/save", summary="Make a segment of a number", status_code=200, responses=PROBLEMS)
async def save_number(
    services: Use, request: AnyRequest, name: FromPath[str], data: JSONBody[SegmentOfNumber]
) -> SegmentDefined:
    """Of those behind a number of an explore answer: exactly these, or whoever is behind it."""
    from footfall.explore.segments.acting import keeping

    store, now = services.segments, services.clock.now_us()

    def start() -> Generator[Any, Any, Any]:
        from footfall.explore.segments.behind import question_behind
        from footfall.explore.segments.definition import Behind

        question = question_behind(Behind(data.model, data.question, data.cell))
        options: Any = {"form": data.form, "title": data.title, "version": data.version}
        return keeping(store, name, question, data.cell, now, **options)

    return await _defined(services, request, start)


@put(
    "/{name:str}/list",
    summary="Import a list of ids",
    responses=PROBLEMS,
    request_max_body_size=IMPORT_BYTES_MAX,
)
async def save_list(
    services: Use, name: FromPath[str], data: JSONBody[SegmentList]
) -> SegmentDefined:
    """Visitors or users by their ids; at most 100,000."""
    from footfall.explore.segments.acting import importing

    found = await asyncio.to_thread(
        lambda: importing(
            services.segments,
            name,
            data.ids,
            unit=data.unit,
            app=data.app,
            title=data.title,
            version=data.version,
        )
    )
    return _told(found)


@delete("/{name:str}", summary="Drop a segment", responses=PROBLEMS)
async def drop(services: Use, name: FromPath[str]) -> None:
    """With its history; not while others are made of it."""
    await asyncio.to_thread(services.segments.drop, name)


@post("/{name:str}/refresh", summary="Note its size now", status_code=200, responses=PROBLEMS)
async def refresh(services: Use, request: AnyRequest, name: FromPath[str]) -> SegmentSize:
    """As the schedule does; ends with the asker's connection."""
    from footfall.explore.segments.acting import refreshing

    now = services.clock.now_us()
    return await _run(services, request, lambda: refreshing(services.segments, name, now))


@post("/preview", summary="How large it would be", status_code=200, responses=PROBLEMS)
async def preview(
    services: Use, request: AnyRequest, data: JSONBody[SegmentDraft]
) -> SegmentPreview:
    """Of a rule that is not kept; every mistake is told at once."""

    def start() -> Generator[Any, Any, Any]:
        from footfall.explore.segments.asking import sizing

        return sizing(data.definition, _at(services, data.at), services.segments)

    found = await _run(services, request, start)
    return SegmentPreview(
        sentence(data.definition),
        found.size,
        found.total,
        found.notes,
        found.sql,
        found.cut_sequence,
        found.cut_published_at,
    )


@post("/{name:str}/members", summary="Who is in it", status_code=200, responses=PROBLEMS)
async def members(
    services: Use, request: AnyRequest, name: FromPath[str], data: JSONBody[MembersAsked]
) -> Members:
    """Exactly those who are in it at a moment, page by page."""

    def start() -> Generator[Any, Any, Any]:
        from footfall.explore.segments.asking import listing

        now, limit = _at(services, data.at), data.limit or PAGE_DEFAULT
        return listing(name, now, services.segments, after=data.after, limit=limit)

    return await _run(services, request, start)


@get(
    "/{name:str}/export",
    summary="All ids as a file",
    responses={
        **PROBLEMS,
        200: ResponseSpec(bytes, generate_examples=False, description="One column, id."),
    },
)
async def export(
    services: Use, request: AnyRequest, name: FromPath[str], form: FromQuery[ExportFormat] = "csv"
) -> Response[bytes]:
    """CSV, JSON or Parquet; within the limits of SQL."""
    now = services.clock.now_us()

    def start() -> Generator[Any, Any, Any]:
        from footfall.explore.segments.asking import exporting

        return exporting(name, now, services.segments)

    asked = await _run(services, request, start)
    work = services.sql.run(asked.sql, asked.values, format=form, rows_max=EXPORT_ROWS_MAX)
    answer = await while_asked(request.receive, work)
    if answer.is_cut_off:
        raise Invalid("the segment is too large for one file; page through its members")
    return Response(
        answer.body,
        media_type=_MEDIA[form],
        headers={"content-disposition": f'attachment; filename="{name}.{form}"'},
    )


_MEDIA: Final[dict[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "json": MediaType.JSON.value,
    "parquet": "application/vnd.apache.parquet",
}


@post("/overlap", summary="How segments overlap", status_code=200, responses=PROBLEMS)
async def overlap(services: Use, request: AnyRequest, data: JSONBody[OverlapAsked]) -> Overlap:
    """Counts of every combination of two or three."""

    def start() -> Generator[Any, Any, Any]:
        from footfall.explore.segments.asking import overlapping

        return overlapping(data.names, _at(services, data.at), services.segments)

    found: Overlap = await _run(services, request, start)
    return found


@post("/overlap/members", summary="Who is in a region", status_code=200, responses=PROBLEMS)
async def overlap_members(
    services: Use, request: AnyRequest, data: JSONBody[RegionAsked]
) -> Members:
    """Exactly those who are in some segments and not in the others."""

    def start() -> Generator[Any, Any, Any]:
        from footfall.explore.segments.asking import region_listing

        now, limit = _at(services, data.at), data.limit or PAGE_DEFAULT
        return region_listing(
            data.names, data.inside, now, services.segments, after=data.after, limit=limit
        )

    return await _run(services, request, start)


@post("/{name:str}/changes", summary="How many came and went", status_code=200, responses=PROBLEMS)
async def changes(
    services: Use, name: FromPath[str], data: JSONBody[ChangesAsked]
) -> SegmentChanges:
    """Between two refreshes, as their lists were kept."""
    found = await asyncio.to_thread(services.segments.changes, name, data.since, data.until)
    return found.counts


@post(
    "/{name:str}/changes/members", summary="Who came, or went", status_code=200, responses=PROBLEMS
)
async def changed(services: Use, name: FromPath[str], data: JSONBody[ChangedAsked]) -> Members:
    """Exactly those whom the counts counted, page by page."""
    from footfall.explore.asking import demand_page

    limit = data.limit or PAGE_DEFAULT
    demand_page(data.after, limit)
    found = await asyncio.to_thread(services.segments.changes, name, data.since, data.until)
    return found.page(data.which, data.after, limit)


async def _defined(
    services: Services, request: AnyRequest, start: Callable[[], Generator[Any, Any, Any]]
) -> SegmentDefined:
    return _told(await _run(services, request, start))


def _told(found: Any) -> SegmentDefined:
    kept: KeptSegment = found.segment
    return SegmentDefined(kept, sentence(kept.definition, kept.listed), found.notes)


async def _run(
    services: Services, request: AnyRequest, start: Callable[[], Generator[Any, Any, _Result]]
) -> _Result:
    return await while_asked(request.receive, run_on(services.sql, start))


def _at(services: Services, at: str | None) -> int:
    from footfall.explore.segments.access import moment

    return moment(at, services.clock.now_us())


def router() -> Router:
    """Everything under `/api/segments`."""
    return Router(
        "/api/segments",
        route_handlers=[
            listed,
            one,
            save,
            save_number,
            save_list,
            drop,
            refresh,
            preview,
            members,
            changes,
            changed,
            export,
            overlap,
            overlap_members,
        ],
        tags=["segments"],
    )
