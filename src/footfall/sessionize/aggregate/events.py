"""Events of a call, coded by visitor and put in the order that everything else relies on."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.event import EVENT_SCHEMA
from footfall.session import VIEW_EVENTS
from footfall.sessionize.goals import IS_GOAL, KEEPS_ALIVE, ROLE
from footfall.sessionize.rows.columns import EVENT_COLUMNS
from footfall.sessionize.rows.packing import Bools, Ints, Packing, ascending
from footfall.sessionize.rows.visitors import code_visitors, in_one_piece

_ENGAGEMENT_EVENT: Final = "user_engagement"
_TIE: Final = np.dtype([("received", ">u8"), ("request", "V16"), ("index", ">u4")])

VIEW, USER, SOURCE, REFERRER, NUMBER, BOT, NAMED, VALUE = (np.uint8(1 << bit) for bit in range(8))
"""Bits of `SortedEvents.flags`: the event is a view, has a user id …"""


class SortedEvents:
    """Events that have a visitor, in the order (visitor, event time, received, request, index).

    `code`, `time` and `row` are in that order; `row` is the event's place in `table`, whose own
    order stays as it came.
    """

    def __init__(self, events: pa.Table) -> None:
        """Sort `events`; those without `visitor_id` are left out."""
        self.table = _usable(events)
        self._integers: dict[str, Ints] = {}
        self._texts: dict[str, pl.Series] = {}
        self.visitors, codes = code_visitors(self.column("app_id"), self.column("visitor_id"))
        times = self.integers("event_time")
        self.row = self._sorted(codes, times)
        self.code = codes[self.row]
        self.time = times[self.row]

    def __len__(self) -> int:
        return len(self.row)

    def keep(self, mask: Bools) -> None:
        """Leave out events; `mask` is in this order."""
        self.row, self.code, self.time = self.row[mask], self.code[mask], self.time[mask]

    def column(self, name: str) -> pa.Array:
        """A column of all events in their own order, in one piece."""
        return in_one_piece(self.table.column(name))

    def texts(self, name: str) -> pl.Series:
        """A column of all events in their own order, as many rows are gathered from."""
        if name not in self._texts:
            self._texts[name] = pl.Series(pl.from_arrow(self.column(name)))
        return self._texts[name]

    def integers(self, name: str) -> Ints:
        """The same as numbers, null as 0."""
        if name not in self._integers:
            column = self.column(name)
            if pa.types.is_timestamp(column.type):
                column = column.view(pa.int64())
            if column.null_count:
                column = pc.fill_null(column, 0)
            numbers = column.to_numpy(zero_copy_only=False)
            self._integers[name] = numbers.astype(np.int64, copy=False)
        return self._integers[name]

    def flags(self) -> npt.NDArray[np.uint8]:
        """What each event is and has, as bits, in this order."""
        names = self.column("event_name").dictionary_encode()
        kinds = [
            VIEW * (name in VIEW_EVENTS) | NAMED * (name == _ENGAGEMENT_EVENT)
            for name in names.dictionary.to_pylist()
        ]
        found: npt.NDArray[np.uint8] = np.array(kinds, np.uint8)[names.indices.to_numpy()]
        if ROLE in self.table.column_names:
            found[self.integers(ROLE) > 0] &= ~VIEW
        found |= BOT * self.column("is_bot").to_numpy(zero_copy_only=False)
        for bit, column in (
            (USER, "user_id"),
            (SOURCE, "source"),
            (REFERRER, "referrer_host"),
            (NUMBER, "client_session_number"),
            (VALUE, "value"),
        ):
            values = self.column(column)
            if values.null_count < len(values):
                found |= bit * values.is_valid().to_numpy(zero_copy_only=False)
        return found[self.row]

    def interactions(self) -> Bools | None:
        """Whether each event is one, in this order; none if all are."""
        if ROLE not in self.table.column_names:
            return None
        found: Bools = self.integers(ROLE)[self.row] == 0
        return found

    def beginnings(self) -> Bools:
        """Whether a session may begin with each event, in the order of the table."""
        if ROLE not in self.table.column_names:
            return np.ones(self.table.num_rows, np.bool_)
        found: Bools = self.integers(ROLE) != KEEPS_ALIVE
        return found

    def goals(self) -> Bools | None:
        """Whether each event is a goal, in this order; none if nothing counts as one."""
        if IS_GOAL not in self.table.column_names:
            return None
        is_goal: Bools = self.column(IS_GOAL).to_numpy(zero_copy_only=False)
        return is_goal[self.row]

    def unscaled(self, name: str, rows: Ints) -> Ints:
        """A decimal column at `rows`, in units of its last digit; none may be null."""
        column = self.column(name)
        assert column.type == EVENT_SCHEMA.field(name).type
        words = np.frombuffer(column.buffers()[1], np.int64).reshape(-1, 2)
        found: Ints = words[rows + column.offset, 0]
        return found

    def ties(self, rows: Ints) -> pl.Series:
        """What orders events of the same time, for some rows of the table."""
        ties = np.empty(len(rows), _TIE)
        ties["received"] = (self.integers("received_at")[rows]).view(np.uint64) ^ np.uint64(1 << 63)
        ties["request"] = self._requests().view("V16").ravel()[rows]
        ties["index"] = self.integers("request_index")[rows]
        array = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(_TIE.itemsize), len(rows), [None, pa.py_buffer(ties.tobytes())]
        )
        return pl.Series(pl.from_arrow(array))

    def _requests(self) -> npt.NDArray[np.uint64]:
        column = self.column("request_id")
        words = np.frombuffer(column.buffers()[1], ">u8").reshape(-1, 2)
        return words[column.offset : column.offset + len(column)]

    def _sorted(self, codes: npt.NDArray[np.int32], times: Ints) -> Ints:
        packed = Packing(len(self.visitors), times).pack(codes, times)
        order = ascending(packed)
        ordered = packed[order]
        equal = ordered[1:] == ordered[:-1]
        if not equal.any():
            return order
        tied: Bools = np.zeros(len(order), np.bool_)
        tied[1:] = equal
        tied[:-1] |= equal
        rows = order[tied]
        requests = self._requests()[rows].astype(np.uint64)
        order[tied] = rows[
            np.lexsort(
                (
                    self.integers("request_index")[rows],
                    requests[:, 1],
                    requests[:, 0],
                    self.integers("received_at")[rows],
                    packed[rows],
                )
            )
        ]
        return order


def _usable(events: pa.Table) -> pa.Table:
    own = [name for name in (IS_GOAL, ROLE) if name in events.column_names]
    table = events.select([*EVENT_COLUMNS, *own])
    visitors = table.column("visitor_id")
    if visitors.null_count:
        table = table.filter(visitors.is_valid())
    return table
