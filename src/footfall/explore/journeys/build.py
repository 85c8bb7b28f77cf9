"""Make the index of a cut, anew, in bounded memory: bucket after bucket, no sort of everything."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from footfall.explore.journeys.kernels.rows import in_order, moved
from footfall.explore.journeys.layout import (
    VERSION,
    Base,
    Index,
    Part,
    PartWriter,
    Seen,
    Segment,
    WhoseRows,
)
from footfall.explore.journeys.source import APP, BOT, EVENT, NOBODY, PartOf, Prints, Source, halves

KINDS: Final[tuple[WhoseRows, ...]] = ("visitor", "session", "user")
ROW_BYTES: Final = 200
"""Of memory, for each row of a bucket: as it was read, its keys, and in order."""
NOBODY_ROWS: Final = 1 << 18
"""Rows of nobody that are scanned at a time."""


class Plan(msgspec.Struct, frozen=True):
    """How an index is to be."""

    fields: tuple[str, ...]
    values_max: int
    """Different values of a field; one that has more is left out."""
    memory_max: int
    """Bytes for the rows of one bucket."""


def build(source: Source, root: Path, name: str, plan: Plan, *, epoch: int | None = None) -> Index:
    """Write the parts of a new index; `layout.publish` makes it the one that is read.

    Rows of epochs that are in the lake are its base, which later cuts keep; what came since are the
    recent parts, which each cut has its own of (`freshen`).

    Args:
        source: Rows of a cut.
        root: Directory of the project's index.
        name: Of its parts; no other index has it.
        plan: Which fields, and bounds.
        epoch: The last one of the base, if not the last that the lake holds.
    """
    epoch = source.seen.epoch if epoch is None else epoch
    values = Values(source, plan, {})
    columns = values.columns
    prints = {per: source.prints(per, epoch) for per in KINDS}
    parts = [
        write(source, root, f"{name}-{per}", per, columns, plan, PartOf(up_to=epoch), prints[per])
        for per in KINDS
    ]
    base, recent = Base(epoch, prints), []
    if source.has_newer(epoch):
        for part in parts:
            directory = f"{name}-{part.per}-r"
            recent.append(recent_part(source, root, directory, part, columns, plan, base, ()))
    return index_of(source.seen, base, values, [*parts, *recent])


def write(
    source: Source,
    root: Path,
    directory: str,
    per: WhoseRows,
    columns: Mapping[str, Sequence[str]],
    plan: Plan,
    part: PartOf,
    prints: Prints | None = None,
    older: Part | None = None,
) -> Part:
    """Write one part, bucket by bucket; of `older`, those actors that are in it count no more.

    Where `prints` of the same rows are known, these say how many there are.
    """
    with contextlib.closing(Rows(root, directory, per, columns)) as rows:
        of_nobody = msgspec.structs.replace(part, is_nobody=True, changed=())
        for one, add in ((part, rows.add), (of_nobody, rows.add_nobody)):
            if one.is_nobody and per != "visitor":
                continue
            if prints is None:
                count = source.count(per, one)
            else:
                count = sum(n for b, (n, _) in prints.items() if (b == NOBODY) == one.is_nobody)
            if not count:
                continue
            buckets = max(1, -(-count * ROW_BYTES // plan.memory_max))
            for bucket in range(buckets):
                add(source.read(per, one, bucket=bucket, buckets=buckets))
        if older is not None:
            names = Segment(root, older).all_names()
            rows.replace(older, source.actors_in(names, part.changed, rows.names()))
        return rows.finish()


def recent_part(
    source: Source,
    root: Path,
    directory: str,
    older: Part,
    columns: Mapping[str, Sequence[str]],
    plan: Plan,
    base: Base,
    changed: Sequence[int],
) -> Part:
    """All rows of those who have rows since the base, or whose rows of the base have changed."""
    part = PartOf(after=base.epoch, changed=tuple(changed))
    return write(source, root, directory, older.per, columns, plan, part, older=older)


def index_of(seen: Seen, base: Base, values: Values, parts: Sequence[Part]) -> Index:
    """What `index.json` says."""
    size = sum(file.bytes for part in parts for file in part.files.values())
    kept = {name: tuple(several) for name, several in values.columns.items()}
    names, skipped = tuple(values.names), tuple(values.skipped)
    return Index(VERSION, seen, base, names, kept, tuple(parts), size, skipped)


class Values:
    """Values of event names, apps and each field: those known first, for codes are their places."""

    def __init__(self, source: Source, plan: Plan, known: Mapping[str, Sequence[str]]) -> None:
        """Look them up in a cut."""
        self.columns: dict[str, list[str]] = {}
        self.skipped: list[str] = []
        """Fields that have too many."""
        self.names: list[str] = []
        """Of events."""
        fields = tuple(dict.fromkeys((EVENT, APP, *plan.fields)))
        for field, found in source.values(fields, plan.values_max).items():
            if found is None:
                self.skipped.append(field)
                continue
            before = list(known.get(field, ()))
            self.columns[field] = before + sorted(set(found) - set(before))
            if field == EVENT:
                self.names = found


class Rows:
    """Writes rows of one kind of actor, bucket by bucket."""

    def __init__(
        self, root: Path, directory: str, per: WhoseRows, columns: Mapping[str, Sequence[str]]
    ) -> None:
        """Begin."""
        self._writer = PartWriter(root, directory, per)
        self._columns = columns
        self._values = {name: pa.array(values, pa.string()) for name, values in columns.items()}
        self._names: list[pa.Array] = []
        self._older = ""
        self._rows = self._actors = 0
        self._writer.append("offsets", np.zeros(1, np.int64))

    def add(self, rows: pa.Table) -> None:
        """All rows of some actors, in any order, who have none yet."""
        coded = pc.dictionary_encode(rows.column("a")).combine_chunks()
        if isinstance(coded, pa.ChunkedArray):
            coded = (
                coded.chunk(0)
                if coded.num_chunks
                else pa.array([], pa.string()).dictionary_encode()
            )
        names = coded.dictionary
        actors = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        times = numbers(rows, "t", np.int64)
        high, low = halves(rows.column("request_id"))
        place = numbers(rows, "request_index", np.int64)
        received = numbers(rows, "received", np.int64)
        order, offsets = in_order(actors, len(names), times, received, high, low, place)
        self.write(order, offsets, times, self.codes(rows), names)

    def add_nobody(self, rows: pa.Table) -> None:
        """Rows without an actor; after all others."""
        count = rows.num_rows
        if not count:
            return
        ends = np.arange(NOBODY_ROWS, count + NOBODY_ROWS, NOBODY_ROWS)
        ends = np.minimum(ends, count)
        order = np.arange(count)
        offsets = np.concatenate([[0], ends]).astype(np.int64)
        self.write(order, offsets, numbers(rows, "t", np.int64), self.codes(rows), None)

    def write(
        self,
        order: NDArray[Any],
        offsets: NDArray[Any],
        times: NDArray[Any],
        codes: Mapping[str, NDArray[Any]],
        names: pa.Array | None,
    ) -> None:
        """Rows in an order, of actors one after another."""
        for name, given in (("times", times), *codes.items()):
            target = np.empty(len(order), given.dtype)
            moved(given, order, target)
            self._writer.append(name, target)
        self._writer.append("offsets", offsets[1:] + self._rows)
        self._rows += len(order)
        if names is not None:
            self._names.append(names)
            self._actors += len(names)

    def replace(self, older: Part, actors: NDArray[Any]) -> None:
        """Actors of an older part whose rows are here, or nowhere any more."""
        self._older = older.directory
        self._writer.append("replaced", actors.astype(np.int64))

    def names(self) -> pa.ChunkedArray:
        """Of all actors so far, in order."""
        return pa.chunked_array(self._names, pa.string())

    def close(self) -> None:
        """Let go; what was not finished is removed."""
        self._writer.close()

    def finish(self) -> Part:
        """All of it, whole on disk."""
        self._writer.append("times", np.empty(0, np.int64))
        for name, values in self._columns.items():
            self._writer.append(name, np.empty(0, code_type(name, len(values))))
        self._writer.names(self._names)
        return self._writer.finish(self._rows, self._actors, self._older)

    def codes(self, rows: pa.Table) -> dict[str, NDArray[Any]]:
        """Codes of all columns; those of events are doubled, and odd for a bot."""
        found = {}
        for name, values in self._values.items():
            at = pc.index_in(rows.column(name), value_set=values, skip_nulls=True)
            codes = pc.fill_null(pc.add(at, 1), 0).to_numpy()
            if name == EVENT:
                codes = codes * 2 + pc.fill_null(rows.column(BOT), False).to_numpy()
            found[name] = codes.astype(code_type(name, len(values)))
        return found


def code_type(name: str, values: int) -> Any:
    """The smallest type that has a code for every value."""
    largest = (values + 1) * (2 if name == EVENT else 1)
    return np.uint8 if largest < 1 << 8 else np.uint16 if largest < 1 << 16 else np.uint32


def numbers(rows: pa.Table, name: str, kind: Any) -> NDArray[Any]:
    """A column without nulls."""
    found: NDArray[Any] = rows.column(name).to_numpy()
    return found.astype(kind, copy=False)
