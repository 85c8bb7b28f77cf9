"""A pipeline and a lake of plain lists around `sessionize`: epochs, previews, history, the view."""

from collections import defaultdict
from itertools import pairwise

import pyarrow as pa

from footfall.session import SESSION_SCHEMA
from footfall.sessionize import History, SessionState, assign, close, sessionize
from footfall.testing.events import event_table
from tests.sessionize import oracle

ORACLE_COLUMNS = [name for name in SESSION_SCHEMA.names if name not in ("revision", "epoch")]


def plain(table):
    """Rows as dictionaries with times in microseconds."""
    columns = {}
    for field in table.schema:
        column = table.column(field.name)
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
    limits = definition.gap, definition.length_max, definition.events_max
    for session in oracle.sessions(events, *limits):
        row = oracle.row(session)
        truth[row["session_id"]] = row
        owner |= {event["event_id"]: row["session_id"] for event in session}
    return truth, owner


class World:
    """Runs epochs over a state and keeps what a lake would keep; `view` is what readers see."""

    def __init__(self, definition):
        self.definition = definition
        self.state = SessionState.empty()
        self.epoch = 0
        self.events = []
        self.sessions = []
        self.removed = {}
        self.overrides = defaultdict(list)
        self.history_calls = 0

    def history(self, repairs):
        self.history_calls += 1
        assert self.history_calls < 10_000
        wanted = {key(row): row["from_time"] for row in plain(repairs)}
        assert len(wanted) == repairs.num_rows
        events = [
            row
            for row in self.events
            if key(row) in wanted and row["event_time"] >= wanted[key(row)]
        ]
        rows = [
            row
            for row in self.lake_sessions().values()
            if key(row) in wanted and row["ended_at"] >= wanted[key(row)]
        ]
        arrays = [
            pa.array([row[field.name] for row in rows], pa.int64()).cast(field.type)
            if pa.types.is_timestamp(field.type)
            else pa.array([row[field.name] for row in rows], field.type)
            for field in SESSION_SCHEMA
        ]
        return History(
            repairs, event_table(events), pa.Table.from_arrays(arrays, schema=SESSION_SCHEMA)
        )

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
            found = sessionize(state, event_table(batch), self.definition)
            state, needs = found.state, needs + found.repairs.num_rows
            assigned.extend(assign(event_table(batch), state).column("session_id").to_pylist())
        return state, needs, assigned

    def run(self, batch, watermark):
        """One epoch."""
        self.epoch += 1
        table = event_table(batch)
        found = sessionize(self.state, table, self.definition)
        while found.repairs.num_rows:
            found = sessionize(self.state, table, self.definition, self.history(found.repairs))
        before = {row["session_id"] for row in plain(self.hot(self.state))} | set(
            self.lake_sessions()
        )
        removed = {row["session_id"] for row in plain(found.removed)}
        assert removed <= before, "removed what there never was"
        for session in removed:
            self.removed[session] = self.epoch
        added = defaultdict(list)
        for row in plain(found.overrides):
            added[key(row)].append((row["from_time"], row["to_time"], row["session_id"]))
        for visitor, intervals in added.items():
            ordered = sorted(intervals)
            assert all(a[1] < b[0] for a, b in pairwise(ordered))
            kept = [
                old
                for old in self.overrides[visitor]
                if not any(old[0] <= new[1] and new[0] <= old[1] for new in intervals)
            ]
            self.overrides[visitor] = [*kept, *intervals]
        assigned = plain(assign(table, found.state))
        self.events.extend(assigned)
        closed = close(found.state, watermark, self.epoch, self.definition)
        assert closed.state.floor >= found.state.floor
        self.sessions.extend(plain(closed.rows))
        self.state = SessionState.from_arrow(closed.state.to_arrow())
        assert self.state.frame().equals(closed.state.frame())
        return found

    def hot(self, state):
        """Rows of all hot sessions."""
        dirty = SessionState.of(state.frame().with_columns(is_dirty=True), state.floor)
        return close(dirty, 2**61, 0, self.definition).rows

    def view(self):
        """Sessions by id, and the session id of each event by event id."""
        sessions = dict(self.lake_sessions())
        sessions |= {row["session_id"]: row for row in plain(self.hot(self.state))}
        events = {}
        for event in self.events:
            session = event["session_id"]
            for low, high, other in self.overrides[key(event)]:
                if low <= event["event_time"] <= high:
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
