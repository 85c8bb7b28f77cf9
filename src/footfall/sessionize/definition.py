"""The seam: what a session definition is to the rest of the system.

A definition is a set of pure functions over tables. It places events in sessions, says when those
are closed, repairs what late events touched, and makes its state anew when it was lost. Everything
else (epochs, checkpoints, cuts, tables, views) knows a definition by its key and nothing of how it
decides.

What all definitions share is the form of their answers: a session is an interval of one visitor's
event time, two of one visitor and definition never overlap, and which session an event is in
follows from visitor and event time. So sessions do not depend on the order in which events came.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final, Protocol

import msgspec
import pyarrow as pa

from footfall.event import TIMESTAMP
from footfall.session import OVERRIDE_SCHEMA, REMOVED_SCHEMA
from footfall.sessionize.key import Key
from footfall.sessionize.rows.close import Closed, Closing
from footfall.sessionize.rows.columns import StateColumns
from footfall.sessionize.rows.plain import Plain
from footfall.sessionize.rows.state import SessionState
from footfall.sessionize.rows.table import session_rows

EVENTS_MAX: Final = 1_000_000
"""Most events that one call reads from history unless it is told otherwise."""

REPAIR_SCHEMA: Final = pa.schema(
    [
        pa.field("app_id", pa.string(), nullable=False),
        pa.field("visitor_id", pa.string(), nullable=False),
        pa.field("from_time", TIMESTAMP, nullable=False),
        pa.field("to_time", TIMESTAMP, nullable=False),
    ]
)
"""A visitor and a stretch of event time, both ends in it. History is asked for one stretch of a
visitor at a time."""


class History(Protocol):
    """Reads what earlier epochs hold: neither more epochs nor fewer than the state knows."""

    def sessions(self, ranges: pa.Table) -> pa.Table:
        """`SESSION_SCHEMA`: sessions that reach into a range of `ranges` (`REPAIR_SCHEMA`).

        Those of the definition that asks; the newest revision of each that was written and not
        removed since.
        """

    def events(self, ranges: pa.Table) -> pa.Table:
        """Every event in a range of `ranges`, once; at least the definition's `event_columns`."""


class Past(Protocol):
    """What the lake held after an epoch, for a definition whose state was lost.

    Events have `event_columns`, `session_id` and `epoch`. The id is that of the session which
    readers see the event in, `epoch` the one that put it there; null if no session that was written
    holds it and readers are not told otherwise.
    """

    def events(self, since: int) -> pa.Table:
        """Those of a visitor at or after `since`, microseconds."""

    def open_chains(self, floor: int, gap: int) -> pa.Table:
        """Those of chains that reach to `floor` or beyond it, whole; no gap in one is longer."""

    def provisional(self, floor: int, delay: int) -> pa.Table:
        """All of sessions that were not written as they are.

        Of those that ended before `floor`, and had an event that came later than `delay`; and
        events of before `floor` that came as late and are in no written session.
        """

    def written_sessions(self, events: pa.Table) -> pa.Table:
        """`SESSION_SCHEMA`: at least the sessions that these events name, as they were written."""


class RepairLimits(msgspec.Struct, frozen=True):
    """How much one call may do; what is beyond waits for the next."""

    events_max: int
    """Events read; of one visitor's hot sessions all are read, if the repair reaches them."""
    visitors_max: int


