"""The worked tables of docs/concepts/sessions.md, and what a call reports."""

import pytest

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.sessionize import Definitions, SessionState
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition
from footfall.sessionize.rows.assign import assign
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.sessionize import oracle
from tests.sessionize.world import plain

GAP_30 = GapDefinition(gap=30 * MINUTE, length_max=24 * HOUR, events_max=100_000, hot_age=HOUR)


def at(text):
    """Microseconds of `"10:20"` or `"10:20:05"` on the day of the tables."""
    hours, minutes, *seconds = map(int, text.split(":"))
    return NOON_US - 12 * HOUR + hours * HOUR + minutes * MINUTE + sum(seconds) * SECOND


def visits(*times, **columns):
    """Events of one visitor at these times, each with an id that follows from its time."""
    return event_table(
        {"event_time": at(time), "event_id": uuid_of(time), "request_id": uuid_of(time), **columns}
        for time in times
    )


def intervals(table):
    return [(row["started_at"], row["ended_at"], row["events"]) for row in plain(table)]


def hot(state, definition=GAP_30):
    """All sessions as rows."""
    rows = definition.close(
        SessionState.of(state.frame(), state.floor, None, GAP_COLUMNS), 2**61, 0
    ).rows
    return intervals(rows)


def feed(definition, *batches):
    state, found = SessionState.empty(GAP_COLUMNS), None
    for batch in batches:
        found = definition.sessionize(state, visits(*batch))
        state = found.state
    return found


@pytest.mark.parametrize(
    ("arrivals", "sessions"),
    [
        ([("10:00", "10:30")], [("10:00", "10:30", 2)]),
        ([("10:00", "10:30:01")], [("10:00", "10:00", 1), ("10:30:01", "10:30:01", 1)]),
        ([("10:00", "10:20"), ("11:00",)], [("10:00", "10:20", 2), ("11:00", "11:00", 1)]),
        ([("10:00", "10:20"), ("11:00",), ("10:40",)], [("10:00", "11:00", 4)]),
        ([("10:00", "10:20"), ("09:50",)], [("09:50", "10:20", 3)]),
    ],
)
def test_gap_table(arrivals, sessions):
    """Thirty minutes apart is one session, a second more is not; late events join and extend."""
    expected = [(at(start), at(end), count) for start, end, count in sessions]
    assert expected == hot(feed(GAP_30, *arrivals).state)


def test_late_event_joins_two_sessions():
    """The later of two joined sessions is gone, and its events are told where they are now."""
    found = feed(GAP_30, ("10:00", "10:20"), ("11:00", "11:05"), ("10:40",))
    ten = oracle.session_id("shop", "v1", at("10:00"))
    eleven = oracle.session_id("shop", "v1", at("11:00"))
    assert [eleven] == found.removed.column("session_id").to_pylist()
    assert [
        {
            "app_id": "shop",
            "visitor_id": "v1",
            "from_time": at("11:00"),
            "to_time": at("11:05"),
            "session_id": ten,
            "epoch": 0,
        }
    ] == plain(found.overrides)
    assert [(at("10:00"), at("11:05"), 5)] == intervals(found.touched)


def test_earlier_start_renames():
    """An id follows from the start: an earlier first event gives the session another one."""
    found = feed(GAP_30, ("10:00", "10:20"), ("09:50",))
    (override,) = plain(found.overrides)
    assert oracle.session_id("shop", "v1", at("09:50")) == override["session_id"]
    assert (at("10:00"), at("10:20")) == (override["from_time"], override["to_time"])
    assert [oracle.session_id("shop", "v1", at("10:00"))] == found.removed.column(
        "session_id"
    ).to_pylist()


def test_window_cut_counts_from_the_chain_start():
    """A visitor who never pauses has a session every `length_max`, counted from the first event."""
    definition = GapDefinition(30 * MINUTE, HOUR, 100_000, HOUR)
    times = [f"{10 + n // 60}:{n % 60:02d}" for n in range(0, 150, 25)]
    expected = [
        (at("10:00"), at("10:50"), 3),
        (at("11:15"), at("11:40"), 2),
        (at("12:05"), at("12:05"), 1),
    ]
    together = feed(definition, times)
    one_by_one = feed(definition, *([time] for time in times))
    assert expected == hot(together.state, definition)
    assert expected == hot(one_by_one.state, definition)
    assert 0 == one_by_one.repairs.num_rows


def test_part_cut_keeps_ties_together():
    """Parts of `events_max` events; those at the same microsecond are never torn apart."""
    definition = GapDefinition(30 * MINUTE, 24 * HOUR, 2, HOUR)
    rows = [{"event_time": at(time)} for time in ("10:00", "10:01", "10:01", "10:01", "10:02")]
    state = SessionState.empty(GAP_COLUMNS)
    for number, row in enumerate(rows):
        batch = event_table([row | {"request_id": uuid_of(f"{number}")}])
        found = definition.sessionize(state, batch)
        assert 0 == found.repairs.num_rows
        state = found.state
    assert [(at("10:00"), at("10:01"), 4), (at("10:02"), at("10:02"), 1)] == hot(state, definition)


