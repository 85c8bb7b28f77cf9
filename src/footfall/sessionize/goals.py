"""What events mean to sessions: goals, and those that keep one alive or are no interaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import polars as pl
import pyarrow as pa

from footfall.event import MONEY
from footfall.sessionize.rows.visitors import in_one_piece

IS_GOAL: Final = "is_goal"
"""Column of events that only this stage knows."""


ROLE: Final = "role"
"""Likewise: 0 for usual events, or one of these."""
NO_INTERACTION: Final = 1
KEEPS_ALIVE: Final = 2


class Goals(msgspec.Struct, frozen=True):
    """The goals of each app, and names of events that are less than others."""

    worth: tuple[tuple[str, str, float], ...] = ()
    """App, name of the event, and what one is worth that brings no value; 0 is nothing."""

    keep_alive: tuple[str, ...] = ()
    """Names of events that no session begins with."""
    not_interaction: tuple[str, ...] = ()
    """Names of events that are no interaction; nor are those."""

    @classmethod
    def of(
        cls,
        goals: Mapping[str, Mapping[str, float]],
        keep_alive: tuple[str, ...] = (),
        not_interaction: tuple[str, ...] = (),
    ) -> Goals:
        """Those that settings give."""
        worth = tuple(
            (app, name, worth) for app, names in goals.items() for name, worth in names.items()
        )
        return cls(worth, keep_alive, not_interaction)

    def counted(self, events: pa.Table) -> pa.Table:
        """`events` with what is said of them here, where anything is."""
        return self._with_roles(self._with_goals(events))

    def _with_roles(self, events: pa.Table) -> pa.Table:
        roles = dict.fromkeys(self.not_interaction, NO_INTERACTION)
        roles |= dict.fromkeys(self.keep_alive, KEEPS_ALIVE)
        if not roles:
            return events
        names = in_one_piece(events.column("event_name")).dictionary_encode()
        known = names.dictionary.to_pylist()
        if not self.keep_alive and roles.keys().isdisjoint(known):
            return events
        role = pa.array([roles.get(name, 0) for name in known], pa.uint8())
        return events.append_column(ROLE, role.take(names.indices))

    def _with_goals(self, events: pa.Table) -> pa.Table:
        """With `is_goal`, and the worth of goals where they bring no value."""
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
        has_any = self.worth or self.keep_alive or self.not_interaction
        return _Counted(past, self) if has_any and past is not None else past


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
