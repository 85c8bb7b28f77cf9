"""The fast way of the AWS decoder gives what the general way gives, or stands back."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode import Decoded, _decode, decode
from footfall.decode.aws import fields as _aws_fields
from footfall.decode.aws.event import OWN_KEYS, AwsCommon
from footfall.decode.aws.fast import lay_out_events, lay_out_repeating
from footfall.decode.aws.take import take_aws
from footfall.decode.blocks.fast import Taken
from footfall.decode.blocks.values import NO_IDS, identifier
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings
from tests.decode.builders import AWS_EVENT, SETTINGS, captured, limits, logged
from tests.scale import scaled

AWS = json.dumps(AWS_EVENT).encode()


def general(requests: list[LoggedRequest]) -> Decoded:
    """Decoded without the fast way."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_decode, "FAST_WAYS", {})
        return decode(requests, SETTINGS)


def assert_equal(*requests: LoggedRequest) -> None:
    fast = decode(requests, SETTINGS)
    slow = general(list(requests))
    assert fast.events.equals(slow.events)
    assert fast.failures.equals(slow.failures)
    assert fast.ledger == slow.ledger


@pytest.mark.parametrize("name", ["immediate", "batch"])
def test_real_traffic_takes_the_fast_way(name: str) -> None:
    """Or the speed would be gone without anybody noticing; and its rows are the general ones."""
    ways = set()
    for request in captured(name):
        taken = take_aws(request, SETTINGS)
        assert taken is not None
        assert taken.lay_out([taken], SETTINGS).num_rows == len(taken.events)
        assert_equal(request)
        ways.add(taken.lay_out)
    assert (lay_out_repeating in ways) == (name == "batch")


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 2000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", " ", "Gecko", "en", "GB", "en-GB", "en_GB", "iOS", "Web", "x" * 513, "7"]),
    st.text(max_size=5),
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars)
top = st.dictionaries(
    st.sampled_from([*_aws_fields.EVENT, *_aws_fields.EVENT_ALIASES, "custom"]), values, max_size=4
)
users = st.dictionaries(
    st.sampled_from(["_user_id", "plan"]),
    scalars | st.fixed_dictionaries({"value": scalars, "set_timestamp": scalars}),
)
items = st.lists(
    st.dictionaries(st.sampled_from(["id", "item_id", "item_category", "category"]), scalars)
)
attributes = st.dictionaries(
    st.sampled_from([*_aws_fields.ATTRIBUTE, *_aws_fields.ATTRIBUTE_ALIASES, "custom", "make"]),
    scalars | values,
    max_size=4,
)
usual = st.fixed_dictionaries(
    {},
    optional={
        "locale": st.sampled_from(["", "en-GB", "en_GB", "en"]),
        "system_language": st.sampled_from(["", "en"]),
        "country_code": st.sampled_from(["", "GB"]),
        "make": st.sampled_from(["", "Gecko", "Acme"]),
        "zone_offset": st.sampled_from([0, 3_600_000, -1, 86_400_000]),
        "platform": st.sampled_from(["Web", "Android", None]),
        "os_version": st.just("13"),
        "screen_width": st.integers(0, 3000),
        "app_package_name": st.just("com.shop"),
        "user": users,
        "items": items,
    },
)
events = st.builds(
    lambda first, second, custom: {**AWS_EVENT, **first, **second, "attributes": custom},
    usual,
    st.just({}) | top,
    attributes,
)


@settings(deadline=None, max_examples=scaled(150, 6000))
@given(st.lists(events, max_size=3), st.sampled_from(["", "platform=Q&x=1&upload_timestamp=5"]))
def test_both_ways_give_equal_rows_and_failures(batch: list[Any], query: str) -> None:
    """The general way owns acceptance; the fast one must not take, refuse or change anything."""
    assert_equal(logged(batch, query=query))


@settings(deadline=None, max_examples=scaled(60, 3000))
@given(st.lists(st.lists(events, max_size=3), max_size=6))
def test_requests_of_both_ways_stay_in_order_when_laid_out_together(
    batches: list[list[Any]],
) -> None:
    """A request that turns out to be unusual takes no other along, and rows keep their order."""
    queries = ("", "platform=Q", "x=1&x=2&custom=3")
    assert_equal(
        *(
            logged(batch, query=queries[number % 3], offset=number)
            for number, batch in enumerate(batches)
        )
    )


