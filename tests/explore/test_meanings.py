"""The worked examples of docs/concepts/explore.md, and what people take for granted."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from footfall.errors import Invalid
from footfall.explore.question import (
    AttributionQuestion,
    CompareQuestion,
    EventsQuestion,
    FunnelQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.question.reading import read
from tests.explore.asked import Shop
from tests.explore.oracle import instant

ZONE = "Europe/Berlin"


def event(at: str, name: str, visitor: str | None = "v1", **more: Any) -> dict[str, Any]:
    return {"event_time": instant(at, ZONE), "event_name": name, "visitor_id": visitor, **more}


def between(start: str, end: str) -> dict[str, Any]:
    return {"range": {"start": start, "end": end}, "zone": ZONE, "app": "shop"}


def reached(shop: Shop, **question: Any) -> list[int]:
    rows = shop.answer(read(FunnelQuestion, question)).rows
    return [row.count for row in rows if row.scope == "all"]


def test_visitors_of_a_range_are_no_sum_of_days(shop: Shop) -> None:
    """Whoever came on three days is one visitor of the week."""
    shop.set(
        [event(f"2024-10-14T1{hour}:00", "view") for hour in (0, 1)]
        + [event("2024-10-15T10:00", "view"), event("2024-10-15T11:00", "view", "v2")]
    )
    series = [{"event": "view"}, {"event": "view", "measure": "visitors"}]
    answer = shop.answer(
        read(EventsQuestion, {"series": series} | between("2024-10-14", "2024-10-15"))
    )
    found = {(row.number, row.bucket): row.value for row in answer.rows}
    assert found == {(0, None): 4, (0, 0): 2, (0, 1): 2, (1, None): 2, (1, 0): 1, (1, 1): 2}


def test_the_night_when_clocks_go_back(shop: Shop) -> None:
    """02:30 comes twice; each of the 25 hours has its own events, and the day has all of them."""
    shop.set([event("2024-10-27T02:30+02:00", "view"), event("2024-10-27T02:30+01:00", "view")])
    asked = {"series": [{"event": "view"}]} | between("2024-10-27", "2024-10-27")
    hours = shop.answer(read(EventsQuestion, asked | {"granularity": "hour"}))
    assert len(hours.buckets) == 25
    full = {
        hours.buckets[row.bucket].start: row.value for row in hours.rows if row.bucket is not None
    }
    assert {start for start, value in full.items() if value} == {
        "2024-10-27T02:00:00+02:00",
        "2024-10-27T02:00:00+01:00",
    }
    (day,) = shop.answer(read(EventsQuestion, asked)).buckets
    assert (day.start, day.end) == ("2024-10-27T00:00:00+02:00", "2024-10-28T00:00:00+01:00")


def test_a_repeated_step_starts_the_clock_anew(shop: Shop) -> None:
    """Time to convert is from the latest first step that leads to the first last one."""
    times = (("10:00", "view"), ("10:20", "view"), ("10:30", "buy"), ("10:50", "buy"))
    shop.set([event(f"2024-10-14T{at}", name) for at, name in times])
    asked = {"steps": [{"event": "view"}, {"event": "buy"}]} | between("2024-10-14", "2024-10-14")
    assert reached(shop, window="5m", **asked) == [1, 0]
    answer = shop.answer(read(FunnelQuestion, asked | {"window": "10m"}))
    assert [row.count for row in answer.rows] == [1, 1]
    assert answer.speeds[0].median_seconds == 600


def test_one_event_is_one_step(shop: Shop) -> None:
    """A view is not both views of `view, then any event`."""
    shop.set([event("2024-10-14T10:00", "view")])
    asked = between("2024-10-14", "2024-10-14")
    assert reached(shop, steps=[{"event": "view"}, {"event": None}], **asked) == [1, 0]


def test_strict_lets_nothing_happen_in_between(shop: Shop) -> None:
    """Not even an event that is no step; one that the filter leaves out did not happen."""
    names = ("view", "scroll", "buy")
    shop.set([event(f"2024-10-14T10:0{n}", name) for n, name in enumerate(names)])
    asked = {"steps": [{"event": "view"}, {"event": "buy"}], "order": "strict"}
    asked |= between("2024-10-14", "2024-10-14")
    assert reached(shop, **asked) == [1, 0]
    where = {"field": "event_name", "op": "is_not", "value": "scroll"}
    assert reached(shop, where=where, **asked) == [1, 1]


def test_ties_have_an_order(shop: Shop) -> None:
    """At the same microsecond, what was received first came first."""
    at = "2024-10-14T10:00"
    late = instant(at, ZONE) + 1_000
    asked = {"steps": [{"event": "view"}, {"event": "buy"}]} | between("2024-10-14", "2024-10-14")
    shop.set([event(at, "buy", received_at=late), event(at, "view")])
    assert reached(shop, **asked) == [1, 1]
    shop.set([event(at, "buy"), event(at, "view", received_at=late)])
    assert reached(shop, **asked) == [1, 0]


def test_a_user_with_two_devices(shop: Shop) -> None:
    """First step on the phone, second on the laptop: one user who converts, no visitor who does."""
    shop.set(
        [
            event("2024-10-14T10:00", "view", "phone", user_id="u1"),
            event("2024-10-14T11:00", "buy", "laptop", user_id="u1"),
            event("2024-10-14T12:00", "buy", None),
        ]
    )
    asked = {"steps": [{"event": "view"}, {"event": "buy"}]} | between("2024-10-14", "2024-10-14")
    assert reached(shop, per="user", **asked) == [1, 1]
    assert reached(shop, per="visitor", **asked) == [1, 0]
    assert reached(shop, per="session", **asked) == [0, 0]


def test_a_window_goes_over_midnight_and_the_end_of_the_range(shop: Shop) -> None:
    """What starts in the range may end after it; a day is 24 hours on the day that has 25."""
    shop.set([event("2024-10-26T23:00", "view"), event("2024-10-27T22:00", "buy")])
    asked = {"steps": [{"event": "view"}, {"event": "buy"}]} | between("2024-10-26", "2024-10-26")
    assert reached(shop, window="24h", **asked) == [1, 1]
    assert reached(shop, window="23h", **asked) == [1, 0]


def test_what_is_excluded_breaks_a_chain(shop: Shop) -> None:
    """An error between cart and purchase; another try without one still counts."""
    first = [event(f"2024-10-14T10:0{n}", name) for n, name in enumerate(("cart", "error", "buy"))]
    asked = {
        "steps": [{"event": "cart"}, {"event": "buy"}],
        "exclude": [{"event": "error"}],
    } | between("2024-10-14", "2024-10-14")
    shop.set(first)
    assert reached(shop, **asked) == [1, 0]
    shop.set([*first, event("2024-10-14T10:03", "cart"), event("2024-10-14T10:04", "buy")])
    assert reached(shop, **asked) == [1, 1]


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"unit": "day"}, [0, 1, 1, 0]),
        ({"unit": "day", "mode": "on_or_after"}, [2, 2, 1, 0]),
        ({"unit": "week"}, [1, 1, 0, 0]),
        ({"unit": "week", "week_start": "sunday"}, [0, 2, 0, 0]),
    ],
)
def test_retention_goes_by_the_calendar(shop: Shop, more: Any, counts: list[int]) -> None:
    """Twenty minutes over midnight are the next day; weeks begin where the question says."""
    shop.set(
        [
            event("2024-10-19T23:50", "start"),
            event("2024-10-20T00:10", "back"),
            event("2024-10-19T23:50", "start", "v2"),
            event("2024-10-21T09:00", "back", "v2"),
        ]
    )
    question = {"start": {"event": "start"}, "back": {"event": "back"}, "periods": 3, **more}
    rows = shop.answer(read(RetentionQuestion, question | between("2024-10-19", "2024-10-19"))).rows
    assert [(row.size, row.count) for row in rows if row.cohort == 0] == [
        (2, count) for count in counts
    ]


def test_a_period_that_has_not_begun_has_no_share(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On Wednesday nobody can be back on Thursday; who was not back on Wednesday may be yet."""
    shop.set([event("2024-10-15T10:00", "view"), event("2024-10-16T10:00", "view", "v2")])
    monkeypatch.setattr(shop, "published_at", instant("2024-10-16T12:00", ZONE))
    asked = {"start": {"event": "view"}, "periods": 2} | between("2024-10-14", "2024-10-16")
    rows = shop.answer(read(RetentionQuestion, asked)).rows
    rates = {place: [row.rate for row in rows if row.cohort == place] for place in (None, 0, 1, 2)}
    # All together only of those whose day is over: v2's first is not.
    assert rates == {None: [0, None, None], 0: [None] * 3, 1: [0, 0, None], 2: [0, None, None]}
    assert [row.is_complete for row in rows if row.cohort == 1] == [True, False, False]


