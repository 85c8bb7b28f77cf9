"""Results in the lake: what was answered before, and what is answered now.

A result is one row of `query_results`, its answer within it, so a window's rows are there whole or
not at all. No epoch writes the table, so a commit is no epoch's: it adds files beside whatever
maintenance does, and who did not hear whether it landed looks at the table before the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import pyarrow as pa
from pyiceberg.expressions import (
    And,
    BooleanExpression,
    EqualTo,
    GreaterThanOrEqual,
    In,
    LessThanOrEqual,
    Reference,
)
from pyiceberg.expressions.literals import literal

from footfall.clock import DAY
from footfall.continuous.statement import WindowRef, moment
from footfall.lake import TABLES, Lake, days_from
from footfall.lake.tables.schemas import from_lake

TABLE: Final = "query_results"
_IDS_MAX: Final = 200
"""Beyond it windows are looked up by their times alone."""
_LOOKED_AT: Final = ("window_id", "window_start", "window_end", "revision", "answer")


class Answered(msgspec.Struct, frozen=True):
    """What a window's statement found."""

    window: WindowRef
    rows: tuple[msgspec.Raw, ...]
    """An object each, as JSON."""
    is_cut_off: bool = False


class Before(msgspec.Struct, frozen=True):
    """The newest revision of a window."""

    window: WindowRef
    revision: int
    answer: bytes


class Results:
    """Of one project."""

    def __init__(self, lake: Lake, live_days: int) -> None:
        """Rows of the `live_days` newest days get files of their own, as epochs' do.

        Written under the lease as it is now: when another pipeline takes over, no more.
        """
        self._lake = lake
        lake.write_as(lake.term())
        self._live_days = live_days

    def newest(self, query: str, version: int, windows: Sequence[WindowRef]) -> dict[str, Before]:
        """The newest revision of each of the windows that has one, by its id."""
        ids = {window.id for window in windows}
        chosen: BooleanExpression = And(
            EqualTo(term=Reference("query"), value=literal(query)),
            EqualTo(term=Reference("query_version"), value=literal(version)),
        )
        times = [window.start for window in windows if window.start]
        if len(times) == len(windows):
            first, last = moment(min(times)).isoformat(), moment(max(times)).isoformat()
            chosen = And(
                chosen,
                GreaterThanOrEqual(term=Reference("window_start"), value=literal(first)),
                LessThanOrEqual(term=Reference("window_start"), value=literal(last)),
            )
        if len(ids) <= _IDS_MAX:
            chosen = And(chosen, In(term=Reference("window_id"), values=set(map(literal, ids))))
        with self._lake.locks.reading():
            scan = self._lake.table(TABLE).scan(row_filter=chosen, selected_fields=_LOOKED_AT)
            schema = pa.schema([TABLES[TABLE].schema.field(name) for name in _LOOKED_AT])
            rows = from_lake(scan.to_arrow(), schema)
        found: dict[str, Before] = {}
        columns = [
            rows.column("window_id").to_pylist(),
            rows.column("window_start").cast(pa.int64()).to_pylist(),
            rows.column("window_end").cast(pa.int64()).to_pylist(),
            rows.column("revision").to_pylist(),
            rows.column("answer").to_pylist(),
        ]
        for key, start, end, revision, answer in zip(*columns, strict=True):
            if key in ids and (key not in found or revision > found[key].revision):
                found[key] = Before(WindowRef(key, start, end), revision, answer.encode())
        return found

    def changed(
        self, query: str, version: int, answers: Sequence[Answered], *, at: int, epoch: int
    ) -> pa.Table:
        """The rows to add: a revision of each window whose answer is another than before.

        Windows without rows, and without any before, are left out. Nothing is committed yet.
        """
        before = self.newest(query, version, [one.window for one in answers]) if answers else {}
        rows = []
        for one in answers:
            known = before.get(one.window.id)
            if not one.rows and known is None:
                continue
            answer = _array(one.rows)
            if known is not None and _is_same(known.answer, answer):
                continue
            window = one.window if one.window.start or known is None else known.window
            rows.append(
                {
                    "query": query,
                    "query_version": version,
                    "window_id": window.id,
                    "window_start": window.start,
                    "window_end": window.end,
                    "revision": 1 if known is None else known.revision + 1,
                    "computed_at": at,
                    "row_count": len(one.rows),
                    "is_cut_off": one.is_cut_off,
                    "answer": answer.decode(),
                    "epoch": epoch,
                }
            )
        return _table(rows)

    def commit(self, rows: pa.Table, watermark: int) -> None:
        """Add rows, all or none.

        Raises:
            Conflict, CommitUnknown: look again what was answered before, then write again.
        """
        days = days_from(watermark // DAY - self._live_days + 1)
        with self._lake.locks.committing():
            files = self._lake.write_files(TABLE, rows, self._lake.new_id(), days)
            self._lake.replace(TABLE, (), files, as_pipeline=True)


def _table(rows: list[dict[str, object]]) -> pa.Table:
    schema = TABLES[TABLE].schema
    columns = []
    for field in schema:
        values = [row[field.name] for row in rows]
        if pa.types.is_timestamp(field.type):
            columns.append(pa.array(values, pa.int64()).cast(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _array(rows: Sequence[msgspec.Raw]) -> bytes:
    return b"[" + b",".join(bytes(row) for row in rows) + b"]"


def _is_same(before: bytes, now: bytes) -> bool:
    """Whether two answers have the same rows; a SELECT without ORDER BY has them in any order."""
    if before == now:
        return True
    one, other = (msgspec.json.decode(text, type=list[msgspec.Raw]) for text in (before, now))
    return sorted(map(bytes, one)) == sorted(map(bytes, other))
