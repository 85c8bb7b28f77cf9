"""The views that statements read, as SQL text over one cut's files.

The rules are those of `footfall.lake.cut`. Data files are read by Iceberg field id, as columns are
defined: a file written before a column existed gives nulls for it. A table without rules of its own
is its data files and its tail. What is empty is left out of the text: a cut without overrides or
removals costs no join, and filters and unused columns reach the Parquet reader through every view.
"""

# ruff: noqa: S608 (text is made of our own names, numbers and quoted paths)

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from footfall.columns import Column
from footfall.columns.column import decimal_digits
from footfall.lake import TABLES
from footfall.query._quoting import literal, quoted, without_glob
from footfall.query.cuts.cut_files import tail_name

Columns = Sequence[Column]

_TYPES: Final = {
    "string": "VARCHAR",
    "uuid": "UUID",
    "binary": "BLOB",
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "list<string>": "VARCHAR[]",
}

_SCALAR: Final = re.compile(r"[A-Z][A-Z0-9_ ]*(?:\(\d+(?:, ?\d+)?\))?")
_LIST: Final = re.compile(r"[A-Z][A-Z0-9_ ]*\[\]")
_SHOWN_AS_TEXT: Final = ("BLOB", "BIT", "INTERVAL", "ENUM", "JSON")


def plain_view(table: str, files: Sequence[str], columns: Columns, *, has_tail: bool) -> str:
    """A table's rows: lake ∪ tail."""
    lake = f"SELECT {_named(columns)} FROM {_lake(files, columns)}"
    tail = f" UNION ALL SELECT {_named(columns)} FROM {tail_name(table)}"
    return lake + tail if has_tail else lake


def events_view(
    files: Sequence[str],
    columns: Columns,
    *,
    has_tail: bool,
    has_overrides: bool,
    epoch: int = 0,
    shown: str | None = None,
    users: tuple[str, int] | None = None,
) -> str:
    """`events` as readers see them.

    Args:
        files: The lake's.
        columns: Of the view.
        has_tail: Whether there is one.
        has_overrides: Likewise.
        epoch: The cut's.
        shown: SQL of the sessions that events are in, if it is not those that rows name.
        users: SQL of the view `sessions`, and how long after a session an event without a visitor
            is still in that of its user, microseconds; none: such events are in none.
    """
    if shown is None:
        rows = _named_events(files, columns, has_tail, has_overrides, epoch)
    else:
        rows = _looked_up(plain_view("events", files, columns, has_tail=has_tail), columns, shown)
    return rows if users is None else _with_users(rows, columns, *users)


def _looked_up(rows: str, columns: Columns, sessions: str) -> str:
    """Events with the session that holds them by visitor and time.

    A visitor's sessions are disjoint, so it is the last that began, or none. ASOF finds at most one
    even where a provisional session lies over another.
    """
    held = "CASE WHEN e.event_time <= s.ended_at THEN s.session_id END"
    return (
        f"SELECT {_with_session(columns, held)} FROM ({rows}) e ASOF LEFT JOIN"
        f" (SELECT app_id, visitor_id, started_at, ended_at, session_id FROM ({sessions})) s"
        " ON e.app_id = s.app_id AND e.visitor_id = s.visitor_id AND e.event_time >= s.started_at"
    )


def _with_users(rows: str, columns: Columns, sessions: str, gap: int) -> str:
    """Events without a visitor in their user's session that began last, if it is not long over."""
    held = f"CASE WHEN epoch_us(e.event_time) <= epoch_us(s.ended_at) + {int(gap)} THEN s.id END"
    return (
        f"SELECT {_named(columns)} FROM ({rows}) WHERE visitor_id IS NOT NULL OR user_id IS NULL"
        f" UNION ALL SELECT {_with_session(columns, held)} FROM (SELECT * FROM ({rows})"
        " WHERE visitor_id IS NULL AND user_id IS NOT NULL) e ASOF LEFT JOIN"
        " (SELECT app_id, user_id, started_at, max(ended_at) AS ended_at,"
        " arg_max(session_id, (ended_at, session_id)) AS id"
        f" FROM ({sessions}) WHERE user_id IS NOT NULL GROUP BY ALL) s"
        " ON e.app_id = s.app_id AND e.user_id = s.user_id AND e.event_time >= s.started_at"
    )


