"""Fingerprints: what they see, what they leave out, and that they never change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.duplicates import fingerprint
from footfall.duplicates.fingerprint import FINGERPRINT_COLUMNS, UNKNOWN, fingerprints
from footfall.event import EVENT_SCHEMA
from tests.scale import scaled

BITS = 2**64 - 1
GOLDEN = [0xE190363531CD42DA, 0x05FEA175D8700405, 0x475FA1E2BD97A12C]
SCHEMA = pa.schema([EVENT_SCHEMA.field(name) for name in FINGERPRINT_COLUMNS])
Row = dict[str, Any]


def table(rows: list[Row]) -> pa.Table:
    columns = [[row.get(field.name) for row in rows] for field in SCHEMA]
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)],
        names=SCHEMA.names,
    )


def of(*rows: Row) -> list[int]:
    found: list[int] = fingerprints(table(list(rows))).tolist()
    return found


def mixed(number: int) -> int:
    number ^= number >> 32
    number = number * 0xC2B2AE3D27D4EB4F & BITS
    number ^= number >> 29
    number = number * 0x9E3779B97F4A7C15 & BITS
    return number ^ number >> 32


def as_compared(text: str) -> str:
    """Without each `.0` that follows a digit and stands before `,`, `}` or `]`."""
    found = ""
    while text:
        if text[:2] == ".0" and text[2:3] in {",", "}", "]"} and found[-1:] in set("0123456789"):
            text = text[2:]
        found, text = found + text[:1], text[1:]
    return found


def defined(row: Row) -> int:
    """The definition of docs/formats/duplicates.md, a byte and a number at a time."""
    total = 0
    for place, name in enumerate(FINGERPRINT_COLUMNS, 1):
        value = row.get(name)
        if value is None:
            continue
        if isinstance(value, str):
            if name in ("properties", "user_properties", "items"):
                value = as_compared(value)
            data = value.encode()
            count = len(data) // 8 + 1
        elif isinstance(value, Decimal):
            data = int(value * 10**6).to_bytes(16, "little", signed=True)
            count = 2
        else:
            data = int(value).to_bytes(8, "little", signed=True)
            count = 1
        weighed = 0
        for number in range(count):
            word = int.from_bytes(data[8 * number : 8 * number + 8], "little")
            weighed += (word ^ word >> 32) * pow(0x9E3779B97F4A7C15, number + 1, 2**64)
        weighed += (len(data) + 1) * 0xC2B2AE3D27D4EB4F
        total += mixed(weighed & BITS) * pow(0xD6E8FEB86659FD93, place, 2**64)
    return mixed(total & BITS) or 1


texts = st.none() | st.text(max_size=40) | st.text("ab", min_size=7, max_size=9)
jsons = texts | st.lists(st.sampled_from(["1.0,", ".0]", "1", ".0", "}", "x"])).map("".join)
rows_of_events = st.lists(
    st.fixed_dictionaries(
        {
            "event_name": texts,
            "created_at": st.none() | st.integers(-(2**40), 2**50),
            "page_url": texts,
            "value": st.none() | st.decimals(-(10**9), 10**9, places=6),
            "engagement_ms": st.none() | st.integers(0, 2**40),
            "error_message": texts,
            "properties": jsons,
            "items": jsons,
        }
    ),
    max_size=12,
)


@settings(max_examples=scaled(60, 2000), deadline=None)
@given(rows_of_events, st.integers(0, 12), st.integers(1, 4))
def test_is_what_is_written_down(rows: list[Row], start: int, chunk: int) -> None:
    """In slices, and in chunks of any size: neighbours in memory must not show."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprint, "_CHUNK_WORDS", chunk)
        found = fingerprints(table(rows).slice(start)).tolist()
    assert found == [defined(row) for row in rows[start:]]


@pytest.mark.slow
def test_texts_longer_than_a_chunk() -> None:
    """A text of half a megabyte and more is hashed alone, with powers made for it."""
    row = {"event_name": "a", "properties": "x" * 600_001}
    assert of(row, row) == [defined(row)] * 2


def test_never_changes() -> None:
    """What was remembered by an older version must still be told from other payloads."""
    assert (
        of(
            {"event_name": "view"},
            {"event_name": "view", "created_at": 1_790_000_000_000_000, "properties": '{"a":1}'},
            {"event_name": "buy", "value": Decimal("9.99"), "currency": "EUR", "user_id": "é"},
        )
        == GOLDEN
    )


@pytest.mark.parametrize("name", FINGERPRINT_COLUMNS)
def test_each_column_counts(name: str) -> None:
    """Of two payloads that differ in one column, one is no retry of the other."""
    kind = SCHEMA.field(name).type
    values = ["a", "b", ""] if pa.types.is_string(kind) else [1, 2, 0]
    found = of({}, *({name: value} for value in values))
    assert len(set(found)) == 4
    assert UNKNOWN not in found


def test_columns_and_places_are_told_apart() -> None:
    """The same text elsewhere is another payload; so is one with bytes swapped or zeros added."""
    payloads: list[Row] = [
        {"search_term": "ab"},
        {"link_url": "ab"},
        {"properties": "abcdefgh12345678"},
        {"properties": "12345678abcdefgh"},
        {"properties": "abcdefgh"},
        {"properties": "abcdefgh\0"},
        {"search_term": "a", "link_url": "b"},
        {"search_term": "b", "link_url": "a"},
    ]
    assert len(set(of(*payloads))) == len(payloads)


def test_few_collisions_among_payloads_that_differ_little() -> None:
    """A hundred thousand JSON texts with two digits changed: none shares its number."""
    rows = [
        {"properties": f'{{"price": {n % 317}.00, "name": "thing", "n": {n}}}'}
        for n in range(100_000)
    ]
    assert len(set(of(*rows))) == len(rows)


def test_what_sending_again_changes_is_left_out() -> None:
    """A retry has another request, time and address; its event must not look like a conflict."""
    assert not set(FINGERPRINT_COLUMNS) & {
        "event_id", "client_event_id", "sent_at", "received_at", "event_time", "event_time_rule",
        "clock_offset_ms", "request_id", "request_index", "log_offset", "epoch", "session_id",
        "is_late", "is_bot", "bot_reasons", "user_agent", "browser", "ip", "geo_country",
        "protocol", "sdk_name", "sdk_version",
    }  # fmt: skip


def test_unknown_without_the_columns() -> None:
    """Rows that lack a column have no fingerprint, rather than a wrong one."""
    assert fingerprints(table([{"event_name": "a"}]).drop(["items"])).tolist() == [UNKNOWN]
