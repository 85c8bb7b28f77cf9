"""A broken record fails alone, wherever in the body it stands and whatever is wrong with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode import aws as aws_module
from footfall.decode import decode
from footfall.decode.blocks.parse import repair_surrogates
from footfall.decode.blocks.split import split
from tests.decode.builders import (
    AWS_EVENT,
    SETTINGS,
    decode_one,
    event_of,
    failures_of,
    limits,
    logged,
)

GOOD = json.dumps(AWS_EVENT).encode()


def with_attribute(json_text: bytes) -> bytes:
    return GOOD[:-2] + b'"x": ' + json_text + b"}}"


BROKEN = [
    pytest.param(with_attribute(b"nil"), "not_json", id="nil"),
    pytest.param(with_attribute(b"-Inf"), "not_json", id="Inf"),
    pytest.param(with_attribute(b"1e400"), "invalid_value", id="huge float"),
    pytest.param(with_attribute(b"9" * 5000), "invalid_value", id="huge integer"),
    pytest.param(with_attribute(b'"a\x00b"'), "not_json", id="NUL byte"),
    pytest.param(with_attribute(b'"\\x41"'), "not_json", id="bad escape"),
    pytest.param(with_attribute(b'"\xff"'), "bad_encoding", id="no UTF-8"),
    pytest.param(with_attribute(b'"\xed\xa0\xbc"'), "bad_encoding", id="CESU-8"),
    pytest.param(with_attribute(b"[" * 100 + b"]" * 100), "not_json", id="100 levels"),
    pytest.param(with_attribute(b"[" * 5000 + b"]" * 5000), "not_json", id="5000 levels"),
    pytest.param(b'{"a":' * 3000 + b"1" + b"}" * 3000, "not_json", id="3000 objects"),
    pytest.param(b"{'event_type': 'x'}", "not_json", id="Python"),
    pytest.param(b"null", "not_an_event", id="null"),
    pytest.param(b"7", "not_an_event", id="number"),
    pytest.param(b'"text"', "not_an_event", id="text"),
    pytest.param(b"[]", "not_an_event", id="array"),
    pytest.param(b"[" + GOOD + b"]", "not_an_event", id="array in array"),
    pytest.param(b"", "not_json", id="nothing between commas"),
]


@pytest.mark.parametrize(("record", "reason"), BROKEN)
@pytest.mark.parametrize("place", [0, 1])
def test_neighbours_of_a_broken_record_survive(record: bytes, reason: str, place: int) -> None:
    """A client that sends one bad event in a batch must not lose the others.

    Path and bytes of the bad one are kept.
    """
    records = [GOOD, GOOD]
    records.insert(place, record)
    decoded = decode_one(b"[" + b",".join(records) + b"]")
    (row,) = decoded.failures.to_pylist()
    assert (row["reason"], row["path"], row["request_index"], row["payload"]) == (
        reason,
        f"$[{place}]",
        place,
        record[: SETTINGS.payload_bytes_max],
    )
    good = [index for index in range(3) if index != place]
    assert decoded.events.column("request_index").to_pylist() == good


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_json"),
        (b"   ", "not_json"),
        (b"hello", "not_json"),
        (b"[", "not_json"),
        (b"[1, 2", "not_json"),
        (b"{", "not_json"),
        (b'{"event_type"', "not_json"),
        (b"\xff\xfe\x00", "bad_encoding"),
        (b"7", "not_an_event"),
        (b"null", "not_an_event"),
        (b'"text"', "not_an_event"),
        (b"," * 2_000_001, "body_too_large"),
    ],
)
def test_a_body_with_nothing_to_save_fails_as_one(body: bytes, reason: str) -> None:
    """One failure for the request, index -1, so that both ledgers add up."""
    decoded = decode_one(body)
    (row,) = decoded.failures.to_pylist()
    assert (row["reason"], row["request_index"], row["part"]) == (reason, -1, "request")
    assert (decoded.ledger.undecodable, decoded.ledger.records) == (1, 0)


@pytest.mark.parametrize(
    "rest", [b",nil]", b',{"event_type": "x', b'] "', b"]]", b"] {}", b',{"a": [']
)
def test_whole_records_before_a_broken_end_survive(rest: bytes) -> None:
    """A client that cuts its batch by bytes loses the cut record, not those before it."""
    decoded = decode_one(b"[" + GOOD + b"," + GOOD + rest)
    assert decoded.events.num_rows == 2
    (row,) = decoded.failures.to_pylist()
    assert (row["reason"], row["path"]) == ("not_json", "$[2]")


def test_a_trailing_comma_is_no_record() -> None:
    """Hand-written senders leave one; it carries no data."""
    decoded = decode_one(b"[" + GOOD + b",]")
    assert (decoded.events.num_rows, decoded.failures.num_rows) == (1, 0)


def test_an_empty_array_has_no_records() -> None:
    """Nothing sent, nothing failed, and the request is decoded."""
    ledger = decode_one(b"[]").ledger
    assert (ledger.requests, ledger.decoded, ledger.records) == (1, 1, 0)


def test_half_an_emoji_becomes_a_replacement_character() -> None:
    """`"🎉".substring(0, 1)` in a page must not cost the event, nor may whole emoji suffer."""
    body = with_attribute(rb'"\ud83c and \ud83c\udf89 and \udf89 \\ud83c"')
    assert json.loads(event_of(body)["properties"]) == {"x": "� and 🎉 and � \\ud83c"}


def test_of_a_repeated_key_the_last_counts() -> None:
    """As in every browser's JSON.parse; the record is not refused."""
    body = GOOD[:-1] + b', "event_type": "second"}'
    assert event_of(body)["event_name"] == "second"


