"""When an event happened, by the rule of docs/concepts/time.md."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.clock import DAY, MINUTE
from footfall.decode import decode
from footfall.enrich.clock import correct_clock
from footfall.event import FAILED_SCHEMA, TIMESTAMP
from footfall.settings import load_settings
from tests.decode.builders import AWS_EVENT, SETTINGS, logged

CLOCK = load_settings().clock
EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIVE = -(5 * 365 + 1) * 86_400_000
"""Milliseconds of five years, one of them a leap year."""


def at(text: str | None) -> datetime | None:
    """`11:59:58`, `+1 00:00:00` (a day later), or a whole ISO time."""
    if text is None or "T" in text:
        return None if text is None else datetime.fromisoformat(text)
    days, _, clock = text.rpartition(" ")
    hours, minutes, seconds = map(int, clock.split(":"))
    return NOON.replace(hour=hours, minute=minutes, second=seconds) + timedelta(days=int(days or 0))


def table(rows: list[tuple[datetime | None, datetime | None, datetime]]) -> pa.Table:
    """Decoded events with these times."""
    base = decode([logged([AWS_EVENT] * len(rows))], SETTINGS).events
    for place, name in enumerate(("created_at", "sent_at", "received_at")):
        index = base.schema.get_field_index(name)
        values = pa.array([row[place] for row in rows], TIMESTAMP)
        base = base.set_column(index, base.schema.field(index), values)
    return base


def correct(created: str | None, sent: str | None, received: str = "12:00:00") -> Any:
    moment = at(received)
    assert moment is not None
    events = correct_clock(table([(at(created), at(sent), moment)]), CLOCK).events
    names = ["event_time_rule", "event_time", "clock_offset_ms"]
    return tuple(events.select(names).to_pylist()[0].values())


@pytest.mark.parametrize(
    ("created", "sent", "rule", "time", "offset"),
    [
        ("11:59:58", "11:59:59", "device", "11:59:58", 0),
        ("11:00:00", "11:59:59", "device", "11:00:00", 0),
        ("09:59:00", "10:00:00", "shifted", "11:59:00", 7_200_000),
        ("11:51:00", "12:10:00", "device", "11:51:00", 0),
        ("11:51:00", "12:10:01", "shifted", "11:40:59", -601_000),
        ("11:40:00", "11:50:00", "device", "11:40:00", 0),
        ("11:40:00", "11:49:59", "shifted", "11:50:01", 601_000),
        ("12:09:00", "12:09:30", "shifted", "11:59:30", -570_000),
        ("12:00:01", "12:00:02", "shifted", "11:59:59", -2_000),
        ("12:00:00", "12:00:00", "device", "12:00:00", 0),
        ("12:09:00", "12:00:00", "clamped", "12:00:00", -540_000),
        ("10:00:00", "09:00:00", "clamped", "12:00:00", 7_200_000),
        ("11:59:59", "9999-05-28T13:13:23+00:00", "device", "11:59:59", 0),
        ("11:59:59", "2031-11-21T12:00:00+00:00", "device", "11:59:59", 0),
        ("12:00:09", "9999-05-28T13:13:23+00:00", "clamped", "12:00:00", -9_000),
        ("2031-11-21T11:59:00+00:00", "2031-11-21T12:00:00+00:00", "shifted", "11:59:00", FIVE),
        ("12:09:00", None, "clamped", "12:00:00", -540_000),
        ("11:00:00", None, "device", "11:00:00", 0),
        (None, "11:59:59", "received", "12:00:00", None),
        (None, None, "received", "12:00:00", None),
    ],
)
def test_the_rule(
    created: str | None, sent: str | None, rule: str, time: str, offset: int | None
) -> None:
    """The worked table of the documentation, its edges, and what is missing."""
    assert correct(created, sent) == (rule, at(time), offset)


def test_months_have_no_edges() -> None:
    """Adding parts of dates instead of microseconds broke others at the end of a month."""
    assert correct("2026-02-28T23:58:00Z", "2026-02-28T23:59:00Z", "2026-03-01T00:30:00Z") == (
        "shifted",
        datetime(2026, 3, 1, 0, 29, tzinfo=UTC),
        31 * 60_000,
    )


def test_a_clock_at_its_factory_setting_is_corrected() -> None:
    """Phones with an empty battery think it is 1970; the event still happened just now."""
    assert correct("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z")[:2] == (
        "shifted",
        at("11:59:55"),
    )


def test_times_as_sent_are_kept() -> None:
    """What the device said is evidence; only the derived time changes."""
    moment = at("12:00:00")
    assert moment is not None
    before = table([(at("09:59:00"), at("10:00:00"), moment)])
    after = correct_clock(before, CLOCK).events
    assert after.select(before.column_names).equals(before)


def test_too_old_events_fail_and_others_stay() -> None:
    """Each day of event time is a partition: a stray year 1971 must not make one."""
    oldest = NOON - timedelta(microseconds=CLOCK.event_age_max)
    rows = [
        (NOON, None, NOON),
        (oldest, None, NOON),
        (oldest - timedelta(microseconds=1), None, NOON),
        (datetime(1, 1, 1, tzinfo=UTC), None, NOON),
    ]
    found = correct_clock(table(rows), CLOCK)
    assert found.events.column("created_at").to_pylist() == [NOON, oldest]
    assert found.failures.schema.equals(FAILED_SCHEMA)
    row = found.failures.to_pylist()[0]
    assert (row["reason"], row["part"], row["path"], row["request_index"], row["event_name"]) == (
        "too_old",
        "record",
        "$.created_at",
        2,
        "add_to_cart",
    )
    payload = json.loads(row["payload"])
    assert payload["created_at"] == (oldest - timedelta(microseconds=1)).isoformat().replace(
        "+00:00", "Z"
    )
    assert row["payload_bytes"] == len(row["payload"])


def test_a_server_key_may_bring_what_is_older() -> None:
    """History is theirs to send; a write id is public, and years of days are work for everybody."""
    ages = [
        CLOCK.event_age_max,
        CLOCK.event_age_max + 1,
        CLOCK.event_age_trusted_max,
        CLOCK.event_age_trusted_max + 1,
    ]
    times = [NOON - timedelta(microseconds=age) for age in ages]
    events = table([(time, None, NOON) for time in times])
    (offset,) = set(events.column("log_offset").to_pylist())

    public = correct_clock(events, CLOCK, [offset + 1])
    assert public.events.column("created_at").to_pylist() == times[:1]
    assert public.failures.column("request_index").to_pylist() == [1, 2, 3]
    assert set(public.failures.column("message").to_pylist()) == {
        "event is older than clock.event_age_max: days=14"
    }
    trusted = correct_clock(events, CLOCK, [offset])
    assert trusted.events.column("created_at").to_pylist() == times[:3]
    assert trusted.failures.column("message").to_pylist() == [
        "event is older than clock.event_age_trusted_max: days=1100"
    ]


def test_failures_of_both_kinds_are_in_log_order() -> None:
    """Enriched apart or together, the rows are the same: a redone epoch must not differ."""
    requests = [logged([AWS_EVENT], offset=offset) for offset in range(3)]
    events = decode(requests, SETTINGS).events
    received = events.column("received_at").cast(pa.int64()).to_pylist()
    old = pa.array([time - 2000 * DAY for time in received], pa.int64()).cast(TIMESTAMP)
    events = events.set_column(events.schema.get_field_index("created_at"), "created_at", old)
    assert correct_clock(events, CLOCK, [1]).failures.column("log_offset").to_pylist() == [0, 1, 2]


def test_absurd_times_together_are_too_old() -> None:
    """Created in the year 1, sent in 9999: the sum is before all calendars, and must not raise."""
    absurd = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), NOON)
    assert correct_clock(table([absurd]), CLOCK).failures.column("reason").to_pylist() == [
        "too_old"
    ]


def test_failed_ids_are_those_of_their_place() -> None:
    """The same record has the same failed id, whichever stage refuses it."""
    too_old = correct_clock(table([(NOON - timedelta(days=2000), None, NOON)]), CLOCK).failures
    broken = decode([logged([5])], SETTINGS).failures
    assert too_old.column("failed_id") == broken.column("failed_id")


times = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
moments = st.none() | times


def reference(created: datetime | None, sent: datetime | None, received: datetime) -> datetime:
    """The rule as the reference states it, one event at a time; here no event is too old."""
    if created is None:
        return received
    time = created
    if sent is not None:
        difference = received - sent
        if abs(difference) > timedelta(minutes=10) or created > received:
            time = _bounded_sum(created, difference)
    return min(time, received)


def _bounded_sum(moment: datetime, difference: timedelta) -> datetime:
    try:
        return moment + difference
    except OverflowError:
        return LATEST if difference > timedelta() else EARLIEST


@settings(deadline=None)
@given(st.lists(st.tuples(moments, moments, times), min_size=1, max_size=20))
def test_equals_the_reference_and_is_never_in_the_future(rows: list[Any]) -> None:
    """The vectorised rule is the plain rule, for all times that a device can send."""
    lenient = msgspec.structs.replace(CLOCK, event_age_max=20_000 * 366 * DAY, skew_max=10 * MINUTE)
    events = correct_clock(table(rows), lenient).events
    found = events.column("event_time").cast(pa.int64()).to_pylist()
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    step = timedelta(microseconds=1)
    expected = [(reference(*row) - epoch) // step for row in rows]
    assert found == expected
    received = events.column("received_at").cast(pa.int64()).to_pylist()
    assert all(time <= arrival for time, arrival in zip(found, received, strict=True))


def test_no_events() -> None:
    """An idle micro-batch passes."""
    empty = table([])
    assert correct_clock(empty, CLOCK).events.num_rows == 0