COMMON_KEYS = AwsCommon.__struct_fields__
common = st.builds(
    lambda first, second: {key: first.get(key, second.get(key)) for key in {*first, *second}},
    usual.map(lambda found: {k: v for k, v in found.items() if k in COMMON_KEYS}),
    st.just({}) | st.dictionaries(st.sampled_from(COMMON_KEYS), values, max_size=2),
)
own = st.builds(
    lambda first, custom, more: (first, custom, more),
    st.just({}) | st.dictionaries(st.sampled_from(sorted(OWN_KEYS)), scalars, max_size=2),
    attributes | st.just({"deep": {"x": 1, "attributes": {"y": 2}}}),
    st.just({})
    | st.dictionaries(st.sampled_from(["items", "host_name", "attributes", "x"]), values),
)


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def web_event(
    shared: bytes, first: dict[str, Any], custom: dict[str, Any], more: dict[str, Any]
) -> bytes:
    """An event as web SDKs write it: what repeats stands between time and attributes."""
    before = {**AWS_EVENT, **first, "timestamp": AWS_EVENT["timestamp"]}
    del before["attributes"]
    parts = (compact(before)[1:-1], shared, b'"attributes":' + compact(custom), compact(more)[1:-1])
    return b"{" + b",".join(part for part in parts if part) + b"}"


@settings(deadline=None, max_examples=scaled(150, 6000))
@given(common, st.lists(own, min_size=2, max_size=4), st.sampled_from(["", "platform=Android"]))
def test_repeated_text_is_parsed_once_and_gives_the_same(
    shared: dict[str, Any], events: list[Any], query: str
) -> None:
    """Whatever is repeated, and whatever the events say beside it."""
    text = compact(shared)[1:-1]
    bodies = [web_event(text, *event) for event in events]
    assert_equal(logged(b"[" + b",".join(bodies) + b"]", query=query))


DEVICE = (
    b'"host_name":"h","locale":"en-GB","system_language":"en","country_code":"GB","make":"Gecko"'
)
PLAIN = web_event(DEVICE, {}, {"a": 1}, {})


def test_events_that_repeat_a_text_are_laid_out_by_their_own_fields() -> None:
    """Or the other tests of it would test nothing."""
    taken = take_aws(logged(b"[" + PLAIN + b"," + PLAIN + b"]"), SETTINGS)
    assert taken is not None
    assert taken.lay_out is lay_out_repeating
    alone = take_aws(logged(b"[" + PLAIN + b"]"), SETTINGS)
    assert alone is not None
    assert alone.lay_out is lay_out_events


IDS = [
    *((key, {key: "?"}) for key, field in _aws_fields.EVENT.items() if field[2] is identifier),
    *(
        (key, {"attributes": {key: "?"}})
        for key, field in _aws_fields.ATTRIBUTE.items()
        if field[2] is identifier
    ),
    ("user", {"user": {"_user_id": {"value": "?"}}}),
]


@pytest.mark.parametrize(("key", "bad"), IDS)
@pytest.mark.parametrize("repeats", [False, True])
def test_ids_that_are_none_go_the_general_way(
    key: str, bad: dict[str, Any], *, repeats: bool
) -> None:
    """A type cannot tell them from others; in whole events, and in those that repeat a text."""
    requests = []
    for none in sorted(NO_IDS):
        event = json.loads(json.dumps({"attributes": {"a": 1}, **bad}).replace("?", none))
        attributes = event.pop("attributes")
        if not repeats:
            requests.append(logged([{**AWS_EVENT, **event, "attributes": attributes}] * 2))
            continue
        shared = DEVICE + (b"," + compact(event)[1:-1] if key == "user" else b"")
        alike = web_event(shared, {} if key == "user" else event, attributes, {})
        requests.append(logged(b"[%b,%b]" % (alike, alike)))
    found = decode(requests, SETTINGS).events.column("problems").to_pylist()
    assert [[one.split()[0] for one in problems or ()] for problems in found] == [["not_an_id"]] * (
        2 * len(NO_IDS)
    )
    assert_equal(logged([AWS_EVENT]), *requests)