def _with_session(columns: Columns, text: str) -> str:
    return ", ".join(
        f"{text} AS session_id" if column.name == "session_id" else f"e.{quoted(column.name)}"
        for column in columns
    )


def _named_events(
    files: Sequence[str], columns: Columns, has_tail: bool, has_overrides: bool, epoch: int
) -> str:
    """Events in the session that their rows name, or a later override that covers them.

    An override is about events of earlier epochs; those of the tail are as new as the overrides
    made since `epoch`, the cut's, and may be older than any of them.

    The overrides of a cut do not overlap, so the join finds at most one for an event. It is a hash
    join by visitor: ASOF, which sorts every event, took 6 times as long on a million.
    """
    rows = plain_view("events", files, columns, has_tail=has_tail)
    if not has_overrides:
        return rows
    shown = _with_session(columns, "coalesce(o.session_id, e.session_id)")
    return (
        f"SELECT {shown} FROM ({rows}) e LEFT JOIN _overrides o"
        " ON e.app_id = o.app_id AND e.visitor_id = o.visitor_id"
        " AND e.event_time BETWEEN o.from_time AND o.to_time"
        f" AND o.epoch > least(e.epoch, {int(epoch)})"
    )


def sessions_view(
    files: Sequence[str],
    columns: Columns,
    *,
    suffix: str = "",
    definition: tuple[str, int] | None = None,
    has_hot: bool,
    has_kept: bool,
    has_removed: bool,
    closed_before: int,
) -> str:
    """`sessions`: hot ∪ kept ∪ lake, newest of each, and `status`.

    Only a session whose later revision is in the lake has one above 1, so the newest revisions are
    looked for among those few and the rest of the lake is read once, in place.

    Another definition's tables have `suffix` in their names; of the data files, which it shares
    with others, those rows count that have its name and version (`definition`).
    """
    shown = _named(columns)
    written = _written(files, columns, definition)
    hot_table, kept_table = f"_hot{suffix}", f"_kept{suffix}"
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
        f"SELECT {shown}, 'closed' AS status FROM {written} s"
        f" ANTI JOIN {newest} n ON n.session_id = s.session_id AND n.revision > s.revision"
    )
    status = (
        f"CASE WHEN epoch_us(ended_at) < {int(closed_before)}"
        " THEN 'closed' ELSE 'open' END AS status"
    )
    parts = []
    if has_hot:
        parts.append(
            f"SELECT {shown}, {status} FROM (SELECT * FROM {hot_table} QUALIFY"
            " row_number() OVER (PARTITION BY session_id ORDER BY sequence DESC, is_removed) = 1)"
            " WHERE NOT is_removed"
        )
    if has_kept:
        kept = f"SELECT {shown}, {status} FROM {kept_table} WHERE is_shown"
        parts.append(_not_in(kept, [hot_table] if has_hot else []))
        lake = _not_in(lake, [f"(SELECT session_id FROM {kept_table} WHERE is_shown)"])
    parts.append(_not_in(lake, [hot_table] if has_hot else []))
    return " UNION ALL ".join(parts)


def revisions_view(
    name: str,
    files: Sequence[str],
    columns: Columns,
    *,
    definition: tuple[str, int] | None,
    has_removed: bool,
) -> str:
    """Every revision of the sessions of one definition that the lake has, those that are void too.

    Maintenance forgets what is void when it folds (`lake.fold_age_max`). Windows and joins are by
    visitor, so that a filter on the visitor reaches the files.
    """
    by = "app_id, visitor_id, session_id"
    rows = (
        f"SELECT {_named(columns)}, lead(epoch) OVER (PARTITION BY {by} ORDER BY epoch, revision)"
        f" AS _next FROM {_written(files, columns, definition)}"
    )
    gone = "NULL::BIGINT"
    if has_removed:
        gone = "r.epoch"
        rows = (
            f"(SELECT * FROM ({rows})) s ASOF LEFT JOIN (SELECT {by}, epoch FROM _removed) r"
            " ON s.app_id = r.app_id AND s.visitor_id = r.visitor_id"
            " AND s.session_id = r.session_id AND s.epoch < r.epoch"
        )
    else:
        rows = f"({rows}) s"
    shown = ", ".join(f"s.{quoted(column.name)}" for column in columns)
    return (
        f"SELECT {literal(name)} AS definition, {shown},"
        f" least(s._next, {gone}) AS replaced_in,"
        f" coalesce({gone} <= coalesce(s._next, {gone}), false) AS is_withdrawn FROM {rows}"
    )


