"""A pipeline and a lake of plain lists around `sessionize`: epochs, previews, history, the view."""

from collections import defaultdict
from itertools import pairwise
from types import SimpleNamespace

import polars as pl
import pyarrow as pa

from footfall.session import SESSION_SCHEMA
from footfall.sessionize import RepairLimits, SessionState, in_files, restore, save
from footfall.sessionize.rows.assign import assign
from footfall.testing.events import event_table
from tests.sessionize import cut_oracle, oracle

ORACLE_COLUMNS = [name for name in SESSION_SCHEMA.names if name not in ("revision", "epoch")]


def plain(table):
    """Rows as dictionaries with times in microseconds."""
    columns = {}
    for field in table.schema:
        column = table.column(field.name)
        if column.null_count == len(column):  # most of an event's
            columns[field.name] = [None] * len(column)
            continue
        is_time = pa.types.is_timestamp(field.type)
        columns[field.name] = (column.cast(pa.int64()) if is_time else column).to_pylist()
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def key(row):
    return row["app_id"], row["visitor_id"]


def truth_of(events, definition):
    """The oracle's rows by id, and the session id of each event that has one."""
    truth, owner = {}, {}
    for session in cut_oracle.sessions(events, definition):
        row = oracle.row(session)
        truth[row["session_id"]] = row
        owner |= {event["event_id"]: row["session_id"] for event in session}
    return truth, owner


LIMITS = RepairLimits(1_000_000, 1_000)


def _in_ranges(rows, wanted, last, first):
    """Rows of the wanted visitors that reach into their range."""
    ranges = {key(row): (row["from_time"], row["to_time"]) for row in plain(wanted)}
    assert len(ranges) == wanted.num_rows
    return [
        row
        for row in rows
        if key(row) in ranges
        and row[last] >= ranges[key(row)][0]
        and row[first] <= ranges[key(row)][1]
    ]


class MemoryStore:
    """A `SegmentStore` without files."""

    def __init__(self):
        self.kept = {}

    def save(self, data):
        name = f"{len(self.kept)}"
        self.kept[name] = data.to_pybytes()
        return name, self.open(name)

    def open(self, name):
        return pa.py_buffer(self.kept[name])


