"""Rows between steps, as bytes; and divided by bucket."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from footfall.event import FAILED_SCHEMA
from footfall.lake import buckets_of
from footfall.ledger import Ledger
from footfall.pipeline import Ingested, Prepared
from footfall.positions import Slice
from footfall.sessionize import VISITOR, Key

_NO_FAILURES: Final = FAILED_SCHEMA.empty_table()


def to_bytes(table: pa.Table) -> bytes:
    """A table with everything that its schema says."""
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(memoryview(sink.getvalue()))


def from_bytes(data: bytes) -> pa.Table:
    """Inverse of `to_bytes`."""
    with ipc.open_stream(data) as reader:
        return reader.read_all()


class _Part(msgspec.Struct, frozen=True):
    requests: Slice
    events: bytes
    failures: bytes
    ledger: Ledger
    received_at: int


def encode_prepared(prepared: Prepared) -> bytes:
    """For `decode_prepared`."""
    part = _Part(
        prepared.requests,
        to_bytes(prepared.events),
        to_bytes(prepared.failures),
        prepared.ledger,
        prepared.received_at,
    )
    return msgspec.msgpack.encode(part)


def decode_prepared(data: bytes) -> Prepared:
    """Inverse of `encode_prepared`."""
    part = msgspec.msgpack.decode(data, type=_Part)
    return Prepared(
        part.requests,
        from_bytes(part.events),
        from_bytes(part.failures),
        part.ledger,
        part.received_at,
    )


def by_id(prepared: Prepared, count: int, home: int) -> dict[int, Prepared]:
    """`prepared` by bucket of the event's id; admitted apart, their sum is it admitted whole.

    Args:
        prepared: Of some requests.
        count: How many buckets.
        home: The one that gets what is of no event: failures, and how many requests there were.
    """
    found = {}
    for bucket, events in _divided(
        prepared.events, buckets_of(prepared.events.column("event_id"), count), count
    ).items():
        ledger, rows = Ledger(events=events.num_rows), _NO_FAILURES
        if bucket == home:
            ledger = msgspec.structs.replace(prepared.ledger, events=events.num_rows)
            rows = prepared.failures
        if events.num_rows or bucket == home:
            found[bucket] = Prepared(prepared.requests, events, rows, ledger, prepared.received_at)
    return found


class _Keyed(msgspec.Struct, frozen=True):
    key: tuple[str, ...]
    events: bytes


def by_key(events: pa.Table, key: Key, count: int) -> dict[int, pa.Table]:
    """Events by bucket of the key; those without one by their id, so that they are spread."""
    keys = buckets_of(key.keyed(events).column(VISITOR), count)
    ids = buckets_of(events.column("event_id"), count)
    return {
        bucket: rows
        for bucket, rows in _divided(events, pc.coalesce(keys, ids), count).items()
        if rows.num_rows
    }


def by_other_key(
    events: pa.Table, key: Key, columns: Sequence[str], count: int
) -> dict[int, bytes]:
    """These columns of events by bucket of another key, for `of_keys`; without those without it."""
    keys = key.keyed(events).column(VISITOR)
    some = events.select(columns).filter(keys.is_valid())
    rows = _divided(some, buckets_of(keys.drop_null(), count), count)
    return {
        bucket: msgspec.msgpack.encode(_Keyed(key.columns, to_bytes(mine)))
        for bucket, mine in rows.items()
        if mine.num_rows
    }


def of_keys(pieces: Iterable[bytes]) -> dict[Key, pa.Table]:
    """What `by_other_key` gave, as one table for each key."""
    found: dict[Key, list[pa.Table]] = {}
    for data in pieces:
        one = msgspec.msgpack.decode(data, type=_Keyed)
        found.setdefault(Key(one.key), []).append(from_bytes(one.events))
    return {key: pa.concat_tables(tables) for key, tables in found.items()}


def settled_part(events: pa.Table) -> Ingested:
    """Events that were admitted and settled elsewhere, for `join` and `finish`."""
    return Ingested(events, events.slice(0, 0), _NO_FAILURES, Ledger(), 0)


def _divided(rows: pa.Table, buckets: pa.ChunkedArray, count: int) -> dict[int, pa.Table]:
    """Rows of every bucket, in their order."""
    numbers = buckets.to_numpy()
    order = np.argsort(numbers, kind="stable")
    bounds = np.searchsorted(numbers[order], np.arange(count + 1))
    ordered = rows.take(pa.array(order))
    return {
        bucket: ordered.slice(bounds[bucket], bounds[bucket + 1] - bounds[bucket])
        for bucket in range(count)
    }