AFTER = DEVICE + b',"attributes":{'


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(PLAIN.replace(DEVICE + b",", b""), id="without it"),
        pytest.param(PLAIN.replace(b'"h"', b'"i"'), id="another"),
        pytest.param(PLAIN[:-1] + b"," + AFTER + b'"b":2}}', id="twice"),
        pytest.param(PLAIN.replace(b'"a":1', b'"a":{"x":1,' + AFTER + b'"b":2}}'), id="nested"),
        pytest.param(
            PLAIN.replace(b'"a":1', b'"a":{"x":1,' + AFTER + b'"b":2}}').replace(
                DEVICE + b",", b"", 1
            ),
            id="nested only",
        ),
        pytest.param(PLAIN.replace(b'"attributes"', rb'"attr\u0069butes"'), id="escaped key"),
        pytest.param(PLAIN.replace(b'"a":1', b'"a":"' + AFTER.replace(b'"', rb"\"") + b'"')),
        pytest.param(PLAIN.replace(b'"a":1', b'"a":",' + AFTER), id="broken"),
        pytest.param(PLAIN[:-1] + b',"host_name":"later"}', id="a field again"),
        pytest.param(PLAIN[:-1] + b',"unknown":"later"}', id="an unknown field"),
        pytest.param(PLAIN[:-1] + b',"attributes":null}', id="attributes again"),
        pytest.param(PLAIN[:-1], id="cut off"),
        pytest.param(b"7", id="no event"),
        pytest.param(PLAIN.replace(b'"timestamp":', b'"timestamp" :'), id="a space"),
        pytest.param(
            PLAIN.replace(b'{"event_type"', b'{"screen_width":1,"event_type"'), id="first"
        ),
    ],
)
@pytest.mark.parametrize("order", ["first", "second"])
def test_texts_that_repeat_in_odd_places(second: bytes, order: str) -> None:
    """Each event has it once, at its top level, or the request goes another way."""
    pair = (PLAIN, second) if order == "first" else (second, PLAIN)
    assert_equal(logged(b"[" + b",".join(pair) + b"]"))
    assert_equal(logged(b"[" + b",".join((*pair, second)) + b"]"))


BARE = web_event(b"", {}, {}, {}).replace(b',"attributes":{}', b"")


@pytest.mark.parametrize("place", ["top level", "attributes"])
def test_an_event_without_the_text_beside_one_that_has_it_twice(place: str) -> None:
    """As many texts as events do not mean one in each."""
    twice = {
        "top level": PLAIN[:-1] + b"," + AFTER + b'"b":2}}',
        "attributes": PLAIN.replace(b'"a":1', b'"a":{"x":1,' + AFTER + b'"b":2}}'),
    }[place]
    assert_equal(logged(b"[" + twice + b"," + BARE + b"]"))


@pytest.mark.parametrize(
    "shared",
    [
        {"locale": "en-GB", "system_language": "fr"},
        {"locale": "en", "country_code": "GB"},
        {"locale": "en", "country_code": ""},
        {"os_version": "13"},
        {"os_version": "13", "os_name": "Fuchsia"},
        {"os_version": "13", "platform": "iOS"},
        {"user": {"_user_id": {"value": "u"}, "plan": 1}},
        {"user": {}},
        {"user": []},
    ],
)
def test_device_and_user_that_all_events_repeat(shared: dict[str, Any]) -> None:
    """Filled into the template as into each row."""
    event = web_event(compact(shared)[1:-1], {}, {}, {})
    assert_equal(logged(b"[" + event + b"," + event + b"]", query="platform=Android"))


@pytest.mark.parametrize(
    "custom",
    [
        {"_session_id": "x" * 512},
        {"_session_id": "x" * 513},
        {"_session_id": ""},
        {"_session_id": 7},
        {"_session_number": 2**63 - 1},
        {"_session_number": 2**63},
        {"_session_number": -(2**63) - 1},
        {"_session_number": True},
        {"_entrances": True},
        {"_entrances": 1},
        {"_entrances": ""},
    ],
)
def test_attributes_at_the_bounds_of_their_columns(custom: dict[str, Any]) -> None:
    """A column is left as it is only if each value would be."""
    assert_equal(logged([AWS_EVENT, {**AWS_EVENT, "attributes": custom}]))


