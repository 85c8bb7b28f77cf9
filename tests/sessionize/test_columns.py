"""What a session's columns say: sums, and attributes of the first or last event that has them."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from footfall.clock import DAY, HOUR, MINUTE, SECOND, US_PER_MS
from footfall.sessionize import Definitions, SessionState, StateColumns
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.sessionize.world import plain

DEFINITION = GapDefinition(30 * MINUTE, 24 * HOUR, 100_000, HOUR)


def session(*rows):
    """The one session of these events, each in a batch of its own, in this order."""
    state, found = SessionState.empty(GAP_COLUMNS), None
    for number, row in enumerate(rows):
        batch = event_table([{"event_time": NOON_US, "request_id": uuid_of(f"{number}"), **row}])
        found = DEFINITION.sessionize(state, batch)
        state = found.state
    (row,) = plain(found.touched)
    return row


@pytest.mark.parametrize(
    ("rows", "engagement"),
    [
        ([{"event_name": "page_view", "engagement_ms": 4000}], 4000),
        (
            [
                {"event_name": "user_engagement", "engagement_ms": 4000},
                {"event_name": "page_view", "engagement_ms": 4000},
            ],
            4000,
        ),
        ([{"event_name": "user_engagement"}, {"event_name": "click", "engagement_ms": 7}], 0),
        ([{"event_name": "click", "engagement_ms": -5}], 0),
        ([{"event_name": "click", "engagement_ms": 2**62}] * 3, 3 * DAY // US_PER_MS),
    ],
)
def test_engagement_is_not_counted_twice(rows, engagement):
    """Some SDKs send the same time with `user_engagement` and again with the next view."""
    assert engagement == session(*rows)["engagement_ms"]


@pytest.mark.parametrize(
    ("rows", "is_engaged", "is_bounced"),
    [
        ([{}], False, True),
        ([{}, {}], True, False),
        ([{}, {"event_name": "click", "event_time": NOON_US + 10 * SECOND}], False, True),
        ([{}, {"event_name": "click", "event_time": NOON_US + 10 * SECOND + 1}], True, False),
        ([{"engagement_ms": 10_000}], False, True),
        ([{"engagement_ms": 10_001}], True, False),
        ([{"event_name": "click"}], False, True),
    ],
)
def test_engaged_and_bounced(rows, is_engaged, is_bounced):
    """Engaged: over ten seconds, two views, or over ten seconds of engagement; else bounced."""
    row = session(*rows)
    assert (is_engaged, is_bounced) == (row["is_engaged"], row["is_bounced"])


def test_values_add_up_exactly_and_never_overflow():
    """Money is decimal; a sum beyond the column's range shows the largest it can hold."""
    some = [Decimal("0.100000"), Decimal("0.200000"), Decimal("-0.000001")]
    assert Decimal("0.299999") == session(*({"value": value} for value in some))["value"]
    assert session({}, {})["value"] is None
    most = Decimal("999999999999.999999")
    assert most == session(*[{"value": most}] * 20)["value"]
    assert -most == session(*[{"value": -most}] * 20)["value"]
    assert Decimal(0) == session({"value": most}, {"value": -most})["value"]


def test_campaign_columns_come_from_one_event():
    """A medium never stands beside another campaign's source."""
    row = session(
        {"medium": "lost"},
        {"source": "news", "event_time": NOON_US + 2},
        {"source": "ads", "medium": "cpc", "event_time": NOON_US + 1},
        {"source": "later", "campaign": "c", "event_time": NOON_US + 3},
    )
    assert ("ads", "cpc", None) == (row["source"], row["medium"], row["campaign"])


@pytest.mark.parametrize("seed", range(5))
def test_ties_are_broken_by_receipt_request_and_index(seed):
    """Equal event times are usual; first and last must not depend on the order of arrival."""
    rows = [
        {
            "event_name": f"{received}-{request}-{index}",
            "received_at": NOON_US + received,
            "request_id": bytes([request]) * 16,
            "request_index": index,
            "user_id": f"{received}-{request}-{index}",
        }
        for received in (0, 1, 300)
        for request in (3, 200)
        for index in (0, 2, 256)
    ]
    np.random.default_rng(seed).shuffle(rows)
    row = session(*rows)
    assert ("0-3-0", "300-200-256", "300-200-256") == (
        row["first_event_name"],
        row["last_event_name"],
        row["user_id"],
    )


