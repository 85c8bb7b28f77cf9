"""How much a repair reads: a visitor who never pauses is swept, some events at a time."""

import numpy as np
import pytest

from footfall.clock import HOUR, MINUTE
from footfall.sessionize import RepairLimits
from footfall.sessionize.gap import GapDefinition
from footfall.sessionize.gap.repair.neighbourhood import Known, stretch_of
from footfall.testing.events import uuid_of
from tests.scale import IS_FULL, scaled
from tests.sessionize.world import World

START = 1_700_000_000_000_000
HOUR_0 = START - START % (24 * HOUR)
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


def _at(number: int, clock: str) -> dict[str, object]:
    """An event of the day that begins with `HOUR_0`."""
    hours, minutes = map(int, clock.split(":"))
    return _event(number, (HOUR_0 - START) / MINUTE + 60 * hours + minutes)


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


@pytest.mark.slow
@pytest.mark.parametrize("late_events", [10, *([100] if IS_FULL else [])])
def test_many_late_events_do_not_grow_together_into_one_stretch(late_events: int) -> None:
    """Of the same visitor ten, or a hundred, events come late in each of twenty epochs.

    They lie closer together than the gap, and overlap all parts there are. No epoch reads more than
    the limit and what is hot, whatever waits; and when no more come, all is exact.
    """
    world, chance = World(BUSY, RepairLimits(LIMIT, 10)), np.random.default_rng(5)
    for hour in range(20):
        minutes = range(60 * hour, 60 * hour + 60)
        world.run([_event(minute, minute) for minute in minutes], START + 60 * (hour + 1) * MINUTE)
    read: list[int] = []
    in_lake = world.events_in
    world.events_in = lambda wanted: _counted(in_lake(wanted), read)
    for epoch in range(20):
        first = 5_000 + late_events * epoch
        late = [_event(first + n, chance.uniform(0, 1_080)) for n in range(late_events)]
        minute = 1_200 + epoch
        world.run([*late, _event(minute, minute)], START + (minute + 1) * MINUTE)
    world.settle(START + 1_220 * MINUTE)
    hot = 90 + 20 + 2 * PART
    assert len(read) > 20
    assert max(read) <= LIMIT + hot + 2 * PART, read
    world.check()


def test_what_waits_over_several_windows_is_swept_to_its_end() -> None:
    """Of an event a minute, two hundred come late at once: one session of ten hours waits.

    A chain is cut every four hours here. A sweep that is cut short keeps in mind how far that
    session reached: beyond the window that the sweep is in.
    """
    definition = GapDefinition(30 * MINUTE, 4 * HOUR, PART, HOUR)
    world, chance = World(definition, RepairLimits(LIMIT, 10)), np.random.default_rng(5)
    for hour in range(14):
        minutes = range(60 * hour, 60 * hour + 60)
        world.run([_event(minute, minute) for minute in minutes], START + 60 * (hour + 1) * MINUTE)
    now = START + 14 * HOUR
    world.run([_event(5_000 + n, chance.uniform(0, 600)) for n in range(200)], now)
    assert world.settle(now) > 5
    world.check()


def test_a_later_event_does_not_move_where_a_waiting_session_begins() -> None:
    """10:10 and 10:25 wait; 10:20 comes and waits beside them, in reach of both.

    A repair that had come to 10:25 would begin again at 10:10, and with many events never end.
    """
    world, now = World(GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR)), HOUR_0 + 24 * HOUR
    world.run([], now)
    world.run([_at(1, "02:00"), _at(2, "04:00"), _at(3, "10:10")], now)  # repaired in this order
    world.run([_at(4, "10:25")], now)
    world.run([_at(5, "10:20")], now)
    assert [1, 1, 1] == world.state.pending()["events"].to_list()
    world.settle(now)
    world.check()


def test_a_stretch_begins_before_all_that_is_provisional_beside_its_target() -> None:
    """10:40 waits; 10:20 comes when 10:00, in reach of it and not of 10:40, has just been repaired.

    10:20 and 10:40 are two provisional sessions side by side. To repair 10:40 is to repair both,
    and 10:20 is of the session of 10:00.
    """
    world, now = World(GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR)), HOUR_0 + 24 * HOUR
    world.run([], now)
    world.run([_at(1, "10:00"), _at(2, "10:40")], now)
    world.run([_at(3, "10:20")], now)
    assert len(world.state.pending()) == 2
    world.run([], now)
    assert not world.state.has_pending
    world.check()


def test_a_provisional_session_that_is_gone_takes_no_evicted_one_of_its_id_with_it() -> None:
    """10:10–10:25 is in the lake alone; an event more of 10:10 waits, and is joined by 10:05.

    The provisional session had the id of the one in the lake, which is there still.
    """
    world, now = World(GapDefinition(30 * MINUTE, 24 * HOUR, 100, HOUR)), HOUR_0 + 24 * HOUR
    world.run([_at(1, "10:10"), _at(2, "10:25")], now)
    world.run([_at(3, "02:00"), _at(4, "10:10")], now)
    world.run([_at(5, "10:05")], now)
    assert len(world.lake_sessions()) == 2, "of 02:00, repaired first, and of 10:10"
    world.settle(now)
    world.check()


def test_a_stretch_that_begins_a_window_takes_in_what_reaches_into_it() -> None:
    """Of a chain that is cut at 04:00, 03:50–04:10 waits and 04:07 does, which is the target.

    The session that 04:07 is of may begin with an event of the other, after 04:00.
    """
    start = np.array([0, 230, 247]) * MINUTE
    none = np.zeros(3, np.int64)
    chain = Known(
        start=start,
        end=np.array([220, 250, 247]) * MINUTE,
        events=none + 1,
        chain=none,
        rank=none,
        is_hot=np.array([False, True, True]),
        is_exact=np.array([True, False, False]),
        day=none,
        before=np.zeros((3, 0), np.int64),
    )
    definition = GapDefinition(30 * MINUTE, 4 * HOUR, PART, HOUR)
    stretch = stretch_of(chain, 247 * MINUTE, definition, LIMIT)
    assert (0, 250 * MINUTE) == (stretch.begin, stretch.end)


@pytest.mark.parametrize("seed", range(scaled(5, 200)))
def test_view_equals_oracle_when_all_is_late(seed: int) -> None:
    """Few visitors, small limits, and every event of any of a dozen epochs comes late.

    Provisional sessions of different epochs wait side by side here, and with the ids of evicted
    ones, more often than where some events are in time.
    """
    chance = np.random.default_rng(seed)

    def one_of(*values: int) -> int:
        return int(chance.choice(values))

    definition = GapDefinition(
        one_of(1, 3, 6, 10), one_of(3, 10, 40, 10**12), one_of(1, 2, 3, 5, 1000), one_of(1, 8, 30)
    )
    limits = RepairLimits(one_of(1, 3, 10, 1_000_000), one_of(1, 2, 1_000))
    world, span, number = World(definition, limits), one_of(20, 60, 150), 0
    now = START + span
    for _ in range(one_of(*range(3, 14))):
        batch = []
        for _ in range(one_of(*range(6))):
            number += 1
            time = START + one_of(*range(span))
            visitor = "v" if chance.random() < 0.8 else "w"
            batch.append(_event(number, 0) | {"visitor_id": visitor, "event_time": time})
        world.run(batch, now)
        now += one_of(0, 0, 1, 5)
        if chance.random() < 0.2:
            world.settle(now)
        if not world.state.has_pending:
            world.check()
    world.settle(now)
    world.check()
