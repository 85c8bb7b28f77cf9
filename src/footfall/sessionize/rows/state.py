"""The hot sessions: immutable aggregates, found by visitor in time that follows the batch.

Rows lie in *segments*, each sorted by the visitors' hashes. A change never copies them: rows that
are superseded are marked dead in a copy of a byte per row, and new ones become a segment of their
own; segments of similar size are merged (large ones only at the end of an epoch, none beyond
`SEGMENT_ROWS_MAX`), so there are few, and each row is copied a number of times that grows with the
logarithm of a segment's size. In memory are, of each row, the hash and what changes; the rest is
packed (`packed`), of large segments in files (`stored`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.errors import Conflict
from footfall.sessionize.rows.columns import OVERLAID, StateColumns
from footfall.sessionize.rows.packed import Rows, pack
from footfall.sessionize.rows.packing import Bools, Ints, Keys, expand
from footfall.sessionize.rows.plain import Plain
from footfall.sessionize.rows.visitors import Visitors, visitor_keys

NO_FLOOR: Final = -(2**62)
"""Floor of a state that has not evicted anything."""
_FLOOR: Final = b"floor"
_GOAL: Final = "has_goal"
_LATER: Final = frozenset({_GOAL, "interactions"})
"""Columns that a state of the version before does not have."""
_WATERMARK: Final = b"watermark"
_ROWS_MAX: Final = 1 << 16
"""Larger segments are only made by `close`: a preview must not wait for one."""
SEGMENT_ROWS_MAX: Final = 1 << 18
"""No segment is larger: merging two takes time and memory for no more than these."""
PACKED_ROWS_MIN: Final = 1 << 12
"""Merged segments of fewer rows are frames: packing costs some milliseconds for each."""


class Segment:
    """Rows sorted by visitor key, and what changes of them: `dead` ones do not count.

    `revision` and `dirty` are the columns `written_revision` and `is_dirty`.
    """

    def __init__(self, rows: Rows, keys: Keys, dead: Bools, revision: Ints, dirty: Bools) -> None:
        self.rows = rows
        self.keys = keys
        self.dead = dead
        kind = np.min_scalar_type(int(revision.max(initial=0)))
        self.revision = revision.astype(kind, copy=False)
        self.dirty = dirty
        self.live = len(keys) - int(np.count_nonzero(dead))

    @cached_property
    def pending(self) -> Ints:
        """Rows that are provisional."""
        if self.rows.is_all("pending_since", 0):
            return np.zeros(0, np.int64)
        found: Ints = np.flatnonzero((self.rows.numbers("pending_since") > 0) & ~self.dead)
        return found

    @property
    def nbytes(self) -> int:
        """Memory that no file backs, in bytes."""
        own = sum(part.nbytes for part in (self.keys, self.dead, self.revision, self.dirty))
        return own if self.rows.file else own + self.rows.nbytes

    @classmethod
    def of(cls, rows: Plain, keys: Keys) -> Segment:
        """Of rows that are sorted by their keys; small ones, and all with what they came from."""
        revision, dirty = (rows.column(name).to_numpy() for name in OVERLAID)
        return cls(rows, keys, np.zeros(len(keys), np.bool_), revision, dirty)

    def of_rows(self, rows: Rows) -> Segment:
        """The same with its rows elsewhere."""
        return Segment(rows, self.keys, self.dead, self.revision, self.dirty)

    def without(self, rows: Ints) -> Segment:
        """The same with more rows dead."""
        dead = self.dead.copy()
        dead[rows] = True
        return Segment(self.rows, self.keys, dead, self.revision, self.dirty)

    def find(self, visitors: Visitors) -> tuple[Ints, Ints]:
        """Rows of these visitors that are not dead, and the visitors' codes."""
        low = np.searchsorted(self.keys, visitors.keys, "left")
        met = np.flatnonzero(self.keys[np.minimum(low, len(self.keys) - 1)] == visitors.keys)
        high = np.searchsorted(self.keys, visitors.keys[met], "right")
        rows, owner = expand(low[met], high)
        codes = met[owner]
        alive = ~self.dead[rows]
        rows, codes = rows[alive], codes[alive]
        names = (self.rows.series(name, rows) for name in ("app_id", "visitor_id"))
        same = visitors.are(codes, *names)
        return rows[same], codes[same]

    def take(self, columns: Sequence[str], rows: Ints) -> pl.DataFrame:
        """Some columns of some rows."""
        return pl.DataFrame([self._series(name, rows) for name in columns])

    def _series(self, name: str, rows: Ints) -> pl.Series:
        if name == "written_revision":
            return pl.Series(name, self.revision[rows].astype(np.int64))
        if name == "is_dirty":
            return pl.Series(name, self.dirty[rows])
        return self.rows.series(name, rows)

    def living(self) -> Ints:
        """Rows that are not dead."""
        return np.flatnonzero(~self.dead)


