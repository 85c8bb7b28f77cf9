"""Whatever the order, the batches, the watermark and what was evicted, the view is the oracle's."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.sessionize import RepairLimits
from footfall.sessionize.gap import GapDefinition
from footfall.sessionize.rows.assign import assign
from footfall.sessionize.zones import Zones
from footfall.testing.events import event_table, uuid_of
from tests.scale import scaled
from tests.sessionize.world import ORACLE_COLUMNS, World, key, plain

NAMES = ("page_view", "screen_view", "click", "user_engagement", "_user_engagement", "scroll")
MAYBE = st.sampled_from((None, None, "a", "b"))
SEVERAL = st.sampled_from(("v", "v", "v", "w", None))
BERLIN = Zones("Europe/Berlin")
BASE = 1_700_002_800_000_000 - 20
"""20 microseconds before midnight in Berlin."""


@st.composite
def an_event(draw, number, span, visitors):
    time = draw(st.integers(0, span))
    return {
        "event_id": uuid_of(f"event {number}"),
        "event_name": draw(st.sampled_from(NAMES)),
        "app_id": draw(st.sampled_from(("shop", "shop", "blog"))),
        "visitor_id": draw(visitors),
        "event_time": BASE + time * draw(st.sampled_from((1, 1, 1, 5_000_000))),
        "received_at": BASE + 50 + draw(st.integers(0, 2)),
        "request_id": uuid_of(f"request {draw(st.integers(0, 5))}"),
        "request_index": number,
        "is_bot": draw(st.integers(0, 9)) == 0,
        "user_id": draw(MAYBE),
        "page_url": draw(MAYBE),
        "screen_name": draw(MAYBE),
        "source": draw(MAYBE),
        "campaign": draw(MAYBE),
        "medium": draw(MAYBE),
        "click_id": draw(MAYBE),
        "referrer_host": draw(MAYBE),
        "platform": draw(MAYBE),
        "language": draw(MAYBE),
        "client_session_number": draw(st.sampled_from((None, None, 1, 2))),
        "engagement_ms": draw(st.sampled_from((None, None, 5, 9_000))),
        "value": draw(st.sampled_from((None, None, Decimal("1.250000"), Decimal("-0.300001")))),
    }


@st.composite
def epochs(draw):
    """Batches of events with the watermark after each."""
    size = draw(st.integers(1, 30))
    span = draw(st.sampled_from((10, 40, 150)))
    visitors = draw(st.sampled_from((st.just("v"), SEVERAL)))
    events = [draw(an_event(number, span, visitors)) for number in range(size)]
    if draw(st.booleans()):
        events.sort(key=lambda event: event["event_time"])
    cuts = sorted(draw(st.lists(st.integers(0, size), max_size=15)))
    bounds = [0, *cuts, size]
    batches = [events[low:high] for low, high in pairwise(bounds)]
    marks = [BASE + draw(st.integers(0, span + 20)) for _ in batches]
    return list(zip(batches, marks, strict=True))


DEFINITIONS = st.builds(
    GapDefinition,
    gap=st.sampled_from((1, 3, 6, 10)),
    length_max=st.sampled_from((3, 10, 40, 10**12)),
    events_max=st.sampled_from((1, 2, 3, 5, 1000)),
    hot_age=st.sampled_from((1, 8, 30, 10**12)),
    hot_max=st.sampled_from((0, 1, 4, 10**12, 10**12)),
    midnight=st.sampled_from((None, None, BERLIN)),
    on_user=st.sampled_from(("never", "never", "other", "any")),
    on_campaign=st.sampled_from((False, False, True)),
)
LIMITS = st.builds(
    RepairLimits,
    events_max=st.sampled_from((1, 3, 10, 1_000_000)),
    visitors_max=st.sampled_from((1, 2, 1_000)),
)
EXAMPLES = scaled(20, 800)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(epochs(), DEFINITIONS, LIMITS, st.booleans())
def test_view_equals_oracle_once_repaired(steps, definition, limits, waits):
    """The product's promise: exact sessions, id for id and column for column.

    After every epoch that leaves nothing provisional, and after repairs, a few events at a time,
    whether they come at once or events go on coming meanwhile.
    """
    world = World(definition, limits)
    for batch, watermark in steps:
        world.run(batch, watermark)
        if waits:
            world.settle(watermark)
        if not world.state.has_pending:
            world.check()
    world.settle(steps[-1][1])
    world.check()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(epochs(), epochs(), DEFINITIONS)
def test_previews_are_the_truth_unless_history_is_needed(before, micro_batches, definition):
    """What pages show within a second is what the lake gets, however the epoch was cut up.

    All of an epoch at once may ask for history where its parts did not: it does not know then where
    a session of `events_max` ends, asks, and finds the same. What waits for its repair from before
    is no truth yet: that is done first.
    """
    world = World(definition)
    for batch, watermark in before:
        world.run(batch, watermark)
    world.settle(before[-1][1])
    later = [[renumbered(event) for event in batch] for batch, _ in micro_batches]
    state, needs, _ = world.preview(later)
    if needs:
        return
    together = [event for batch in later for event in batch]
    found = definition.sessionize(world.state, event_table(together))
    if not found.repairs.num_rows:
        order = ("app_id", "visitor_id", "started_at")
        assert state.frame().sort(order).equals(found.state.frame().sort(order))
    shown = {row["session_id"]: row for row in plain(world.hot(state))}
    owners = assign(event_table(together), state).column("session_id").to_pylist()
    world.run(together, 0)
    world.settle(0)
    world.check()
    sessions, events = world.view()
    for session, row in shown.items():
        assert {name: row[name] for name in ORACLE_COLUMNS} == {
            name: sessions[session][name] for name in ORACLE_COLUMNS
        }
    assert owners == [events[event["event_id"]] for event in together]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(epochs(), epochs(), DEFINITIONS)
def test_previews_are_consistent_in_themselves(before, micro_batches, definition):
    """Provisional or not: sessions are disjoint, and each event names one that holds it."""
    world = World(definition)
    for batch, watermark in before:
        world.run(batch, watermark)
    for batch, _ in micro_batches:
        table = event_table([renumbered(event) for event in batch])
        found = definition.sessionize(world.state, table)
        sessions = {row["session_id"]: row for row in plain(world.hot(found.state))}
        for event in plain(assign(table, found.state)):
            if event["visitor_id"] is None:
                assert event["session_id"] is None
                continue
            session = sessions[event["session_id"]]
            assert key(event) == key(session)
            assert session["started_at"] <= event["event_time"] <= session["ended_at"]
        before_count = world.state.frame()["events"].sum()
        with_visitor = table.num_rows - table.column("visitor_id").null_count
        assert found.state.frame()["events"].sum() == before_count + with_visitor
        intervals = sorted(
            (*key(row), row["started_at"], row["ended_at"]) for row in sessions.values()
        )
        assert all(a[:2] != b[:2] or a[3] < b[2] for a, b in pairwise(intervals))


def renumbered(event):
    """The same event with ids of its own."""
    number = event["request_index"] + 1000
    return event | {"event_id": uuid_of(f"event {number}"), "request_index": number}