@pytest.mark.parametrize(
    "body",
    [
        AWS,
        b"[]",
        b"[" + AWS[:-1] + b', "event_type": "again"}]',
        b"[" + AWS[:-1] + b', "attributes": {"a": 1, "a": 2}}]',
        b"[" + AWS[:-1] + b', "event_type": "  "}]',
        b"[" + AWS[:-1] + b', "timestamp": 1795300235000.5}]',
        b"[" + AWS[:-1] + b', "timestamp": 1795300235000.0}]',
        b"[" + AWS[:-1] + b', "screen_width": 10.0}]',
        b"[" + AWS[:-1] + b', "timestamp": -62135596800000}]',
        b"[" + AWS[:-1] + b', "timestamp": -62135596800001}]',
        b"[" + AWS[:-1] + b', "timestamp": 253402300799999}]',
        b"[" + AWS[:-1] + b', "timestamp": 253402300800000}]',
        b"[" + AWS[:-1] + b', "attributes": {"a": ' + b"[" * 62 + b"]" * 62 + b"}}]",
        b"[" + AWS[:-1] + b', "attributes": {"a": ' + b"[" * 63 + b"]" * 63 + b"}}]",
        b"[" + AWS[:-1] + b', "attributes": {"a": ' + b"[" * 800 + b"]" * 800 + b"}}]",
        b"[" + AWS[:-1] + rb', "host_name": "\ud800"}]',
        b"[" + AWS[:-1] + b', "host_name": "\xff"}]',
        b"[" + AWS[:-1] + rb', "user": {"name": "\ud800"}}]',
        b"[" + AWS[:-1] + b', "user": {"a": 1, "b": 2, "a": 3.0, "_user_id": {"value": 7}}}]',
        b"[" + AWS[:-1] + b', "user": ' + b"[" * 62 + b"]" * 62 + b"}]",
        b"[" + AWS[:-1] + b', "user": {"a": ' + b"[" * 61 + b"]" * 61 + b"}}]",
        b"[" + AWS[:-1] + b', "user": {"a": ' + b"[" * 62 + b"]" * 62 + b"}}]",
        b"[" + AWS[:-1] + b', "user": {"a": ' + b"[" * 63 + b"]" * 63 + b"}}]",
        *(
            b"[" + AWS[:-1] + b', "user": ' + user + b"}]"
            for user in (b"0", b"[]", b"false", b'""', b"null", b"{}", b'{"_user_id": {}}')
        ),
        b"[" + AWS + b", nil]",
        b"[" + AWS + b"] ",
    ],
)
def test_edges(body: bytes) -> None:
    """Where a typed parser and a general one might think differently."""
    assert_equal(logged(body))


def test_more_events_than_allowed_go_the_general_way() -> None:
    """Only it knows what becomes of the surplus."""
    decoded = decode([logged([AWS_EVENT] * 4)], limits(events_per_request_max=3))
    assert (decoded.ledger.events, decoded.ledger.failed) == (3, 1)


def test_a_field_without_a_column_gives_way_to_an_attribute_of_its_name() -> None:
    """Both are kept, under the names the general way gives them."""
    attributes = {"make": 1, "_query_x": 2, "_event_make": 3}
    assert_equal(
        logged([{**AWS_EVENT, "make": "Acme", "attributes": attributes}], query="x=1&make=2")
    )


@pytest.mark.parametrize("step", ["take", "lay_out"])
def test_a_bug_of_the_fast_way_costs_no_event(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests it stumbles over are decoded the general way, like any that it leaves."""

    def stumble(*_: object) -> None:
        raise KeyError("a bug")

    def take(request: LoggedRequest, limits: DecodeSettings) -> Taken | None:
        taken = take_aws(request, limits)
        return taken and msgspec.structs.replace(taken, lay_out=stumble)

    requests = [logged([AWS_EVENT], offset=1), logged([AWS_EVENT, 7], offset=2)]
    expected = general(requests)
    broken = stumble if step == "take" else take
    monkeypatch.setattr(_decode, "FAST_WAYS", {"aws": broken})
    found = decode(requests, SETTINGS)
    assert found.events.equals(expected.events)
    assert found.failures.equals(expected.failures)
    assert found.ledger == expected.ledger
