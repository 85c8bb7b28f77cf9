"""A tile beside an earlier range: which tiles can say that, and where its answer then is drawn.

Whatever cannot be compared says why in a sentence; a number that looks comparable and is not would
be worse than none. Times are put by the calendar: the first of the month upon the first of the
month, else as many days or hours on as the ranges lie apart. Where that does not meet the buckets
of the tile (weeks upon Wednesdays), nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from footfall.clock import SECOND
from footfall.dashboards.definition import FieldsQuery, ReportQuery, SqlQuery, Tile
from footfall.dashboards.running import ROWS_MAX, Before, Scene, TileData, table_of
from footfall.explore.question.common import Compare
from footfall.explore.question.ranges import Calendar, Range, Span, compared_span
from footfall.query import SqlRunner

_CHARTS: Final = frozenset({"number", "line", "area", "bar"})
_MODELS: Final = frozenset({"events", "funnel", "lifecycle", "attribution"})
"""Those whose groups are the same ones in another range: cohorts and variants are not."""
_ENDS: Final = frozenset({"from", "to"})


def range_before(range_: Range, span: Span, zone: str, compare: Compare) -> Range | str:
    """The range that `span` is compared with, or why there is none."""
    calendar = Calendar(ZoneInfo(zone))
    before = compared_span(compare, span, range_, calendar)
    if before.end > span.start:
        return "the range is longer than what it would be compared with"
    return Range(start=calendar.text_of(before.start), end=calendar.text_of(before.end))


async def why_not(tile: Tile, scene: Scene, runner: SqlRunner) -> str:
    """Why a tile cannot be compared, as far as that is known before it is asked; "": it can.

    Raises:
        FootfallError: what the runner raises.
    """
    from footfall.dashboards.statements import parameters_in

    if tile.chart not in _CHARTS:
        return "only numbers, lines, bars and plain areas are"
    query = tile.query
    if isinstance(query, ReportQuery):
        return "" if query.model in _MODELS else f"reports of {query.model} are not"
    if isinstance(query, FieldsQuery):
        table = await table_of(query.table, scene, runner)
        return "what it reads has no time" if table.time is None else ""
    if query is None:
        return "a text has no numbers"
    if isinstance(query, SqlQuery):
        asked = parameters_in(query.sql)
    else:
        asked = parameters_in(scene.find_saved(query.name, query.parameters)[0])
        asked -= query.parameters.keys()
    return "" if asked >= _ENDS else "its statement does not take $from and $to"


def beside(
    tile: Tile, now: TileData, then: TileData, spans: tuple[Span, Span], zone: str, compare: Compare
) -> TileData:
    """The tile's answer with the one of the earlier range, or with why that is not shown.

    Args:
        tile: Whose answers they are.
        now: Of the range.
        then: Of the earlier one.
        spans: The range, and the earlier one.
        zone: The dashboard's.
        compare: Which earlier range it is.
    """
    rows: list[list[Any]] = msgspec.json.decode(now.rows)
    earlier: list[list[Any]] = msgspec.json.decode(then.rows)
    found: list[list[Any]] | str = _unlike(tile, now, then, len(rows), len(earlier))
    found = found or _placed(now, rows, earlier, spans, zone, compare)
    if isinstance(found, str):
        return without(now, found)
    calendar = Calendar(ZoneInfo(zone))
    ends = (calendar.text_of(spans[1].start), calendar.text_of(spans[1].end))
    before = Before(msgspec.Raw(msgspec.json.encode(found)), *ends)
    return msgspec.structs.replace(now, before=before)


def without(now: TileData, why: str) -> TileData:
    """The tile's answer, which says why it is not compared."""
    return msgspec.structs.replace(now, not_compared=f"not compared: {why}")


def _placed(
    now: TileData,
    rows: list[list[Any]],
    earlier: list[list[Any]],
    spans: tuple[Span, Span],
    zone: str,
    compare: Compare,
) -> list[list[Any]] | str:
    names = _names(now)
    at = names.index(now.roles.x) if now.roles.x in names else -1
    if at < 0 or not now.columns[at].type.startswith(("TIMESTAMP", "DATE")):
        return earlier
    times = [row[at] for row in rows if row[at] is not None]
    kept = [row for row in earlier if row[at] is not None]
    put = moved(times, [row[at] for row in kept], spans, ZoneInfo(zone), compare)
    if put is None:
        return "its buckets begin on other days than those of the range before"
    pairs = zip(kept, put, strict=True)
    return [[*row[:at], time, *row[at + 1 :]] for row, time in pairs if time is not None]


