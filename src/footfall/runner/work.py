"""What executors do of an epoch: the functions of the embedded pipeline, on some of the rows.

    a slice of the log   prepare                                        → rows by bucket of their id
    a bucket of ids      admit, settle: with the bucket's ids           → rows by visitor, failures
    a bucket of visitors finish: with the bucket's sessions and history → rows, sessions

A session definition with another key than the default's has buckets of that key: the columns that
it reads of an event go there besides, and the bucket's task does both.

Everything may be done twice, by tasks that die or are only slow: what a task writes has a name that
nobody else writes under, and counts only when the driver names it.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa

from footfall.clock import SECOND, SystemClock, uuid7
from footfall.decode import leave_out
from footfall.errors import Unavailable
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA
from footfall.home import Home
from footfall.lake import Footers, LakeHistory, LakePlace, WrittenFiles, write_elsewhere
from footfall.ledger import Ledger
from footfall.log import LogSource
from footfall.pipeline import EpochPlan, Prepared, admit, finish, join, prepare
from footfall.pipeline.epoch.definitions import definitions_of
from footfall.pipeline.epoch.epoch import EpochResult, Used, settle, stamp
from footfall.pipeline.feed.requests import of_protocols, requests_of
from footfall.pipeline.poison.bounds import Late
from footfall.pipeline.poison.poison import Bound
from footfall.positions import Slice
from footfall.request import LoggedRequest
from footfall.runner.engine import Piece
from footfall.runner.parts import (
    by_id,
    by_key,
    by_other_key,
    decode_prepared,
    encode_prepared,
    from_bytes,
    of_keys,
    settled_part,
    to_bytes,
)
from footfall.runner.state import IdsPart, SessionsPart, StateFiles, StateNote
from footfall.sessionize import VISITOR, Definitions, Key, SessionStates, divided
from footfall.settings import Settings

WRITTEN_TABLES: Final = ("events", "failed_events", "sessions", "other_sessions")
"""Whose files executors write; rows of the others are few, and the driver needs them."""
_FOOTERS: Final = Footers()
"""Of a process, which works on many tasks; files never change."""


class Work(msgspec.Struct, frozen=True):
    """All that executors are told of an epoch."""

    home: str
    settings: Settings
    log: LogSource
    plan: EpochPlan
    """With `sessions.hot_max` out of force: the driver sees to it."""
    slices: tuple[Slice, ...]
    """Of the plan's requests; a task each, and one more that only names all buckets."""
    buckets: int
    is_whole: bool
    """All visitors at once: a limit holds that counts over all of them."""
    orders: dict[str, bytes]
    """By table, see `write_elsewhere`."""
    files: dict[str, tuple[str, ...]]
    """Data files that history may look into, by table."""
    state: StateNote
    """After the epoch before."""
    bound: Bound
    """Of the engine."""

    @property
    def place(self) -> LakePlace:
        """This process's way to the lake's files."""
        return LakePlace.of(self.settings.lake, Home(Path(self.home)).lake_dir)


class Outcome(msgspec.Struct, frozen=True):
    """What a bucket gave, of ids or of visitors."""

    bucket: int
    ledger: Ledger = Ledger()
    written: dict[str, WrittenFiles] = {}
    ids: IdsPart | None = None
    """Of buckets of ids."""
    sessions: dict[int, dict[str, SessionsPart]] = {}
    """By bucket and key of the definition; of buckets of visitors."""
    overrides: bytes = b""
    changes: bytes = b""
    used: dict[str, Used] = {}
    seconds: dict[str, float] = {}
    """Time by what was done."""


class Watch:
    """Where time goes, for benchmarks; nothing is decided by it."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def on(self, doing: str) -> Iterator[None]:
        """Add the time of the block."""
        began = self._clock.monotonic()
        yield
        spent = self._clock.monotonic() - began
        self.seconds[doing] = self.seconds.get(doing, 0.0) + spent


def read_slice(work: Work, task: int) -> Iterator[Piece]:
    """The first step: a slice of the log, prepared."""
    if task == len(work.slices):
        for bucket in range(work.buckets):
            yield Piece("seed", bucket, 0, b"")
        return
    watch, plan = Watch(), work.plan
    leave_out(plan.left_out)
    home = task % work.buckets
    with contextlib.closing(work.log.reader()) as log:
        requests = requests_of(log, work.slices[task], plan, work.settings.pipeline)
        for number in range(work.slices[task].requests):
            with watch.on("read"):
                some = next(requests, None)
            if some is None:
                break
            with watch.on("prepare"):
                prepared = _prepared(work, some)
            with watch.on("divide"):
                for bucket, part in by_id(prepared, work.buckets, home).items():
                    place = (task << 32) + number
                    yield Piece("part", bucket, place, encode_prepared(part))
    outcome = Outcome(home, seconds=watch.seconds)
    yield Piece("outcome", home, task, msgspec.msgpack.encode(outcome))


def _prepared(work: Work, requests: Sequence[LoggedRequest]) -> Prepared:
    """A micro-batch, in its time: what hangs must fail, or the epoch would wait for it for ever."""
    plan, span = work.plan, work.settings.pipeline.batch_time_max
    refused = plan.quarantined_in(requests[0].partition)
    refused |= of_protocols(requests, plan.left_out)
    try:
        return work.bound(span / SECOND, lambda: prepare(requests, plan.rules, refused))
    except Late:
        some = Slice(requests[0].partition, requests[0].offset, requests[-1].offset + 1)
        raise Unavailable(
            f"decoding {some} took longer than pipeline.batch_time_max, {span / SECOND:g} s"
        ) from None


def admit_bucket(work: Work, bucket: int, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The second step: the first event of each id."""
    plan, watch, files = work.plan, Watch(), StateFiles(work.place, work.plan.project)
    target = 0 if work.is_whole else bucket
    with files.ids(work.state.parts[bucket].ids, plan.rules.duplicates) as ids:
        ids.index.forget_before(work.state.ids_from)
        with watch.on("ids"):
            parts = [
                admit(decode_prepared(piece.data), ids.index, plan.epoch)
                for piece in pieces
                if piece.kind == "part"
            ]
            ingested = settle(join(parts), ids.index, plan.epoch)
            ids.index.expire(plan.watermark, plan.rules.duplicates)
        with watch.on("state"):
            kept = ids.keep(plan.epoch)
    with watch.on("write"):
        failures = stamp(ingested.failures, plan, FAILED_SCHEMA)
        written = _written(work, {"failed_events": failures})
    with watch.on("divide"):
        count = 1 if work.is_whole else work.buckets
        definitions = definitions_of(plan)
        events = by_key(ingested.events, definitions.default.key, count)
        for visitors, rows in events.items():
            yield Piece("part", visitors, bucket, to_bytes(rows))
        for key, columns in _other_keys(definitions).items() if count > 1 else ():
            found = by_other_key(ingested.events, key, columns, count)
            yield from (Piece("keyed", owner, bucket, data) for owner, data in found.items())
    outcome = Outcome(bucket, ingested.ledger, written, kept, seconds=watch.seconds)
    yield Piece("outcome", target, bucket, msgspec.msgpack.encode(outcome))
    for piece in pieces:
        if piece.kind == "outcome":
            yield piece._replace(bucket=target)


