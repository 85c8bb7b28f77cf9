"""Finds the rows of some visitors in some stretches of time without reading much else.

Files are sorted by visitor, so the bounds that Parquet keeps of each row group say which of them
can hold a visitor; fresh files hold all visitors of their seconds, and there the bounds of time say
it. Footers are read once a file (files never change) and boiled down to five values a row group. Of
the row groups left only the columns that decide are read; the others where a row was found. One row
group is in memory at a time, and what was found.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from footfall.lake.store.damage import naming
from footfall.lake.store.store import Store
from footfall.sessionize import REPAIR_SCHEMA

FILES_REMEMBERED_MAX: Final = 20_000
"""Footers; about a kilobyte each for a compacted file, less for others."""

_SLICED_SHARE_MIN: Final = 0.25
"""Rows of one visitor are next to each other; as many of a row group are not copied."""

_VISITOR: Final = ["app_id", "visitor_id"]
assert set(_VISITOR) < set(REPAIR_SCHEMA.names)


class _Group(msgspec.Struct, frozen=True, gc=False):
    """Bounds of a row group; where statistics are missing it is always read."""

    number: int
    first_visitor: str
    last_visitor: str
    earliest: int
    latest: int


class Footers:
    """Bounds of row groups by file, the least recently used forgotten."""

    def __init__(self) -> None:
        """Read nothing yet."""
        self._known: OrderedDict[tuple[str, str, str], tuple[_Group, ...]] = OrderedDict()

    def groups(self, file: str, earliest: str, latest: str, store: Store) -> tuple[_Group, ...]:
        """Row groups of `file` with the bounds of two columns of time."""
        key = (file, earliest, latest)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = _read_bounds(file, earliest, latest, store)
            if len(self._known) > FILES_REMEMBERED_MAX:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return known


class Looked(msgspec.Struct):
    """What look-ups cost; counted for benchmarks and tests."""

    files: int = 0
    groups: int = 0
    rows: int = 0


def look_up(
    files: Sequence[str],
    ranges: pa.Table,
    columns: Sequence[str],
    times: tuple[str, str],
    footers: Footers,
    looked: Looked,
    store: Store,
) -> list[pa.Table]:
    """Rows of the ranges' visitors that reach into their range: a table for each row group.

    Args:
        files: Parquet files of a table of ours.
        ranges: `REPAIR_SCHEMA`, each visitor once.
        columns: What to read and give, as far as a file has it; `app_id`, `visitor_id` and `times`
            among them.
        times: A row's first and last time: it is found if its last is not before `from_time` and
            its first not after `to_time`.
        footers: Remembers bounds.
        looked: Counts.
        store: Where the files are.

    Raises:
        Corrupt: a file is damaged or missing; it is named.
    """
    wanted = _Wanted(ranges)
    found = []
    for file in files:
        with naming(file):
            for rows in _rows_of(file, wanted, columns, times, footers, looked, store):
                looked.rows += rows.num_rows
                found.append(rows)
    return found


def _rows_of(
    file: str,
    wanted: _Wanted,
    columns: Sequence[str],
    times: tuple[str, str],
    footers: Footers,
    looked: Looked,
    store: Store,
) -> Iterator[pa.Table]:
    groups = footers.groups(file, *times, store)
    numbers = [group.number for group in groups if wanted.may_be_in(group)]
    if not numbers:
        return
    looked.files += 1
    with store.parquet(file) as parquet:
        for number in numbers:
            looked.groups += 1
            rows = _rows(parquet, number, wanted, columns, times)
            if rows.num_rows:
                yield rows


class _Wanted:
    """The ranges, ascending by visitor."""

    def __init__(self, ranges: pa.Table) -> None:
        frame = pl.DataFrame(pl.from_arrow(ranges)).sort("visitor_id")
        self.frame = frame
        self._visitors = frame["visitor_id"].to_list()
        self._low = frame["from_time"].dt.timestamp("us").to_numpy()
        self._high = frame["to_time"].dt.timestamp("us").to_numpy()

    def may_be_in(self, group: _Group) -> bool:
        """Whether a range can have rows in it."""
        low = bisect_left(self._visitors, group.first_visitor)
        high = bisect_right(self._visitors, group.last_visitor)
        if low >= high:
            return False
        overlaps = (self._low[low:high] <= group.latest) & (self._high[low:high] >= group.earliest)
        return bool(overlaps.any())


def _rows(
    parquet: pq.ParquetFile,
    number: int,
    wanted: _Wanted,
    columns: Sequence[str],
    times: tuple[str, str],
) -> pa.Table:
    deciding = list(dict.fromkeys([*_VISITOR, *times]))
    keys = pl.DataFrame(pl.from_arrow(parquet.read_row_group(number, columns=deciding)))
    place = (
        keys.with_row_index("row")
        .join(wanted.frame, on=_VISITOR, how="inner", maintain_order="left")
        .filter(
            pl.col(times[1]) >= pl.col("from_time"),
            pl.col(times[0]) <= pl.col("to_time"),
        )["row"]
        .to_numpy()
    )
    if not len(place):
        return pa.table({})
    rows = parquet.read_row_group(number, columns=list(columns))
    first, count = int(place[0]), len(place)
    # A slice costs nothing, but holds all of the row group.
    if int(place[-1]) - first + 1 == count > rows.num_rows * _SLICED_SHARE_MIN:
        return rows.slice(first, count)
    return rows.take(pa.array(place))


def _read_bounds(file: str, earliest: str, latest: str, store: Store) -> tuple[_Group, ...]:
    with store.parquet(file) as parquet:
        metadata = parquet.metadata
    place = {metadata.schema.column(number).path: number for number in range(metadata.num_columns)}
    groups = []
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        visitor, first, last = (
            group.column(place[name]).statistics for name in ("visitor_id", earliest, latest)
        )
        has = [one is not None and one.has_min_max for one in (visitor, first, last)]
        groups.append(
            _Group(
                number,
                visitor.min if has[0] else "",
                visitor.max if has[0] else chr(0x10FFFF),
                _micros(first.min_raw) if has[1] else -(2**62),
                _micros(last.max_raw) if has[2] else 2**62,
            )
        )
    return tuple(groups)


def _micros(value: object) -> int:
    assert isinstance(value, int), f"a column of time with bounds of another kind: {value!r}"
    return int(np.int64(value))