def _unlike(tile: Tile, now: TileData, then: TileData, count: int, earlier: int) -> str:
    """Why two answers are not about the same; `count` and `earlier` are their rows."""
    limit = tile.query.limit if isinstance(tile.query, FieldsQuery) else ROWS_MAX
    most, is_number = max(count, earlier), tile.chart == "number"
    is_cut_off = now.is_cut_off or then.is_cut_off or most >= limit > 1
    has_parts = bool(now.roles.colour) or len(now.roles.y) > 1
    reasons = (
        (is_cut_off, "there are more rows than it shows"),
        (is_number and most > 1, "its answer has several rows"),
        (has_parts and tile.chart == "area", "areas upon each other are not"),
        (has_parts and tile.chart == "bar", "bars of several colours are not"),
        (not is_number and not earlier, "there was nothing in the range before"),
        (bool(earlier) and _names(now) != _names(then), "its columns were others"),
    )
    return next((why for is_so, why in reasons if is_so), "")


def _names(data: TileData) -> list[str]:
    return [column.name for column in data.columns]


def moved(
    now: Sequence[str],
    then: Sequence[str],
    spans: tuple[Span, Span],
    zone: ZoneInfo,
    compare: Compare,
) -> list[str | None] | None:
    """Where times of the earlier range are drawn in the other.

        October beside September    2024-09-01 → 2024-10-01, 2024-09-30 → 2024-10-30
        by month, 2024-10 to 12     2024-07-01 → 2024-10-01, 2024-09-01 → 2024-12-01
        by week, 30 days            None: a Monday would stand on a Wednesday

    Args:
        now: Times of the tile's rows, ISO 8601: dates, local times without offset, or instants.
        then: The same of the earlier range.
        spans: The range, and the earlier one.
        zone: Whose days are meant.
        compare: `year`: the same dates.

    Returns:
        For each of `then` its place, none for what lies beyond the range's end; or `None` where
        places would not meet the tile's buckets.
    """
    local = [_local(time, zone) for time in (*now, *then)]
    here, there = local[: len(now)], local[len(now) :]
    start, end, began = (_wall(at, zone) for at in (spans[0].start, spans[0].end, spans[1].start))
    unit = _unit(local)
    is_month = compare == "year" or (unit == "month" and _UNITS["month"]((start, began)))
    months = (start.year - began.year) * 12 + start.month - began.month
    put = [_later(at, months) if is_month else at + (start - began) for at in there]
    if not _UNITS[unit]((*here, *put)):
        return None
    texts = zip(then, put, strict=True)
    return [_text(at, text, zone) if at < end else None for text, at in texts]


_UNITS: Final[Mapping[str, Callable[[Sequence[datetime]], bool]]] = {
    "month": lambda times: all(at.day == 1 for at in times) and _UNITS["day"](times),
    "week": lambda times: len({at.weekday() for at in times}) == 1 and _UNITS["day"](times),
    "day": lambda times: not any(at.hour for at in times) and _UNITS["hour"](times),
    "hour": lambda times: not any(at.minute for at in times) and _UNITS["minute"](times),
    "minute": lambda times: not any(at.second or at.microsecond for at in times),
    "second": lambda _: True,
}
"""Whether all of some times begin one; of a week on one weekday. The longest first."""


def _unit(times: Sequence[datetime]) -> str:
    """The longest that all of them begin."""
    return next(unit for unit, is_begun in _UNITS.items() if is_begun(times))


def _wall(instant: int, zone: ZoneInfo) -> datetime:
    seconds = instant // SECOND
    micros = timedelta(microseconds=instant % SECOND)
    return (datetime.fromtimestamp(seconds, UTC).astimezone(zone) + micros).replace(tzinfo=None)


def _local(text: str, zone: ZoneInfo) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is None else found.astimezone(zone).replace(tzinfo=None)


def _text(at: datetime, like: str, zone: ZoneInfo) -> str:
    """As the answer writes times: a date, a local time, or an instant."""
    if len(like) <= len("2024-10-04"):
        return at.date().isoformat()
    is_instant = datetime.fromisoformat(like).tzinfo is not None
    return at.replace(tzinfo=zone).isoformat() if is_instant else at.isoformat()


def _later(at: datetime, months: int) -> datetime:
    count = at.year * 12 + at.month - 1 + months
    first = at.replace(year=count // 12, month=count % 12 + 1, day=1)
    following = first.replace(year=(count + 1) // 12, month=(count + 1) % 12 + 1)
    return first + timedelta(days=min(at.day, (following - first).days) - 1)
