"""Where a driver begins: the newest state that can be used, else what the lake says.

As `footfall.pipeline.recovery` does, with state by bucket. A home that the embedded pipeline worked
on, and one whose state was lost, begin alike: from the lake.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.duplicates import DuplicateIndex
from footfall.errors import Corrupt, Invalid
from footfall.lake import Lake, buckets_of
from footfall.metadata import Metadata
from footfall.pipeline.epoch.active import Active
from footfall.pipeline.epoch.definitions import states_for
from footfall.pipeline.epoch.plan import EpochPlan
from footfall.pipeline.recovery.recovery import (
    last_committed,
    rebuilt_ids,
    rebuilt_states,
    tell,
)
from footfall.positions import Positions
from footfall.runner.state import BucketPart, IdsPart, OpenIds, StateFiles, StateNote
from footfall.runner.work import divided_states
from footfall.sessionize import Definitions, SessionStates
from footfall.settings import SessionSettings, Settings


class Begin(msgspec.Struct, frozen=True):
    """The state to go on from."""

    note: StateNote
    is_rebuilt: bool = False
    """Made from the lake: it behaves as the one that was lost and need not equal it."""


class Beginning:
    """One start of one project."""

    def __init__(
        self,
        project: str,
        settings: Settings,
        lake: Lake,
        metadata: Metadata,
        states: StateFiles,
        active: Active,
        term: int,
    ) -> None:
        """Read nothing yet."""
        self._project = project
        self._settings = settings
        self._lake = lake
        self._metadata = metadata
        self._states = states
        self._active = active
        self._term = term

    def find(self, log_start: Positions) -> Begin:
        """The newest note whose files are whole, and after which the log has everything.

        Raises:
            Invalid: `runner.buckets` was changed.
        """
        for note in self._states.notes():
            if not log_start <= note.log_to:
                continue
            self._check_buckets(note)
            try:
                self._states.states(note, range(len(note.parts)))
            except Corrupt as error:
                tell(f"{error}; the state before it is taken")
                self._states.forget(note)
                continue
            return Begin(note)
        plan = last_committed(self._metadata, self._project)
        if plan is None or (log_start == Positions() and self._has_all_plans()):
            return Begin(self._nothing())
        tell(f"state is rebuilt from the lake: epoch={plan.epoch}")
        return Begin(self.from_lake(plan), is_rebuilt=True)

    def _has_all_plans(self) -> bool:
        """Whether all epochs can be done again from the first."""
        return self._metadata.first_epoch(self._project) == 1

    def _check_buckets(self, note: StateNote) -> None:
        buckets = self._settings.runner.buckets
        if len(note.parts) != buckets:
            raise Invalid(
                "this project's state lies in another number of buckets, which is fixed with its"
                f" first epoch; set runner.buckets = {len(note.parts)} again: given={buckets}"
            )

    def _nothing(self) -> StateNote:
        """Before the first epoch."""
        definitions = Definitions.of(self._active.sessions)
        note = StateNote(0, Positions(), 0, self._term, definitions.keys, ())
        return self.with_states(note, definitions.empty())

    def with_states(self, note: StateNote, states: SessionStates) -> StateNote:
        """`note` with these sessions instead of its own."""
        buckets = self._settings.runner.buckets
        rows_min = self._settings.sessions.file_rows_min
        before = note.parts or tuple(BucketPart() for _ in range(buckets))
        parts = [
            BucketPart(
                before[bucket].ids,
                {key: self._states.save_sessions(one, rows_min) for key, one in mine.items()},
            )
            for bucket, mine in divided_states(states, buckets).items()
        ]
        return msgspec.structs.replace(note, definitions=states.keys, parts=tuple(parts))

    def follow(
        self, note: StateNote, definitions: Definitions, rules: SessionSettings
    ) -> StateNote:
        """The state with which these definitions go on, if the note's was made by others.

        Args:
            note: The state there is.
            definitions: To go on with.
            rules: What they are made of.

        Raises:
            Conflict: another definition became the default; see `states_for`.
        """
        if note.definitions == definitions.keys:
            return note
        states = self._states.states(note, range(len(note.parts)))

        def begin(key: str) -> None:
            self._active.begin(key, note.epoch, note.watermark, rules)

        found = states_for(definitions, states, self._lake, note.epoch, note.watermark, begin)
        return self.with_states(note, found)

    def from_lake(self, plan: EpochPlan) -> StateNote:
        """The state after `plan`, a committed epoch's, from the lake alone.

        Reads the ids of the horizon once for each bucket.
        """
        with self._lake.locks.reading():
            states = rebuilt_states(self._lake, plan)
            ids = [self._ids(plan, one) for one in range(self._settings.runner.buckets)]
        note = StateNote(
            plan.epoch,
            plan.log_to,
            plan.watermark,
            self._term,
            plan.definitions,
            tuple(BucketPart(part) for part in ids),
        )
        return self.with_states(note, states)

    def _ids(self, plan: EpochPlan, bucket: int) -> IdsPart:
        rules = plan.rules.duplicates
        with TemporaryDirectory(prefix="footfall-ids-") as name:
            directory = Path(name)
            mine = (self._of(rows, bucket) for rows in rebuilt_ids(self._lake, plan))
            some = (rows for rows in mine if rows.num_rows)
            index = DuplicateIndex.rebuild(some, directory, plan.epoch, plan.watermark, rules)
            return OpenIds(self._states, directory, index).keep(plan.epoch)

    def _of(self, rows: pa.Table, bucket: int) -> pa.Table:
        buckets = buckets_of(rows.column("event_id"), self._settings.runner.buckets)
        return rows.filter(pc.equal(buckets, bucket))