@pytest.mark.parametrize(
    ("mode", "found"),
    [
        # Of v1 and v2 three days are over, of v3 two, of v4 none.
        ("on", [(3, 0, True), (3, 2, True), (2, 1, True), (2, 0, True), (0, 0, False)]),
        ("on_or_after", [(of, n, False) for of, n in ((3, 3), (3, 3), (2, 1), (2, 1), (0, 0))]),
    ],
)
def test_all_cohorts_are_those_whose_period_is_over(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, mode: str, found: list[tuple[int, int, bool]]
) -> None:
    """Who began today has had no second day: a share of everybody would fall at its end."""
    shop.set(
        [
            event("2024-10-14T10:00", "start"),
            event("2024-10-14T10:00", "start", "v2"),
            event("2024-10-15T10:00", "back"),
            event("2024-10-16T10:00", "back", "v2"),
            event("2024-10-16T10:00", "start", "v3"),
            event("2024-10-17T10:00", "back", "v3"),
            event("2024-10-18T10:00", "start", "v4"),
            event("2024-10-18T11:00", "back", "v4"),
            event("2024-10-18T11:00", "back", "v2"),
        ]
    )
    monkeypatch.setattr(shop, "published_at", instant("2024-10-18T12:00", ZONE))
    asked = {"start": {"event": "start"}, "back": {"event": "back"}, "periods": 4, "mode": mode}
    question = read(RetentionQuestion, asked | between("2024-10-14", "2024-10-18"))
    rows = [row for row in shop.answer(question).rows if row.cohort is None]
    assert [(row.observed, row.count, row.is_complete) for row in rows] == found
    assert [row.rate for row in rows] == [n / of if of else None for of, n, _ in found]
    assert {row.size for row in rows} == {4}
    for row in rows:
        opened = (row.size_cell, row.observed_cell, row.cell)
        counts = [len(shop.members(question, one).members) for one in opened]
        assert counts == [row.size, row.observed, row.count]


