"""Late events of several windows, with sessions between them that left memory, worked by hand."""

import pytest

from footfall.clock import MINUTE
from footfall.sessionize import RepairLimits
from footfall.sessionize.gap.definition import GapDefinition
from footfall.testing.events import NOON_US, uuid_of
from tests.sessionize.world import World

LIMITS = RepairLimits(events_max=3, visitors_max=2)
SHORT = GapDefinition(
    gap=10 * MINUTE, length_max=3 * MINUTE, events_max=1000, hot_age=30, hot_max=0, on_user="other"
)
LONG = GapDefinition(
    gap=100 * MINUTE,
    length_max=30 * MINUTE,
    events_max=1000,
    hot_age=30,
    hot_max=0,
    on_user="other",
)
EPOCHS = {
    # The window [3, 6) has what left memory at 3, and 4 of the same epoch as 0: all is
    # [0] [3-4], and 4 is no session of its own, though nothing that is there comes before it.
    "one run": (SHORT, [({3: None}, 14), ({0: None, 4: None}, 0)], [(0, 0, 1), (3, 4, 2)]),
    # 5 is open; 2 and 3 left memory, and were [2] [3] as windows were [2, 5) and [5, 8).
    # Now they are [0, 3) and [3, 6), so 3 and 5 are one session.
    "what is open": (
        SHORT,
        [({2: "anna", 3: "ben"}, 14), ({5: None}, 14), ({0: None}, 14)],
        [(0, 2, 2), (3, 5, 2)],
    ),
    # Windows were [4, 7), [7, 10) and [10, 13), and cut 9 from 10. With 0 they are in [9, 12).
    "what left memory": (
        SHORT,
        [({4: None, 9: None, 10: None}, 40), ({0: None}, 40)],
        [(0, 0, 1), (4, 4, 1), (9, 10, 2)],
    ),
    # While 40 waits, 45 has another user than 50, which cuts inside of it. What left memory at 30
    # is of that window, so it cannot be cut from 40 on.
    "a cut in what waits": (
        LONG,
        [({30: None}, 131), ({0: None, 40: None, 50: "anna"}, 0), ({45: "ben"}, 0)],
        [(0, 0, 1), (30, 45, 3), (50, 50, 1)],
    ),
}


@pytest.mark.parametrize("waits", [False, True], ids=["at once", "settled between"])
@pytest.mark.parametrize(("definition", "epochs", "sessions"), EPOCHS.values(), ids=EPOCHS)
def test_late_events_of_several_windows_find_what_left_memory(definition, epochs, sessions, waits):
    """What a late run says of its later windows is a guess until history was asked."""
    world = World(definition, LIMITS)
    for users, watermark in epochs:
        world.run([event(minute, user) for minute, user in users.items()], minute_of(watermark))
        if waits:
            world.settle(minute_of(watermark))
    world.settle(minute_of(epochs[-1][1]))
    world.check()
    rows = world.view()[0].values()
    found = [(row["started_at"], row["ended_at"], row["events"]) for row in rows]
    expected = [(minute_of(start), minute_of(end), count) for start, end, count in sessions]
    assert expected == sorted(found)


def minute_of(minute):
    return NOON_US + minute * MINUTE


def event(minute, user):
    """Of the one visitor."""
    return {
        "event_id": uuid_of(f"event {minute}"),
        "event_name": "click",
        "app_id": "shop",
        "visitor_id": "v",
        "event_time": minute_of(minute),
        "received_at": minute_of(200),
        "request_id": uuid_of(f"request {minute}"),
        "request_index": 0,
        "is_bot": False,
        "user_id": user,
    }
