"""The fast way of `/v1/events` gives what the general way gives, or stands back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode import decode
from footfall.decode.blocks.values import NO_IDS, identifier
from footfall.decode.footfall import fields
from footfall.decode.footfall.fast import lay_out_footfall
from footfall.decode.footfall.take import take_footfall
from footfall.request import LoggedRequest
from tests.decode.builders import AWS_EVENT, SETTINGS, logged
from tests.decode.test_aws_fast import assert_equal
from tests.scale import scaled

EVENT: dict[str, Any] = {
    "event_id": "5b1f0b1c-6d5e-4f7a-9a51-0123456789ab",
    "name": "page_view",
    "timestamp": 1_795_300_235_000,
    "visitor_id": "v-1",
    "session_number": 3,
    "value": 12.5,
    "page": {"url": "https://shop.test/a", "title": ""},
    "device": {"screen_width": 800, "language": "en", "time_zone": "Europe/Rome"},
    "properties": {"plan": "free", "n": [1, {"a": 1.50}]},
    "user_properties": {"tier": "gold"},
    "items": [{"id": "1"}],
}


def sent(body: object, **changes: Any) -> LoggedRequest:
    headers = (("accept-language", "de,en;q=0.5"), ("user-agent", "Mozilla/5.0 (X11; Linux)"))
    return logged(
        body, **{"protocol": "footfall", "path": "/v1/events", "headers": headers, **changes}
    )


@pytest.mark.parametrize(
    "body",
    [
        EVENT,
        [EVENT, {"name": "sign_up"}, {"name": "x", "timestamp": "2026-11-21T10:00:00Z"}],
        {"events": [EVENT], "context": {"platform": "Web", "page": {"title": "T"}}, "plan": "x"},
    ],
)
def test_usual_requests_take_the_fast_way(body: object) -> None:
    """Or the speed would be gone without anybody noticing; and its rows are the general ones."""
    taken = take_footfall(sent(body), SETTINGS)
    assert taken is not None
    assert lay_out_footfall([taken], SETTINGS).num_rows == len(taken.events)
    assert_equal(sent(body))


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 2000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", " ", "shop", "fw_shop", "en", "7", "x" * 513, "192.0.2.9", "2026-11-21"]),
    st.text(max_size=5),
)
nested = st.dictionaries(st.sampled_from(["a", "plan", "value"]), scalars, max_size=2)
values = scalars | st.lists(scalars, max_size=2) | nested


GOOD: dict[str, Any] = {"ip": "192.0.2.9", "sent_at": "2026-11-21", "entrance": True, **EVENT}
GOOD["engagement_ms"] = 7
flat = st.fixed_dictionaries(
    {},
    optional={
        key: st.just(GOOD.get(key, "some text")) for key in fields.TRUSTED_EVENT if key != "app_id"
    },
)
groups = st.fixed_dictionaries(
    {},
    optional={
        group: st.fixed_dictionaries(
            {},
            optional={
                key: st.sampled_from([True if key == "is_outbound" else 7, None])
                if key == "is_outbound" or key.endswith(("width", "height"))
                else st.sampled_from(["text", "", None])
                for key in keys
            },
        )
        for group, keys in fields.GROUPS.items()
    },
)
odd = st.dictionaries(
    st.sampled_from([*fields.TRUSTED_EVENT, *fields.ALIASES, *fields.GROUPS, "custom"]),
    values,
    max_size=1,
)
events = st.builds(
    lambda first, second, third: {"name": "n", **first, **second, **third},
    flat,
    groups,
    st.just({}) | st.just({}) | odd,
)
bodies = st.one_of(
    events,
    st.lists(events, max_size=3),
    st.builds(
        lambda listed, beside, context: {**beside, "events": listed, "context": context},
        st.lists(events, max_size=3),
        events.map(lambda event: {key: event[key] for key in event if key != "name"}),
        st.none() | flat | groups,
    ),
)
queries = st.sampled_from(["", "x=1&plan=2&write_id=w&sent_at=1795300235000", "sent_at=never"])


@settings(deadline=None, max_examples=scaled(70, 6000))
@given(st.lists(st.tuples(bodies, queries, st.booleans()), max_size=4))
def test_both_ways_give_equal_rows_and_failures(
    requests: list[tuple[object, str, bool]],
) -> None:
    """Together with requests of another protocol, in log order."""
    assert_equal(
        logged([AWS_EVENT], offset=100),
        *(
            sent(body, query=query, trusted=trusted, offset=101 + number)
            for number, (body, query, trusted) in enumerate(requests)
        ),
        logged([AWS_EVENT, AWS_EVENT], offset=200),
    )


IDS = [key for key, (_, _, convert) in fields.EVENT.items() if convert is identifier]


@pytest.mark.parametrize("key", IDS)
def test_ids_that_are_none_go_the_general_way(key: str) -> None:
    """A type cannot tell them from others."""
    requests = [sent([EVENT, EVENT | {key: none}]) for none in sorted(NO_IDS)]
    problems = decode(requests, SETTINGS).events.column("problems").to_pylist()
    assert problems == [None, [f"not_an_id {key}"]] * len(NO_IDS)
    assert_equal(sent(EVENT), *requests)


TEXT = json.dumps(EVENT).encode()


@pytest.mark.parametrize(
    "body",
    [
        TEXT + b"\n" + TEXT,
        b'{"events": [' + TEXT + b'], "events": [{"name": "last"}]}',
        b'{"events": []}',
        b'{"events": null}',
        b'{"events": [' + TEXT + b'], "custom": "\\ud800"}',
        b'{"events": [' + TEXT + b'], "custom": \xff}',
        b'{"events": [' + TEXT + b'], "context": [1]}',
        b'{"events": [' + TEXT + b'], "items": [{"id": 7}], "user_properties": {"a": 1}}',
        b'{"events": [' + TEXT + b'], "app_id": "other"}',
        b"[" + TEXT[:-1] + b', "user_properties": {"a": "\\ud800"}}]',
        b"[" + TEXT[:-1] + b', "properties": {"a": ' + b"[" * 62 + b"]" * 62 + b"}}]",
        b"[" + TEXT[:-1] + b', "properties": {"a": ' + b"[" * 63 + b"]" * 63 + b"}}]",
        b"[" + TEXT[:-1] + b', "timestamp": 253402300800000}]',
        b"[" + TEXT[:-1] + b', "timestamp": "-1.5"}]',
        b"[" + TEXT[:-1] + b', "engagement_ms": -5}]',
        b"[" + TEXT[:-1] + b', "ip": "2001:DB8::1"}]',
        b"[" + TEXT[:-1] + b', "user_agent": "curl/8"}]',
        b"[" + TEXT[:-1] + b', "value": 1e12}]',
        b"[" + TEXT[:-1] + b', "event_id": "not a uuid"}, {"name": "without an id"}]',
    ],
)
def test_edges(body: bytes) -> None:
    """Where a typed parser and a general one might think differently."""
    assert_equal(sent(body))
    assert_equal(sent(body, trusted=True))
