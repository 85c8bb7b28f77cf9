"""What a tile shows now, and the rows behind one of its numbers, by somebody's query workers.

Making statements takes milliseconds of Python and once the import of sqlglot; that happens in a
thread, so that an event loop goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from footfall.dashboards.definition import (
    Chart,
    FieldsQuery,
    NamedQuery,
    ReportQuery,
    SegmentPart,
    SqlQuery,
    Tile,
    TileOptions,
)
from footfall.errors import Invalid
from footfall.explore.question.common import Filter
from footfall.explore.question.ranges import Range, Span
from footfall.explore.segments.kept import NoShelf, Shelf, UsedSegment
from footfall.query import Answer, SqlRunner

if TYPE_CHECKING:
    from footfall.dashboards.columns import TableColumns
    from footfall.dashboards.statements import Made
    from footfall.dashboards.tables import Table
    from footfall.explore.running import Index

ROWS_MAX: Final = 5_000
"""Of a tile's answer."""
BEHIND_MAX: Final = 1_000
"""Rows behind a number that are shown; how many there are is counted."""
_NUMERIC: Final = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)


class Scene(msgspec.Struct, frozen=True):
    """What holds for all tiles of a dashboard at one moment."""

    range: Range
    span: Span
    filters: tuple[Filter, ...]
    zone: str
    now: int
    find_saved: Callable[[str, Mapping[str, Any]], tuple[str, dict[str, Any]]]
    """Statement and values of a saved query, by its name and what is given; raises `Invalid`."""
    shelf: Shelf = NoShelf()
    """Where segments are that reports and filters name."""
    columns: TableColumns | None = None
    """Those of tables, known from other tiles of the same cut; without it each tile asks."""
    cut: object = None
    """Which is the newest, for `columns`."""
    index: Index | None = None
    """The journey index, for reports."""


class TileColumn(msgspec.Struct, frozen=True, omit_defaults=True):
    """A column of a tile's answer."""

    name: str
    type: str
    """Its SQL type."""
    is_share: bool = False
    """Its numbers are shares, 0.42, which people read as 42 %."""


class Before(msgspec.Struct, frozen=True):
    """What a tile showed in an earlier range that it is compared with."""

    rows: msgspec.Raw
    """As the tile's, times where they are drawn in its own range."""
    start: str
    """First instant of the earlier range, ISO 8601 in the dashboard's zone."""
    end: str
    """First instant after it."""


class TileData(msgspec.Struct, frozen=True):
    """What a tile shows."""

    columns: tuple[TileColumn, ...]
    rows: msgspec.Raw
    """Array of arrays."""
    roles: TileOptions
    """Which column is drawn as what."""
    cells: tuple[str | None, ...] | None
    """Of a report: the key of each row's number."""
    sql: str
    """The statement, values included; "" where it is not shown."""
    notes: tuple[str, ...]
    """What to know before believing it."""
    is_cut_off: bool
    cut_sequence: int
    cut_published_at: int
    """Microseconds since 1970 UTC."""
    segments: tuple[UsedSegment, ...] = ()
    """Those that a report was computed with."""
    segments_at: str | None = None
    """As of when they were; rows behind a number are asked for with it."""
    before: Before | None = None
    """Of the earlier range, where it was asked to be compared and can be."""
    not_compared: str = ""
    """Why it is not, where it was asked."""


class RowsBehind(msgspec.Struct, frozen=True):
    """The rows that a number counted."""

    columns: tuple[TileColumn, ...]
    rows: msgspec.Raw
    count: int
    """All of them; `rows` has the first `BEHIND_MAX`."""
    is_source: bool
    """They are rows of what the tile reads; else of the tile's own answer."""
    sql: str
    cut_sequence: int
    cut_published_at: int


async def data_of(tile: Tile, scene: Scene, runner: SqlRunner) -> TileData:
    """What the tile shows now.

    Raises:
        Invalid: the tile, a filter or its statement is wrong.
        FootfallError: what the runner raises.
    """
    query = tile.query
    if query is None:
        raise Invalid("a text shows its words; there is nothing to ask for")
    if isinstance(query, ReportQuery):
        return await _report(query, tile.options, tile.chart, scene, runner)
    made, notes = await statement_of(query, scene, runner)
    found = await runner.run(made.sql, made.values, rows_max=ROWS_MAX)
    columns = tuple(TileColumn(one.name, one.type) for one in found.columns)
    if made.names:
        names = made.names
        y = tuple(names[role] for role in ("y",) if role in names)
        roles = TileOptions(names.get("x", ""), y, names.get("colour", ""), names.get("size", ""))
    else:
        roles = roles_of(tile.chart, tile.options, columns)
    return TileData(
        columns=columns,
        rows=msgspec.Raw(found.body),
        roles=roles,
        cells=None,
        sql=made.shown,
        notes=notes,
        is_cut_off=found.is_cut_off,
        cut_sequence=found.cut_sequence,
        cut_published_at=found.cut_published_at,
    )


