"""Which session earlier events belong to now: disjoint intervals per visitor, the newest on top.

A new override covers the whole interval of a session that existed before it, so anything older that
it touches is covered by it and goes.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from footfall.lake.cut import OVERRIDE_SCHEMA

_Interval = tuple[int, int, bytes, int]


class OverrideSet:
    """Overrides of one project, resolved."""

    def __init__(self) -> None:
        self._intervals: dict[tuple[str, str], list[_Interval]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._intervals.values()))

    def copy(self) -> OverrideSet:
        """An independent set with the same intervals; cheap for what is not changed afterwards."""
        other = OverrideSet()
        other._intervals = dict(self._intervals)  # lists are replaced, never changed in place
        return other

    def add(self, overrides: pa.Table, epoch: int | None = None) -> None:
        """Lay `overrides` (`OVERRIDE_SCHEMA`, rows of one call disjoint) on top.

        Args:
            overrides: What `sessionize` returned, or rows of the lake's table of one epoch.
            epoch: Replaces the rows' own epoch.
        """
        grouped: dict[tuple[str, str], list[_Interval]] = {}
        for row in _rows(overrides):
            key, interval = row
            if epoch is not None:
                interval = (*interval[:3], epoch)
            grouped.setdefault(key, []).append(interval)
        for key, added in grouped.items():
            kept = [old for old in self._intervals.get(key, []) if not _touches(old, added)]
            self._intervals[key] = [*kept, *added]

    def add_epochs(self, rows: pa.Table) -> None:
        """Lay rows of many epochs on top, oldest epoch first."""
        for epoch in sorted(set(rows.column("epoch").to_pylist())):
            self.add(rows.filter(pc.equal(rows.column("epoch"), epoch)))

    def forget(self, epoch: int) -> None:
        """Drop what epochs up to `epoch` said: it is part of the events now."""
        for key, intervals in list(self._intervals.items()):
            kept = [interval for interval in intervals if interval[3] > epoch]
            if not kept:
                del self._intervals[key]
            elif len(kept) < len(intervals):
                self._intervals[key] = kept

    def table(self) -> pa.Table:
        """All intervals, `OVERRIDE_SCHEMA`, in a stable order."""
        rows = sorted(
            (app, visitor, *interval)
            for (app, visitor), intervals in self._intervals.items()
            for interval in intervals
        )
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(OVERRIDE_SCHEMA)
        arrays = [
            _array(column, field.type)
            for column, field in zip(columns, OVERRIDE_SCHEMA, strict=True)
        ]
        return pa.Table.from_arrays(arrays, schema=OVERRIDE_SCHEMA)


def _array(values: Iterable[object], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    return pa.array(values, kind)


def _touches(old: _Interval, added: list[_Interval]) -> bool:
    return any(old[0] <= to_time and from_time <= old[1] for from_time, to_time, _, _ in added)


def _rows(overrides: pa.Table) -> Iterable[tuple[tuple[str, str], _Interval]]:
    columns = []
    for field in OVERRIDE_SCHEMA:
        column = overrides.column(field.name)
        if pa.types.is_timestamp(field.type):
            column = column.cast(pa.int64())
        columns.append(column.to_pylist())
    for app, visitor, from_time, to_time, session_id, epoch in zip(*columns, strict=True):
        yield (app, visitor), (from_time, to_time, session_id, epoch)