def test_groups_are_in_the_order_of_their_size(shop: Shop) -> None:
    """As everywhere: those with most first, whatever the engine gave first; the rest last."""
    sizes = {"a": 1, "b": 4, "c": 3, "d": 2, "e": 1}
    shop.set(
        [
            event("2024-10-14T10:00", "view", f"{page}{number}", page_path=page)
            for page, count in sizes.items()
            for number in range(count)
        ]
    )
    asked = {"by": ["page_path"], "top": 3} | between("2024-10-14", "2024-10-14")
    for kind, own in (
        (FunnelQuestion, {"steps": [{"event": "view"}, {"event": "buy"}]}),
        (RetentionQuestion, {"start": {"event": "view"}, "periods": 1}),
    ):
        rows = shop.answer(read(kind, asked | own)).rows
        groups = list(dict.fromkeys((row.scope, row.group) for row in rows))
        named = [("group", (page,)) for page in "bcd"]
        assert groups == [("all", ()), *named, ("rest", ())]
    more = {"granularity": "day", "step_times": True, "steps": [{"event": "view"}] * 2}
    answer = shop.answer(read(FunnelQuestion, asked | more))
    for part in (answer.speeds, answer.trend, answer.step_times):
        assert groups == list(dict.fromkeys((row.scope, row.group) for row in part))


