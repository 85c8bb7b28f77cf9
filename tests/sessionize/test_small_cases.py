"""Very many small cases: a world of visitors, each of a few events in some order of arrival.

What goes wrong with an order of arrival does so with four or five events already, of windows as
short as their distances; `test_oracle` seldom draws those.
"""

import random
from collections import defaultdict

import pytest

from footfall.sessionize import RepairLimits
from footfall.sessionize.gap import GapDefinition
from footfall.testing.events import uuid_of
from tests.scale import scaled
from tests.sessionize.world import World, truth_of

NEVER = 10**12
WAITS, ALL = RepairLimits(1_000_000, 0), RepairLimits(1_000_000, 1_000)


@pytest.mark.parametrize("seed", range(scaled(2, 200)))
def test_sessions_of_every_small_case_are_those_of_the_definition(seed):
    """However events were divided over epochs, what was evicted, and what had to wait.

    Of a third of the worlds repairs read a few events at a time; those have fewer visitors.
    """
    chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
    definition = a_definition(chance)
    span, epochs = chance.choice((6, 8, 11)), chance.choice((2, 3, 3, 4))
    floors = sorted(chance.choices(range(-4, span + 4), k=epochs))
    is_swept = seed % 3 == 2
    limits = RepairLimits(chance.choice((1, 2, 3)), 1_000) if is_swept else ALL
    cases = [a_case(chance, span, epochs) for _ in range(scaled(8, 20) if is_swept else 150)]
    world = World(definition, limits)
    for number, floor in enumerate(floors):
        world.limits = chance.choice((WAITS, limits))
        batch = [
            an_event(visitor, place, *rest)
            for visitor, case in enumerate(cases)
            for place, (epoch, *rest) in enumerate(case)
            if epoch == number
        ]
        world.run(batch, watermark := floor + definition.gap + definition.hot_age)
    world.limits = limits
    world.settle(watermark, 500)
    expected, found = intervals(truth_of(world.events, definition)[0]), intervals(world.view()[0])
    wrong = {
        visitor: (definition, floors, cases[int(visitor)], expected[visitor], found[visitor])
        for visitor in expected.keys() | found.keys()
        if expected[visitor] != found[visitor]
    }
    assert {} == wrong
    world.check()


def a_definition(chance):
    return GapDefinition(
        gap=chance.choice((1, 2, 3, 10)),
        length_max=chance.choice((2, 3, 4, 5, 8, NEVER)),
        events_max=chance.choice((1, 2, 1000, 1000)),
        hot_age=chance.choice((1, 2, 3)),
        on_user=chance.choice(("never", "other", "any")),
        on_campaign=chance.choice((False, True)),
    )


def a_case(chance, span, epochs):
    """Epoch, time, user and campaign of each event."""
    return [
        (
            chance.randrange(epochs),
            chance.randrange(span),
            chance.choice((None, None, "anna", "ben")),
            chance.choice((None, None, "spring", "summer")),
        )
        for _ in range(chance.randint(2, 5))
    ]


def an_event(visitor, place, time, user, campaign):
    return {
        "event_id": uuid_of(f"event {visitor} {place}"),
        "event_name": "click",
        "app_id": "shop",
        "visitor_id": str(visitor),
        "event_time": time,
        "received_at": 1_000_000,
        "request_id": uuid_of(f"request {visitor}"),
        "request_index": place,
        "is_bot": False,
        "user_id": user,
        "campaign": campaign,
    }


def intervals(rows):
    """Start, end and number of events of each visitor's sessions."""
    found = defaultdict(list)
    for row in rows.values():
        found[row["visitor_id"]].append((row["started_at"], row["ended_at"], row["events"]))
    return defaultdict(list, {visitor: sorted(mine) for visitor, mine in found.items()})
