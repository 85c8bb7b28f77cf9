"""How the engine answers a statement, as rows: one a step, the last first.

`EXPLAIN` reads nothing and tells estimates; `EXPLAIN ANALYZE` runs the statement and tells how many
rows each step gave, how long it took, and what was read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from footfall.query.protocol import Column

_MS_PER_SECOND: Final = 1_000
_EXPLAIN: Final = re.compile(r"\s*EXPLAIN\s+(ANALYZE\s+)?", re.IGNORECASE)
_OWN: Final = frozenset({"RESULT_COLLECTOR", "EXPLAIN_ANALYZE"})
"""Steps of the explaining itself."""
_UNTOLD: Final = frozenset({"Filename(s)", "Estimated Cardinality"})
"""Where files lie is nobody's business; estimates have their own column."""
_DETAIL_LENGTH_MAX: Final = 2_000
PLAN_COLUMNS: Final = (
    Column("step", "VARCHAR"),
    Column("rows", "BIGINT"),
    Column("milliseconds", "DOUBLE"),
    Column("detail", "VARCHAR"),
)
_TYPES: Final = (pa.string(), pa.int64(), pa.float64(), pa.string())


def explained(sql: str) -> tuple[str, str]:
    """`EXPLAIN` or `EXPLAIN ANALYZE` in front of a statement, as it is run, and the statement.

    The first is empty where nothing is to be explained. The statement is guarded like any other.
    """
    found = _EXPLAIN.match(sql)
    if found is None:
        return "", sql
    options = "ANALYZE, FORMAT json" if found[1] else "FORMAT json"
    return f"EXPLAIN ({options}) ", sql[found.end() :]


def plan_table(text: str) -> pa.Table:
    """The plan that DuckDB told as JSON, as rows."""
    found = json.loads(text)
    if isinstance(found, list):
        rows = [row for node in found for row in _steps(node, 0)]
    else:
        rows = [_whole(found), *(row for node in found["operator"] for row in _steps(node, 1))]
    values = zip(*rows, strict=True)
    arrays = [pa.array(one, kind) for one, kind in zip(values, _TYPES, strict=True)]
    return pa.table(arrays, names=[column.name for column in PLAN_COLUMNS])


_Row = tuple[str, int | None, float | None, str]


def _whole(found: Mapping[str, Any]) -> _Row:
    query = found["query"]
    read = query["total_rows_scanned"]
    groups = f"{query['total_row_groups_scanned']} of {query['total_row_groups_to_scan']}"
    size = found["io"]["total_bytes_read"]
    detail = f"rows read: {read}; row groups read: {groups}; bytes read from files: {size}"
    return "all of it", None, query["total_time"] * _MS_PER_SECOND, detail


def _steps(node: Mapping[str, Any], depth: int) -> Iterator[_Row]:
    """A step, and below it those that it takes its rows from."""
    name = str(node.get("name") or node.get("type") or "")
    if name not in _OWN:
        yield _row(node, name, depth)
        depth += 1
    for child in node.get("children", ()):
        yield from _steps(child, depth)


def _row(node: Mapping[str, Any], name: str, depth: int) -> _Row:
    info: Mapping[str, Any] = node.get("extra_info", {})
    parts = [f"{key}: {_text(value)}" for key, value in info.items() if key not in _UNTOLD]
    if "total_row_groups_to_scan" in node:
        groups = f"{node['row_groups_scanned']} of {node['total_row_groups_to_scan']}"
        parts += [f"rows read: {node['rows_scanned']}; row groups read: {groups}"]
    estimate = info.get("Estimated Cardinality")
    rows = node.get("intermediate_rows", None if estimate is None else int(estimate))
    seconds = node.get("timing")
    step = "  " * depth + name.lower().replace("_", " ")
    took = None if seconds is None else seconds * _MS_PER_SECOND
    return step, rows, took, "; ".join(parts)[:_DETAIL_LENGTH_MAX]


def _text(value: Any) -> str:
    words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return " ".join(words.split())
