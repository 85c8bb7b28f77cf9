"""The fast way of the AWS decoder gives what the general way gives, or stands back."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode import Decoded, _aws_fields, _decode, decode
from footfall.decode._aws_event import take_aws
from footfall.decode._aws_fast import lay_out_aws
from footfall.request import LoggedRequest
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
    for request in captured(name):
        taken = take_aws(request, SETTINGS)
        assert taken is not None
        assert lay_out_aws([taken], SETTINGS).num_rows == len(taken.events)
        assert_equal(request)


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


@settings(deadline=None, max_examples=scaled(300, 6000))
@given(st.lists(events, max_size=3), st.sampled_from(["", "platform=Q&x=1&upload_timestamp=5"]))
def test_both_ways_give_equal_rows_and_failures(batch: list[Any], query: str) -> None:
    """The general way owns acceptance; the fast one must not take, refuse or change anything."""
    assert_equal(logged(batch, query=query))


@settings(deadline=None, max_examples=scaled(100, 3000))
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
        b"[" + AWS + b", NaN]",
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

    broken = msgspec.structs.replace(_decode.FAST_WAYS["aws"], **{step: stumble})
    requests = [logged([AWS_EVENT], offset=1), logged([AWS_EVENT, 7], offset=2)]
    expected = general(requests)
    monkeypatch.setattr(_decode, "FAST_WAYS", {"aws": broken})
    found = decode(requests, SETTINGS)
    assert found.events.equals(expected.events)
    assert found.failures.equals(expected.failures)
    assert found.ledger == expected.ledger
