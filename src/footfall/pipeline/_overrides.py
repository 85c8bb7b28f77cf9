"""Which session earlier events belong to now: disjoint intervals per visitor, the newest on top.

A new override covers the whole interval of a session that existed before it, so anything older that
it touches is covered by it and goes. Held as columns: half a million take 60 MB.
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
            kept = kept.filter(pl.Series(stays))
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


def _frame(overrides: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(overrides.select(OVERRIDE_SCHEMA.names))).rechunk()