class Sessionized:
    """What a call of `sessionize` or `repair` found."""

    def __init__(
        self,
        state: SessionState,
        changed: Plain,
        repairs: pa.Table,
        overrides: pa.Table,
        removed: pa.Table,
        withdrawn: pa.Table,
    ) -> None:
        self._changed = changed
        self.state = state
        """Every session touched is there, nothing is evicted."""
        self.repairs = repairs
        """`REPAIR_SCHEMA`: provisional sessions of this call, which wait for `repair`. What it says
        of them is consistent in itself; `close` does not write them. Empty: it is exact."""
        self.overrides = overrides
        """`OVERRIDE_SCHEMA`, disjoint, `epoch` 0: which session intervals of *earlier* events are
        in now, where it is another than before."""
        self.removed = removed
        """`REMOVED_SCHEMA`, `epoch` 0: sessions that there were before and are no more, written or
        not."""
        self.withdrawn = withdrawn
        """Those of `removed` that were written. The lake must not learn of others: a provisional
        session may have the id of an evicted one, which is there all the same."""
        self.spent: int | None = None
        """Events that the call wanted of history, those that it left for later because of its
        limits among them. None: the definition does not tell. Who works on some of the visitors
        adds it up over all of them, to see whether a limit would have held for all."""

    @classmethod
    def nothing(cls, state: SessionState) -> Sessionized:
        """No change."""
        none = REMOVED_SCHEMA.empty_table()
        overrides = OVERRIDE_SCHEMA.empty_table()
        repairs = REPAIR_SCHEMA.empty_table()
        nobody = Plain.of(state.columns.empty(), state.columns)
        found = cls(state, nobody, repairs, overrides, none, none)
        found.spent = 0
        return found

    @cached_property
    def touched(self) -> pa.Table:
        """`SESSION_SCHEMA`: sessions that are new or changed, as they are now.

        `revision` is the one they will be written as; `epoch` is 0.
        """
        return session_rows(self._changed.shown(), 0, self.state.columns.engagement)


class SessionDefinition(Closing, Protocol):
    """One way to put a visitor's events into sessions.

    Methods change nothing that is given to them. `sessionize` then `close`, over epochs, with
    `repair` first in each, must come to what the definition says of all events at once.
    """

    @property
    def name(self) -> str:
        """Lower-case letters, digits and `_`; names its view `sessions_<name>`."""

    @property
    def version(self) -> int:
        """Another one gives other sessions: other ids, and a state and rows of its own."""

    @property
    def key(self) -> Key:
        """Whose sessions they are. Everything else that says visitor means this."""

    @property
    def options(self) -> str:
        """All that decides where its sessions begin and end, for people; equal if it is equal."""

    @property
    def columns(self) -> StateColumns:
        """Of the rows of its state."""

    @property
    def event_columns(self) -> tuple[str, ...]:
        """Columns of an event that it reads."""

    @property
    def reach(self) -> int:
        """Microseconds before an event that its repair may look back; what retention leaves."""

    def sessionize(
        self,
        state: SessionState,
        events: pa.Table,
        *,
        epoch: int = 1,
        history: History | None = None,
        events_max: int = EVENTS_MAX,
    ) -> Sessionized:
        """Place events; independent of their order and of how they are divided over calls.

        Args:
            state: From the call before, or `close`.
            events: At least `event_columns`, each event once over all calls. Those without a
                visitor are left out.
            epoch: What provisional sessions wait since.
            history: Previews have none: what cannot be known without it is provisional.
            events_max: Most events to read from `history`; what needs more is provisional.
        """

    def repair(self, state: SessionState, history: History, limits: RepairLimits) -> Sessionized:
        """Make provisional sessions exact, those that wait longest first, within `limits`."""

    def assign(self, events: pa.Table, state: SessionState) -> pa.Table:
        """Fill `session_id` of events that `sessionize` has just placed."""

    def close(self, state: SessionState, watermark: int, epoch: int) -> Closed:
        """Rows to write, each session once a revision; and the state without what may go."""

    def remade(self, past: Past, watermark: int) -> SessionState:
        """The state that `close` left with `watermark`, microseconds, from what the lake has.

        It behaves as the one that was lost; what was provisional there may be exact or not.
        """


def key_of(definition: SessionDefinition) -> str:
    """Name and version, `gap.1`: what states, checkpoints and plans know a definition by."""
    return f"{definition.name}.{definition.version}"
