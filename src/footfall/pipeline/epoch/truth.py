"""Truth: everything as it is after the last committed epoch. A step makes a new one.

What was previewed since is not part of it, so it can be thrown away at any time and laid on the
next truth again.
"""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.duplicates import DuplicateIndex
from footfall.lake import Lake
from footfall.ledger import Ledger
from footfall.pipeline.epoch.epoch import EpochResult
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.positions import Positions
from footfall.session import REMOVED_SCHEMA
from footfall.sessionize import SessionStates
from footfall.settings import DuplicateSettings


class Truth(msgspec.Struct, frozen=True):
    """One project's, as of `epoch`."""

    epoch: int
    """The last one committed; 0 before the first."""
    log_to: Positions
    """In each partition of the log, the first request after it."""
    watermark: int
    """Of its plan, microseconds; 0 before the first."""
    state: SessionStates
    """Of each session definition."""
    duplicates: DuplicateIndex
    """The one there is: it knows ids of the open epoch as well, under its number."""
    overrides: OverrideSet
    """Those that are not folded into events yet."""
    removed: pa.Table
    """Rows of `session_changes` that are not folded into sessions yet."""
    ledger: Ledger
    """Sum over all epochs."""

    @classmethod
    def at_first(cls, settings: DuplicateSettings, state: SessionStates) -> Truth:
        """Before the first epoch; `state` is that of no events."""
        return cls.at(0, Positions(), 0, state, DuplicateIndex.empty(settings))

    @classmethod
    def at(
        cls,
        epoch: int,
        log_to: Positions,
        watermark: int,
        state: SessionStates,
        duplicates: DuplicateIndex,
    ) -> Truth:
        """As a checkpoint knows it; what it does not know, `with_notes` adds."""
        removed = REMOVED_SCHEMA.empty_table()
        notes = (OverrideSet(), removed, Ledger())
        return cls(epoch, log_to, watermark, state, duplicates, *notes)

    def with_notes(self, lake: Lake, ledger: Ledger) -> Truth:
        """With what tables and metadata say of all epochs up to this one."""
        overrides = OverrideSet()
        overrides.add_epochs(lake.read("session_overrides"))
        removed = lake.read("session_changes")
        return msgspec.structs.replace(self, overrides=overrides, removed=removed, ledger=ledger)

    def after(self, result: EpochResult) -> Truth:
        """After one more epoch, which was computed from this."""
        plan = result.plan
        overrides = self.overrides.copy()
        overrides.add(result.rows["session_overrides"])
        removed = pa.concat_tables([self.removed, result.rows["session_changes"]])
        return Truth(
            plan.epoch,
            plan.log_to,
            plan.watermark,
            result.state,
            self.duplicates,
            overrides,
            removed,
            self.ledger + result.ledger,
        )

    def without_folded(self, lake: Lake) -> Truth:
        """Without notes that are part of the rows of events and sessions by now."""
        events_to = lake.folded_epoch("events")
        sessions_to = min(map(lake.folded_epoch, ("sessions", "other_sessions")))
        overrides = self.overrides.copy()
        overrides.forget(events_to)
        is_later = pc.greater(self.removed.column("epoch"), sessions_to)
        removed = self.removed.filter(is_later)
        return msgspec.structs.replace(self, overrides=overrides, removed=removed)