def _other_keys(definitions: Definitions) -> dict[Key, tuple[str, ...]]:
    """Keys but the default's, and the columns that definitions with each read."""
    found: dict[Key, tuple[str, ...]] = {}
    for one in definitions:
        if one.key != definitions.default.key:
            columns = (*found.get(one.key, (VISITOR,)), *one.event_columns)
            found[one.key] = tuple(dict.fromkeys(columns))
    return found


def _of_others(work: Work, keyed: Mapping[Key, pa.Table]) -> dict[Key, pa.Table]:
    """Events of this bucket for each other key, none if it has none; whole epochs are not keyed."""
    if work.is_whole or work.buckets == 1:
        return {}
    columns = _other_keys(definitions_of(work.plan))
    return {key: keyed.get(key, _no_events(names)) for key, names in columns.items()}


def _no_events(columns: Sequence[str]) -> pa.Table:
    return EVENT_SCHEMA.empty_table().select(list(columns))


def finish_bucket(work: Work, bucket: int, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The third step: sessions, and rows in files."""
    yield from (piece for piece in pieces if piece.kind == "outcome")
    plan, watch, files = work.plan, Watch(), StateFiles(work.place, work.plan.project)
    mine = range(work.buckets) if work.is_whole else range(bucket, bucket + 1)
    with watch.on("state"):
        states = definitions_of(plan).following(files.states(work.state, mine))
    with watch.on("sessions"):
        parts = [settled_part(from_bytes(one.data)) for one in pieces if one.kind == "part"]
        history = LakeHistory(_Told(work), plan.epoch, _FOOTERS)
        keyed = of_keys(one.data for one in pieces if one.kind == "keyed")
        result = finish(plan, join(parts), states, history, _of_others(work, keyed))
    with watch.on("write"):
        written = _written(work, result.rows)
    with watch.on("state"):
        after = _divided(result, mine, work.buckets)
        rows_min = plan.rules.sessions.file_rows_min
        sessions = {
            one: {key: files.save_sessions(state, rows_min) for key, state in found.items()}
            for one, found in after.items()
        }
    outcome = Outcome(
        bucket,
        written=written,
        sessions=sessions,
        overrides=to_bytes(result.rows["session_overrides"]),
        changes=to_bytes(result.rows["session_changes"]),
        used=result.used,
        seconds=watch.seconds,
    )
    yield Piece("outcome", bucket, work.buckets, msgspec.msgpack.encode(outcome))


def _divided(result: EpochResult, mine: range, count: int) -> dict[int, SessionStates]:
    if len(mine) == 1 and count > 1:
        return {mine[0]: result.state}
    return divided_states(result.state, count)


def divided_states(states: SessionStates, count: int) -> dict[int, SessionStates]:
    """States of all visitors, by bucket."""
    from footfall.lake import buckets_of

    parts = {
        key: divided(state, lambda visitors: buckets_of(visitors, count), count)
        for key, state in states.items()
    }
    return {
        bucket: SessionStates({key: found[bucket] for key, found in parts.items()})
        for bucket in range(count)
    }


def _written(work: Work, rows: Mapping[str, pa.Table]) -> dict[str, WrittenFiles]:
    """Data files of these rows, durable."""
    name = uuid.UUID(bytes=uuid7(SystemClock().now_us()))
    return {
        table: write_elsewhere(work.orders[table], rows[table], work.place, name)
        for table in WRITTEN_TABLES
        if table in rows and rows[table].num_rows
    }


class _Plan(msgspec.Struct, frozen=True):
    files: tuple[str, ...]


class _Held:
    """The driver holds the lock, for all."""

    def reading(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


class _Told:
    """A lake as history needs it: the files that the driver named, no catalog."""

    def __init__(self, work: Work) -> None:
        self._files = work.files
        self.store = work.place.store
        self.locks = _Held()

    def plan(self, table: str) -> _Plan:
        return _Plan(self._files[table])
