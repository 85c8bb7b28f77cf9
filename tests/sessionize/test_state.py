"""The state: checkpoints, few segments, untrusted hashes, work that follows the batch."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.session import SESSION_SCHEMA
from footfall.sessionize import SessionState
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition
from footfall.sessionize.rows import visitors as visitors_module
from footfall.sessionize.rows.packing import Packing
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.scale import scaled
from tests.sessionize.test_oracle import DEFINITIONS, epochs
from tests.sessionize.world import World, plain

DEFINITION = GapDefinition(30 * MINUTE, 24 * HOUR, 100_000, HOUR)


def crowd(first, count, time=NOON_US):
    return event_table(
        {"visitor_id": f"v{n}", "event_time": time, "request_id": uuid_of(f"{n} {time}")}
        for n in range(first, first + count)
    )


def test_checkpoint_is_exact():
    """A restart continues with the same state, to the bit."""
    events = event_table([{"user_id": "ü", "value": 1, "source": "s"}, {"visitor_id": "w"}])
    state = DEFINITION.close(
        DEFINITION.sessionize(SessionState.empty(GAP_COLUMNS), events).state, 0, 1
    ).state
    again = SessionState.from_arrow(state.to_arrow(), GAP_COLUMNS)
    assert state.floor == again.floor
    assert state.frame().equals(again.frame())
    assert state.to_arrow().equals(again.to_arrow())
    assert (
        SessionState.empty(GAP_COLUMNS)
        .to_arrow()
        .equals(
            SessionState.from_arrow(
                SessionState.empty(GAP_COLUMNS).to_arrow(), GAP_COLUMNS
            ).to_arrow()
        )
    )


@pytest.mark.parametrize(
    "table", [pa.table({"a": [1]}), SessionState.empty(GAP_COLUMNS).to_arrow().drop("rank")]
)
def test_other_tables_are_no_checkpoint(table):
    """A checkpoint of another version is rebuilt, never half understood."""
    with pytest.raises(ValueError, match="rebuild it"):
        SessionState.from_arrow(table, GAP_COLUMNS)


def test_state_is_not_changed():
    """Previews go on from a state while the epoch is computed from the same one."""
    state = DEFINITION.sessionize(SessionState.empty(GAP_COLUMNS), crowd(0, 10)).state
    before = state.to_arrow()
    DEFINITION.sessionize(state, crowd(5, 10, NOON_US + SECOND))
    DEFINITION.close(state, NOON_US + 10 * HOUR, 1)
    assert before.equals(state.to_arrow())


def test_segments_stay_few():
    """Many small batches must not make the look-up slow."""
    state = SessionState.empty(GAP_COLUMNS)
    for number in range(200):
        state = DEFINITION.sessionize(state, crowd(3 * number, 5, NOON_US + number)).state
    sizes = [segment.live for segment in state.segments]
    assert 602 == len(state) == sum(sizes)
    assert len(sizes) <= 11
    assert all(left >= 2 * right for left, right in pairwise(sizes))


def test_order_of_events_does_not_matter():
    """The same events in another order, and in other chunks, give equal rows."""
    random = np.random.default_rng(4)
    rows = [
        {
            "visitor_id": f"v{random.integers(4)}",
            "event_time": NOON_US + int(random.integers(0, 5 * HOUR)),
            "request_index": n,
            "page_url": f"p{random.integers(9)}",
            "source": "s" if random.random() < 0.2 else None,
        }
        for n in range(300)
    ]
    table = event_table(rows)
    shuffled = table.take(pa.array(random.permutation(300)))
    chunked = pa.concat_tables([shuffled[:100], shuffled[100:110], shuffled[110:]])
    results = [
        DEFINITION.sessionize(SessionState.empty(GAP_COLUMNS), events)
        for events in (table, shuffled, chunked)
    ]
    assert results[0].touched.equals(results[1].touched)
    assert results[0].touched.equals(results[2].touched)
    assert results[0].state.to_arrow().equals(results[2].state.to_arrow())


@settings(
    max_examples=scaled(15, 250),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(epochs(), DEFINITIONS)
def test_collisions_and_wide_times_change_nothing(steps, definition):
    """A visitor id made to collide with another's hash must not mix their sessions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            visitors_module, "_mixed", lambda apps, visitors: np.zeros(len(visitors), np.uint64)
        )
        patch.setattr(Packing, "bits", 3)
        world = World(definition)
        for batch, watermark in steps:
            world.run(batch, watermark)
            world.settle(watermark)
            world.check()