async def rows_behind(
    tile: Tile,
    scene: Scene,
    runner: SqlRunner,
    parts: Sequence[SegmentPart],
    cell: str | None = None,
    segments_at: str | None = None,
) -> RowsBehind:
    """The rows that one segment of a tile counted.

    Args:
        tile: Whose number it is.
        scene: As for its answer.
        runner: Runs the statements.
        parts: Values of the segment; none: all of the tile.
        cell: Of a report, the number's key instead.
        segments_at: Of a report, that of its answer, so that those open who were counted.

    Raises:
        Invalid: the tile has no such segment, or nobody is behind its numbers.
        FootfallError: what the runner raises.
    """
    query = tile.query
    if query is None:
        raise Invalid("a text counts nothing")
    if isinstance(query, ReportQuery):
        return await _members(query, scene, runner, cell, segments_at)
    made, _ = await statement_of(query, scene, runner)
    if isinstance(query, FieldsQuery):
        from footfall.dashboards.statements import behind_fields

        table = await table_of(query.table, scene, runner)
        behind = await asyncio.to_thread(
            behind_fields, query, table, scene.span, scene.filters, parts
        )
        return await _listed(behind, runner)
    return await _behind_sql(made, runner, parts)


async def _behind_sql(made: Made, runner: SqlRunner, parts: Sequence[SegmentPart]) -> RowsBehind:
    from footfall.dashboards.statements import behind_sql

    described = await runner.run(f"DESCRIBE {made.sql}", made.values, rows_max=ROWS_MAX)
    types = {str(row[0]): str(row[1]) for row in _rows(described)}
    behind = await asyncio.to_thread(behind_sql, made, parts, types)
    if not behind.is_source:
        return await _listed(behind, runner)
    try:
        return await _listed(behind, runner)
    except Invalid:
        # What it reads is not what it seemed, such as an alias within a condition.
        own = await asyncio.to_thread(behind_sql, made, parts, types, may_ungroup=False)
        return await _listed(own, runner)


def roles_of(chart: Chart, options: TileOptions, columns: Sequence[TileColumn]) -> TileOptions:
    """What is drawn as what: as the options say, else by types: text across, numbers up.

    Raises:
        Invalid: an option names a column that the answer has not.
    """
    names = [column.name for column in columns]
    said = (options.x, options.colour, options.size, *options.y)
    missing = [name for name in said if name and name not in names]
    if missing:
        raise Invalid(f"the answer has no column {', '.join(missing)}; it has: {', '.join(names)}")
    numbers = [one.name for one in columns if one.type.startswith(_NUMERIC)]
    taken = {name for name in said if name}
    words = [name for name in names if name not in numbers and name not in taken]
    free = [name for name in numbers if name not in taken]
    x = options.x
    if not x and chart != "number":
        x = words.pop(0) if words else (free.pop(0) if len(free) > 1 else "")
    colour = options.colour or (words.pop(0) if words and chart not in ("number", "table") else "")
    size = options.size
    y = options.y
    if chart == "tree_map" and not size and not y:
        size = free.pop(0) if free else ""
        colour = options.colour or (free.pop(0) if free else colour)
    elif not y and not (chart == "tree_map" and size):
        is_single = bool(colour) or chart in ("number", "pie", "donut", "heat_map")
        y = tuple(free[:1] if is_single else free)
    return TileOptions(x=x, y=y, colour=colour, size=size)


async def statement_of(
    query: FieldsQuery | SqlQuery | NamedQuery, scene: Scene, runner: SqlRunner
) -> tuple[Made, tuple[str, ...]]:
    """The statement, and the filters that mean nothing in it."""
    from footfall.dashboards import statements

    if isinstance(query, FieldsQuery):
        table = await table_of(query.table, scene, runner)
        made = await asyncio.to_thread(
            statements.of_fields, query, table, scene.span, scene.filters
        )
        return made, _unused(scene.filters, [table])
    if isinstance(query, NamedQuery):
        given: Mapping[str, Any]
        sql, given = await asyncio.to_thread(scene.find_saved, query.name, query.parameters)
    else:
        sql, given = query.sql, {}
    tables: dict[str, Table] = {}
    if scene.filters:
        for name in await asyncio.to_thread(statements.tables_read, sql):
            tables[name] = await table_of(name, scene, runner)
    made = await asyncio.to_thread(
        statements.of_sql, sql, given, scene.span, tables, scene.filters, scene.zone
    )
    return made, _unused(scene.filters, tables.values())


def _unused(filters: Sequence[Filter], tables: Any) -> tuple[str, ...]:
    """Said rather than left out without a word."""
    known = list(tables)
    return tuple(
        f"not filtered by {one.field}: what this tile reads has no such field"
        for one in filters
        if not any(table.has(one.field) for table in known)
    )