def test_nul_characters_in_texts_are_kept() -> None:
    """They are text; what cannot store them must say so, not we."""
    assert event_of({**AWS_EVENT, "unique_id": "a\0b"})["visitor_id"] == "a\0b"


def test_records_beyond_the_limit_fail_each() -> None:
    """The first ones become events; each of the others is counted and kept."""
    found = decode_one([AWS_EVENT] * 5, limits(events_per_request_max=3))
    assert found.events.column("request_index").to_pylist() == [0, 1, 2]
    assert [
        (row["request_index"], row["reason"], row["path"]) for row in found.failures.to_pylist()
    ] == [(3, "too_many_events", "$[3]"), (4, "too_many_events", "$[4]")]


def test_far_too_many_records_make_few_rows() -> None:
    """Millions of `{}` in a compressed body must not make millions of rows."""
    body = b"[" + b",".join([b"{}"] * 31) + b"]"
    tight = limits(events_per_request_max=3)
    found = failures_of(body, settings=tight)
    assert [reason for _, reason, _ in found] == ["missing_field"] * 3 + ["too_many_events"] * 4


def test_payloads_are_cut() -> None:
    """A failed event of a megabyte keeps its start and tells its size."""
    body = json.dumps([{**AWS_EVENT, "event_type": "x" * 1000}]).encode()
    (row,) = decode_one(body, limits(payload_bytes_max=10)).failures.to_pylist()
    assert (row["payload"], row["payload_bytes"]) == (body[1:11], len(body) - 2)


def test_splitting_is_linear_whatever_the_body_holds() -> None:
    """Unclosed texts full of quotes made a naive scan quadratic: a megabyte would take minutes."""
    for body in (
        b'["' + b'\\"' * 500_000,
        b"[" * 500_000,
        b'["a"' * 200_000,
        b"[" + b'"\\' * 300_000,
    ):
        assert not split(body, 5000).is_sound


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)
)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
aws_keys = st.sampled_from(
    [*aws_module.fields.EVENT, *aws_module.fields.EVENT_ALIASES, "custom", "wechat_version"]
)
attribute_keys = st.sampled_from(
    [*aws_module.fields.ATTRIBUTE, *aws_module.fields.ATTRIBUTE_ALIASES, "custom", "make", ""]
)
records: st.SearchStrategy[Any] = st.one_of(
    json_values,
    st.builds(
        lambda top, attributes: {**AWS_EVENT, **top, "attributes": attributes},
        st.dictionaries(aws_keys, json_values, max_size=3),
        st.dictionaries(attribute_keys, json_values, max_size=3),
    ),
)


@settings(deadline=None)
@given(st.lists(records, min_size=1, max_size=5))
def test_a_body_parsed_whole_equals_its_records_parsed_alone(batch: list[Any]) -> None:
    """The fast way and the salvaging way accept the same and give the same reasons.

    A broken neighbour changes nothing about a record.
    """
    whole = json.dumps(batch).encode()
    salvaged = whole[:-1] + b",nil]"
    fast = decode([logged(whole)], SETTINGS)
    slow = decode([logged(salvaged)], SETTINGS)
    assert fast.events.equals(slow.events)
    nan = slow.failures.num_rows - 1
    assert fast.failures.equals(slow.failures.slice(0, nan))
    assert slow.failures.column("reason")[nan].as_py() == "not_json"


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_repairing_surrogates_leaves_everything_else_alone(noise: bytes) -> None:
    """Bytes without a lone surrogate escape come out as they went in."""
    body = json.dumps(noise.decode("latin-1")).encode()
    assert repair_surrogates(body) == body
