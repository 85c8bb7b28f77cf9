"""An epoch from its plan to the tables, on an engine; what the driver does of it.

Theory of operation. As the embedded pipeline does, with the work of step 2 elsewhere:

    1. write the plan
    2. run the job: executors write data files and files of state, and say which
    3. commit the files, table by table, each once
    4. mark the epoch committed, with its ledger
    5. write the note that names the files of state

A driver that dies anywhere before 5 is followed by one that finds the note of the epoch before,
does the job again with equal rows, and is refused by tables that have them. Files of the first try
are named by nobody, and go as garbage.

Limits that count over all visitors are looked at when the buckets are done. In the rare epoch that
reached one the job is done again with all visitors in one bucket: slower, and exactly what the
embedded pipeline does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

import msgspec
import pyarrow as pa

from footfall.clock import DAY
from footfall.duplicates import first_hour_kept
from footfall.errors import Corrupt
from footfall.lake import TABLES, Lake
from footfall.ledger import Ledger
from footfall.log import LogSource
from footfall.metadata import Metadata
from footfall.pipeline import EpochPlan, EpochResult
from footfall.pipeline.epoch.definitions import definitions_of
from footfall.pipeline.epoch.epoch import Used, repair_limits
from footfall.positions import Slice
from footfall.runner.engine import Engine
from footfall.runner.parts import from_bytes
from footfall.runner.state import BucketPart, StateFiles, StateNote
from footfall.runner.work import (
    WRITTEN_TABLES,
    Outcome,
    Watch,
    Work,
    admit_bucket,
    finish_bucket,
    read_slice,
)
from footfall.sessionize import SessionStates, within_hot_max
from footfall.settings import Settings

_UNLIMITED: Final = 2**60
_HISTORY: Final = ("events", "sessions", "other_sessions", "session_changes")


class Done(msgspec.Struct, frozen=True):
    """A committed epoch."""

    result: EpochResult
    """With rows of `session_overrides` and `session_changes` only; the others are in the lake."""
    note: StateNote
    seconds: dict[str, float]
    """Of all tasks, by what was done; of the driver `job`, waiting for tasks, and `commit`."""
    was_whole: bool
    """Whether a limit over all visitors made it one bucket."""


class EpochJobs:
    """Does epochs of one project, one at a time."""

    def __init__(
        self,
        home: str,
        settings: Settings,
        log: LogSource,
        lake: Lake,
        metadata: Metadata,
        states: StateFiles,
        engine: Engine,
        term: int,
    ) -> None:
        """Wire the parts."""
        self._home = home
        self._settings = settings
        self._log = log
        self._lake = lake
        self._metadata = metadata
        self._states = states
        self._engine = engine
        self._term = term

    def do(
        self,
        plan: EpochPlan,
        before: StateNote,
        expected: Ledger | None = None,
        take_back: Callable[[], object] | None = None,
    ) -> Done:
        """Commit a planned epoch.

        Args:
            plan: Written before.
            before: The state after the epoch before.
            expected: The ledger of an epoch that was marked committed already.
            take_back: Takes the epoch back from tables that have it; needed where `before` is not
                the state that it was done on first.

        Raises:
            Corrupt: the log or the state cannot be read, or gives other rows than it did.
            Unavailable: executors or a store fail; start again, nothing is lost.
        """
        watch = Watch()
        with self._lake.locks.committing():
            with self._lake.locks.reading(), watch.on("job"):
                work = self._work(plan, before)
                outcomes = self._run(work)
                if not self._is_within_limits(plan, outcomes):
                    work = msgspec.structs.replace(work, is_whole=True)
                    outcomes = self._run(work)
            ledger = sum((one.ledger for one in outcomes), Ledger())
            if expected not in (None, ledger):
                raise Corrupt(
                    "the log gives an epoch another result than it had:"
                    f" epoch={plan.epoch} log_from={plan.log_from!s} log_to={plan.log_to!s}"
                )
            if take_back is not None:
                take_back()
            with watch.on("commit"):
                rows = self._commit(plan, outcomes)
        self._metadata.commit_epoch(plan.project, plan.epoch, ledger, term=self._term)
        note, state = self._note(plan, before, outcomes)
        self._states.write(note)
        result = EpochResult(plan, rows, ledger, state)
        return Done(result, note, {**_seconds(outcomes), **watch.seconds}, work.is_whole)

    def _commit(self, plan: EpochPlan, outcomes: Sequence[Outcome]) -> dict[str, pa.Table]:
        """Let every table take the epoch; the rows that the driver itself has."""
        rows = {
            "session_overrides": _stacked(one.overrides for one in outcomes),
            "session_changes": _stacked(one.changes for one in outcomes),
        }
        for table in TABLES:
            if table in WRITTEN_TABLES:
                written = [one.written[table] for one in outcomes if table in one.written]
                self._lake.commit(table, written, plan.epoch)
            elif table in rows:
                self._lake.commit(table, rows[table], plan.epoch)
        return rows

    def _work(self, plan: EpochPlan, before: StateNote) -> Work:
        first_day = plan.watermark // DAY - self._settings.lake.live_days + 1
        sessions = msgspec.structs.replace(plan.rules.sessions, hot_max=_UNLIMITED)
        rules = msgspec.structs.replace(plan.rules, sessions=sessions)
        return Work(
            self._home,
            self._settings,
            self._log,
            msgspec.structs.replace(plan, rules=rules),
            tuple(_pieces(plan.slices, self._settings.runner.slice_requests_max)),
            len(before.parts),
            is_whole=len(before.parts) == 1,
            orders={table: self._lake.write_order(table, first_day) for table in WRITTEN_TABLES},
            files={table: self._lake.plan(table).files for table in _HISTORY},
            state=before,
            bound=self._engine.bound,
        )

    def _run(self, work: Work) -> list[Outcome]:
        pieces = self._engine.run(
            len(work.slices) + 1,
            partial(read_slice, work),
            [partial(admit_bucket, work), partial(finish_bucket, work)],
        )
        outcomes = [msgspec.msgpack.decode(piece.data, type=Outcome) for piece in pieces]
        admitted = sorted(one.bucket for one in outcomes if one.ids is not None)
        finished = sorted(bucket for one in outcomes for bucket in one.sessions)
        every = list(range(work.buckets))
        assert admitted == finished == every, "each bucket is done once"
        return sorted(outcomes, key=lambda one: one.bucket)

    def _is_within_limits(self, plan: EpochPlan, outcomes: Sequence[Outcome]) -> bool:
        """Whether the buckets did what they had done as one; one bucket alone did."""
        used: dict[str, Used] = {}
        parts = [one for one in outcomes if one.used]
        for one in parts:
            for key, mine in one.used.items():
                used[key] = used.get(key, Used()) + mine
        limits = repair_limits(plan)
        return len(parts) == 1 or all(total.is_within(limits) for total in used.values())

    def _note(
        self, plan: EpochPlan, before: StateNote, outcomes: Sequence[Outcome]
    ) -> tuple[StateNote, SessionStates]:
        """The note of the state after the epoch, and that state."""
        ids = {one.bucket: one.ids for one in outcomes if one.ids is not None}
        sessions = {bucket: found for one in outcomes for bucket, found in one.sessions.items()}
        hours: dict[int, int] = {}
        for part in ids.values():
            for hour, count in part.hours.items():
                hours[hour] = hours.get(hour, 0) + count
        first = first_hour_kept(hours, plan.watermark, plan.rules.duplicates)
        note = StateNote(
            plan.epoch,
            plan.log_to,
            plan.watermark,
            self._term,
            plan.definitions,
            tuple(BucketPart(ids[one], sessions[one]) for one in range(len(before.parts))),
            max(first, before.ids_from),
        )
        definitions, kept = definitions_of(plan), {}
        states = definitions.following(self._states.states(note, range(len(note.parts))))
        for one, (key, state) in zip(definitions, states.items(), strict=True):
            watermark = plan.watermark if state.watermark is None else state.watermark
            hot_max = plan.rules.sessions.hot_max
            kept[key] = within_hot_max(state, one.closed_before(watermark), hot_max)
        floors = {key: state.floor for key, state in kept.items()}
        return msgspec.structs.replace(note, floors=floors), SessionStates(kept)


def _pieces(slices: Iterable[Slice], requests_max: int) -> Iterable[Slice]:
    """The slices in pieces of so many requests."""
    for partition, start, stop in slices:
        for begin in range(start, stop, requests_max):
            yield Slice(partition, begin, min(begin + requests_max, stop))


def _stacked(tables: Iterable[bytes]) -> pa.Table:
    return pa.concat_tables([from_bytes(data) for data in tables if data])


def _seconds(outcomes: Iterable[Outcome]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in outcomes:
        for doing, seconds in one.seconds.items():
            found[doing] = found.get(doing, 0.0) + seconds
    return found