class Found:
    """Rows of a state, by place: position i is row `rows[i]` of segment `segments[i]`."""

    def __init__(self, state: SessionState, segments: Ints, rows: Ints, codes: Ints) -> None:
        self._state = state
        self._segments = segments
        self._rows = rows
        self.codes = codes

    def __len__(self) -> int:
        return len(self._rows)

    def at(self, index: Ints | Bools) -> Found:
        """Some of the rows."""
        return Found(self._state, self._segments[index], self._rows[index], self.codes[index])

    @cached_property
    def _by_segment(self) -> list[tuple[Segment, Ints]]:
        numbers = np.flatnonzero(np.bincount(self._segments))
        segments = self._state.segments
        return [(segments[one], np.flatnonzero(self._segments == one)) for one in numbers]

    def frame(self, columns: Sequence[str]) -> pl.DataFrame:
        """Values of `columns`, in this order of rows."""
        parts = [segment.take(columns, self._rows[mine]) for segment, mine in self._by_segment]
        places = [mine for _, mine in self._by_segment]
        if len(parts) == 1:
            return parts[0]
        if not parts:
            schema = self._state.columns.schema
            return pl.DataFrame(schema={name: schema[name] for name in columns})
        back = np.empty(len(self), np.int64)
        back[np.concatenate(places)] = np.arange(len(self))
        return pl.concat(parts)[back]

    @property
    def depth(self) -> int:
        """See `Plain`; of what is made from these rows."""
        return 1 + max((getattr(part.rows, "depth", 0) for part in self._state.segments), default=0)

    def replaced_by(self, rows: Plain, keys: Keys) -> SessionState:
        """The state with these rows gone and those of `rows`, sorted by `keys`, there."""
        segments = list(self._state.segments)
        for number in np.unique(self._segments):
            segments[number] = segments[number].without(self._rows[self._segments == number])
        if len(rows):
            segments.append(Segment.of(rows, keys))
        return self._state.with_segments(settled(segments, _ROWS_MAX))


class SessionState:
    """Every session that is open, or closed less than `hot_age` ago, as mergeable aggregates.

    Holds nothing of single events. Not changed by anything: functions return a new one, which
    shares what did not change.
    """

    def __init__(
        self,
        segments: Sequence[Segment],
        floor: int,
        watermark: int | None,
        columns: StateColumns,
    ) -> None:
        self.columns = columns
        self.segments = tuple(segments)
        self.floor = floor
        """Microseconds; sessions that ended before it may have been evicted, no others."""
        self.watermark = watermark
        """Microseconds; the highest that `close` saw. `None` in a state of before it was kept."""

    @classmethod
    def empty(cls, columns: StateColumns) -> SessionState:
        """No sessions, and none were evicted."""
        return cls((), NO_FLOOR, None, columns)

    @classmethod
    def of(
        cls, frame: pl.DataFrame, floor: int, watermark: int | None, columns: StateColumns
    ) -> SessionState:
        """A state of these rows (`columns.schema`)."""
        keys = visitor_keys(frame["app_id"], frame["visitor_id"])
        order = np.argsort(keys, kind="stable")
        slices = (
            order[low : low + SEGMENT_ROWS_MAX] for low in range(0, len(order), SEGMENT_ROWS_MAX)
        )
        segments = [
            merged([Segment.of(Plain.of(frame[rows], columns), keys[rows])]) for rows in slices
        ]
        return cls(segments, floor, watermark, columns)

    def with_segments(self, segments: Sequence[Segment]) -> SessionState:
        """Other rows, the same otherwise."""
        return SessionState(segments, self.floor, self.watermark, self.columns)

    def with_columns(self, columns: StateColumns) -> SessionState:
        """The same as today's definition says what its columns mean.

        Raises:
            Conflict: it has other columns than the definition needs.
        """
        if columns is self.columns:
            return self
        if columns.packed != self.columns.packed:
            raise Conflict(
                "a session definition has other options than its sessions were made by; put them"
                " back, or give the definition another version"
            )
        segments = [part.of_rows(part.rows.with_columns(columns)) for part in self.segments]
        return SessionState(segments, self.floor, self.watermark, columns)

    @property
    def nbytes(self) -> int:
        """Memory that no file backs, in bytes; states share most of it."""
        return sum(segment.nbytes for segment in self.segments)

    def __len__(self) -> int:
        return sum(segment.live for segment in self.segments)

    def pending(self) -> pl.DataFrame:
        """Provisional sessions, those that wait longest first."""
        frames = [self.columns.empty()]
        columns = list(self.columns.schema)
        frames += [part.take(columns, part.pending) for part in self.segments if len(part.pending)]
        return pl.concat(frames).sort("pending_since", "app_id", "visitor_id", "started_at")

    @property
    def has_pending(self) -> bool:
        """Whether any session is provisional."""
        return any(len(segment.pending) for segment in self.segments)

    def frame(self) -> pl.DataFrame:
        """All rows, in a stable order."""
        columns = list(self.columns.schema)
        frames = [self.columns.empty()]
        frames += [part.take(columns, part.living()) for part in self.segments]
        return pl.concat(frames).sort("app_id", "visitor_id", "started_at")

    def find(self, visitors: Visitors) -> Found:
        """All rows of these visitors."""
        found = [segment.find(visitors) for segment in self.segments]
        none = np.zeros(0, np.int64)
        return Found(
            self,
            np.repeat(np.arange(len(found)), [len(rows) for rows, _ in found]),
            np.concatenate([none, *(rows for rows, _ in found)]),
            np.concatenate([none, *(codes for _, codes in found)]),
        )

    def to_arrow(self) -> pa.Table:
        """Everything, for a checkpoint."""
        table = self.frame().to_arrow(compat_level=pl.CompatLevel.oldest())
        return table.replace_schema_metadata(self._metadata())

    def _metadata(self) -> dict[bytes, bytes]:
        known = {_FLOOR: self.floor, _WATERMARK: self.watermark}
        return {name: str(value).encode() for name, value in known.items() if value is not None}

    @classmethod
    def from_arrow(cls, table: pa.Table, columns: StateColumns) -> SessionState:
        """Inverse of `to_arrow`.

        Raises:
            ValueError: `table` is not a state of this version, or of another kind of definition.
        """
        metadata, names = table.schema.metadata or {}, list(columns.schema)
        if table.column_names == [name for name in names if name not in _LATER]:
            # Of before there were goals, and events that are no interactions: none was reached, and
            # all counted.
            for name in (name for name in names if name in _LATER):
                none = pa.repeat(pa.scalar(False), table.num_rows)
                filled = none if name == _GOAL else table.column("events")
                table = table.add_column(names.index(name), name, filled)
            table = table.replace_schema_metadata(metadata)
        if _FLOOR not in metadata or table.column_names != names:
            raise ValueError(
                "not a session state of this version; rebuild it from the log and the lake"
            )
        frame = pl.DataFrame(pl.from_arrow(table)).cast(pl.Schema(columns.schema))
        watermark = metadata.get(_WATERMARK)
        known = None if watermark is None else int(watermark)
        return cls.of(frame, int(metadata[_FLOOR]), known, columns)