def test_ids_are_documented():
    """Anyone can compute a session's id from its app, visitor and start; it never changes."""
    found = feed(GAP_30, ("10:00",))
    assert "9c98624cd5aca17d4fdc0aaa90cf6a5b" == plain(found.touched)[0]["session_id"].hex()


def test_events_without_visitor_have_no_session():
    """They are counted as events, never as sessions."""
    events = visits("10:00", "10:01", visitor_id=None)
    found = GAP_30.sessionize(SessionState.empty(GAP_COLUMNS), events)
    assert 0 == found.touched.num_rows
    assert 0 == len(found.state)
    assert [None, None] == assign(events, found.state).column("session_id").to_pylist()


def test_nothing_changes_nothing():
    """An empty batch is no special case for callers."""
    state = feed(GAP_30, ("10:00",)).state
    found = GAP_30.sessionize(state, event_table([]))
    assert found.state is state
    assert (0, 0, 0, 0) == tuple(
        table.num_rows for table in (found.touched, found.repairs, found.overrides, found.removed)
    )


def test_close_writes_once_and_again_after_a_change():
    """A closed session is written when the watermark passes its gap, and anew if it grows later."""
    state = feed(GAP_30, ("10:00",)).state
    early = GAP_30.close(state, at("10:30"), 1)
    assert 0 == early.rows.num_rows
    first = GAP_30.close(early.state, at("10:30:01"), 2)
    assert [(1, 2)] == [(row["revision"], row["epoch"]) for row in plain(first.rows)]
    again = GAP_30.close(first.state, at("10:40"), 3)
    assert 0 == again.rows.num_rows
    grown = GAP_30.sessionize(again.state, visits("10:20")).state
    second = GAP_30.close(grown, at("11:00"), 4)
    assert [(2, 4, at("10:20"))] == [
        (row["revision"], row["epoch"], row["ended_at"]) for row in plain(second.rows)
    ]


def test_what_may_touch_evicted_sessions_is_provisional():
    """Beyond the hot tier a late event waits for a look into the lake; in it, it does not."""
    state = GAP_30.close(feed(GAP_30, ("10:00",)).state, at("11:31"), 1).state
    assert 0 == len(state)
    near = GAP_30.sessionize(state, visits("10:20"))
    waiting = [("shop", "v1", at("10:20"), at("10:20"))]
    assert waiting == [tuple(row.values()) for row in plain(near.repairs)]
    assert 0 == GAP_30.close(near.state, at("11:31"), 2).rows.num_rows
    assert near.state.has_pending
    far = GAP_30.sessionize(state, visits("10:31"))
    assert 0 == far.repairs.num_rows


def test_only_a_session_that_was_written_is_withdrawn():
    """Pages saw both; the lake is told only of the session that it has."""
    state = GAP_30.sessionize(SessionState.empty(GAP_COLUMNS), visits("10:10")).state
    unwritten = GAP_30.sessionize(state, visits("10:05"))
    assert (1, 0) == (unwritten.removed.num_rows, unwritten.withdrawn.num_rows)
    state = GAP_30.close(unwritten.state, at("10:50"), 1).state
    written = GAP_30.sessionize(state, visits("10:00"))
    five = oracle.session_id("shop", "v1", at("10:05"))
    assert [five] == written.withdrawn.column("session_id").to_pylist()
    assert written.removed.equals(written.withdrawn)


EVENING = [("23:30", "spring"), ("23:50", None), ("24:10", None), ("24:20", "summer")]
EVENING += [("25:05", None), ("25:10", None)]
TOGETHER = [["23:30", "23:50", "24:10", "24:20"], ["25:05", "25:10"]]


@pytest.mark.parametrize(
    ("options", "sessions"),
    [
        ('{kind="gap"}', TOGETHER),
        (
            '{kind="gap",cut_at_midnight=true,cut_on_campaign=true,events_max=10000}',
            [["23:30", "23:50"], ["24:10"], ["24:20"], ["25:05", "25:10"]],
        ),
        ('{kind="client",length_max="24h"}', TOGETHER),
        ('{kind="step",step="1h"}', [["23:30", "23:50"], ["24:10", "24:20"], ["25:05", "25:10"]]),
        ('{kind="day"}', [["23:30", "23:50"], ["24:10", "24:20", "25:05", "25:10"]]),
    ],
    ids=["gap", "as Matomo", "as PostHog", "step", "day"],
)
def test_an_evening_by_the_rules_of_others(options, sessions):
    """The table beside other products: the last event comes half a day late, and is where it is."""
    settings = load_settings(overrides=[f"sessions.definitions={{one={options}}}"])
    definition = Definitions.of(settings.sessions)["one.1"]
    rows = [
        {
            "event_time": at(time),
            "request_id": uuid_of(time),
            "event_id": uuid_of(time),
            "source": campaign and "mail",
            "campaign": campaign,
            "client_session_id": "a" if time < "25" else "b",
        }
        for time, campaign in EVENING
    ]
    state = SessionState.empty(definition.columns)
    for batch in (rows[:-1], rows[-1:]):
        state = definition.sessionize(state, event_table(batch)).state
    found = plain(definition.close(state, at("90:00"), 1).rows)
    expected = [(at(times[0]), at(times[-1]), len(times)) for times in sessions]
    assert expected == sorted((row["started_at"], row["ended_at"], row["events"]) for row in found)
