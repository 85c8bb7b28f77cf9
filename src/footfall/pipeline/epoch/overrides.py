"""Which session earlier events belong to now, as the pipeline holds it and shows it to readers.

Held as columns: half a million intervals take 60 MB.
"""

from __future__ import annotations

from typing import Final

import polars as pl
import pyarrow as pa

from footfall.event import conform
from footfall.lake import resolve_overrides
from footfall.session import OVERRIDE_SCHEMA

_VISITOR: Final = ["app_id", "visitor_id"]


class OverrideSet:
    """Overrides of one project, resolved."""

    def __init__(self, frame: pl.DataFrame | None = None) -> None:
        self._frame = _frame(OVERRIDE_SCHEMA.empty_table()) if frame is None else frame

    def __len__(self) -> int:
        return self._frame.height

    def copy(self) -> OverrideSet:
        """An independent set with the same intervals; costs nothing."""
        return OverrideSet(self._frame)  # frames are replaced, never changed in place

    def add(self, overrides: pa.Table, epoch: int | None = None) -> None:
        """Lay `overrides` (`OVERRIDE_SCHEMA`) on top.

        Args:
            overrides: What `sessionize` returned, or rows of the lake's table of one epoch: none
                older than what is there.
            epoch: Replaces the rows' own epoch.
        """
        if overrides.num_rows == 0:
            return
        added = _frame(overrides)
        if epoch is not None:
            added = added.with_columns(epoch=pl.lit(epoch, pl.Int64))
        met = self._frame.join(added, on=_VISITOR, how="semi")
        others = self._frame.join(added, on=_VISITOR, how="anti")
        self._frame = pl.concat([others, resolve_overrides(pl.concat([met, added]))])

    def add_epochs(self, rows: pa.Table) -> None:
        """Lay rows of many epochs, none older than what is there, on top: the newest uppermost."""
        self._frame = resolve_overrides(pl.concat([self._frame, _frame(rows)]))

    def forget(self, epoch: int) -> None:
        """Drop what epochs up to `epoch` said: it is part of the events now."""
        self._frame = self._frame.filter(pl.col("epoch") > epoch)

    def table(self) -> pa.Table:
        """All intervals, `OVERRIDE_SCHEMA`, in a stable order."""
        ordered = self._frame.sort(*_VISITOR, "from_time")
        return conform(ordered.to_arrow(compat_level=pl.CompatLevel.oldest()), OVERRIDE_SCHEMA)


def _frame(overrides: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(conform(overrides, OVERRIDE_SCHEMA))).rechunk()
