"""Overrides are disjoint intervals, the newest on top."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.session import OVERRIDE_SCHEMA

Row = tuple[str, str, int, int, bytes, int]


def _table(rows: list[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    arrays = []
    for values, field in zip(columns, OVERRIDE_SCHEMA, strict=True):
        kind = pa.int64() if pa.types.is_timestamp(field.type) else field.type
        arrays.append(pa.array(values, kind).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=OVERRIDE_SCHEMA)


def _sid(number: int) -> bytes:
    return number.to_bytes(16, "big")


def _rows(table: pa.Table) -> list[tuple[str, int, int, int]]:
    times = [table.column(name).cast(pa.int64()).to_pylist() for name in ("from_time", "to_time")]
    ids = [int.from_bytes(value, "big") for value in table.column("session_id").to_pylist()]
    visitors = table.column("visitor_id").to_pylist()
    return sorted(zip(visitors, times[0], times[1], ids, strict=True))


def test_newer_covers_older() -> None:
    """A session renamed twice has one override: readers never choose between two."""
    overrides = OverrideSet()
    overrides.add(_table([("a", "v", 10, 20, _sid(1), 1), ("a", "w", 10, 20, _sid(9), 1)]))
    overrides.add(_table([("a", "v", 5, 25, _sid(2), 2)]))
    assert _rows(overrides.table()) == [("v", 5, 25, 2), ("w", 10, 20, 9)]


def test_copy_is_independent() -> None:
    """Previews lay their overrides on a copy; the truth of the last epoch stays as it was."""
    overrides = OverrideSet()
    overrides.add(_table([("a", "v", 1, 2, _sid(1), 1)]))
    preview = overrides.copy()
    preview.add(_table([("a", "v", 1, 3, _sid(2), 2), ("a", "w", 1, 1, _sid(3), 2)]))
    assert _rows(overrides.table()) == [("v", 1, 2, 1)]


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from("vw"), st.integers(0, 5), st.integers(0, 2)), max_size=3
        ),
        max_size=6,
    )
)
def test_never_overlap_and_newest_wins(epochs: list[list[tuple[str, int, int]]]) -> None:
    """Against a plain array: at each moment the newest interval that covers it decides."""
    overrides = OverrideSet()
    truth: dict[tuple[str, int], int] = {}
    number = 0
    for epoch, intervals in enumerate(epochs, start=1):
        rows: list[Row] = []
        taken: set[tuple[str, int]] = set()
        for visitor, slot, length in intervals:
            moments = {(visitor, moment) for moment in range(slot * 3, slot * 3 + length + 1)}
            if moments & taken:
                continue
            taken |= moments
            number += 1
            rows.append(("a", visitor, slot * 3, slot * 3 + length, _sid(number), epoch))
            truth.update(dict.fromkeys(moments, number))
        overrides.add(_table(rows))
    found: dict[tuple[str, int], int] = {}
    for visitor, start, end, session in _rows(overrides.table()):
        for moment in range(start, end + 1):
            assert (visitor, moment) not in found, "two overrides cover one moment"
            found[visitor, moment] = session
    assert found == truth


def test_what_a_newer_one_leaves_of_an_older_one_still_holds() -> None:
    """A provisional session that is repaired is named anew alone, inside of another's interval."""
    overrides = OverrideSet()
    overrides.add(_table([("a", "v", 10, 20, _sid(1), 1)]))
    overrides.add(_table([("a", "v", 12, 12, _sid(2), 2), ("a", "v", 18, 25, _sid(3), 2)]))
    left = [("v", 10, 11, 1), ("v", 12, 12, 2), ("v", 13, 17, 1), ("v", 18, 25, 3)]
    assert _rows(overrides.table()) == left


def test_rows_of_many_epochs_are_laid_in_order() -> None:
    """After a restart the lake's rows, in any order, give the same set."""
    rows: list[Row] = [("a", "v", 1, 9, _sid(2), 2), ("a", "v", 1, 5, _sid(1), 1)]
    overrides = OverrideSet()
    overrides.add_epochs(_table(rows))
    assert _rows(overrides.table()) == [("v", 1, 9, 2)]
