"""Smallest and largest values that a data file's manifest entry states, without opening the file.

Iceberg lets bounds be left out, and lets them be wider than the values; ours are exact for whole
numbers and times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyiceberg.manifest import DataFile

from footfall.lake.tables.specs import TABLES

NO_BOUND: Final = 1 << 62
"""Larger than any value; its negative is smaller than any."""


def upper_bound(table: str, file: DataFile, column: str) -> int:
    """Largest value of a column of whole numbers or times; `NO_BOUND` if it is not stated."""
    return _bound(table, file.upper_bounds, column, NO_BOUND)


def lower_bound(table: str, file: DataFile, column: str) -> int:
    """Smallest value of a column of whole numbers or times; `-NO_BOUND` if it is not stated."""
    return _bound(table, file.lower_bounds, column, -NO_BOUND)


def _bound(table: str, bounds: Mapping[int, bytes] | None, column: str, otherwise: int) -> int:
    found = (bounds or {}).get(TABLES[table].id_of(column))
    return otherwise if found is None else int.from_bytes(found, "little", signed=True)
