"""What each kind of column takes.

Strict where a wrong type would make wrong numbers, lenient where SDKs differ.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode.blocks import values
from footfall.decode.blocks.fault import Fault

NOON = 1_795_262_400_000_000
"""2026-11-21T12:00:00Z."""


@pytest.mark.parametrize(
    ("convert", "value", "expected"),
    [
        (values.text, "a", "a"),
        (values.text, "", None),
        (values.text, 1001, "1001"),
        (values.text, 1.5, "1.5"),
        (values.text, True, "true"),
        (values.identifier, "v" * 512, "v" * 512),
        (values.identifier, 17, "17"),
        (values.identifier, "", None),
        (values.size, 1280, 1280),
        (values.size, "1280", 1280),
        (values.size, " 1280 ", 1280),
        (values.size, 412.5, 412),
        (values.size, 413.5, 414),
        (values.size, 0, 0),
        (values.size, 2**31 - 1, 2**31 - 1),
        (values.size, "", None),
        (values.int64, -(2**63), -(2**63)),
        (values.duration_ms, 5, 5),
        (values.duration_ms, -5, 0),
        (values.money, 149.9, Decimal("149.9")),
        (values.money, 0.1, Decimal("0.1")),
        (values.money, 30, Decimal(30)),
        (values.money, "-1.5", Decimal("-1.5")),
        (values.money, 0.30000000000000004, Decimal("0.3")),
        (values.money, 0.0000005, Decimal(0)),
        (values.money, 1e-300, Decimal(0)),
        (values.money, 999_999_999_999.5, Decimal("999999999999.5")),
        (values.money, "", None),
        (values.flag, True, True),
        (values.flag, 0, False),
        (values.flag, 1.0, True),
        (values.flag, "TRUE", True),
        (values.flag, "0", False),
        (values.flag, "", None),
        (values.moment, NOON // 1000, NOON),
        (values.moment, str(NOON // 1000), NOON),
        (values.moment, NOON / 1000 + 0.25, NOON + 250),
        (values.moment, "2026-11-21T12:00:00Z", NOON),
        (values.moment, "2026-11-21T13:30:00+01:30", NOON),
        (values.moment, "2026-11-21 12:00:00.000001", NOON + 1),
        (values.moment, "2026-11-21", NOON - 43_200_000_000),
        (values.moment, "2026-11-21t12:00:00z", NOON),
        (values.moment, "2026-11-20T24:00:00Z", NOON - 43_200_000_000),
        (values.moment, "2026-11-20T24:00Z", NOON - 43_200_000_000),
        (values.moment, "2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        (values.moment, "2017-01-01T00:59:60.5+01:00", 1_483_228_800_000_000),
        (values.moment, -1, -1000),
        (values.moment, values.TIME_MIN_US // 1000, values.TIME_MIN_US),
        (values.moment, "9999-12-31T23:59:59.999999Z", values.TIME_MAX_US),
        (values.moment, "", None),
    ],
)
def test_takes(convert: values.Convert, value: object, expected: object) -> None:
    """The value, and its type, are exactly these."""
    found = convert(value)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("convert", "value", "reason"),
    [
        (values.text, [], "wrong_type"),
        (values.text, {}, "wrong_type"),
        (values.identifier, "v" * 513, "invalid_value"),
        (values.identifier, {"value": "x"}, "wrong_type"),
        (values.name, 5, "wrong_type"),
        (values.name, " \t", "invalid_value"),
        (values.name, "n" * 257, "invalid_value"),
        (values.size, True, "wrong_type"),
        (values.size, "12px", "wrong_type"),
        (values.size, "1_000", "wrong_type"),
        (values.size, "١٢", "wrong_type"),
        (values.size, "12\n13", "wrong_type"),
        (values.size, [], "wrong_type"),
        (values.size, -1, "invalid_value"),
        (values.size, 2**31, "invalid_value"),
        (values.int64, 2**63, "invalid_value"),
        (values.int64, 1e300, "invalid_value"),
        (values.money, True, "wrong_type"),
        (values.money, "EUR 5", "wrong_type"),
        (values.money, {}, "wrong_type"),
        (values.money, 1e12, "invalid_value"),
        (values.money, 1e300, "invalid_value"),
        (values.money, 10**400, "invalid_value"),
        (values.flag, 2, "invalid_value"),
        (values.flag, "yes", "invalid_value"),
        (values.flag, [], "wrong_type"),
        (values.moment, True, "wrong_type"),
        (values.moment, [], "wrong_type"),
        (values.moment, "yesterday", "invalid_value"),
        (values.moment, "2026-02-30", "invalid_value"),
        (values.moment, "0001-01-01T00:00:00+01:00", "invalid_value"),
        (values.moment, values.TIME_MAX_US // 1000 + 1, "invalid_value"),
        (values.moment, 2**63, "invalid_value"),
        (values.moment, 1e308, "invalid_value"),
        (values.moment, "9" * 40, "invalid_value"),
        (values.mapping, [1], "wrong_type"),
        (values.identifier, "undefined", "not_an_id"),
        (values.identifier, "00000000-0000-0000-0000-000000000000", "not_an_id"),
        (values.moment, "2016-12-31T22:59:60Z", "invalid_value"),
        (values.moment, "2016-12-31T23:59:61Z", "invalid_value"),
        (values.moment, "2016-12-31T25:00:00Z", "invalid_value"),
        (values.array, {}, "wrong_type"),
    ],
)
def test_refuses(convert: values.Convert, value: object, reason: str) -> None:
    """With the reason that is shown and counted."""
    with pytest.raises(Fault) as caught:
        convert(value)
    assert caught.value.reason == reason


@settings(deadline=None)
@given(
    st.sampled_from(
        [
            *(values.text, values.identifier, values.name, values.size, values.int64),
            *(values.duration_ms, values.money, values.flag, values.moment),
        ]
    ),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.from_regex(r"[+-]?[0-9]{1,45}(\.[0-9]*)?", fullmatch=True)
    | st.datetimes().map(str)
    | st.lists(st.none(), max_size=1),
)
def test_any_json_value_is_taken_or_refused(convert: values.Convert, value: Any) -> None:
    """Nothing else than a `Fault` may come out: anything else would be an INTERNAL failure."""
    try:
        found = convert(value)
    except Fault:
        return
    if isinstance(found, Decimal):
        assert abs(found) < 10**12
    elif isinstance(found, int):
        assert -(2**63) <= found < 2**63


@settings(deadline=None)
@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_iso_text_and_epoch_name_the_same_time(moment: datetime) -> None:
    """Two spellings of one time must not become two times."""
    found = values.moment(moment.replace(tzinfo=UTC).isoformat())
    assert isinstance(found, int)
    assert values.moment(f"{found // 1000}.{found % 1000:03d}") == found
