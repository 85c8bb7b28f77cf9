"""Sessions by gap, as the rest of the system sees them."""

from __future__ import annotations

import pyarrow as pa

from footfall.sessionize.definition import (
    EVENTS_MAX,
    History,
    Past,
    RepairLimits,
    Sessionized,
)
from footfall.sessionize.gap.from_lake import remade
from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.place import sessionize
from footfall.sessionize.gap.repair.repair import repair
from footfall.sessionize.rows.assign import assign, with_sessions
from footfall.sessionize.rows.close import Closed, close
from footfall.sessionize.rows.columns import EVENT_COLUMNS
from footfall.sessionize.rows.state import SessionState


class GapDefinition(GapLimits, frozen=True):
    """A `SessionDefinition`: chains without a gap longer than `gap`, cut in windows and parts."""

    @property
    def options(self) -> str:
        """See `SessionDefinition.options`."""
        midnight = "no" if self.midnight is None else str(self.midnight)
        alive = f" keep_alive={','.join(self.goals.keep_alive)}" if self.goals.keep_alive else ""
        return (
            f"gap={self.gap}us length_max={self.length_max}us events_max={self.events_max}"
            f" {self.key} midnight={midnight} user={self.on_user} campaign={self.on_campaign}"
            f"{alive}"
        )

    @property
    def event_columns(self) -> tuple[str, ...]:
        """See `SessionDefinition.event_columns`."""
        return tuple(dict.fromkeys((*EVENT_COLUMNS, *self.key.event_columns)))

    @property
    def reach(self) -> int:
        """As far as a chain of activity goes: `length_max` twice, and what stays in the state."""
        return 2 * self.length_max + self.hot_age + self.gap

    def closed_before(self, watermark: int) -> int:
        """A session is closed when its end plus `gap` is before the watermark."""
        return watermark - self.gap

    def sessionize(
        self,
        state: SessionState,
        events: pa.Table,
        *,
        epoch: int = 1,
        history: History | None = None,
        events_max: int = EVENTS_MAX,
    ) -> Sessionized:
        """See `gap.place.sessionize`."""
        events = self.goals.counted(self.key.keyed(events))
        history = self.goals.over(history)
        return sessionize(state, events, self, epoch=epoch, history=history, events_max=events_max)

    def repair(self, state: SessionState, history: History, limits: RepairLimits) -> Sessionized:
        """See `gap.repair.repair`."""
        return repair(state, self.goals.over(history), self, limits)

    def assign(self, events: pa.Table, state: SessionState) -> pa.Table:
        """See `rows.assign`."""
        placed = assign(self.key.keyed(events), state)
        return with_sessions(events, placed)

    def close(self, state: SessionState, watermark: int, epoch: int) -> Closed:
        """See `rows.close`."""
        return close(state, watermark, epoch, self)

    def remade(self, past: Past, watermark: int) -> SessionState:
        """See `gap.from_lake`."""
        return remade(self.goals.over(past), watermark, self)
