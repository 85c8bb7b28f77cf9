"""A dashboard as a person or a program wrote it, read and checked: all mistakes at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from footfall.dashboards.definition import (
    BYTES_MAX,
    FILTERS_MAX,
    GRID_COLUMNS,
    SHEETS_MAX,
    TILES_MAX,
    Dashboard,
    FieldsQuery,
    ReportQuery,
    Sheet,
    SqlQuery,
    Tile,
    TilePlace,
)
from footfall.errors import Invalid
from footfall.explore.question.common import Filter
from footfall.explore.question.fields import near_names
from footfall.explore.question.ranges import Calendar, Span, find_range
from footfall.explore.question.short import short_options
from footfall.project import ID_PATTERN

_PLAIN: Final = Dashboard("", ())
_SAMPLE_NOW: Final = 1_700_000_000_000_000
"""Any instant: whether a range can be understood does not depend on it."""


def read_dashboard(given: Any) -> Dashboard:
    """The dashboard that JSON stands for.

    Args:
        given: Text or bytes of JSON, or what they hold; or a `Dashboard`, to be checked.

    Raises:
        Invalid: every mistake is in `problems`, with its path, `sheets[0].tiles[2].place: …`.
    """
    if isinstance(given, Dashboard):
        given = msgspec.to_builtins(given)
    problems: list[str] = []
    found = _read(_decoded(given), problems)
    problems += _problems(found)
    if problems:
        raise Invalid("the dashboard has mistakes; mend them:", tuple(dict.fromkeys(problems)))
    return found


def read_tile(given: Any) -> Tile:
    """One tile, on its own; raises as `read_dashboard`."""
    if isinstance(given, Tile):
        given = msgspec.to_builtins(given)
    problems: list[str] = []
    found: Tile | None = _converted(given, Tile, "tile", problems)
    problems += [] if found is None else list(_tile_problems("tile", found))
    if problems or found is None:
        raise Invalid("the tile has mistakes; mend them:", tuple(problems))
    return found


def check_name(name: str) -> None:
    """Refuse what cannot be a dashboard's name.

    Raises:
        Invalid: it has other characters, or too many.
    """
    if not ID_PATTERN.fullmatch(name):
        raise Invalid(
            "a dashboard's name has letters, digits, _ . - and at most 64 of them, first a letter"
            f" or digit: {name!r}"
        )


def _decoded(given: Any) -> Mapping[str, Any]:
    if isinstance(given, str | bytes):
        if len(given) > BYTES_MAX:
            raise Invalid(f"a dashboard has at most {BYTES_MAX} bytes of JSON; split it")
        try:
            given = msgspec.json.decode(given)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise Invalid(f"a dashboard is JSON; this is none: {error}") from error
    if not isinstance(given, Mapping):
        raise Invalid('a dashboard is a JSON object: {"title": "…", "sheets": […]}')
    return given


def _read(given: Mapping[str, Any], problems: list[str]) -> Dashboard:
    """What can be understood; each part that cannot is a problem and left out."""
    hints = get_type_hints(Dashboard, include_extras=True)
    for name in given.keys() - hints.keys():
        near = ", ".join(near_names(str(name), hints)) or ", ".join(hints)
        problems.append(f"{name}: no such part; there are: {near}")
    values = {
        name: _converted(given[name], hints[name], name, problems)
        for name in ("title", "range", "zone", "filters")
        if name in given
    }
    problems += [f"{name}: say it" for name in ("title", "sheets") if name not in given]
    values = {name: value for name, value in values.items() if value is not None}
    sheets = tuple(_sheets(given.get("sheets", ()), problems))
    return Dashboard(**{"title": "", **values, "sheets": sheets})


def _sheets(given: Any, problems: list[str]) -> Iterator[Sheet]:
    if not isinstance(given, list | tuple):
        problems.append("sheets: a list")
        return
    for place, sheet in enumerate(given):
        path = f"sheets[{place}]"
        if not isinstance(sheet, Mapping):
            problems.append(f'{path}: an object: {{"title": "…", "tiles": […]}}')
            continue
        title = _converted({**sheet, "tiles": []}, Sheet, path, problems)
        tiles = sheet.get("tiles", ())
        if not isinstance(tiles, list | tuple):
            problems.append(f"{path}.tiles: a list")
            continue
        read = [
            _converted(tile, Tile, f"{path}.tiles[{n}]", problems) for n, tile in enumerate(tiles)
        ]
        # A tile that could not be read keeps its place, so that paths stay right.
        yield Sheet("" if title is None else title.title, tuple(read))


def _converted(given: Any, kind: Any, path: str, problems: list[str]) -> Any:
    try:
        return msgspec.convert(given, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        said, _, where = str(error).partition(" - at `$")
        problems.append(f"{path}{where.rstrip('`')}: {said}")
        return None


def _problems(found: Dashboard) -> Iterator[str]:
    if not 1 <= len(found.sheets) <= SHEETS_MAX:
        yield f"sheets: from 1 to {SHEETS_MAX}"
    if found.zone not in available_timezones():
        near = ", ".join(near_names(found.zone, available_timezones())) or "such as Europe/Berlin"
        yield f"zone: no such IANA time zone: {found.zone!r}; near are: {near}"
    span = find_range(found.range, Calendar(ZoneInfo("UTC")), _SAMPLE_NOW)
    if isinstance(span, str) and found.range != _PLAIN.range:
        yield span
    yield from _filter_problems("filters", found.filters)
    seen: set[str] = set()
    count = 0
    for place, sheet in enumerate(found.sheets):
        taken: list[tuple[str, TilePlace]] = []
        for number, tile in enumerate(sheet.tiles):
            count += 1
            if tile is None:
                continue
            path = f"sheets[{place}].tiles[{number}]"
            yield from _tile_problems(path, tile)
            if tile.id in seen:
                yield f"{path}.id: another tile has it: {tile.id!r}"
            seen.add(tile.id)
            over = [other for other, one in taken if _overlap(one, tile.place)]
            if over:
                yield f"{path}.place: it lies over tile {over[0]!r}; move one of them"
            taken.append((tile.id, tile.place))
    if count > TILES_MAX:
        yield f"sheets: at most {TILES_MAX} tiles, all sheets together"


def _tile_problems(path: str, tile: Tile) -> Iterator[str]:
    if not ID_PATTERN.fullmatch(tile.id):
        yield f"{path}.id: letters, digits, _ . - and at most 64 of them: {tile.id!r}"
    if tile.place.x + tile.place.w > GRID_COLUMNS:
        yield f"{path}.place: it ends beyond column {GRID_COLUMNS}; lower x or w"
    if tile.chart == "text":
        if tile.query is not None:
            yield f"{path}.query: a text has none; put its words into text"
        return
    if tile.text:
        yield f'{path}.text: only a tile of chart "text" has it'
    if tile.range is not None:
        span = find_range(tile.range, Calendar(ZoneInfo("UTC")), _SAMPLE_NOW)
        if isinstance(span, str):
            yield f"{path}.{span}"
    query = tile.query
    if query is None:
        yield f"{path}.query: say what it shows: kind fields, sql, saved or report"
    elif isinstance(query, FieldsQuery):
        yield from _fields_problems(f"{path}.query", query)
    elif isinstance(query, ReportQuery):
        yield from _report_problems(f"{path}.query", query)
    elif isinstance(query, SqlQuery) and not query.sql.strip():
        yield f"{path}.query.sql: write a SELECT"


def _fields_problems(path: str, query: FieldsQuery) -> Iterator[str]:
    if not query.table:
        yield f"{path}.table: name a table or view"
    yield from _filter_problems(f"{path}.where", query.where)
    for name in ("x", "y", "colour", "size"):
        use = getattr(query, name)
        if use is None:
            continue
        if not use.column and use.measure != "count":
            yield f'{path}.{name}.column: name one; only the measure "count" needs none'
        if use.unit is not None and use.measure is not None:
            yield f"{path}.{name}.unit: instants that are measured are not grouped; leave it out"
        if name == "x" and use.measure is not None:
            yield f"{path}.x.measure: x is what is grouped by; measure y or size"
        if name in ("y", "size") and use.measure is None and query.x is None:
            yield f"{path}.{name}.measure: say count, distinct, sum, avg, median, min or max"


def _report_problems(path: str, query: ReportQuery) -> Iterator[str]:
    from footfall.explore.question.reading import read

    model = models().get(query.model)
    if model is None:
        yield f"{path}.model: there are {', '.join(models())}: {query.model!r}"
        return
    try:
        read(model, short_options(query.question))
    except Invalid as error:
        said = error.problems or (str(error),)
        yield from (f"{path}.question.{one}" for one in said)


def models() -> dict[str, type[Any]]:
    """Questions of all explore models, by the model's name."""
    from footfall.explore.kinds import KINDS

    return {name: kind.question for name, kind in KINDS.items()}


def _filter_problems(path: str, filters: tuple[Filter, ...]) -> Iterator[str]:
    if len(filters) > FILTERS_MAX:
        yield f"{path}: at most {FILTERS_MAX}"
    for place, one in enumerate(filters):
        if one.field is None or one.all is not None or one.any is not None:
            yield f"{path}[{place}]: name one field, its op and value"


def span_at(range_: Any, zone: str, now: int) -> Span:
    """The instants that a range means now.

    Raises:
        Invalid: it cannot be understood.
    """
    found = find_range(range_, Calendar(ZoneInfo(zone)), now)
    if isinstance(found, str):
        raise Invalid(found)
    return found


def scene_values(span: Span, zone: str) -> dict[str, datetime | str]:
    """`from` and `to` of a range, and the `zone` of its days, as statements have them."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    ends = {"from": span.start, "to": span.end}
    return {
        **{name: epoch + timedelta(microseconds=at) for name, at in ends.items()},
        "zone": zone,
    }


def _overlap(one: TilePlace, other: TilePlace) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )
