"""Reading results: for delivery, alerts, charts and people; light to import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

RESULTS_MAX: Final = 10_000
"""Results that one call returns at most."""
_SHOWN: Final = (
    "query, query_version, window_id, window_start, window_end, revision, computed_at, is_cut_off,"
    " answer"
)


class WindowResult(msgspec.Struct, frozen=True):
    """What a query answered for one window; times are ISO 8601 in UTC."""

    query: str
    version: int
    window_id: str
    window_start: str
    window_end: str
    revision: int
    computed_at: str
    is_cut_off: bool
    rows: tuple[dict[str, Any], ...]
    """One dictionary a row, by column."""


class Asks(Protocol):
    """Runs a statement; such as what `footfall.open` returns."""

    def sql(self, query: str, **named: Any) -> Any:
        """See `footfall.query.access.Lake.sql`."""
        ...


def results_statement(
    query: str = "",
    *,
    after: str | WindowResult = "",
    limit: int = RESULTS_MAX,
    all_revisions: bool = False,
) -> tuple[str, dict[str, Any]]:
    """The statement that finds results, newest window first, and its values.

    Args:
        query: Name of one query; all by default.
        after: Only what was computed after this time (ISO 8601), or what comes after this result:
            how a reader goes on. Oldest first then, in the order of `computed_at`.
        limit: Most results.
        all_revisions: Also those that a later one replaced.
    """
    conditions = ["true"]
    values: dict[str, Any] = {"most": min(limit, RESULTS_MAX)}
    if query:
        conditions.append("query = $name")
        values["name"] = query
    if after:
        later = "computed_at > CAST($after AS TIMESTAMP WITH TIME ZONE)"
        values["after"] = after if isinstance(after, str) else after.computed_at
        if isinstance(after, WindowResult):  # a run's results have one time
            same = later.replace(">", "=")
            later += f" OR {same} AND (query > $last OR query = $last AND window_id > $window)"
            values |= {"last": after.query, "window": after.window_id}
        conditions.append(f"({later})")
    order = "computed_at, query, window_id, revision" if after else "window_start DESC, window_id"
    newest = (
        ""
        if all_revisions
        else " QUALIFY row_number() OVER (PARTITION BY query, window_id"
        " ORDER BY query_version DESC, revision DESC, computed_at DESC) = 1"
    )
    sql = (
        f"SELECT {_SHOWN} FROM query_results WHERE {' AND '.join(conditions)}"  # noqa: S608 (ours)
        f"{newest} ORDER BY {order} LIMIT $most"
    )
    return sql, values


def to_result(row: Sequence[Any]) -> WindowResult:
    """A row of `results_statement`."""
    name, version, key, start, end, revision, computed, is_cut_off, answer = row
    return WindowResult(
        str(name),
        int(version),
        str(key),
        _iso(start),
        _iso(end),
        int(revision),
        _iso(computed),
        bool(is_cut_off),
        tuple(msgspec.json.decode(answer, type=list[dict[str, Any]])),
    )


def results(
    project: Asks,
    query: str = "",
    *,
    after: str | WindowResult = "",
    limit: int = RESULTS_MAX,
    all_revisions: bool = False,
) -> list[WindowResult]:
    """Results of one query or of all; see `results_statement`.

    Raises:
        Unavailable: the project has nothing to read yet.
    """
    sql, values = results_statement(query, after=after, limit=limit, all_revisions=all_revisions)
    rows: Iterable[Mapping[str, Any]] = project.sql(sql, **values).rows()
    return [to_result(tuple(row.values())) for row in rows]


def _iso(value: Any) -> str:
    return value if isinstance(value, str) else value.isoformat().replace("+00:00", "Z")
