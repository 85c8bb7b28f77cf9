"""How much a repair reads: a visitor who never pauses is swept, some events at a time."""

from footfall.clock import HOUR, MINUTE
from footfall.sessionize import GapDefinition, RepairLimits
from footfall.testing.events import uuid_of
from tests.sessionize.world import World

START = 1_700_000_000_000_000
PART, LIMIT = 20, 100
BUSY = GapDefinition(gap=30 * MINUTE, length_max=24 * HOUR, events_max=PART, hot_age=HOUR)


def _event(number: int, minute: float) -> dict[str, object]:
    return {
        "event_id": uuid_of(f"event {number}"),
        "event_name": "page_view",
        "app_id": "shop",
        "visitor_id": "robot",
        "event_time": START + round(minute * MINUTE),
        "received_at": START,
        "request_id": uuid_of("request"),
        "request_index": number,
    }


def test_sweep_of_a_window_that_ends_now_reads_a_bounded_number_at_a_time() -> None:
    """Of an event a minute for twenty hours, one comes eighteen hours late.

    All later parts of the window move by it. They are made anew a hundred events at a time, while
    events go on coming; only what is hot at the end (an hour, the gap, and the part that is open)
    is read at once.
    """
    world = World(BUSY, RepairLimits(LIMIT, 10))
    for hour in range(20):
        minutes = range(60 * hour, 60 * hour + 60)
        world.run([_event(minute, minute) for minute in minutes], START + 60 * (hour + 1) * MINUTE)
    world.check()
    hot = sum(row["events"] for row in world.state.to_arrow().to_pylist())
    assert 90 <= hot <= 90 + 2 * PART

    world.run([_event(9_999, 120.5)], START + 1_200 * MINUTE)
    assert world.state.has_pending
    read: list[int] = []
    while world.state.has_pending:
        events, count = world.events_in, []
        world.events_in = lambda wanted, ask=events, count=count: _counted(ask(wanted), count)
        minute = 1_200 + len(read)
        world.run([_event(minute, minute)], START + (minute + 1) * MINUTE)
        del world.events_in
        read.append(count[0])
        assert len(read) < 30
    assert 1_080 / (LIMIT + PART) <= len(read) <= 1_080 / (LIMIT - 2 * PART)
    assert max(read[:-1]) <= LIMIT + PART
    assert read[-1] <= LIMIT + hot + len(read) + PART
    world.check()


def _counted(table, count):
    count.append(table.num_rows)
    return table
