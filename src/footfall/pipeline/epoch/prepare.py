"""Requests → events, as far as each request goes by itself.

Light to import: the process that decodes ahead (`_decode_ahead`) needs no more than this.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.decode import decode
from footfall.enrich import enrich, event_schema
from footfall.enrich.columns import with_columns
from footfall.event import FAILED_SCHEMA, conform
from footfall.ledger import Ledger
from footfall.pipeline.epoch.plan import Rules
from footfall.positions import Slice
from footfall.request import LoggedRequest


class Prepared(msgspec.Struct, frozen=True):
    """What requests hold, before anything is known of other requests."""

    requests: Slice
    """Which; all of one partition."""
    events: pa.Table
    """`event_schema` of the rules, in the log's order; duplicates are among them."""
    failures: pa.Table
    """`FAILED_SCHEMA`"""
    ledger: Ledger
    """As if no event were a duplicate."""
    received_at: int
    """Latest `received_at` of the requests, in microseconds."""


def prepare(
    requests: Sequence[LoggedRequest], rules: Rules, quarantined: Set[int] = frozenset()
) -> Prepared:
    """Decode, enrich, mark what is late. Pure, and per request: any process can do it.

    Args:
        requests: Of one partition, in its order, without a gap; at least one.
        rules: The plan's.
        quarantined: Their offsets: those of requests that are not decoded; each is a failed event.
    """
    decoded = decode(requests, rules.decode, quarantined)
    trusted = [logged.offset for logged in requests if logged.request.trusted]
    partition = requests[0].partition
    enriched = enrich(_of(decoded.events, partition), rules.clock, trusted, rules.enrich)
    failures = [conform(_of(decoded.failures, partition), FAILED_SCHEMA)]
    if enriched.failures.num_rows:
        failures.append(conform(_of(enriched.failures, partition), FAILED_SCHEMA))
    return Prepared(
        Slice(partition, requests[0].offset, requests[-1].offset + 1),
        conform(mark_late(enriched.events, rules.sessions.gap), event_schema(rules.enrich)),
        pa.concat_tables(failures),
        Ledger(
            requests=decoded.ledger.requests,
            decoded=decoded.ledger.decoded,
            undecodable=decoded.ledger.undecodable,
            records=decoded.ledger.records,
            events=enriched.events.num_rows,
            failed=decoded.ledger.failed + enriched.failures.num_rows,
        ),
        max(logged.request.received_at for logged in requests),
    )


def _of(rows: pa.Table, partition: int) -> pa.Table:
    """`rows` with the partition that all their requests are in."""
    column = pa.repeat(pa.scalar(partition, pa.int32()), rows.num_rows)
    return with_columns(rows, {"log_partition": column})


def mark_late(events: pa.Table, gap: int) -> pa.Table:
    """Set `is_late`: received more than `gap` (microseconds) after it happened.

    By then its session, had it been the last event, was over. Follows from the row alone, so
    neither epochs nor restarts change it.
    """
    delay = pc.subtract(events.column("received_at"), events.column("event_time"))
    late = pc.greater(delay.cast(pa.int64()), gap)
    return events.append_column("is_late", late)