def settled(segments: Sequence[Segment], rows_max: int | None = None) -> list[Segment]:
    """Few segments, each at least twice as large as the next, none mostly dead.

    `rows_max` (default `SEGMENT_ROWS_MAX`) leaves alone what would be a larger segment: of those
    there may be many. It is for those who must not wait: nothing is packed for them.
    """
    is_packing = rows_max is None
    most = SEGMENT_ROWS_MAX if rows_max is None else rows_max
    groups: list[list[Segment]] = []  # each is merged once, however many are in it
    sizes: list[int] = []
    for segment in sorted(segments, key=lambda segment: -segment.live):
        if not segment.live:
            continue
        group, size = [segment], segment.live
        while groups and sizes[-1] < 2 * size and sizes[-1] + size <= most:
            group, size = groups.pop() + group, sizes.pop() + size
        groups.append(group)
        sizes.append(size)
    return [
        merged(group, is_packing=is_packing)
        if len(group) > 1
        else _alone(group[0], is_packing=is_packing)
        for group in groups
    ]


def _alone(segment: Segment, *, is_packing: bool) -> Segment:
    """Without its dead rows, if most are; packed, if it is to be and that pays."""
    if 2 * segment.live < len(segment.keys):
        return merged([segment])
    rows = segment.rows
    if not is_packing or not isinstance(rows, Plain):
        return segment
    return merged([segment]) if rows.is_deferred or segment.live >= PACKED_ROWS_MIN else segment


def merged(parts: Sequence[Segment], *, is_packing: bool = True) -> Segment:
    """One segment of what lives in `parts`; column by column, so that little is held twice.

    Packing takes less memory for long and more time now.
    """
    living, columns = [part.living() for part in parts], parts[0].rows.columns
    keys, revision, dirty = (
        np.concatenate(
            [getattr(part, name)[rows] for part, rows in zip(parts, living, strict=True)]
        )
        for name in ("keys", "revision", "dirty")
    )
    order = np.argsort(keys, kind="stable")
    is_one = len(parts) == 1 and bool((keys[1:] >= keys[:-1]).all())
    is_whole = is_one and parts[0].live == len(parts[0].keys)
    places = pl.Series(order)

    def column(name: str) -> pl.Series:
        if is_whole and isinstance(parts[0].rows, Plain):
            return parts[0].rows.column(name)
        found = [part.rows.series(name, rows) for part, rows in zip(parts, living, strict=True)]
        return found[0] if is_one else pl.concat(found)[places]

    if is_packing and len(order) >= PACKED_ROWS_MIN:
        rows: Rows = pack(len(order), column, columns)
    else:
        frame = pl.DataFrame({name: column(name) for name in columns.packed})
        rows = Plain.of(_let_go(frame), columns)
    dead = np.zeros(len(order), np.bool_)
    return Segment(rows, keys[order], dead, revision[order], dirty[order])


def _let_go(frame: pl.DataFrame) -> pl.DataFrame:
    """Copy texts out of buffers that may hold whole batches; Arrow's own layout has no others."""
    return pl.DataFrame(pl.from_arrow(frame.to_arrow(compat_level=pl.CompatLevel.oldest())))
