"""What an epoch does, as pure functions: requests, plan, state before in; rows, state after out.

`prepare` (`_prepare`) turns requests into events; `admit` keeps the first of each id that it meets,
a micro-batch at a time; `settle`, with the epoch whole, the first that *arrived*, in whatever order
its partitions were read; `finish` gives the epoch's events their sessions. A redone epoch, on this
machine or another, runs exactly this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.duplicates import DuplicateIndex, conflict_failures
from footfall.enrich.columns import with_columns
from footfall.event import ARRIVAL, EVENT_SCHEMA, FAILED_SCHEMA, FailureReason, conform
from footfall.ledger import Ledger
from footfall.pipeline.epoch.definitions import definitions_of
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.pipeline.epoch.plan import EpochPlan
from footfall.pipeline.epoch.prepare import Prepared
from footfall.session import (
    OTHER_SESSION_SCHEMA,
    OVERRIDE_SCHEMA,
    REMOVED_SCHEMA,
    SESSION_SCHEMA,
)
from footfall.sessionize import (
    WRITTEN_MAX,
    Closed,
    History,
    Key,
    RepairLimits,
    SessionDefinition,
    Sessionized,
    SessionState,
    SessionStates,
    key_of,
)

_ID: Final = ["app_id", "event_id"]


class Ingested(msgspec.Struct, frozen=True):
    """Events and failures of some requests, as they were read; session ids are not known yet."""

    events: pa.Table
    """`event_schema` of the rules."""
    others: pa.Table
    """The same of events that were not kept, because their id was there before."""
    failures: pa.Table
    """`FAILED_SCHEMA`"""
    ledger: Ledger
    received_at: int
    """Latest `received_at` of the requests, in microseconds; 0 for none."""


class Used(msgspec.Struct, frozen=True):
    """What an epoch took of the limits that count over all visitors, for one definition.

    An epoch that was done for some visitors at a time is as one done for all if no sum of these is
    beyond its limit.
    """

    visitors: int = 0
    """Visitors with sessions that wait for their repair."""
    repaired: int = 0
    """Events that repairs want, see `Sessionized.spent`."""
    read: int = 0
    """The same of placing the epoch's own events."""
    written: int = 0
    """Sessions written."""

    def __add__(self, other: Used) -> Used:
        return Used(
            self.visitors + other.visitors,
            self.repaired + other.repaired,
            self.read + other.read,
            self.written + other.written,
        )

    def is_within(self, limits: RepairLimits) -> bool:
        """Whether no limit was reached."""
        return (
            self.visitors <= limits.visitors_max
            and max(self.repaired, self.read) <= limits.events_max
            and self.written < WRITTEN_MAX
        )


class EpochResult(msgspec.Struct, frozen=True):
    """Rows of one epoch by table, and the state after it."""

    plan: EpochPlan
    rows: dict[str, pa.Table]
    ledger: Ledger
    state: SessionStates
    used: dict[str, Used] = {}
    """By key of the definition."""


def admit(prepared: Prepared, duplicates: DuplicateIndex, epoch: int) -> Ingested:
    """Keep the first event of each id; `duplicates` learns the ids kept."""
    kept = duplicates.keep(prepared.events, epoch)
    failures = prepared.failures
    if kept.conflicts.num_rows:
        failures = pa.concat_tables([failures, _as_failures(kept.conflicts)])
    ledger = msgspec.structs.replace(
        prepared.ledger,
        events=kept.events.num_rows,
        failed=prepared.ledger.failed + kept.conflicts.num_rows,
        duplicates=kept.duplicates,
        unused=_unused(kept.events),
    )
    return Ingested(kept.events, kept.others, failures, ledger, prepared.received_at)


def _as_failures(conflicts: pa.Table) -> pa.Table:
    partition = {"log_partition": conflicts.column("log_partition")}
    return conform(with_columns(conflict_failures(conflicts), partition), FAILED_SCHEMA)


def _unused(events: pa.Table) -> dict[str, int]:
    """How many fields of the events could not be used, by reason."""
    problems = events.column("problems")
    if problems.null_count == len(problems):
        return {}
    reasons = pc.list_element(pc.split_pattern(pc.list_flatten(problems), " ", max_splits=1), 0)
    counts = {found["values"]: found["counts"] for found in pc.value_counts(reasons).to_pylist()}
    return {reason: counts[reason] for reason in sorted(counts)}


