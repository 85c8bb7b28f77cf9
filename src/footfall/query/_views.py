"""The views that statements read, as SQL text over one cut's files.

The rules are those of `footfall.lake.cut`. Data files are read by Iceberg field id, which is the
column's place in its Arrow schema: a file written before a column existed gives nulls for it. What
is empty is left out of the text: a cut without overrides or removals costs no join, and filters and
unused columns reach the Parquet reader through every view.
"""

# ruff: noqa: S608 (text is made of our own names, numbers and quoted paths)

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA
from footfall.session import SESSION_SCHEMA

VIEWS: Final = ("events", "sessions", "failed_events")
"""Names that a statement may use. Everything else in the catalog starts with an underscore."""

_TYPES: Final[list[tuple[pa.DataType, str]]] = [
    (pa.string(), "VARCHAR"),
    (pa.binary(16), "UUID"),
    (pa.binary(), "BLOB"),
    (pa.bool_(), "BOOLEAN"),
    (pa.int32(), "INTEGER"),
    (pa.int64(), "BIGINT"),
    (pa.timestamp("us", tz="UTC"), "TIMESTAMP WITH TIME ZONE"),
]


def events_view(
    files: Sequence[str], *, has_tail: bool, has_overrides: bool, epoch: int = 0
) -> str:
    """`events`: lake ∪ tail, the session id replaced where a later override covers the event.

    An override is about events of earlier epochs; those of the tail are as new as the overrides
    made since `epoch`, the cut's, and may be older than any of them.

    The overrides of a cut do not overlap, so the join finds at most one for an event. It is a hash
    join by visitor: ASOF, which sorts every event, took 6 times as long on a million.
    """
    rows = _union(files, EVENT_SCHEMA, "_events_tail" if has_tail else None)
    if not has_overrides:
        return rows
    columns = ", ".join(
        "coalesce(o.session_id, e.session_id) AS session_id"
        if name == "session_id"
        else f"e.{name}"
        for name in EVENT_SCHEMA.names
    )
    return (
        f"SELECT {columns} FROM ({rows}) e LEFT JOIN _overrides o"
        " ON e.app_id = o.app_id AND e.visitor_id = o.visitor_id"
        " AND e.event_time BETWEEN o.from_time AND o.to_time"
        f" AND o.epoch > least(e.epoch, {int(epoch)})"
    )


def failed_view(files: Sequence[str], *, has_tail: bool) -> str:
    """`failed_events`: lake ∪ tail."""
    return _union(files, FAILED_SCHEMA, "_failed_tail" if has_tail else None)


def sessions_view(
    files: Sequence[str],
    *,
    has_hot: bool,
    has_kept: bool,
    has_removed: bool,
    watermark: int,
    gap: int,
) -> str:
    """`sessions`: hot ∪ kept ∪ lake, newest of each, and `status`.

    Only a session whose later revision is in the lake has one above 1, so the newest revisions are
    looked for among those few and the rest of the lake is read once, in place.
    """
    columns = ", ".join(SESSION_SCHEMA.names)
    written = _lake(files, SESSION_SCHEMA)
    if has_removed:
        written = (
            f"(SELECT s.* FROM {written} s ANTI JOIN _removed r"
            " ON r.session_id = s.session_id AND r.epoch > s.epoch)"
        )
    newest = (
        "(SELECT session_id, max(revision) AS revision"
        f" FROM {written} WHERE revision > 1 GROUP BY 1)"
    )
    lake = (
        f"SELECT {columns}, 'closed' AS status FROM {written} s"
        f" ANTI JOIN {newest} n ON n.session_id = s.session_id AND n.revision > s.revision"
    )
    status = (
        f"CASE WHEN epoch_us(ended_at) + {int(gap)} < {int(watermark)}"
        " THEN 'closed' ELSE 'open' END AS status"
    )
    parts = []
    if has_hot:
        parts.append(
            f"SELECT {columns}, {status} FROM (SELECT * FROM _hot QUALIFY"
            " row_number() OVER (PARTITION BY session_id ORDER BY sequence DESC, is_removed) = 1)"
            " WHERE NOT is_removed"
        )
    if has_kept:
        shown = f"SELECT {columns}, {status} FROM _kept WHERE is_shown"
        parts.append(_not_in(shown, ["_hot"] if has_hot else []))
        lake = _not_in(lake, ["(SELECT session_id FROM _kept WHERE is_shown)"])
    parts.append(_not_in(lake, ["_hot"] if has_hot else []))
    return " UNION ALL ".join(parts)


def _not_in(rows: str, others: Sequence[str]) -> str:
    """`rows` without sessions that another table expression has."""
    for other in others:
        rows = f"SELECT l.* FROM ({rows}) l ANTI JOIN {other} h ON h.session_id = l.session_id"
    return rows


def without_glob(path: str) -> str:
    """`path` for DuckDB, which takes every path for a pattern: in brackets a sign is itself."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in path)


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def _union(files: Sequence[str], schema: pa.Schema, tail: str | None) -> str:
    columns = ", ".join(schema.names)
    lake = f"SELECT {columns} FROM {_lake(files, schema)}"
    return lake if tail is None else f"{lake} UNION ALL SELECT {columns} FROM {tail}"


def _lake(files: Sequence[str], schema: pa.Schema) -> str:
    """A table expression: the data files, or no rows of the same columns."""
    if not files:
        nulls = ", ".join(f"NULL::{_sql_type(field.type)} AS {field.name}" for field in schema)
        return f"(SELECT {nulls} WHERE false)"
    paths = ", ".join(literal(without_glob(file)) for file in files)
    columns = ", ".join(
        f"{number}: {{name: '{field.name}', type: '{_sql_type(field.type)}', default_value: NULL}}"
        for number, field in enumerate(schema, start=1)
    )
    return f"read_parquet([{paths}], hive_partitioning = false, schema = MAP {{{columns}}})"


def _sql_type(kind: pa.DataType) -> str:
    for arrow, name in _TYPES:
        if kind == arrow:
            return name
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision}, {kind.scale})"
    assert pa.types.is_list(kind), f"no SQL type for {kind}"
    return f"{_sql_type(kind.value_type)}[]"
