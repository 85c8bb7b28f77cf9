"""What `close` does where there is too much: too many sessions, too many that close at once."""

import pytest

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.sessionize import SessionState
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition
from footfall.sessionize.rows import close as close_module
from footfall.sessionize.rows.hot import has_closable
from footfall.testing.events import NOON_US, event_table
from tests.sessionize.world import MemoryStore, in_files, plain


def visits(seconds, definition):
    """A session of one event for each, of a visitor of its own."""
    rows = [{"visitor_id": f"v{n}", "event_time": NOON_US + n * SECOND} for n in seconds]
    return definition.sessionize(SessionState.empty(GAP_COLUMNS), event_table(rows)).state


def left(state):
    """Seconds of the sessions that are there."""
    return sorted((time - NOON_US) // SECOND for time in state.frame()["started_at"])


@pytest.mark.parametrize("in_file", [True, False])
def test_beyond_the_bound_the_oldest_closed_sessions_go(in_file):
    """More visitors than a machine has room for cost late events a repair, not the process."""
    definition = GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR, hot_max=3)
    state = visits(range(10), definition)
    if in_file:
        state = in_files(state, MemoryStore(), 1)
    watermark = NOON_US + 30 * MINUTE + 8 * SECOND  # 8 and 9 are open
    closed = definition.close(state, watermark, 1)
    assert [7, 8, 9] == left(closed.state)
    assert closed.state.floor == NOON_US + 6 * SECOND + 1
    assert 8 == closed.rows.num_rows
    late = event_table([{"visitor_id": "v3", "event_time": NOON_US + 4 * SECOND}])
    found = definition.sessionize(closed.state, late, epoch=2)
    assert 1 == found.repairs.num_rows, "it may touch what was evicted"
    near = event_table([{"visitor_id": "v7", "event_time": NOON_US + 8 * SECOND}])
    assert 0 == definition.sessionize(closed.state, near, epoch=2).repairs.num_rows


def test_open_sessions_always_stay():
    """Nothing is lost for the bound: what is not written yet is not evicted."""
    definition = GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR, hot_max=3)
    closed = definition.close(visits(range(10), definition), NOON_US + 10 * MINUTE, 1)
    assert 10 == len(closed.state)
    assert closed.state.floor == NOON_US - 80 * MINUTE


def test_the_floor_does_not_go_back():
    """Sessions may be gone below it, whatever came after and however few are left."""
    tight = GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR, hot_max=1)
    watermark = NOON_US + 31 * MINUTE
    floor = (state := tight.close(visits(range(10), tight), watermark, 1).state).floor
    wide = GapDefinition(30 * MINUTE, 24 * HOUR, 100, 10 * HOUR)
    assert floor == wide.close(state, watermark - HOUR, 2).state.floor
    assert watermark == wide.close(state, watermark - HOUR, 2).state.watermark


def test_sessions_that_close_at_once_are_written_in_parts(monkeypatch):
    """Events stop for an hour and two million sessions close: no epoch has them all in memory."""
    monkeypatch.setattr(close_module, "WRITTEN_MAX", 4)
    definition = GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR)
    state, watermark, written = (
        visits([0, 1, 2, 3, 3, 4, 5, 6, 7], definition),
        NOON_US + 5 * HOUR,
        [],
    )
    while has_closable(state, definition.closed_before(watermark)):
        closed = definition.close(state, watermark, 1)
        state = closed.state
        written.append([(row["started_at"] - NOON_US) // SECOND for row in plain(closed.rows)])
        assert all(time >= (state.floor - NOON_US) // SECOND for time in left(state))
    assert [[0, 1, 2, 3], [4, 5, 6, 7]] == written
    assert [] == left(state)
    assert state.floor == watermark - 90 * MINUTE
