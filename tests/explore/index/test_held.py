"""The index answers what it knows, option by option; everything else, and what is new, is SQL's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import msgspec

from footfall.explore.asking import Asked
from footfall.explore.journeys.held import HELD, unheld
from footfall.explore.journeys.process import Message, asked_of, message_of
from footfall.explore.kinds import KINDS
from footfall.explore.question import FunnelQuestion, Range
from footfall.explore.question.common import Common, Filter, Operator, Selector
from footfall.explore.question.events import Measure, Series
from footfall.explore.question.fields import known_fields
from footfall.explore.question.funnel import Exclusion
from footfall.explore.question.reading import read, scene_of
from footfall.testing.events import NOON_US
from tests.explore.asked import NOW
from tests.explore.index.shop import IndexedShop, lacks, read_index, signatures, warm_up

HOUR = 3_600_000_000
DAYS: dict[str, Any] = {"range": {"start": "2024-10-04", "end": "2024-10-05"}, "zone": "UTC"}
A, B = {"event": "a"}, {"event": "b"}
FUNNEL: dict[str, Any] = {"steps": [A, B]}
LIFE: dict[str, Any] = {"zone": "Europe/Berlin"}
EACH: dict[str, Any] = {"by": ["page_path"], "by_step": "each"}
SERIES: dict[str, Any] = {"series": [A, {"measure": "visitors"}]}
OPERANDS: dict[str, Any] = {
    **dict.fromkeys(("is", "is_not", "contains", "not_contains", "starts_with"), "/a"),
    "in": ["/a", "/b"],
    "not_in": ["/a", "/b"],
    **dict.fromkeys(("gt", "gte", "lt", "lte"), 2),
    "between": [1, 2.5],
}


def _where(field: str, op: str = "is", value: Any = None) -> dict[str, Any]:
    return {"where": {"field": field, "op": op, "value": value}}


def _by_op(op: str) -> dict[str, Any]:
    value = OPERANDS.get(op)
    is_text = isinstance(value, str) or value is None or value == ["/a", "/b"]
    return _where("page_path" if is_text else "properties.price", op, value)


OPTIONS: list[tuple[str, dict[str, Any], str]] = [
    # Of every model.
    ("funnel", FUNNEL | {"range": {"start": "2024-10-04"}}, "index"),
    ("events", SERIES | {"range": {"last": 60, "unit": "week"}}, "index"),
    ("funnel", FUNNEL | {"zone": "Asia/Tokyo", "app": "shop"}, "index"),
    ("retention", {"unit": "week", "week_start": "sunday"}, "index"),
    *(("funnel", FUNNEL | {"bots": bots}, "index") for bots in ("include", "only")),
    *(("funnel", FUNNEL | _by_op(op), "index") for op in get_args(Operator)),
    ("events", SERIES | {"where": {"any": [_by_op("between")["where"]]}}, "index"),
    ("path", {"where": {"all": [_by_op("between")["where"]]}}, "index"),
    ("funnel", FUNNEL | _where("session.entry_page", "is", "/s1"), "index"),
    ("funnel", FUNNEL | _where("session.exit_page", "is_not", "/s1"), "sql"),
    ("funnel", FUNNEL | _where("received_at", "between", ["2024-10-04", "2024-10-06"]), "sql"),
    ("events", SERIES | {"by": ["page_path"], "top": 1}, "index"),
    *(
        (model, asked | {"compare": "previous"}, "index")
        for model, asked in (("events", SERIES), ("funnel", FUNNEL), ("retention", {}))
    ),
    ("path", {"compare": "previous", "events": {"event": ["a", "b"]}}, "index"),
    # Segments that nobody told of; those that are told: `test_inside`.
    ("path", _where("segment.some", "is", True) | {"segments_at": "2024-10-05"}, "sql"),
    ("funnel", {"steps": [A | {"label": "x"}, B | _where("page_path", "is", "/a")]}, "index"),
    # Of events.
    *(("events", {"series": [{"measure": one}]}, "index") for one in ("users", "sessions")),
    *(
        ("events", {"series": [{"measure": one, "of": "properties.price"}]}, "sql")
        for one in get_args(Measure)[4:]
    ),
    (
        "events",
        {"series": [A | {"label": "x"} | _where("page_path", "is_set")], "formulas": ["A*2"]},
        "index",
    ),
    *(("events", SERIES | {"granularity": one}, "index") for one in ("hour", "week", "month")),
    # Of funnels.
    *(("funnel", FUNNEL | {"order": one}, "index") for one in ("strict", "any")),
    ("funnel", FUNNEL | {"window": "30m"}, "index"),
    *(("funnel", FUNNEL | {"per": one}, "index") for one in ("user", "session")),
    (
        "funnel",
        {"steps": [A, B, A], "exclude": [{"event": "c", "after": 2} | _by_op("is")]},
        "index",
    ),
    (
        "funnel",
        {"steps": [A, B, A], "exclude": [{"event": "c", "before": 2, "label": "c"}]},
        "index",
    ),
    *(
        ("funnel", FUNNEL | EACH | {"order": one, "top": 1}, "index")
        for one in ("ordered", "strict", "any")
    ),
    ("funnel", FUNNEL | EACH | {"granularity": "day", "per": "session"}, "index"),
    ("funnel", FUNNEL | EACH | {"exclude": [{"event": "c"}]}, "sql"),
    ("funnel", FUNNEL | {"step_times": True}, "sql"),
    *(
        ("funnel", FUNNEL | {"granularity": unit, "by": ["page_path"]}, "index")
        for unit in ("hour", "day", "week", "month")
    ),
    # Of retention.
    ("retention", {"start": A, "back": B, "periods": 2, "mode": "on_or_after"}, "index"),
    *(("retention", {"unit": "month", "per": one}, "index") for one in ("user", "session")),
    # Of paths.
    ("path", {"nodes": "pages", "node": "/a", "direction": "to", "steps": 3}, "index"),
    ("path", {"nodes": "screens", "per": "user", "gap": "1h", "top": 1}, "index"),
    ("path", {"merge_repeats": False, "per": "visitor"}, "index"),
    ("path", {"rules": [{"match": "a*", "label": "x"}]}, "index"),
    ("path", {"by": ["page_path"], "groups": 2}, "sql"),
    # Of life cycles.
    ("lifecycle", LIFE | {"active": A, "unit": "day"}, "index"),
    ("lifecycle", LIFE | {"by": ["page_path"], "top": 1, "unit": "month"}, "index"),
    ("lifecycle", LIFE | {"per": "user", "by": ["user_id", "page_path"], "top": 3}, "index"),
    ("lifecycle", LIFE | {"compare": "previous", "app": "shop"}, "index"),
    ("attribution", {"goal": B, "touches": [A]}, "sql"),
    ("compare", {"goal": B, "variant": "page_path"}, "sql"),
]


def shop_rows() -> Iterator[dict[str, Any]]:
    for n in range(60):
        yield {
            "event_time": NOON_US + (n * 7 % 60 - 30) * HOUR,
            "event_name": "aabbc"[n % 5] if n % 11 else "page_view",
            "visitor_id": f"v{n % 7}",
            "user_id": None if n % 3 else f"u{n % 4}",
            "app_id": "shop" if n % 6 else "blog",
            "session": None if n % 8 == 0 else f"s{n % 9}",
            "is_bot": n % 9 == 4,
            "page_path": [None, "/a", "/b", "/ab"][n % 4],
            "screen_name": [None, "/x", "/y"][n % 3],
            "properties": json.dumps({"price": n % 5, "plan": "ab"[n % 2]}),
        }


def _asked(model: str, asked: dict[str, Any]) -> Any:
    return read(KINDS[model].question, DAYS | asked)


def structs_of(one: Any) -> Iterator[msgspec.Struct]:
    """A question with every struct in it."""
    yield one
    for name in one.__struct_fields__:
        value = getattr(one, name)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, msgspec.Struct):
                yield from structs_of(each)


def changed_of(one: msgspec.Struct) -> list[str]:
    """Options that do not have their default."""
    return [
        field.name
        for field in msgspec.structs.fields(type(one))
        if getattr(one, field.name)
        != (
            field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        )
    ]


def test_every_option_is_answered_alike_by_both_ways_or_by_sql(shop: IndexedShop) -> None:
    """Each option of each question, off its default: the way that is stated, and equal rows.

    Whoever adds an option writes a question with it here. The shop compares the index with SQL. No
    question waits for a compiler: whoever answers it may not write what it compiles.
    """
    shop.set([*shop_rows()])
    warm_up()
    compiled = signatures()
    index = read_index(shop.root)
    assert index is not None
    used: dict[type[Any], set[str]] = {}
    for model, asked, way in OPTIONS:
        question = _asked(model, asked)
        for one in structs_of(question):
            used.setdefault(type(one), set()).update(changed_of(one))
        if way == "sql":
            assert lacks(question, index.columns) is not None, (model, asked)
            continue
        answer = shop.answer(question)
        assert answer.way == way, (model, asked)
        if question.compare == "previous" and model != "events":
            assert answer.previous.way == way, (model, asked)
            assert answer.previous.end == answer.start
    assert compiled == signatures()
    common = {*Common.__struct_fields__}
    assert common == common & set().union(*used.values()), "ask with each option of Common"
    for kind in used.keys() & HELD.keys():
        options = {*kind.__struct_fields__} - (common if issubclass(kind, Common) else set())
        assert options <= used[kind], f"ask with each option: {kind.__name__}"
    assert {Range, Filter, Selector, Series, Exclusion} <= used.keys()


def test_what_is_not_listed_is_not_answered() -> None:
    """Without an option's line, and without a value's, a question that uses it goes to SQL.

    What is listed reaches the process of the index as it was asked.
    """
    for model, asked, way in OPTIONS:
        question = _asked(model, asked)
        if way == "sql":
            continue
        assert unheld(question) is None
        travelled = message_of(Asked(question, scene_of(question, known_fields(), NOW, [])))
        assert travelled is not None
        given = asked_of(msgspec.json.decode(msgspec.json.encode(travelled), type=Message))
        assert isinstance(given, Asked)
        assert question == given.question
        for one in structs_of(question):
            for name in changed_of(one):
                known = dict(HELD[type(one)])
                del known[name]
                assert unheld(question, {**HELD, type(one): known}) == f"the option {name}"
        for kind in {type(one) for one in structs_of(question)}:
            fewer = {other: known for other, known in HELD.items() if other is not kind}
            assert unheld(question, fewer) == f"the kind {kind.__name__}"


def test_a_new_option_of_a_question_is_for_sql_once_it_is_used() -> None:
    """As an option would be added: with a default under which nothing changes."""

    class Changed(FunnelQuestion, frozen=True, kw_only=True):
        speed: str = "any"

    held = {**HELD, Changed: HELD[FunnelQuestion]}
    steps = (Selector("a"), Selector("b"))
    assert unheld(Changed(steps=steps), held) is None
    assert unheld(Changed(steps=steps, speed="fast"), held) == "the option speed"
    assert unheld(Changed(steps=steps)) == "the kind Changed"
    odd = msgspec.structs.replace(Filter("page_path"), op="matches")  # type: ignore[arg-type]
    assert unheld(FunnelQuestion(steps=steps, where=odd)) == "the option op: matches"


def test_a_bucket_of_a_trend_opens_to_those_of_the_bucket(shop: IndexedShop) -> None:
    """Each number of a day opens to as many; not to everybody of the range."""
    shop.set([*shop_rows()])
    for more in ({}, EACH | {"top": 1}):
        question = _asked("funnel", FUNNEL | {"granularity": "day"} | more)
        answer = shop.answer(question)
        for row in answer.trend:
            found = shop.members(question, row.cell)
            assert (len(found.members), found.way) == (row.count, "index")


def test_a_state_opens_to_those_who_are_in_it(shop: IndexedShop) -> None:
    """Each number of each group, the rest too, before and after the range's first unit."""
    shop.set([*shop_rows()])
    asked = LIFE | {"unit": "day", "by": ["page_path"], "top": 1}
    question = _asked("lifecycle", asked)
    answer = shop.answer(question)
    assert {row.state for row in answer.rows if row.count} == {
        "new",
        "retained",
        "returning",
        "dormant",
    }
    assert {row.scope for row in answer.rows if row.count} == {"all", "group", "rest"}
    for row in answer.rows:
        found = shop.members(question, row.cell)
        assert (len(found.members), found.way) == (row.count, "index")
