"""What an epoch does, as pure functions: requests, plan, state before in; rows, state after out.

`ingest` turns requests into events, one micro-batch or a whole epoch at a time, with the same
result; `finish` gives the epoch's events their sessions. A redone epoch, on this machine or
another, runs exactly this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.decode import decode
from footfall.enrich import DuplicateIndex, conflict_failures, enrich
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA, conform
from footfall.lake.cut import OVERRIDE_SCHEMA, REMOVED_SCHEMA
from footfall.ledger import Ledger
from footfall.pipeline._overrides import OverrideSet
from footfall.pipeline._plan import EpochPlan, Rules
from footfall.request import LoggedRequest
from footfall.session import SESSION_SCHEMA
from footfall.sessionize import (
    GapDefinition,
    History,
    RepairLimits,
    Sessionized,
    SessionState,
    assign,
    close,
    repair,
    sessionize,
)


class Ingested(msgspec.Struct, frozen=True):
    """Events and failures of some requests, in log order; session ids are not known yet."""

    events: pa.Table
    """`EVENT_SCHEMA`"""
    failures: pa.Table
    """`FAILED_SCHEMA`"""
    ledger: Ledger
    received_at: int
    """Latest `received_at` of the requests, in microseconds; 0 for none."""


class EpochResult(msgspec.Struct, frozen=True):
    """Rows of one epoch by table, and the state after it."""

    plan: EpochPlan
    rows: dict[str, pa.Table]
    ledger: Ledger
    state: SessionState


def ingest(
    requests: Sequence[LoggedRequest],
    rules: Rules,
    duplicates: DuplicateIndex,
    epoch: int,
    quarantined: Set[int] = frozenset(),
) -> Ingested:
    """Decode, enrich, remove duplicates, mark what is late; `duplicates` learns the ids kept.

    Requests at the offsets in `quarantined` are not decoded; each is a failed event.
    """
    decoded = decode(requests, rules.decode, quarantined)
    enriched = enrich(decoded.events, rules.clock)
    kept = duplicates.keep(conform(enriched.events, EVENT_SCHEMA), epoch)
    failures = [conform(decoded.failures, FAILED_SCHEMA)]
    if enriched.failures.num_rows:
        failures.append(conform(enriched.failures, FAILED_SCHEMA))
    if kept.conflicts.num_rows:
        failures.append(conform(conflict_failures(kept.conflicts), FAILED_SCHEMA))
    ledger = Ledger(
        requests=decoded.ledger.requests,
        decoded=decoded.ledger.decoded,
        undecodable=decoded.ledger.undecodable,
        records=decoded.ledger.records,
        events=kept.events.num_rows,
        failed=decoded.ledger.failed + enriched.failures.num_rows + kept.conflicts.num_rows,
        duplicates=kept.duplicates,
    )
    return Ingested(
        conform(mark_late(kept.events, rules.sessions.gap), EVENT_SCHEMA),
        pa.concat_tables(failures),
        ledger,
        max((logged.request.received_at for logged in requests), default=0),
    )


def join(parts: Iterable[Ingested]) -> Ingested:
    """The micro-batches of an epoch as one; the same as ingesting all their requests at once."""
    parts = list(parts)
    return Ingested(
        pa.concat_tables([EVENT_SCHEMA.empty_table(), *(part.events for part in parts)]),
        pa.concat_tables([FAILED_SCHEMA.empty_table(), *(part.failures for part in parts)]),
        sum((part.ledger for part in parts), Ledger()),
        max((part.received_at for part in parts), default=0),
    )


def finish(
    plan: EpochPlan, ingested: Ingested, state: SessionState, history: History
) -> EpochResult:
    """Give the epoch's events their sessions, close what the watermark passed, lay out the rows.

    First, sessions that earlier epochs left provisional are repaired, as many as the plan's rules
    allow: state and lake agree on the events there are, and this epoch's come on top.

    Args:
        plan: The epoch's plan.
        ingested: Everything between `plan.log_from` and `plan.log_to`.
        state: After the epoch before.
        history: Reads events and sessions of *earlier* epochs.
    """
    rules = plan.rules.sessions
    definition = GapDefinition.of(rules)
    limits = RepairLimits(rules.repair_events_max, rules.repair_visitors_max)
    repaired = repair(state, history, definition, limits)
    sessions = sessionize(
        repaired.state,
        ingested.events,
        definition,
        epoch=plan.epoch,
        history=history,
        events_max=limits.events_max,
    )
    overrides = OverrideSet()
    for found in (repaired, sessions):
        overrides.add(found.overrides)
    events = assign(ingested.events, sessions.state)
    closed = close(sessions.state, plan.watermark, plan.epoch, definition)
    rows = {
        "events": _stamp(events, plan, EVENT_SCHEMA),
        "failed_events": _stamp(ingested.failures, plan, FAILED_SCHEMA),
        "sessions": _stamp(closed.rows, plan, SESSION_SCHEMA),
        "session_overrides": _stamp(overrides.table(), plan, OVERRIDE_SCHEMA),
        "session_changes": _stamp(_removed(repaired, sessions), plan, REMOVED_SCHEMA),
    }
    return EpochResult(plan, rows, ingested.ledger, closed.state)


def _removed(*found: Sessionized) -> pa.Table:
    """Sessions that any of them removed, each once; one that a later one made again is newer."""
    rows = pl.concat([pl.DataFrame(pl.from_arrow(one.removed)) for one in found])
    once = rows.unique("session_id", keep="first", maintain_order=True)
    return conform(once.to_arrow(compat_level=pl.CompatLevel.oldest()), REMOVED_SCHEMA)


def mark_late(events: pa.Table, gap: int) -> pa.Table:
    """Set `is_late`: received more than `gap` (microseconds) after it happened.

    By then its session, had it been the last event, was over. Follows from the row alone, so
    neither epochs nor restarts change it.
    """
    delay = pc.subtract(events.column("received_at"), events.column("event_time"))
    late = pc.greater(delay.cast(pa.int64()), gap)
    return _replace(events, "is_late", late)


def _stamp(table: pa.Table, plan: EpochPlan, schema: pa.Schema) -> pa.Table:
    epoch = pa.chunked_array([pa.repeat(pa.scalar(plan.epoch, pa.int64()), table.num_rows)])
    return conform(_replace(table, "epoch", epoch), schema)


def _replace(table: pa.Table, name: str, column: pa.ChunkedArray) -> pa.Table:
    index = table.schema.get_field_index(name)
    if index < 0:
        return table.append_column(name, column)
    return table.set_column(index, name, column)