def test_credit_does_not_depend_on_how_an_engine_adds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sums of shares differ in their last digit by the order of threads: the answer does not."""
    touches = [event(f"2024-10-14T{10 + n}:00", "ad") for n in range(3)]
    shop.set([*touches, event("2024-10-14T15:00", "buy", value=Decimal(9))])
    own: dict[str, Any] = {"goal": {"event": "buy"}, "touches": [{"event": "ad"}]}
    own["model"] = "position"
    asked = read(
        AttributionQuestion, own | {"value": "value"} | between("2024-10-14", "2024-10-14")
    )
    first = shop.answer(asked)
    read_rows = shop.found

    def otherwise(ask: Any) -> Any:
        found = read_rows(ask)
        rows = [
            [math.nextafter(one, math.inf) if isinstance(one, float) else one for one in row]
            for row in found.rows
        ]
        return msgspec.structs.replace(found, rows=rows)

    monkeypatch.setattr(shop, "found", otherwise)
    assert shop.answer(asked) == first
    assert [row.credit for row in first.rows] == [1, 0]


def test_ways_are_in_the_order_of_their_nodes(shop: Shop) -> None:
    """What most did comes first, whatever its name, and the end of it last."""
    whose = [("z", "a", "v1"), ("z", "b", "v2"), ("z", "b", "v3"), ("y", "a", "v4")]
    shop.set(
        [event("2024-10-14T10:00", first, visitor) for first, _, visitor in whose]
        + [event("2024-10-14T10:01", second, visitor) for _, second, visitor in whose]
        + [event("2024-10-14T10:00", "z", f"w{number}") for number in range(5)]
    )
    asked = {"nodes": "events", "per": "visitor"} | between("2024-10-14", "2024-10-14")
    rows = shop.answer(read(PathQuestion, asked)).rows
    found = [(row.label, row.next_label, row.count) for row in rows if row.step == 1]
    assert found == [("z", "b", 2), ("z", "a", 1), ("z", None, 5), ("y", "a", 1)]


def test_formulas_and_their_cells(shop: Shop) -> None:
    """A rate of two series; nobody is behind it, and nothing where it divides by zero."""
    shop.set([event("2024-10-14T10:00", "view"), event("2024-10-14T11:00", "view")])
    asked = {"series": [{"event": "view"}, {"event": "buy"}], "formulas": ["(A+1)/2", "A / B"]}
    answer = shop.answer(read(EventsQuestion, asked | between("2024-10-14", "2024-10-14")))
    found = [(row.value, row.cell is None) for row in answer.rows if row.bucket is None]
    assert found == [(2, False), (0, False), (1.5, True), (None, True)]
    assert answer.notes == ("no event 'buy' was ever received",)


@pytest.mark.parametrize(
    "formula", ["A ** 2", "__import__('os')", "A.real", "K", "A if A else B", "'a' * 9", "A,", "1j"]
)
def test_a_formula_is_arithmetic_alone(shop: Shop, formula: str) -> None:
    """Nothing that Python could run."""
    asked = {"series": [{"event": "view"}], "formulas": [formula]}
    with pytest.raises(Invalid, match=r"formulas\[0\]"):
        shop.answer(read(EventsQuestion, asked | between("2024-10-14", "2024-10-14")))


def test_all_mistakes_are_told_at_once(shop: Shop) -> None:
    """Whoever types a question mends it once, and is told what was meant."""
    with pytest.raises(Invalid) as told:
        read(EventsQuestion, {"series": "view", "granulrity": "day", "top": "many"})
    assert [line.partition(":")[0] for line in told.value.problems] == [
        "series",
        "no option granulrity; near are",
        "top",
    ]
    shop.set([event("2024-10-14T10:00", "view", properties='{"colour": "red", "size": 1}')])
    question = read(
        FunnelQuestion,
        {
            "steps": [{"event": "view", "where": {"field": "page_pth", "value": "/"}}],
            "zone": "Europe/Berln",
            "window": "soon",
            "by": ["value", "value"],
            "where": {"field": "page_path", "op": "gt", "value": 3},
        },
    )
    with pytest.raises(Invalid) as told:
        shop.answer(question)
    said = "\n".join(told.value.problems)
    for part in (
        "page_path",
        "Europe/Berlin",
        "by: at most",
        "it takes: contains",
        "window: a whole",
    ):
        assert part in said


def test_a_property_that_nobody_sent_is_a_mistake(shop: Shop) -> None:
    """`is_not` of a typo would hold for everything, and look like an answer."""
    shop.set([event("2024-10-14T10:00", "view", properties='{"colour": "red"}')])
    where = {"field": "properties.color", "op": "is_not", "value": "red"}
    asked = {"series": [{"event": "view", "where": where}]} | between("2024-10-14", "2024-10-14")
    with pytest.raises(Invalid, match=r"no event has properties\.color; near are: colour"):
        shop.answer(read(EventsQuestion, asked))


def test_a_cell_is_of_its_question(shop: Shop) -> None:
    """A key from elsewhere is refused with a sentence; it never lists something else."""
    shop.set([event("2024-10-14T10:00", "view")])
    asked = between("2024-10-14", "2024-10-14")
    question = read(EventsQuestion, {"series": [{"event": "view"}]} | asked)
    cell = shop.answer(question).rows[0].cell
    funnel = read(FunnelQuestion, {"steps": [{"event": "view"}, {"event": "buy"}]} | asked)
    for odd in ("", "{}", cell.replace('"series":0', '"series":3'), cell.replace("[1", "[9")):
        with pytest.raises(Invalid):
            shop.members(question, odd)
    with pytest.raises(Invalid, match="not from an answer"):
        shop.members(funnel, cell)


def test_members_come_page_by_page(shop: Shop) -> None:
    """However many there are, each is on one page."""
    shop.set([event(f"2024-10-14T10:0{n}", "view", f"v{n}") for n in range(5)])
    asked = {"series": [{"event": "view", "measure": "visitors"}]}
    question = read(EventsQuestion, asked | between("2024-10-14", "2024-10-14"))
    cell = shop.answer(question).rows[0].cell
    pages, after = [], None
    while not pages or after is not None:
        page = shop.members(question, cell, limit=2, after=after)
        pages.append([one.id for one in page.members])
        after = page.next
    assert pages == [["v0", "v1"], ["v2", "v3"], ["v4"]]


def test_the_range_before_is_the_same_question(shop: Shop) -> None:
    """Of any model: what it said of the days just before, and each of its numbers opens as well."""
    views = [
        event(f"2024-10-{day:02}T10:00", "view", f"v{n}") for n, day in enumerate((9, 9, 15, 16))
    ]
    shop.set([*views, event("2024-10-09T11:00", "buy", "v0")])
    asked: dict[str, Any] = between("2024-10-14", "2024-10-20") | {"compare": "previous"}
    steps = {"steps": [{"event": "view"}, {"event": "buy"}]}
    question = read(FunnelQuestion, asked | steps)
    answer = shop.answer(question)
    assert [row.count for row in answer.rows] == [2, 0]
    assert answer.previous.start == "2024-10-07T00:00:00+02:00"
    assert [row.count for row in answer.previous.rows] == [2, 1]
    listed = shop.members(question, answer.previous.rows[1].cell).members
    assert [one.id for one in listed] == ["v0"]
    again = shop.answer(read(RetentionQuestion, asked))
    assert next(row.size for row in again.previous.rows) == 2
    with pytest.raises(Invalid, match="compared with each other"):
        shop.answer(read(CompareQuestion, asked | {"variant": "os", "goal": {"event": "buy"}}))


def test_the_same_dates_a_year_before(shop: Shop) -> None:
    """Of any model; what lies between counts nowhere, and 29 February is compared with the 28th."""
    days = ("2024-02-27", "2024-02-29", "2024-02-29", "2023-02-28", "2023-03-01", "2023-02-20")
    views = [event(f"{day}T10:00", "view", f"v{n}") for n, day in enumerate(days)]
    between_them = [event(f"2023-{month:02}-15T10:00", "view", "vx") for month in range(4, 13)]
    shop.set([*views, *between_them])
    asked: dict[str, Any] = between("2024-02-26", "2024-02-29") | {"compare": "year"}
    series = {"series": [{"measure": "visitors"}, {}], "by": ["event_name"]}
    question = read(EventsQuestion, asked | series)
    answer = shop.answer(question)
    assert [one.start[:10] for one in answer.previous_buckets] == [
        f"2023-02-{day}" for day in (26, 27, 28)
    ]
    whole = [row for row in answer.rows if row.bucket is None and row.scope == "all"]
    assert [(row.number, row.is_previous, row.value) for row in whole] == [
        (0, False, 3),
        (1, False, 3),
        (0, True, 1),
        (1, True, 1),
    ]
    for row in answer.rows:
        assert len(shop.members(question, row.cell).members) == row.value, row
    then = shop.answer(read(FunnelQuestion, asked | {"steps": [{"event": "view"}] * 2})).previous
    assert (then.start[:10], then.rows[0].count) == ("2023-02-26", 1)
    with pytest.raises(Invalid) as refused:
        shop.answer(
            read(EventsQuestion, between("2023-01-01", "2024-02-01") | series | {"compare": "year"})
        )
    assert "shorter" in refused.value.problems[0]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([3, 1], "lower end comes first"),
        ([1], "list of two"),
        (2, "list of two"),
        (["a", "b"], "number"),
    ],
    ids=["turned", "one", "bare", "text"],
)
def test_between_takes_two_ends(shop: Shop, value: Any, said: str) -> None:
    """A range that cannot hold anything is a mistake, and said so."""
    where = {"field": "value", "op": "between", "value": value}
    question = read(
        EventsQuestion, {"series": [{"where": where}]} | between("2024-10-14", "2024-10-15")
    )
    with pytest.raises(Invalid) as refused:
        shop.answer(question)
    assert said in refused.value.problems[0]


def test_a_trend_is_by_the_day_of_the_first_step(shop: Shop) -> None:
    """Who begins on Monday and buys on Wednesday is a conversion of Monday; each day opens."""
    shop.set(
        [
            event("2024-10-14T10:00", "view"),
            event("2024-10-16T10:00", "buy"),
            event("2024-10-15T10:00", "view", "v2"),
            event("2024-10-15T11:00", "view", "v3"),
        ]
    )
    steps = {"steps": [{"event": "view"}, {"event": "buy"}], "granularity": "day"}
    question = read(FunnelQuestion, steps | between("2024-10-14", "2024-10-16"))
    trend = shop.answer(question).trend
    assert [(row.bucket, row.step, row.count) for row in trend if row.count] == [
        (0, 1, 1),
        (0, 2, 1),
        (1, 1, 2),
    ]
    opened = [
        [one.id for one in shop.members(question, row.cell).members] for row in trend if row.count
    ]
    assert opened == [["v1"], ["v1"], ["v2", "v3"]]


def test_each_step_has_its_time(shop: Shop) -> None:
    """The example of the page: steps are as late as they can be, from the last one back."""
    times = {"10:00": "view", "10:05": "cart", "10:20": "cart", "10:30": "buy"}
    shop.set([event(f"2024-10-14T{at}", name) for at, name in times.items()])
    steps = {"steps": [{"event": one} for one in ("view", "cart", "buy")], "step_times": True}
    asked = steps | between("2024-10-14", "2024-10-14")
    found = shop.answer(read(FunnelQuestion, asked)).step_times
    assert [(one.step, one.median_seconds, one.p90_seconds) for one in found] == [
        (2, 1200, 1200),
        (3, 600, 600),
    ]
    with pytest.raises(Invalid, match="in any order"):
        shop.answer(read(FunnelQuestion, asked | {"order": "any"}))


def test_a_range_without_events_says_when_there_are_some(shop: Shop) -> None:
    """Of every model; an old demo asked for the last 30 days must not look like a broken one."""
    shop.set([event("2024-10-14T10:00", "view"), event("2024-10-16T10:00", "view")])
    said = "no event is in this range; there are some from 2024-10-14 to 2024-10-16"
    view = {"event": "view"}
    for kind, asked in (
        (EventsQuestion, {"series": [view]}),
        (FunnelQuestion, {"steps": [view, view]}),
        (RetentionQuestion, {}),
        (AttributionQuestion, {"goal": view, "touches": [{"event": ["view", "x"], "label": "y"}]}),
        (CompareQuestion, {"variant": "page_path", "goal": view}),
    ):
        answer = shop.answer(read(kind, asked | between("2024-10-01", "2024-10-02")))
        assert said in answer.notes, kind
        whole = shop.answer(read(kind, asked | between("2024-10-01", "2024-10-20")))
        assert said not in whole.notes
    other = between("2024-10-14", "2024-10-14") | {"series": [view], "app": "other"}
    assert "the app 'other' has no events yet" in shop.answer(read(EventsQuestion, other)).notes
