"""Rows of damaged data files: what can be read of them, and what the log has of the others.

Theory of operation. A damaged data file had rows of some days and epochs. Row groups that can be
read are copied. The requests of its epochs are decoded again, with the rules of their plans. Of the
events of those days, the file had those that no other data file has, and whose id none before them
has. Sessions are those that the newest checkpoint knows, or else the lake; overrides of later
epochs apply to a row made again as they did to the one lost. An epoch's ledger says how many of its
rows are missing: of an epoch that would get more than that, nothing is made again, because
duplicates cannot be told from what is lost. So no row is made that was not there; one that cannot
be made again is counted as lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.manifest import DataFile

from footfall.clock import DAY
from footfall.errors import Corrupt
from footfall.event import ARRIVAL, EVENT_SCHEMA, FAILED_SCHEMA, UUID16
from footfall.lake import (
    NO_DAYS,
    TABLES,
    DamagedFile,
    Lake,
    LakeHistory,
    day_of,
    dropped_rows,
    lost_rows,
    readable_rows,
    rows_by_epoch,
)
from footfall.lake.location import place_of
from footfall.lake.read.history import holding
from footfall.lake.store.store import Store
from footfall.ledger import Ledger
from footfall.log import Log
from footfall.metadata import Metadata
from footfall.pipeline.epoch.definitions import definitions_of
from footfall.pipeline.epoch.epoch import right_is_before, stamp
from footfall.pipeline.epoch.plan import EpochPlan, decode_plan
from footfall.pipeline.epoch.prepare import prepare
from footfall.pipeline.feed.requests import of_protocols, planned_requests
from footfall.pipeline.recovery.checkpoint import Checkpoint
from footfall.sessionize import REPAIR_SCHEMA
from footfall.settings import PipelineSettings

CHUNK_BYTES: Final = 64 << 20
"""Arrow memory of rows that are compared with the lake at a time, unless one epoch has more."""

_VISITOR: Final = ["app_id", "visitor_id"]
_ID: Final = ["app_id", "event_id"]
FROM_LOG: Final = ("events", "failed_events")
"""Tables whose rows are made from requests alone."""
_BEFORE: Final = ["epoch", *ARRIVAL]
"""What came before what, over epochs too: see `settle`."""


class Rebuilt(msgspec.Struct):
    """What was made again of one table's damaged files."""

    files: list[DataFile] = []
    """Durable; no commit names them yet."""
    rows: Counter[int | None] = msgspec.field(default_factory=Counter)
    """By day since 1970."""
    lost: dict[int, int] = {}
    """Rows that stay missing of epochs whose ledger is known."""