async def table_of(name: str, scene: Scene, runner: SqlRunner) -> Table:
    """The table that a tile reads, with its columns.

    Raises:
        FootfallError: what the runner raises.
    """
    from footfall.dashboards.tables import Table

    async def ask() -> Mapping[str, str]:
        quoted = name.replace('"', '""')  # a name has no parameter
        found = await runner.run(f'DESCRIBE "{quoted}"', (), rows_max=ROWS_MAX)
        return {str(row[0]): str(row[1]) for row in _rows(found)}

    types = await (ask() if scene.columns is None else scene.columns.of(name, scene.cut, ask))
    return Table(name, types, scene.zone)


async def _report(
    query: ReportQuery, options: TileOptions, chart: Chart, scene: Scene, runner: SqlRunner
) -> TileData:
    from footfall.dashboards.reports import flat, is_share, question_of
    from footfall.explore.asking import answering
    from footfall.explore.running import run_on

    known, notes = await _known_filters(scene, runner)
    question = question_of(query, scene.range, scene.zone, known)
    shelf = scene.shelf
    answer = await run_on(runner, lambda: answering(question, scene.now, shelf), scene.index)
    drawn = _report_options(query, chart, options, answer.by)
    table = flat(answer, chart, drawn)
    columns = tuple(TileColumn(name, kind, is_share(name, kind)) for name, kind in table.columns)
    return TileData(
        columns=columns,
        rows=msgspec.Raw(msgspec.json.encode(table.rows)),
        roles=roles_of(chart, drawn, columns),
        cells=table.cells,
        sql=answer.sql,
        notes=(*answer.notes, *notes),
        is_cut_off=False,
        cut_sequence=answer.cut_sequence,
        cut_published_at=answer.cut_published_at,
        segments=answer.segments,
        segments_at=answer.segments_at,
    )


async def _known_filters(
    scene: Scene, runner: SqlRunner
) -> tuple[tuple[Filter, ...], tuple[str, ...]]:
    """Filters of fields that reports have, and what is said of the others."""
    from footfall.explore.question.fields import SEGMENT, known_fields

    fields = known_fields()
    odd = [
        one
        for one in scene.filters
        if one.field is not None
        and one.field.partition(".")[0] != SEGMENT
        and isinstance(fields.find(one.field), str)
    ]
    if not odd:
        return scene.filters, ()
    events = await table_of("events", scene, runner)  # columns that plug-ins added
    unused = [one for one in odd if not events.has(one.field)]
    return tuple(one for one in scene.filters if one not in unused), _unused(unused, [events])


def _report_options(
    query: ReportQuery, chart: Chart, options: TileOptions, by: Sequence[str]
) -> TileOptions:
    """What a model's chart usually shows, where nothing is said."""
    if options != TileOptions():
        return options
    if query.model == "funnel":
        return TileOptions(x="label", y=("count",), colour=by[0] if by else "")
    if query.model == "retention":
        y = "rate" if chart in ("heat_map", "line") else "count"
        return TileOptions(x="period", y=(y,), colour="cohort")
    return options


async def _members(
    query: ReportQuery, scene: Scene, runner: SqlRunner, cell: str | None, segments_at: str | None
) -> RowsBehind:
    from footfall.dashboards.reports import question_of
    from footfall.explore.asking import counting, opening
    from footfall.explore.running import run_on

    if cell is None:
        raise Invalid("nobody is behind this number; open one that counts")
    known, _ = await _known_filters(scene, runner)
    question = question_of(query, scene.range, scene.zone, known)
    question = msgspec.structs.replace(question, segments_at=segments_at)
    shelf = scene.shelf
    now, index = scene.now, scene.index
    found = await run_on(
        runner, lambda: opening(question, cell, now, limit=BEHIND_MAX, shelf=shelf), index
    )
    count = len(found.members)
    if found.next is not None:
        count = await run_on(runner, lambda: counting(question, cell, now, shelf), index)
    rows = [[one.id, one.at, one.value] for one in found.members]
    columns = (
        TileColumn(found.kind, "VARCHAR"),
        TileColumn("at", "VARCHAR"),
        TileColumn("value", "DOUBLE"),
    )
    return RowsBehind(
        columns=columns,
        rows=msgspec.Raw(msgspec.json.encode(rows)),
        count=count,
        is_source=True,
        sql="",
        cut_sequence=found.cut_sequence,
        cut_published_at=found.cut_published_at,
    )


async def _listed(made: Made, runner: SqlRunner) -> RowsBehind:
    from footfall.dashboards.statements import counted

    count = await asyncio.to_thread(counted, made)
    found = await runner.run(made.sql, made.values, rows_max=BEHIND_MAX)
    number = _rows(await runner.run(count.sql, count.values))[0][0]
    return RowsBehind(
        columns=tuple(TileColumn(one.name, one.type) for one in found.columns),
        rows=msgspec.Raw(found.body),
        count=int(number),
        is_source=made.is_source,
        sql=made.shown,
        cut_sequence=found.cut_sequence,
        cut_published_at=found.cut_published_at,
    )


def _rows(found: Answer) -> list[list[Any]]:
    return msgspec.json.decode(found.body, type=list[list[Any]])