def test_a_giant_visitor_grows_without_history():
    """One visitor over every limit, events slightly out of order: parts are cut from sums alone."""
    definition = GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR)
    random = np.random.default_rng(2)
    state, asked = SessionState.empty(GAP_COLUMNS), 0
    for number in range(50):
        times = NOON_US + number * 20 * SECOND + np.arange(20) * SECOND
        rows = [{"event_time": int(time), "request_index": n} for n, time in enumerate(times)]
        random.shuffle(rows)
        found = definition.sessionize(state, event_table(rows))
        state, asked = found.state, asked + found.repairs.num_rows
    assert 0 == asked
    frame = state.frame()
    assert [100] * 10 == frame["events"].to_list()
    assert 0 == frame["is_dirty"].not_().sum()


def test_a_giant_visitor_needs_only_its_last_part():
    """A late event in a part before the last needs that part's events, not those of a month."""
    definition = GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR)
    rows = [{"event_time": NOON_US + n * SECOND, "request_index": n} for n in range(1000)]
    state = definition.sessionize(SessionState.empty(GAP_COLUMNS), event_table(rows)).state
    late = event_table([{"event_time": NOON_US + 850 * SECOND + 1}])
    asked = []

    def events(ranges):
        asked.extend(row["from_time"] for row in plain(ranges))
        return event_table(rows[800:])

    history = SimpleNamespace(events=events, sessions=lambda _: SESSION_SCHEMA.empty_table())
    found = definition.sessionize(state, late, history=history)
    assert [NOON_US + 800 * SECOND] == asked
    assert 0 == found.repairs.num_rows
    dear = definition.sessionize(state, late, history=history, events_max=150)
    assert 1 == len(asked)  # 200 events are more than it may read: it waits for its repair
    assert 1 == dear.repairs.num_rows


def test_a_small_batch_on_a_large_state_touches_little():
    """Untouched rows are shared with the state before: work follows the batch."""
    state = DEFINITION.sessionize(SessionState.empty(GAP_COLUMNS), crowd(0, 5_000)).state
    after = DEFINITION.sessionize(state, crowd(10, 3, NOON_US + SECOND)).state
    assert after.segments[0].rows is state.segments[0].rows
    assert [4_997, 3] == [segment.live for segment in after.segments]


def test_joined_chains_that_are_too_large_are_read_again():
    """Two sessions and an event between them may exceed a limit that each alone does not."""
    world = World(GapDefinition(gap=6, length_max=10**12, events_max=2, hot_age=10**12))
    for number, time in enumerate((0, 8, 4)):
        event = {
            "event_time": NOON_US + time,
            "event_id": uuid_of(f"{time}"),
            "request_index": number,
        }
        world.run([event | {"visitor_id": "v", "is_bot": False, "app_id": "shop"} | ORDER], NOON_US)
        world.check()
    assert 1 == world.history_calls


def test_revisions_count_on_after_a_repair():
    """A session that was evicted and is found again keeps counting: readers take the newest."""
    world = World(DEFINITION)
    for number, minute in enumerate((0, 600, 20)):
        event = {"event_time": NOON_US + minute * MINUTE, "event_id": uuid_of(f"{minute}")}
        event |= {"visitor_id": "v", "is_bot": False, "app_id": "shop", "request_index": number}
        world.run([event | ORDER], NOON_US + 600 * MINUTE)
        world.settle(NOON_US + 600 * MINUTE)
        world.check()
    assert [1, 2] == [row["revision"] for row in world.sessions]


ORDER = {"event_name": "click", "received_at": NOON_US, "request_id": uuid_of("request")}