class Rebuilder:
    """Makes rows again; changes nothing but that data files are written that nobody names yet."""

    def __init__(
        self,
        project: str,
        settings: PipelineSettings,
        log: Log,
        lake: Lake,
        metadata: Metadata,
        checkpoint: Checkpoint | None,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        """Read nothing yet; without a checkpoint no session is known, so no event is made again."""
        self._project = project
        self._settings = settings
        self._log = log
        self._lake = lake
        self._metadata = metadata
        self._checkpoint = checkpoint
        self._chunk_bytes = chunk_bytes

    def rebuild(self, table: str, damaged: Sequence[DamagedFile]) -> Rebuilt:
        """Make again what the log has of `damaged`, all damaged files of `table`.

        Raises:
            Corrupt: another data file turned out to be damaged; run `footfall doctor --deep`.
        """
        gone = {file.path for file in damaged}
        made = Rebuilt()
        # Of rows that waited nobody knows the day: what is made again waits, all of it.
        target = NO_DAYS if any(file.day is None for file in damaged) else None
        for file in damaged:
            for rows in readable_rows(file, self._lake.schema(table), self._lake.store):
                made.files += self._lake.write_files(table, rows, self._lake.new_id(), target)
        live = [file for file in self._lake.plan(table).files if file not in gone]
        missing = self._missing(table, damaged, [*live, *_paths(made.files)])
        left = Counter(missing)
        if table in FROM_LOG:
            plans = list(self._plans(table, missing))
            days = [file.day for file in damaged]
            for rows in self._chunks(table, days, plans):
                found = self._admitted(table, rows, [*live, *_paths(made.files)], plans, left)
                left.subtract(found.column("epoch").to_pylist())
                made.files += self._lake.write_files(table, found, self._lake.new_id(), target)
        for written in made.files:
            made.rows[day_of(written)] += written.record_count
        made.lost = {epoch: count for epoch, count in left.items() if count > 0}
        return made

    def _missing(
        self, table: str, damaged: Sequence[DamagedFile], live: Sequence[str]
    ) -> dict[int, int]:
        """Rows that the lake lacks of each committed epoch that the damaged files may have."""
        count = _count_of(table)
        newest = self._metadata.last_epochs(self._project, 1)
        if count is None or not newest:
            return {}
        first = min(file.first_epoch for file in damaged)
        last = max(file.last_epoch for file in damaged)
        there = Counter(rows_by_epoch(live, self._lake.store, first))
        there.update(dropped_rows(self._lake, table).epochs)
        there.update(lost_rows(self._lake, table).epochs)
        epochs = self._metadata.last_epochs(self._project, max(newest[0].epoch - first + 1, 1))
        wanted = {
            epoch.epoch: count(epoch.ledger) - there[epoch.epoch]
            for epoch in epochs
            if epoch.ledger is not None and first <= epoch.epoch <= last
        }
        return {epoch: rows for epoch, rows in sorted(wanted.items()) if rows > 0}

    def _chunks(
        self, table: str, days: Sequence[int | None], plans: Sequence[EpochPlan]
    ) -> Iterator[pa.Table]:
        """Rows of those days, whole epochs at a time."""
        waiting: list[pa.Table] = []
        for plan in plans:
            waiting += [
                _of_days(rows, str(TABLES[table].day), days) for rows in self._again(table, plan)
            ]
            if sum(rows.nbytes for rows in waiting) >= self._chunk_bytes:
                yield pa.concat_tables(waiting)
                waiting = []
        if waiting:
            yield pa.concat_tables(waiting)

    def _plans(self, table: str, missing: dict[int, int]) -> Iterator[EpochPlan]:
        """Plans of the epochs that miss rows and can be done again."""
        if not missing:
            return
        for text in self._metadata.plans_after(self._project, min(missing) - 1):
            plan = decode_plan(text)
            if table == "events" and not self._knows_sessions_of(plan.epoch):
                return
            if plan.epoch in missing and self._log.starts() <= plan.log_from:
                yield plan

    def _knows_sessions_of(self, epoch: int) -> bool:
        return self._checkpoint is not None and epoch <= self._checkpoint.note.epoch

    def _again(self, table: str, plan: EpochPlan) -> list[pa.Table]:
        """Rows of an epoch as if no event were a duplicate; none if the log lacks some of it."""
        parts = []
        try:
            for requests in planned_requests(self._log, plan, self._settings):
                refused = plan.quarantined_in(requests[0].partition)
                refused |= of_protocols(requests, plan.left_out)
                prepared = prepare(requests, plan.rules, refused)
                rows = prepared.events if table == "events" else prepared.failures
                parts.append(stamp(rows, plan, rows.schema))
        except Corrupt:
            return []
        return parts

    def _admitted(
        self,
        table: str,
        rows: pa.Table,
        live: Sequence[str],
        plans: Sequence[EpochPlan],
        missing: dict[int, int],
    ) -> pa.Table:
        """Those of `rows` that the damaged files had."""
        if table == "events":
            horizon = max(plan.rules.duplicates.horizon for plan in plans)
            kept = _first_of_id(rows, live, horizon, self._lake.store)
        else:
            kept = _not_there(rows, live, self._lake.store)
        counts = Counter(kept.column("epoch").to_pylist())
        unsure = [epoch for epoch, count in counts.items() if count > missing[epoch]]
        kept = kept.filter(pc.invert(pc.is_in(kept.column("epoch"), pa.array(unsure, pa.int64()))))
        return self._with_sessions(kept, plans) if table == "events" else kept

    def _with_sessions(self, events: pa.Table, plans: Sequence[EpochPlan]) -> pa.Table:
        """`events` with the sessions they are in; without those whose session nobody knows."""
        assert self._checkpoint is not None
        definition = definitions_of(plans[-1]).default
        found = definition.assign(events, self._checkpoint.sessions.default)
        is_open = pc.and_(
            pc.is_null(found.column("session_id")), pc.is_valid(found.column("visitor_id"))
        )
        older = found.filter(is_open)
        if older.num_rows == 0:
            return found
        ids = self._older_sessions(older)
        placed = older.set_column(
            older.schema.get_field_index("session_id"), older.schema.field("session_id"), ids
        )
        known = placed.filter(pc.is_valid(placed.column("session_id")))
        return pa.concat_tables([found.filter(pc.invert(is_open)), known])

    def _older_sessions(self, events: pa.Table) -> pa.Array:
        """Ids of the lake's sessions that hold `events`; null where none does."""
        assert self._checkpoint is not None
        keys = pl.DataFrame(pl.from_arrow(events.select([*_VISITOR, "event_time"])))
        ranges = keys.group_by(_VISITOR).agg(
            from_time=pl.col("event_time").min(), to_time=pl.col("event_time").max()
        )
        asked = ranges.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(REPAIR_SCHEMA)
        try:
            history = LakeHistory(self._lake, self._checkpoint.note.epoch + 1)
            sessions = history.sessions(asked)
        except Corrupt:  # of the sessions that damage took, nobody knows the ids
            return pa.nulls(events.num_rows, UUID16)
        known = sessions.select([*_VISITOR, "started_at", "ended_at", "session_id"])
        found = holding(keys, pl.DataFrame(pl.from_arrow(known)))
        return found.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(UUID16)


def _count_of(table: str) -> Callable[[Ledger], int] | None:
    """How many rows of `table` a ledger says there are; none where it does not say."""
    if table == "events":
        return lambda ledger: ledger.events
    if table == "failed_events":
        return lambda ledger: ledger.failed + ledger.undecodable
    return None


def _of_days(rows: pa.Table, column: str, days: Sequence[int | None]) -> pa.Table:
    if None in days:
        return rows
    times = rows.column(column).cast(pa.int64()).to_numpy()
    return rows.filter(pc.is_in(pa.array(times // DAY), pa.array(days, pa.int64())))


def _first_of_id(events: pa.Table, live: Sequence[str], horizon: int, store: Store) -> pa.Table:
    """Without events that are in `live` files, and without those whose id was there before."""
    columns = [*_ID, *_BEFORE]
    wanted = pl.DataFrame(pl.from_arrow(events.select(columns))).with_row_index("row")
    before = pl.duration(microseconds=horizon)
    if live:
        since = wanted.select(pl.col("received_at").min() - before).item()
        known = (
            store.scan(live, EVENT_SCHEMA)
            .filter(pl.col("received_at") >= since)
            .select(columns)
            .join(wanted.lazy().select(_ID), on=_ID, how="semi")
            .collect()
        )
        there = wanted.join(known, on=_ID).filter(
            right_is_before(_BEFORE, or_equal=True),
            pl.col("received_at_right") >= pl.col("received_at") - before,
        )
        wanted = wanted.join(there.select("row"), on="row", how="anti")
    kept = wanted.sort(_BEFORE).unique(_ID, keep="first", maintain_order=True)
    return events.take(kept["row"].sort().to_arrow(compat_level=pl.CompatLevel.oldest()))


def _not_there(failures: pa.Table, live: Sequence[str], store: Store) -> pa.Table:
    """Without failures that are in `live` files."""
    wanted = pl.DataFrame(pl.from_arrow(failures.select(["failed_id"]))).with_row_index("row")
    if live:
        known = store.scan(live, FAILED_SCHEMA).select("failed_id")
        there = known.join(wanted.lazy().select("failed_id"), on="failed_id", how="semi").collect()
        wanted = wanted.join(there, on="failed_id", how="anti")
    return failures.take(wanted["row"].sort().to_arrow(compat_level=pl.CompatLevel.oldest()))


def _paths(files: Sequence[DataFile]) -> list[str]:
    return [place_of(file.file_path) for file in files]