def join(parts: Iterable[Ingested]) -> Ingested:
    """The micro-batches of an epoch as one; the same as ingesting all their requests at once."""
    parts = list(parts)
    return Ingested(
        _stacked([part.events for part in parts], EVENT_SCHEMA),
        _stacked([part.others for part in parts], EVENT_SCHEMA),
        _stacked([part.failures for part in parts], FAILED_SCHEMA),
        sum((part.ledger for part in parts), Ledger()),
        max((part.received_at for part in parts), default=0),
    )


def _stacked(tables: list[pa.Table], schema: pa.Schema) -> pa.Table:
    """All rows; with the columns that all tables have, or of `schema` if there are none."""
    return pa.concat_tables(tables) if tables else schema.empty_table()


class Histories(History, Protocol):
    """What the default definition may look up, and what others may."""

    def of(self, name: str, version: int, key: Key) -> History:
        """For another definition."""


class _Placed(msgspec.Struct, frozen=True):
    """What one definition makes of an epoch."""

    found: tuple[Sessionized, Sessionized]
    """Its repairs, then its events."""
    closed: Closed
    used: Used


def settle(ingested: Ingested, duplicates: DuplicateIndex, epoch: int) -> Ingested:
    """The whole epoch, with the event of each id that arrived first (`ARRIVAL`).

    Micro-batches were read from partitions in turn, and a request may be in the log after one that
    was received later, so what was met first need not be what came first. That is rare: as long as
    it did not happen nothing is done. `duplicates` learns what is kept instead.

    Of two epochs the earlier one counts, whatever arrived first: it is in the lake.
    """
    if not _is_out_of_order(ingested):
        return ingested
    duplicates.take_back(epoch)
    everything = pa.concat_tables([ingested.events, ingested.others])
    kept = duplicates.keep(everything.sort_by([(name, "ascending") for name in ARRIVAL]), epoch)
    was_conflict = pc.equal(ingested.failures.column("reason"), FailureReason.ID_CONFLICT)
    failures = ingested.failures.filter(pc.invert(was_conflict))
    conflicts = _as_failures(kept.conflicts)
    ledger = msgspec.structs.replace(
        ingested.ledger,
        events=kept.events.num_rows,
        failed=ingested.ledger.failed
        - (ingested.failures.num_rows - failures.num_rows)
        + conflicts.num_rows,
        duplicates=kept.duplicates,
        unused=_unused(kept.events),
    )
    return Ingested(
        kept.events,
        kept.others,
        pa.concat_tables([failures, conflicts]),
        ledger,
        ingested.received_at,
    )


def _is_out_of_order(ingested: Ingested) -> bool:
    """Whether an event that was kept arrived after one of the same epoch and id that was not."""
    if ingested.others.num_rows == 0:
        return False
    columns = [*_ID, *ARRIVAL]
    others = pl.DataFrame(pl.from_arrow(ingested.others.select(columns)))
    kept = pl.DataFrame(pl.from_arrow(ingested.events.select(columns)))
    met = kept.join(others, on=_ID)
    return met.filter(right_is_before(ARRIVAL)).height > 0


def right_is_before(names: Sequence[str], *, or_equal: bool = False) -> pl.Expr:
    """Of a join's rows: whether what came from the right is before the left, by these columns."""
    found = pl.lit(or_equal)
    for name in reversed(names):
        mine, theirs = pl.col(name), pl.col(f"{name}_right")
        found = (theirs < mine) | ((theirs == mine) & found)
    return found


def finish(
    plan: EpochPlan,
    ingested: Ingested,
    states: SessionStates,
    history: Histories,
    of_keys: Mapping[Key, pa.Table] | None = None,
) -> EpochResult:
    """Give the epoch's events their sessions, close what the watermark passed, lay out the rows.

    First, sessions that earlier epochs left provisional are repaired, as many as the plan's rules
    allow: state and lake agree on the events there are, and this epoch's come on top. Definitions
    know nothing of one another, so the default's rows are the same whichever others there are. An
    epoch is all of them or nothing: an error in one is an error of the epoch, before any row is
    committed.

    Args:
        plan: The epoch's plan.
        ingested: Everything between `plan.log_from` and `plan.log_to`, settled.
        states: After the epoch before.
        history: Reads events and sessions of *earlier* epochs.
        of_keys: Events for definitions with these keys, where they are others than `ingested` has:
            of buckets, in which each key has its own share. Their `event_columns` are enough.

    Raises:
        Conflict: the plan's definitions are others than those of this version.
    """
    definitions = definitions_of(plan)
    default, *others = definitions
    keyed = of_keys or {}
    placed = {key_of(default): _place(default, plan, ingested.events, states.default, history)}
    for one in others:
        mine = history.of(one.name, one.version, one.key)
        events = keyed.get(one.key, ingested.events)
        placed[key_of(one)] = _place(one, plan, events, states[key_of(one)], mine)
    _, sessions = placed[key_of(default)].found
    overrides = OverrideSet()
    for found in placed[key_of(default)].found:
        overrides.add(found.overrides)
    events = default.assign(ingested.events, sessions.state)
    rows = {
        "events": stamp(events, plan, events.schema),
        "failed_events": stamp(ingested.failures, plan, FAILED_SCHEMA),
        "sessions": stamp(placed[key_of(default)].closed.rows, plan, SESSION_SCHEMA),
        "session_overrides": stamp(overrides.table(), plan, OVERRIDE_SCHEMA),
        "session_changes": stamp(_withdrawn(placed.values()), plan, REMOVED_SCHEMA),
        "other_sessions": pa.concat_tables(
            [
                OTHER_SESSION_SCHEMA.empty_table(),
                *(
                    stamp(named(one, placed[key_of(one)].closed.rows), plan, OTHER_SESSION_SCHEMA)
                    for one in others
                ),
            ]
        ),
    }
    after = SessionStates({key: one.closed.state for key, one in placed.items()})
    used = {key: one.used for key, one in placed.items()}
    return EpochResult(plan, rows, ingested.ledger, after, used)