def test_engaged_and_bounced_are_what_the_settings_say():
    """Their variants are settings: the rule goes with the state, also through a restart."""
    settings = load_settings(
        overrides=[
            "sessions.engaged_after=30s",
            "sessions.engaged_views=3",
            "sessions.bounced=one_event",
        ]
    )
    definition = Definitions.of(settings.sessions).default
    rows = [
        {"visitor_id": name, "event_name": kind, "event_time": NOON_US + at * SECOND}
        for name, kind, at in (
            *(("two", "page_view", 0), ("two", "page_view", 9)),
            *(("three", "page_view", 0), ("three", "page_view", 1), ("three", "page_view", 2)),
            *(("short", "click", 0), ("short", "click", 30)),
            *(("long", "click", 0), ("long", "click", 31)),
            ("one", "page_view", 0),
        )
    ]
    state = definition.sessionize(SessionState.empty(definition.columns), event_table(rows)).state
    stored = SessionState.from_arrow(
        state.to_arrow(), StateColumns.of(state.to_arrow().column_names)
    )
    for one in (state, stored.with_columns(definition.columns)):
        table = plain(definition.close(one, NOON_US + DAY, 1).rows)
        said = {row["visitor_id"]: (row["is_engaged"], row["is_bounced"]) for row in table}
        assert said == {
            "two": (False, False),
            "three": (True, False),
            "short": (False, False),
            "long": (True, False),
            "one": (False, True),
        }


GOALS = [
    ("a view", 0, [("page_view", None)], False, True, True, None),
    ("a view, a click", 10, [("page_view", None), ("click", None)], False, True, False, None),
    ("a view, a click", 10.1, [("page_view", None), ("click", None)], True, False, False, None),
    ("two views", 1, [("page_view", None)] * 2, True, False, False, None),
    ("a view, `sign_up`", 1, [("page_view", None), ("sign_up", None)], True, False, False, "12.5"),
    ("`sign_up` alone", 0, [("sign_up", None)], True, False, True, "12.5"),
    (
        "a view, `purchase` of 30, `sign_up`",
        1,
        [("page_view", None), ("purchase", Decimal(30)), ("sign_up", None)],
        *(True, False, False, "42.5"),
    ),
    (
        "a view, five `page_ping`",
        9,
        [("page_view", None), *[("page_ping", None)] * 5],
        *(False, True, True, None),
    ),
]


@pytest.mark.parametrize(
    ("what", "lasts", "given", "is_engaged", "is_bounced", "is_alone", "value"), GOALS
)
def test_goals_are_as_the_page_says(what, lasts, given, is_engaged, is_bounced, is_alone, value):
    """Its table, line by line, with both variants of what bounced means; other apps have none."""
    rows = [
        {
            "event_name": name,
            "value": worth,
            "event_time": NOON_US + round(lasts * SECOND * at / max(1, len(given) - 1)),
            "request_id": uuid_of(f"{at}"),
        }
        for at, (name, worth) in enumerate(given)
    ]
    said = []
    for app, bounced in (("shop", "not_engaged"), ("shop", "one_event"), ("blog", "not_engaged")):
        goals = "sessions.goals={shop={purchase=0,sign_up=12.5}}"
        settings = load_settings(overrides=[goals, f"sessions.bounced={bounced}"])
        definition = Definitions.of(settings.sessions).default
        events = event_table([row | {"app_id": app} for row in rows])
        state = definition.sessionize(SessionState.empty(definition.columns), events).state
        [row] = plain(definition.close(state, NOON_US + DAY, 1).rows)
        said.append((row["is_engaged"], row["is_bounced"], row["value"]))
    worth = None if value is None else Decimal(value)
    assert said[:2] == [(is_engaged, is_bounced, worth), (is_engaged, is_alone, worth)]
    if any(name == "sign_up" for name, _ in given):
        assert said[2][0] is False, "not a goal of the other app"
        assert said[2][2] in (None, Decimal(30))
    words = ["no", "yes"]
    line = [what, f"{lasts} s", *(words[one] for one in (is_engaged, is_bounced, is_alone))]
    page = Path(__file__).resolve().parents[2] / "docs" / "concepts" / "sessions.md"
    assert f"| {' | '.join([*line, value or 'null'])} |" in page.read_text("utf-8")
