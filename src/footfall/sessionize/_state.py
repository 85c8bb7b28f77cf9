"""The hot sessions: immutable aggregates, found by visitor in time that follows the batch.

Rows lie in *segments*, each a frame sorted by the visitors' hashes. A change never copies them:
rows that are superseded are marked dead in a copy of a bit per row, and new ones become a segment
of their own; segments of similar size are merged (large ones only at the end of an epoch), so there
are few, and each row is copied a number of times that grows with the logarithm of the state's size.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize._batch import Visitors, visitor_keys
from footfall.sessionize._columns import STATE_SCHEMA
from footfall.sessionize._packing import Bools, Ints, Keys, expand

NO_FLOOR: Final = -(2**62)
"""Floor of a state that has not evicted anything."""
_FLOOR: Final = b"floor"
_ROWS_MAX: Final = 1 << 16
"""Larger segments are only made by `close`: a preview must not wait for one."""


class Segment:
    """Rows sorted by visitor key; `dead` ones do not count."""

    def __init__(self, frame: pl.DataFrame, keys: Keys, dead: Bools) -> None:
        self.frame = frame
        self.keys = keys
        self.dead = dead
        self.live = len(keys) - int(np.count_nonzero(dead))

    @cached_property
    def pending(self) -> Ints:
        """Rows that are provisional."""
        found: Ints = np.flatnonzero((self.frame["pending_since"].to_numpy() > 0) & ~self.dead)
        return found

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Segment:
        """Sort `frame` by visitor."""
        keys = visitor_keys(frame["app_id"], frame["visitor_id"])
        if len(keys) and not bool((keys[1:] >= keys[:-1]).all()):
            order = np.argsort(keys, kind="stable")
            frame, keys = frame[order], keys[order]
        return cls(frame, keys, np.zeros(len(keys), np.bool_))

    def without(self, rows: Ints) -> Segment:
        """The same with more rows dead."""
        dead = self.dead.copy()
        dead[rows] = True
        return Segment(self.frame, self.keys, dead)

    def find(self, visitors: Visitors) -> tuple[Ints, Ints]:
        """Rows of these visitors that are not dead, and the visitors' codes."""
        low = np.searchsorted(self.keys, visitors.keys, "left")
        high = np.searchsorted(self.keys, visitors.keys, "right")
        rows, codes = expand(low, high)
        alive = ~self.dead[rows]
        rows, codes = rows[alive], codes[alive]
        index = pl.Series(rows)
        same = visitors.are(
            codes, self.frame["app_id"].gather(index), self.frame["visitor_id"].gather(index)
        )
        return rows[same], codes[same]

    def rows(self) -> pl.DataFrame:
        """What is not dead."""
        return self.frame if self.live == len(self.keys) else self.frame.filter(~self.dead)


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

    def frame(self, columns: Sequence[str]) -> pl.DataFrame:
        """Values of `columns`, in this order of rows."""
        parts, places = [], []
        for number, segment in enumerate(self._state.segments):
            mine = np.flatnonzero(self._segments == number)
            if len(mine):
                parts.append(segment.frame.select(columns)[self._rows[mine]])
                places.append(mine)
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return pl.DataFrame(schema={name: STATE_SCHEMA[name] for name in columns})
        back = np.empty(len(self), np.int64)
        back[np.concatenate(places)] = np.arange(len(self))
        return pl.concat(parts)[back]

    def replaced_by(self, frame: pl.DataFrame, keys: Keys) -> SessionState:
        """The state with these rows gone and those of `frame` there."""
        segments = list(self._state.segments)
        for number in np.unique(self._segments):
            segments[number] = segments[number].without(self._rows[self._segments == number])
        if frame.height:
            segments.append(Segment(frame, keys, np.zeros(len(keys), np.bool_)))
        return SessionState(settled(segments, _ROWS_MAX), self._state.floor)


