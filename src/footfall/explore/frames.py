"""Answers as tables: a row a number, a column a field of the breakdown."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import pyarrow as pa

from footfall.explore.answer import (
    Answer,
    Bucket,
    EventsAnswer,
    LifecycleAnswer,
    RetentionAnswer,
)
from footfall.explore.question.common import Common

SHOWN_ROWS: Final = 20
_TYPES: Final = {int: pa.int64(), float: pa.float64(), str: pa.string(), bool: pa.bool_()}


def table_of(question: Common, answer: Answer) -> pa.Table:
    """Every row of an answer; buckets and cohorts with the instant that they begin at."""
    rows = [msgspec.structs.asdict(row) for row in answer.rows]
    hidden = {"group", "bucket", "cohort", "unit"}
    names = [name for name in _row_type(answer).__struct_fields__ if name not in hidden]
    columns: dict[str, pa.Array] = {}
    if isinstance(answer, EventsAnswer):
        begins = [
            _begin(answer.previous_buckets if row.is_previous else answer.buckets, row.bucket)
            for row in answer.rows
        ]
        columns["start"] = pa.array(begins, pa.timestamp("us", tz=question.zone))
    elif isinstance(answer, RetentionAnswer):
        begins = [_begin(answer.cohorts, row.cohort) for row in answer.rows]
        columns["cohort"] = pa.array(begins, pa.timestamp("us", tz=question.zone))
    elif isinstance(answer, LifecycleAnswer):
        begins = [_begin(answer.units, row.unit) for row in answer.rows]
        columns["start"] = pa.array(begins, pa.timestamp("us", tz=question.zone))
    for place, field in enumerate(answer.by):
        name = f"{field}_" if field in {*names, *columns} else field
        values = [row["group"][place] if row["group"] else None for row in rows]
        columns[name] = pa.array(values, pa.string())
    types = msgspec.structs.fields(_row_type(answer))
    kinds = {one.name: one.type for one in types}
    for name in names:
        columns[name] = pa.array([row[name] for row in rows], _arrow_type(kinds[name]))
    return pa.table(columns)


def html_of(table: pa.Table, notes: Sequence[str]) -> str:
    """The first rows for a notebook; what came from outside is escaped: it is text."""
    hidden = {"cell", "size_cell", "observed_cell", "dropped_cell", "number"}
    names = [name for name in table.column_names if name not in hidden]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in names)
    shown = table.select(names).slice(0, SHOWN_ROWS).to_pylist()
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(_text(value))}</td>' for value in row.values())}</tr>"
        for row in shown
    )
    left = table.num_rows - len(shown)
    said = [*notes, *([f"{left:,} more rows"] if left else [])]
    foot = "".join(f"<p>{html.escape(one)}</p>" for one in said)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{foot}"


def _row_type(answer: Answer) -> Any:
    (rows,) = [one for one in msgspec.structs.fields(answer) if one.name == "rows"]
    return rows.type.__args__[0]


def _begin(buckets: Sequence[Bucket], place: int | None) -> datetime | None:
    return None if place is None else datetime.fromisoformat(buckets[place].start)


def _arrow_type(kind: Any) -> pa.DataType:
    for one in (kind, *getattr(kind, "__args__", ())):
        if one in _TYPES:
            return _TYPES[one]
    return pa.string()


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)
