"""What tests of duplicate removal share: events with ids, and indexes as if of many of them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import pyarrow as pa
import pytest

from footfall.clock import DAY, HOUR
from footfall.duplicates import FINGERPRINT_COLUMNS, DuplicateIndex, Kept
from footfall.duplicates import index as duplicates
from footfall.duplicates import runs as _runs
from footfall.duplicates import runs_merge as _runs_merge
from footfall.duplicates import runs_store as _runs_store
from footfall.event import EVENT_SCHEMA, TIMESTAMP, UUID16
from footfall.settings import DuplicateSettings

SETTINGS = DuplicateSettings(horizon=3 * DAY)
Event = tuple[str, int, int]
"""App, id, hour of receipt."""


def event_id(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def table(events: Sequence[Event], payloads: Sequence[str | None] = ()) -> pa.Table:
    rows = len(events)
    columns: dict[str, pa.Array] = {
        name: pa.nulls(rows, EVENT_SCHEMA.field(name).type) for name in FINGERPRINT_COLUMNS
    }
    return pa.table(
        columns
        | {
            "app_id": pa.array([app for app, _, _ in events], pa.string()),
            "event_id": pa.array([event_id(number) for _, number, _ in events], UUID16),
            "received_at": pa.array([hour * HOUR for _, _, hour in events], TIMESTAMP),
            "properties": pa.array(list(payloads) or [None] * rows, pa.string()),
            "place": pa.array(range(rows), pa.int64()),
        }
    )


def places(kept: pa.Table) -> list[int]:
    found: list[int] = kept.column("place").to_pylist()
    return found


def keep(index: DuplicateIndex, events: Sequence[Event], epoch: int = 1) -> list[int]:
    """Places of the events that are kept; all have one payload."""
    kept = index.keep(table(events), epoch)
    assert kept.events.num_rows + kept.duplicates == len(events)
    assert kept.conflicts.num_rows == 0
    return places(kept.events)


def outcome(kept: Kept) -> tuple[list[int], int, list[int]]:
    return places(kept.events), kept.duplicates, places(kept.conflicts)


class Now(Executor):
    """Runs what it is given at once."""

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*arguments, **named))
        return done


@contextlib.contextmanager
def small_runs(factor: int = 4, rows_max: int = 10**6) -> Iterator[None]:
    """Filters, fences, slices and merges as of huge indexes, on a few ids."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "MERGE_FACTOR", factor)
        patch.setattr(duplicates, "MEMORY_RUN_ROWS_MAX", rows_max)
        patch.setattr(duplicates, "REBUILD_ROWS", 5)
        patch.setattr(_runs_merge, "RUN_ROWS_MAX", rows_max)
        patch.setattr(_runs_merge, "RUNS_MIN", 3)
        patch.setattr(_runs_merge, "SLICE_ROWS", 2)
        patch.setattr(_runs, "FILTERED_ROWS_MIN", 2)
        for module in (_runs, _runs_store):
            patch.setattr(module, "FENCE_ROWS", 2)
        yield
