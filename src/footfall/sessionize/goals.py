"""Goals: events that an app counts as key ones, and what one is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow as pa

from footfall.event import MONEY

IS_GOAL: Final = "is_goal"
"""Column of events that only this stage knows."""


class Goals(msgspec.Struct, frozen=True):
    """The goals of each app."""

    worth: tuple[tuple[str, str, float], ...] = ()
    """App, name of the event, and what one is worth that brings no value; 0 is nothing."""

    @classmethod
    def of(cls, goals: Mapping[str, Mapping[str, float]]) -> Goals:
        """Those that settings give."""
        return cls(
            tuple(
                (app, name, worth) for app, names in goals.items() for name, worth in names.items()
            )
        )

    def counted(self, events: pa.Table) -> pa.Table:
        """`events` with `is_goal`, and the worth of goals where they bring no value."""
        if not self.worth:
            return events
        schema = {"app_id": pl.String, "event_name": pl.String, "worth": pl.Float64}
        known = pl.DataFrame(self.worth, schema=schema, orient="row").with_columns(is_goal=True)
        frame = pl.DataFrame(pl.from_arrow(events.select(["app_id", "event_name", "value"])))
        worth = pl.when(pl.col("worth") != 0).then("worth").cast(pl.Decimal(18, 6))
        found = frame.join(
            known, on=["app_id", "event_name"], how="left", maintain_order="left"
        ).select(pl.coalesce("value", worth).alias("value"), pl.col(IS_GOAL).fill_null(value=False))
        table = found.to_arrow(compat_level=pl.CompatLevel.oldest())
        place = events.schema.get_field_index("value")
        valued = events.set_column(place, events.schema.field(place), table["value"].cast(MONEY))
        return valued.append_column(IS_GOAL, table[IS_GOAL].cast(pa.bool_()))

    def over(self, past: Any) -> Any:
        """The same history, or past, with its events counted."""
        return _Counted(past, self) if self.worth else past


class _Counted:
    """What earlier epochs hold, its events counted."""

    def __init__(self, inner: Any, goals: Goals) -> None:
        self._inner = inner
        self._goals = goals

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def events(self, asked: Any) -> pa.Table:
        """See `History.events`, `Past.events`."""
        return self._goals.counted(self._inner.events(asked))

    def open_chains(self, floor: int, gap: int) -> pa.Table:
        """See `Past.open_chains`."""
        return self._goals.counted(self._inner.open_chains(floor, gap))

    def provisional(self, floor: int, delay: int) -> pa.Table:
        """See `Past.provisional`."""
        return self._goals.counted(self._inner.provisional(floor, delay))