class World:
    """Runs epochs over a state and keeps what a lake would keep; `view` is what readers see.

    Segments of `rows_min` rows are in files after each epoch: all of them, unless told otherwise.
    """

    def __init__(self, definition, limits=LIMITS, rows_min=1):
        self.store = MemoryStore()
        self.rows_min = rows_min
        self.definition = definition
        self.limits = limits
        self.state = SessionState.empty(definition.columns)
        self.epoch = 0
        self.events = []
        self.keyed = []
        self.epochs = {}
        self.sessions = []
        self.removed = {}
        self.overrides = defaultdict(list)
        self.history_calls = 0

    def events_in(self, wanted):
        """As `History.events`."""
        self.history_calls += 1
        added = self.events[len(self.keyed) :]
        self.keyed += plain(self.definition.key.keyed(event_table(added)))
        return event_table(_in_ranges(self.keyed, wanted, "event_time", "event_time"))

    def sessions_in(self, wanted):
        """As `History.sessions`."""
        rows = _in_ranges(self.lake_sessions().values(), wanted, "ended_at", "started_at")
        arrays = [
            pa.array([row[field.name] for row in rows], pa.int64()).cast(field.type)
            if pa.types.is_timestamp(field.type)
            else pa.array([row[field.name] for row in rows], field.type)
            for field in SESSION_SCHEMA
        ]
        return pa.Table.from_arrays(arrays, schema=SESSION_SCHEMA)

    @property
    def history(self):
        """What `sessionize` and `repair` ask."""
        return SimpleNamespace(events=self.events_in, sessions=self.sessions_in)

    def lake_sessions(self):
        newest = {}
        for row in sorted(self.sessions, key=lambda row: (row["epoch"], row["revision"])):
            if row["epoch"] >= self.removed.get(row["session_id"], 0):
                newest[row["session_id"]] = row
        return newest

    def preview(self, batches):
        """Micro-batches without history: state, what is asked for, sessions and events in them."""
        state, needs, assigned = self.state, 0, []
        for batch in batches:
            found = self.definition.sessionize(state, event_table(batch))
            state, needs = found.state, needs + found.repairs.num_rows
            assigned.extend(assign(event_table(batch), state).column("session_id").to_pylist())
        return state, needs, assigned

    def run(self, batch, watermark):
        """One epoch: repairs, then its events."""
        self.epoch += 1
        table = event_table(batch)
        self._note(repaired := self.definition.repair(self.state, self.history, self.limits))
        self.state = repaired.state
        found = self.definition.sessionize(
            self.state,
            table,
            epoch=self.epoch,
            history=self.history,
            events_max=self.limits.events_max,
        )
        self._note(found)
        assigned = plain(assign(table, found.state))
        self.events.extend(assigned)
        self.epochs |= {event["event_id"]: self.epoch for event in assigned}
        closed = self.definition.close(found.state, watermark, self.epoch)
        assert closed.state.floor >= found.state.floor
        self.sessions.extend(plain(closed.rows))
        loose, notes = save(in_files(closed.state, self.store, self.rows_min))
        loose = SessionState.from_arrow(loose.to_arrow(), self.definition.columns)
        self.state = restore(loose, notes, self.store)
        assert self.state.frame().equals(closed.state.frame())
        assert self.state.to_arrow().schema.metadata == closed.state.to_arrow().schema.metadata
        return found

    def settle(self, watermark, epochs_max=10_000):
        """Epochs without events until nothing is provisional; how many it took."""
        for number in range(epochs_max):
            if not self.state.has_pending:
                return number
            self.run([], watermark)
        raise AssertionError("repairs do not come to an end")

    def _note(self, found):
        """What the lake and readers learn of removed sessions and overrides."""
        before = {row["session_id"] for row in plain(self.hot(self.state))} | set(
            self.lake_sessions()
        )
        removed = {row["session_id"] for row in plain(found.removed)}
        assert removed <= before, "removed what there never was"
        for row in plain(found.withdrawn):
            assert row["session_id"] in removed
            self.removed[row["session_id"]] = self.epoch
        added = defaultdict(list)
        for row in plain(found.overrides):
            added[key(row)].append((row["from_time"], row["to_time"], row["session_id"]))
        for visitor, intervals in added.items():
            assert all(a[1] < b[0] for a, b in pairwise(sorted(intervals)))
            self.overrides[visitor] += [(self.epoch, *interval) for interval in intervals]

    def hot(self, state):
        """Rows of all hot sessions."""
        dirty = SessionState.of(
            state.frame().with_columns(is_dirty=True, pending_since=pl.lit(0, pl.Int64)),
            state.floor,
            None,
            state.columns,
        )
        return self.definition.close(dirty, 2**61, 0).rows

    def view(self):
        """Sessions by id, and the session id of each event by event id."""
        sessions = dict(self.lake_sessions())
        sessions |= {row["session_id"]: row for row in plain(self.hot(self.state))}
        events = {}
        for event in self.events:
            session = event["session_id"]
            # The last one counts; those of its own epoch and older ones were made without it.
            for epoch, low, high, other in self.overrides[key(event)]:
                if low <= event["event_time"] <= high and self.epochs[event["event_id"]] < epoch:
                    session = other
            events[event["event_id"]] = session
        return sessions, events

    def check(self):
        """The view equals the oracle, column for column, and every event names its session."""
        truth, owner = truth_of(self.events, self.definition)
        sessions, events = self.view()
        seen = {
            session: {name: row[name] for name in ORACLE_COLUMNS}
            for session, row in sessions.items()
        }
        assert truth == seen
        assert {event: owner.get(event) for event in events} == events