class SessionState:
    """Every session that is open, or closed less than `hot_age` ago, as mergeable aggregates.

    Holds nothing of single events. Not changed by anything: functions return a new one, which
    shares what did not change.
    """

    def __init__(self, segments: Sequence[Segment], floor: int) -> None:
        self.segments = tuple(segments)
        self.floor = floor
        """Microseconds; sessions that ended before it may have been evicted, no others."""

    @classmethod
    def empty(cls) -> SessionState:
        """No sessions, and none were evicted."""
        return cls((), NO_FLOOR)

    @classmethod
    def of(cls, frame: pl.DataFrame, floor: int) -> SessionState:
        """A state of these rows (`STATE_SCHEMA`)."""
        return cls((Segment.of(frame),) if frame.height else (), floor)

    def __len__(self) -> int:
        return sum(segment.live for segment in self.segments)

    def pending(self) -> pl.DataFrame:
        """Provisional sessions (`STATE_SCHEMA`), those that wait longest first."""
        frames = [pl.DataFrame(schema=STATE_SCHEMA)]
        frames += [part.frame[part.pending] for part in self.segments if len(part.pending)]
        return pl.concat(frames).sort("pending_since", "app_id", "visitor_id", "started_at")

    @property
    def has_pending(self) -> bool:
        """Whether any session is provisional."""
        return any(len(segment.pending) for segment in self.segments)

    def frame(self) -> pl.DataFrame:
        """All rows, `STATE_SCHEMA`, in a stable order."""
        frames = [pl.DataFrame(schema=STATE_SCHEMA), *(part.rows() for part in self.segments)]
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
        return table.replace_schema_metadata({_FLOOR: str(self.floor).encode()})

    @classmethod
    def from_arrow(cls, table: pa.Table) -> SessionState:
        """Inverse of `to_arrow`.

        Raises:
            ValueError: `table` is not a state of this version.
        """
        metadata = table.schema.metadata or {}
        place = list(STATE_SCHEMA).index("pending_since")
        if table.column_names == [name for name in STATE_SCHEMA if name != "pending_since"]:
            none = pa.repeat(pa.scalar(0, pa.int64()), table.num_rows)  # of before there was one
            table = table.add_column(place, "pending_since", none).replace_schema_metadata(metadata)
        if _FLOOR not in metadata or table.column_names != list(STATE_SCHEMA):
            raise ValueError(
                "not a session state of this version; rebuild it from the log and the lake"
            )
        frame = pl.DataFrame(pl.from_arrow(table)).cast(pl.Schema(STATE_SCHEMA))
        return cls.of(frame, int(metadata[_FLOOR]))


def settled(segments: Sequence[Segment], rows_max: int | None = None) -> list[Segment]:
    """Few segments, each at least twice as large as the next, none mostly dead.

    `rows_max` leaves alone what would be a larger segment than this.
    """
    alive = (_compacted(segment) for segment in segments if segment.live)
    kept: list[Segment] = []
    for segment in sorted(alive, key=lambda segment: -segment.live):
        last = segment
        while kept and kept[-1].live < 2 * last.live:
            if rows_max is not None and kept[-1].live + last.live > rows_max:
                break
            last = _merge(kept.pop(), last)
        kept.append(last)
    return kept


def _compacted(segment: Segment) -> Segment:
    if 2 * segment.live >= len(segment.keys):
        return segment
    keys = segment.keys[~segment.dead]
    return Segment(_let_go(segment.rows()), keys, np.zeros(len(keys), np.bool_))


def _merge(left: Segment, right: Segment) -> Segment:
    frame = pl.concat([left.rows(), right.rows()])
    keys = np.concatenate([left.keys[~left.dead], right.keys[~right.dead]])
    order = np.argsort(keys, kind="stable")
    return Segment(_let_go(frame[order]), keys[order], np.zeros(len(keys), np.bool_))


def _let_go(frame: pl.DataFrame) -> pl.DataFrame:
    """Copy texts out of buffers that may hold whole batches; Arrow's own layout has no others."""
    return pl.DataFrame(pl.from_arrow(frame.to_arrow(compat_level=pl.CompatLevel.oldest())))
