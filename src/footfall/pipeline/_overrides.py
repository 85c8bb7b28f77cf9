"""Which session earlier events belong to now: disjoint intervals per visitor, the newest on top.

A new override may cover a part of an older one only: a provisional session that is repaired is
named anew by itself. What it does not cover of the older one still holds. Held as columns: half a
million take 60 MB.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.event import conform
from footfall.lake.cut import OVERRIDE_SCHEMA

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
        """Lay `overrides` (`OVERRIDE_SCHEMA`, rows of one call disjoint) on top.

        Args:
            overrides: What `sessionize` returned, or rows of the lake's table of one epoch.
            epoch: Replaces the rows' own epoch.
        """
        if overrides.num_rows == 0:
            return
        added = _frame(overrides)
        if epoch is not None:
            added = added.with_columns(epoch=pl.lit(epoch, pl.Int64))
        reached = added.select(*_VISITOR, low="from_time", high="to_time")
        touched = (
            self._frame.with_row_index("row")
            .join(reached, on=_VISITOR, how="inner")
            .filter(pl.col("from_time") <= pl.col("high"), pl.col("low") <= pl.col("to_time"))
        )
        kept = self._frame
        if touched.height:
            stays = np.ones(kept.height, np.bool_)
            stays[touched["row"].to_numpy()] = False
            kept = pl.concat([kept.filter(pl.Series(stays)), _uncovered(touched)])
        self._frame = pl.concat([kept, added])

    def add_epochs(self, rows: pa.Table) -> None:
        """Lay rows of many epochs on top, oldest epoch first."""
        for epoch in sorted(pc.unique(rows.column("epoch")).to_pylist()):
            self.add(rows.filter(pc.equal(rows.column("epoch"), epoch)))

    def forget(self, epoch: int) -> None:
        """Drop what epochs up to `epoch` said: it is part of the events now."""
        self._frame = self._frame.filter(pl.col("epoch") > epoch)

    def table(self) -> pa.Table:
        """All intervals, `OVERRIDE_SCHEMA`, in a stable order."""
        ordered = self._frame.sort(*_VISITOR, "from_time")
        return conform(ordered.to_arrow(compat_level=pl.CompatLevel.oldest()), OVERRIDE_SCHEMA)


def _uncovered(touched: pl.DataFrame) -> pl.DataFrame:
    """What is left of older intervals: the parts between, before and after those laid on them.

    Args:
        touched: An older interval (`row`) with each newer one that it meets (`low`, `high`); the
            newer ones of a row are disjoint.
    """
    tick = pl.duration(microseconds=1)
    ordered = touched.sort("row", "low")
    before = pl.col("high").shift(1).over("row") + tick
    gaps = ordered.with_columns(
        from_time=pl.coalesce(before, "from_time"), to_time=pl.col("low") - tick
    )
    ends = ordered.unique("row", keep="last", maintain_order=True).with_columns(
        from_time=pl.col("high") + tick
    )
    left = pl.concat([gaps, ends]).filter(pl.col("from_time") <= pl.col("to_time"))
    return left.select(OVERRIDE_SCHEMA.names)


def _frame(overrides: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(overrides.select(OVERRIDE_SCHEMA.names))).rechunk()
