"""Late events of several windows, with sessions between them that left memory, worked by hand.

Before each case stands what there is of it: windows are those of all its events, by `length_max`
from the first; an event is a minute, with its user and campaign.
"""

import msgspec
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
BOTH = msgspec.structs.replace(SHORT, length_max=8 * MINUTE, on_campaign=True)
LASTING = msgspec.structs.replace(SHORT, length_max=100 * MINUTE, on_user="any")
ANY = msgspec.structs.replace(SHORT, gap=MINUTE, length_max=5 * MINUTE, on_user="any")
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
    # What 4 makes of 9 and 10 is a guess, for 2 left memory: windows [4, 7), [7, 10) and [10, 13).
    # They are written by it before the repair of 4, and are [2, 5), [5, 8) and [8, 11).
    "written from a guess": (
        SHORT,
        [({2: None}, 14), ({4: None, 9: None, 10: None}, 31)],
        [(2, 4, 2), (9, 10, 2)],
    ),
    # The window was [4, 12), and anna was before 10 in it. Since 0 it is [8, 16), with nobody
    # before 10: ben is the first, and with `other` the first cuts nothing.
    "another window": (
        BOTH,
        [({4: "anna"}, 0), ({10: (None, "spring")}, 0), ({0: None}, 0), ({11: "ben"}, 0)],
        [(0, 4, 2), (10, 11, 2)],
    ),
    # [0] and [2] are exact and become one window by 1, whose user cuts. One event is read at a
    # time, and the sweep must not begin again at [0] for ever.
    "one event at a time": (
        ANY,
        [({0: None}, 4), ({2: None}, 14), ({1: "anna"}, 14)],
        [(0, 0, 1), (1, 2, 2)],
    ),
    # A repair brings [1] back, [2] left memory, [3-7] is open. 6 cuts [3-7], so its events are read
    # again; 3 is no event of [1], though both are of ben and nothing in memory is between them.
    "what a repair brought back": (
        LASTING,
        [({2: "anna", 3: "ben", 7: "ben"}, 15), ({1: "ben"}, 15), ({6: "anna"}, 15)],
        [(1, 1, 1), (2, 2, 1), (3, 3, 1), (6, 6, 1), (7, 7, 1)],
    ),
    # 4 of ben is a session for it follows 2 of anna, who left memory. Of the two events at 4 anna's
    # was received first, and comes with a later epoch: then nothing is cut there, which the state
    # cannot know. The minute of `received_at` is the third of an event's marks.
    "a moment's first": (
        LASTING,
        [({2: "anna", 4: ("ben", None, 201)}, 14), ({4: "anna"}, 31)],
        [(2, 4, 3)],
    ),
}


@pytest.mark.parametrize(
    ("waits", "limits"),
    [(False, LIMITS), (True, RepairLimits(1, 1))],
    ids=["at once", "settled between, by single events"],
)
@pytest.mark.parametrize(("definition", "epochs", "sessions"), EPOCHS.values(), ids=EPOCHS)
def test_late_events_of_several_windows_find_what_left_memory(
    definition, epochs, sessions, waits, limits
):
    """What a late run says of its later windows is a guess until history was asked."""
    world = World(definition, limits)
    for marks, watermark in epochs:
        world.run([event(minute, mark) for minute, mark in marks.items()], minute_of(watermark))
        if waits:
            world.settle(minute_of(watermark), 20)
    world.settle(minute_of(epochs[-1][1]), 20)
    world.check()
    rows = world.view()[0].values()
    found = [(row["started_at"], row["ended_at"], row["events"]) for row in rows]
    expected = [(minute_of(start), minute_of(end), count) for start, end, count in sessions]
    assert expected == sorted(found)


def minute_of(minute):
    return NOON_US + minute * MINUTE


def event(minute, mark):
    """Of the one visitor; with a user, a campaign, and when it was received."""
    user, campaign, received = (*(mark if isinstance(mark, tuple) else (mark,)), None, None)[:3]
    return {
        "event_id": uuid_of(f"event {minute} {user}"),
        "event_name": "click",
        "app_id": "shop",
        "visitor_id": "v",
        "event_time": minute_of(minute),
        "received_at": minute_of(received or 200),
        "request_id": uuid_of(f"request {minute}"),
        "request_index": 0,
        "is_bot": False,
        "user_id": user,
        "campaign": campaign,
    }