class _Asked:
    """A history, and whether anything was asked of it."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.is_asked = False

    def sessions(self, ranges: pa.Table) -> pa.Table:
        self.is_asked = True
        return self._history.sessions(ranges)

    def events(self, ranges: pa.Table) -> pa.Table:
        self.is_asked = True
        return self._history.events(ranges)


def repair_limits(plan: EpochPlan) -> RepairLimits:
    """How much one epoch may repair."""
    rules = plan.rules.sessions
    return RepairLimits(rules.repair_events_max, rules.repair_visitors_max)


def _place(
    definition: SessionDefinition,
    plan: EpochPlan,
    events: pa.Table,
    state: SessionState,
    history: History,
) -> _Placed:
    limits = repair_limits(plan)
    visitors = 0
    repairing, placing = _Asked(history), _Asked(history)
    repaired = Sessionized.nothing(state)
    if key_of(definition) not in plan.filling:
        visitors = state.pending().select("app_id", "visitor_id").n_unique()
        repaired = definition.repair(state, repairing, limits)
    sessions = definition.sessionize(
        repaired.state,
        events,
        epoch=plan.epoch,
        history=placing,
        events_max=limits.events_max,
    )
    closed = definition.close(sessions.state, plan.watermark, plan.epoch)
    # What a repair leaves provisional again waits since the longest of all that were repaired.
    is_left = repaired.repairs.num_rows > 0
    used = Used(
        visitors,
        limits.events_max + 1 if is_left else _spent(repaired, repairing, limits),
        _spent(sessions, placing, limits),
        closed.rows.num_rows,
    )
    return _Placed((repaired, sessions), closed, used)


def _spent(found: Sessionized, asked: _Asked, limits: RepairLimits) -> int:
    """Events it wanted; who asks history and does not tell how much may have reached a limit."""
    if found.spent is None:
        return limits.events_max + 1 if asked.is_asked else 0
    return found.spent


def named(definition: SessionDefinition, rows: pa.Table) -> pa.Table:
    """Sessions of a definition as rows of `other_sessions`."""
    kinds = {"definition": definition.name, "definition_version": definition.version}
    for name, value in kinds.items():
        field = OTHER_SESSION_SCHEMA.field(name)
        column = pa.repeat(pa.scalar(value, field.type), rows.num_rows)
        rows = rows.append_column(field, column)
    return conform(rows, OTHER_SESSION_SCHEMA)


def _withdrawn(placed: Iterable[_Placed]) -> pa.Table:
    """Sessions that any of them withdrew, each once; one that a later one made again is newer."""
    found = [found.withdrawn for one in placed for found in one.found]
    rows = pl.concat([pl.DataFrame(pl.from_arrow(one)) for one in found])
    once = rows.unique("session_id", keep="first", maintain_order=True)
    return conform(once.to_arrow(compat_level=pl.CompatLevel.oldest()), REMOVED_SCHEMA)


def stamp(table: pa.Table, plan: EpochPlan, schema: pa.Schema) -> pa.Table:
    """`table` as rows of `schema` that belong to the plan's epoch."""
    epoch = pa.chunked_array([pa.repeat(pa.scalar(plan.epoch, pa.int64()), table.num_rows)])
    return conform(_replace(table, "epoch", epoch), schema)


def _replace(table: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    index = table.schema.get_field_index(name)
    if index < 0:
        return table.append_column(name, column)
    return table.set_column(index, name, column)
