"""Sessions by fixed windows, as the rest of the system sees them."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from footfall.sessionize.definition import (
    EVENTS_MAX,
    History,
    Past,
    RepairLimits,
    Sessionized,
)
from footfall.sessionize.rows.assign import assign, with_sessions
from footfall.sessionize.rows.close import Closed, close
from footfall.sessionize.rows.columns import EVENT_COLUMNS
from footfall.sessionize.rows.state import SessionState
from footfall.sessionize.step.limits import StepLimits
from footfall.sessionize.step.place import as_written, place
from footfall.sessionize.step.repair import repair


class StepDefinition(StepLimits, frozen=True):
    """A `SessionDefinition`: all events of a key in one window are one session."""

    @property
    def options(self) -> str:
        """See `SessionDefinition.options`."""
        return f"{self.windows} {self.key}"

    @property
    def event_columns(self) -> tuple[str, ...]:
        """See `SessionDefinition.event_columns`."""
        return tuple(dict.fromkeys((*EVENT_COLUMNS, *self.key.event_columns)))

    @property
    def reach(self) -> int:
        """A window, and what stays in the state."""
        return 2 * self.windows.span + self.hot_age

    def closed_before(self, watermark: int) -> int:
        """A session is closed when the watermark has passed its window."""
        return self.windows.began_by(watermark)

    def sessionize(
        self,
        state: SessionState,
        events: pa.Table,
        *,
        epoch: int = 1,
        history: History | None = None,
        events_max: int = EVENTS_MAX,
    ) -> Sessionized:
        """See `step.place`."""
        return place(state, self.goals.counted(self.key.keyed(events)), self, epoch)

    def repair(self, state: SessionState, history: History, limits: RepairLimits) -> Sessionized:
        """See `step.repair`."""
        return repair(state, self.goals.over(history), limits, self)

    def assign(self, events: pa.Table, state: SessionState) -> pa.Table:
        """See `rows.assign`."""
        placed = assign(self.key.keyed(events), state)
        return with_sessions(events, placed)

    def close(self, state: SessionState, watermark: int, epoch: int) -> Closed:
        """See `rows.close`."""
        return close(state, watermark, epoch, self)

    def remade(self, past: Past, watermark: int) -> SessionState:
        """Whole windows from the floor's on; of those before, what waits for its repair."""
        past = self.goals.over(past)
        floor = self.closed_before(watermark) - self.hot_age
        since = self.windows.began_by(floor)
        events = past.events(since)
        waiting = past.provisional(floor, min(self.hot_age, self.windows.span) // 2)
        written = past.written_sessions(pa.concat_tables([events, waiting]))
        nothing = SessionState.empty(self.columns)
        # Where days begin at other times, some that end before the floor were read in part.
        hot = self._of(place(nothing, events, self, 1).state.frame(), since, is_before=False)
        hot = as_written(hot, written, self)
        hot = hot.filter((pl.col("ended_at") >= floor) | pl.col("is_dirty"))
        late = self._of(place(nothing, waiting, self, 1).state.frame(), since, is_before=True)
        late = late.with_columns(pending_since=pl.lit(1, pl.Int64))
        return SessionState.of(pl.concat([hot, late]), floor, watermark, self.columns)

    def _of(self, frame: pl.DataFrame, since: int, *, is_before: bool) -> pl.DataFrame:
        """Sessions of windows that began before `since`, or of the others."""
        apps = frame["app_id"].unique().sort()
        codes = frame["app_id"].replace_strict(apps, range(len(apps)), return_dtype=pl.Int64)
        code = codes.to_numpy()
        windows = self.windows.of(apps, code, frame["started_at"].to_numpy())
        starts = self.windows.starts(apps, code, windows)
        return frame.filter(pl.Series((starts < since) == is_before))