def results_view(name: str, version: int, columns: Sequence[tuple[str, str]]) -> str:
    """`continuous_<name>`: the newest revision of each window, in the types of its statement.

    A value whose type has no form in SQL text, such as a structure, is JSON. What the statement
    itself calls like one of our columns is left out: it would be the same.
    """
    of_window = ("window_start", "window_end", "revision", "computed_at")
    shown = [
        _out_of_json(column, kind) for column, kind in columns if column.lower() not in of_window
    ]
    newest = (
        "SELECT * FROM query_results"
        f" WHERE query = {literal(name)} AND query_version = {int(version)}"
        " QUALIFY row_number() OVER"
        " (PARTITION BY window_id ORDER BY revision DESC, computed_at DESC) = 1"
    )
    each = f"SELECT {', '.join(of_window)}, unnest(from_json(answer, '[\"JSON\"]')) AS _row"
    return f"SELECT {', '.join([*of_window, *shown])} FROM ({each} FROM ({newest}))"


def _out_of_json(column: str, kind: str) -> str:
    path = literal('$."' + column.replace('"', '\\"') + '"')
    if _SCALAR.fullmatch(kind) and kind not in _SHOWN_AS_TEXT:
        return f"CAST(_row ->> {path} AS {kind}) AS {quoted(column)}"
    if _LIST.fullmatch(kind):
        return f"CAST(_row -> {path} AS {kind}) AS {quoted(column)}"
    if kind in _SHOWN_AS_TEXT or kind.startswith("ENUM"):
        return f"_row ->> {path} AS {quoted(column)}"
    return f"_row -> {path} AS {quoted(column)}"


def begun(sessions: str) -> str:
    """Those that an event began which may; the state must know of the others."""
    return f"SELECT * FROM ({sessions}) WHERE interactions IS NULL OR interactions >= 0"


def _not_in(rows: str, others: Sequence[str]) -> str:
    """`rows` without sessions that another table expression has."""
    for other in others:
        rows = f"SELECT l.* FROM ({rows}) l ANTI JOIN {other} h ON h.session_id = l.session_id"
    return rows


def _written(files: Sequence[str], columns: Columns, definition: tuple[str, int] | None) -> str:
    """A table expression: the lake's rows of the default's sessions, or of another definition's."""
    if definition is None:
        return _lake(files, columns)
    name, version = definition
    stored = TABLES["other_sessions"].columns
    mine = f"definition = {literal(name)} AND definition_version = {int(version)}"
    return f"(SELECT {_named(columns)} FROM {_lake(files, stored)} WHERE {mine})"


def _named(columns: Columns) -> str:
    return ", ".join(quoted(column.name) for column in columns)


def _lake(files: Sequence[str], columns: Columns) -> str:
    """A table expression: the data files, or no rows of the same columns."""
    if not files:
        nulls = ", ".join(
            f"NULL::{sql_type(column.kind)} AS {quoted(column.name)}" for column in columns
        )
        return f"(SELECT {nulls} WHERE false)"
    paths = ", ".join(literal(without_glob(file)) for file in files)
    schema = ", ".join(
        f"{int(column.id)}: {{name: {literal(column.name)}, type: '{sql_type(column.kind)}',"
        " default_value: NULL}"
        for column in columns
    )
    return f"read_parquet([{paths}], hive_partitioning = false, schema = MAP {{{schema}}})"


def sql_type(kind: str) -> str:
    """Type of a column in the views."""
    digits = decimal_digits(kind)
    return _TYPES[kind] if digits is None else f"DECIMAL({digits[0]}, {digits[1]})"
