"""Answers of explore models as columns and rows, so that one component draws them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from footfall.dashboards.definition import Chart, ReportQuery, TileOptions
from footfall.dashboards.reading import models
from footfall.dashboards.tables import fitting
from footfall.errors import Invalid
from footfall.explore.answer import EventsAnswer, EventsRow
from footfall.explore.question.common import Filter
from footfall.explore.question.fields import known_fields
from footfall.explore.question.ranges import Range
from footfall.explore.question.reading import read
from footfall.explore.question.short import short_options

_HIDDEN: Final = frozenset({"cell", "size_cell", "dropped_cell", "number", "scope", "is_previous"})
_WHOLE: Final = frozenset({"number", "pie", "donut", "tree_map"})
"""Charts of shares and sums, which are of the whole range."""
_SHARES: Final = frozenset(
    {
        *("rate", "rate_low", "rate_high", "lift", "share", "of_first", "of_previous"),
        *("difference", "difference_low", "difference_high"),
    }
)
"""Columns of the models' answers, shares each."""
_TYPES: Final = {bool: "BOOLEAN", int: "BIGINT", float: "DOUBLE", str: "VARCHAR"}
NONE: Final = "(none)"
REST: Final = "(rest)"
ALL: Final = "(all)"


class Flat(msgspec.Struct, frozen=True):
    """An answer as a table."""

    columns: tuple[tuple[str, str], ...]
    """Name and SQL type."""
    rows: list[list[Any]]
    cells: tuple[str | None, ...]
    """What opens each row's number; null: nobody is behind it."""


def question_of(query: ReportQuery, range_: Range, zone: str, filters: Sequence[Filter]) -> Any:
    """The report's question, within the dashboard's range and filters.

    Raises:
        Invalid: the model is unknown, or the question has mistakes.
    """
    kind = models().get(query.model)
    if kind is None:
        raise Invalid(f"no such model; there are {', '.join(models())}: model={query.model}")
    question = read(kind, short_options(query.question))
    typed = (fitting(one, known_fields()) for one in filters)
    kept = tuple(one for one in (question.where, *typed) if one is not None)
    where = None if not kept else kept[0] if len(kept) == 1 else Filter(all=kept)
    return msgspec.structs.replace(question, range=range_, zone=zone, where=where)


def is_share(name: str, kind: str) -> bool:
    """Whether a column of `flat` has shares: 0.42 for 42 %."""
    return name in _SHARES and kind == "DOUBLE"


def flat(answer: Any, chart: Chart, options: TileOptions) -> Flat:
    """The rows of any model's answer that a chart may put together without counting anybody twice.

    Of events, what has no time axis shows the whole range, which for visitors is not the sum of its
    days. Of the others a table has every group; a chart has the groups where the tile says where
    each of their fields is drawn, else everybody together.
    """
    if isinstance(answer, EventsAnswer):
        return _events(answer, chart, options)
    rows = tuple(answer.rows)
    if chart != "table":
        is_grouped = bool(answer.by) and set(answer.by) <= {options.x, options.colour, options.size}
        rows = tuple(row for row in rows if (row.scope != "all") == is_grouped)
    names = [name for name in _names(rows) if name not in _HIDDEN]
    table = [list(_values(answer, row, names)) for row in rows]
    shown = [*_expanded(answer, names)]
    columns = tuple(
        (name, "TIMESTAMP" if name == "unit" else _type([row[place] for row in table]))
        for place, name in enumerate(shown)
    )
    return Flat(columns, table, tuple(getattr(row, "cell", None) for row in rows))


def _events(answer: EventsAnswer, chart: Chart, options: TileOptions) -> Flat:
    """When, which series, which group, how many."""
    rows = [row for row in answer.rows if not row.is_previous]
    is_cut = any(row.bucket is not None for row in rows) and len(answer.buckets) > 1
    says_time = "time" in (options.x, options.colour, options.size)
    has_buckets = is_cut and (chart not in _WHOLE or says_time)
    rows = [row for row in rows if (row.bucket is not None) == has_buckets]
    if chart == "number":
        rows = [row for row in rows if row.scope == "all"]
    elif any(row.scope == "group" for row in rows):
        rows = [row for row in rows if row.scope != "all"]
    has_series = len({row.number for row in rows}) > 1
    columns = [
        *([("time", "TIMESTAMP")] if has_buckets else []),
        *((name, "VARCHAR") for name in answer.by),
        *([("series", "VARCHAR")] if has_series else []),
        ("value", "DOUBLE"),
    ]
    table = [list(_events_row(answer, row, has_buckets, has_series)) for row in rows]
    return Flat(tuple(columns), table, tuple(row.cell for row in rows))


def _events_row(
    answer: EventsAnswer, row: EventsRow, has_buckets: bool, has_series: bool
) -> Iterator[Any]:
    if has_buckets and row.bucket is not None:
        yield answer.buckets[row.bucket].start[:19]
    yield from _group(answer.by, row)
    if has_series:
        yield row.series
    yield row.value


def _group(by: Sequence[str], row: Any) -> Iterator[str]:
    said = {"rest": REST, "all": ALL}.get(row.scope)
    for place in range(len(by)):
        yield said or (NONE if row.group[place] is None else row.group[place])


def _names(rows: Sequence[Any]) -> tuple[str, ...]:
    return rows[0].__struct_fields__ if rows else ()


def _expanded(answer: Any, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name == "group":
            yield from answer.by
        else:
            yield name


def _values(answer: Any, row: Any, names: Sequence[str]) -> Iterator[Any]:
    for name in names:
        value = getattr(row, name)
        if name == "group":
            yield from _group(answer.by, row)
        elif name == "rate" and value == 0 and not getattr(row, "is_complete", True):
            yield None  # nobody can have come back in what is not over
        elif name == "unit":
            yield answer.units[value].start[:19]
        elif name == "cohort":
            yield ALL if value is None else answer.cohorts[value].start[:10]
        elif isinstance(value, int | float | str | bool) or value is None:
            yield value
        else:
            yield msgspec.json.encode(value).decode()


def _type(values: Sequence[Any]) -> str:
    kinds: Mapping[type, str] = _TYPES
    found = {kinds.get(type(value), "VARCHAR") for value in values if value is not None}
    if found <= {"BIGINT", "DOUBLE"} and found:
        return "DOUBLE" if "DOUBLE" in found else "BIGINT"
    return found.pop() if len(found) == 1 else "VARCHAR"
