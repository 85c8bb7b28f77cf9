"""Rows of the state as columns in memory, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Final

import numpy as np
import polars as pl

from footfall.sessionize.rows.columns import StateColumns
from footfall.sessionize.rows.packed import counts_of, ended_range
from footfall.sessionize.rows.packing import Bools, Ints

Made = pl.Series | Callable[[], pl.Series]
"""A column, or what makes it."""
_DEPTH_MAX: Final = 8
"""Rows that are made from rows that are made from rows …: beyond it all of them are made at once,
or asking for one would call as many functions deep as there were micro-batches in an epoch."""


class Plain:
    """Rows of a batch: for small ones packing does not pay, and large ones are packed by `close`.

    What makes a column holds on to events and earlier rows, so nothing of it may stay for long:
    `settled` sees to it at the end of an epoch.
    """

    def __init__(
        self, made: Mapping[str, Made], columns: StateColumns, height: int, depth: int = 0
    ) -> None:
        """Take columns of `height` rows: `columns.schema`, or `columns.packed`.

        Args:
            made: The columns.
            columns: Which there are.
            height: How many rows.
            depth: How many such rows, one made from another, these are made from.
        """
        self._made = dict(made)
        self._height = height
        self.columns = columns
        self.file: str | None = None
        self.depth = depth if self.is_deferred else 0
        if self.depth > _DEPTH_MAX:
            self._make_all()

    @classmethod
    def of(cls, frame: pl.DataFrame, columns: StateColumns) -> Plain:
        """Those of a frame."""
        return cls(frame.to_dict(), columns, frame.height)

    def __len__(self) -> int:
        return self._height

    @property
    def is_deferred(self) -> bool:
        """Whether any column is still to be made."""
        return any(not isinstance(column, pl.Series) for column in self._made.values())

    @property
    def nbytes(self) -> int:
        """See `Rows.nbytes`; of what is made."""
        made = (column for column in self._made.values() if isinstance(column, pl.Series))
        return int(sum(column.estimated_size() for column in made))

    @cached_property
    def ended(self) -> tuple[int, int]:
        """See `Rows.ended`."""
        return ended_range(self)

    def with_columns(self, columns: StateColumns) -> Plain:
        """See `Rows.with_columns`."""
        same = Plain(self._made, columns, self._height, self.depth)
        same.file = self.file
        return same

    def column(self, name: str) -> pl.Series:
        """All of a column."""
        found = self._made[name]
        if not isinstance(found, pl.Series):
            found = self._made[name] = found()
        return found

    def series(self, name: str, rows: Ints) -> pl.Series:
        """See `Rows.series`."""
        # Not `gather`, which makes a query of it: three times the work for a few rows.
        return self.column(name)[pl.Series(rows)].alias(name)

    def numbers(self, name: str) -> Ints:
        """See `Rows.numbers`."""
        return self.column(name).to_numpy()

    def is_all(self, name: str, value: int) -> bool:
        """See `Rows.is_all`."""
        return bool((self.numbers(name) == value).all())

    def counts(self, name: str, rows: Ints) -> dict[str, int]:
        """See `Rows.counts`."""
        return counts_of(self.series(name, rows))

    def where(self, mask: Bools) -> Plain:
        """Some of the rows."""
        if mask.all():
            return self
        rows = np.flatnonzero(mask)
        made: dict[str, Made] = {name: partial(self.series, name, rows) for name in self._made}
        return Plain(made, self.columns, len(rows), self.depth)

    def shown(self) -> pl.DataFrame:
        """Columns `columns.shown` of all rows."""
        return pl.DataFrame({name: self.column(name) for name in self.columns.shown})

    def _make_all(self) -> None:
        for name in self._made:
            self.column(name)
        self.depth = 0
