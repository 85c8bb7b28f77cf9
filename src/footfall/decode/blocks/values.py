"""JSON values → column values, one function per kind. Each raises `Fault` without a path.

Types are checked strictly where a wrong one would make wrong numbers, and leniently where SDKs
differ: a number in a text column is its text, digits in a number column are that number, `0` and
`1` are booleans. Objects and arrays never pass for a scalar. The whole
table: docs/formats/events-api.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from typing import Final

import msgspec

from footfall.decode.blocks.fault import invalid_value, wrong_type

Convert = Callable[[object], object]

NAME_CHARACTERS_MAX: Final = 256
ID_CHARACTERS_MAX: Final = 512

TIME_MIN_US: Final = -62_135_596_800_000_000
"""0001-01-01T00:00:00Z."""
TIME_MAX_US: Final = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z. Well inside 64 bits, and what calendars of all engines can show."""

INT32_MAX: Final = 2**31 - 1
INT64_MAX: Final = 2**63 - 1

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{0,40})?\Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_MONEY_CONTEXT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-2000, Emax=2000)
_MONEY_STEP: Final = Decimal("0.000001")
_MONEY_MAX: Final = Decimal(10) ** 12
_TRUE: Final = frozenset({"true", "1"})
_FALSE: Final = frozenset({"false", "0"})


def text(value: object) -> str | None:
    """Text; numbers and booleans as JSON writes them; empty text is no value."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    raise wrong_type("a text", value)


def identifier(value: object) -> str | None:
    """Text that names an event, visitor, user, device or session: never cut, so never too long."""
    found = value if value.__class__ is str else text(value)
    if not found:
        return None
    if len(found) > ID_CHARACTERS_MAX:
        raise invalid_value(f"expected at most {ID_CHARACTERS_MAX} characters")
    return found


def name(value: object) -> str:
    """Name of an event: text of 1 to 256 characters."""
    if not isinstance(value, str):
        raise wrong_type("a text", value)
    if not value or value.isspace():
        raise invalid_value("expected a name, found an empty text")
    if len(value) > NAME_CHARACTERS_MAX:
        raise invalid_value(
            f"expected at most {NAME_CHARACTERS_MAX} characters, found {len(value)}"
        )
    return value


def whole(low: int, high: int) -> Callable[[object], int | None]:
    """Whole number from `low` to `high`; fractions are rounded half to even."""

    def convert(value: object) -> int | None:
        if value.__class__ is int:
            number = value
        elif value == "":
            return None
        else:
            number = round(_number(value, "a whole number"))
        if not low <= number <= high:
            raise invalid_value(f"expected a number from {low} to {high}")
        return number

    return convert


def duration_ms(value: object) -> int | None:
    """Milliseconds; a negative one (the device's clock was set back meanwhile) counts as 0."""
    found = _any_int64(value)
    return None if found is None else max(found, 0)


def money(value: object) -> Decimal | None:
    """Amount with six decimals, rounded half to even; less than 10^12 in size.

    A JSON number is taken by its shortest decimal text, so 0.1 is 0.1.
    """
    if value == "":
        return None
    number = _number(value, "a number")
    exact = Decimal(repr(number) if isinstance(number, float) else number)
    try:
        amount = exact.quantize(_MONEY_STEP, context=_MONEY_CONTEXT)
    except InvalidOperation:
        raise invalid_value("expected an amount below 10^12") from None
    if abs(amount) >= _MONEY_MAX:
        raise invalid_value("expected an amount below 10^12")
    return amount


def flag(value: object) -> bool | None:
    """Boolean; also 0 and 1, and both as text."""
    if isinstance(value, bool):
        return value
    if value == "":
        return None
    if isinstance(value, int | float):
        if value in (0, 1):
            return bool(value)
        raise invalid_value("expected true, false, 1 or 0")
    if isinstance(value, str):
        lowered = value.lower()
        if lowered in _TRUE:
            return True
        if lowered in _FALSE:
            return False
        raise invalid_value("expected true, false, 1 or 0")
    raise wrong_type("a boolean", value)


def moment(value: object) -> int | None:
    """Point in time, in microseconds since 1970 UTC, within the years 1 to 9999.

    A number (or its text) is milliseconds since 1970, fractions allowed. Other text is ISO 8601;
    without an offset it is UTC, without a time it is midnight.
    """
    if value.__class__ is int:
        found = value * 1_000
    elif value == "":
        return None
    elif isinstance(value, str) and not _NUMBER.match(value.strip()):
        found = _iso(value.strip())
    else:
        number = _number(value, "milliseconds since 1970 or an ISO 8601 text")
        if not TIME_MIN_US <= number * 1_000 <= TIME_MAX_US:
            raise invalid_value("expected a time in the years 1 to 9999")
        found = round(number * 1_000)
    if not TIME_MIN_US <= found <= TIME_MAX_US:
        raise invalid_value("expected a time in the years 1 to 9999")
    return found


def mapping(value: object) -> dict[str, object]:
    """A JSON object."""
    if isinstance(value, dict):
        return value
    raise wrong_type("an object", value)


def array(value: object) -> list[object]:
    """A JSON array."""
    if isinstance(value, list):
        return value
    raise wrong_type("an array", value)


def _number(value: object, expected: str) -> int | float | Decimal:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise invalid_value(f"expected {expected}")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _NUMBER.match(value.strip()):
        return Decimal(value.strip())
    raise wrong_type(expected, value)


def _iso(text_: str) -> int:
    try:
        found = datetime.fromisoformat(text_)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return (found - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise invalid_value("expected milliseconds since 1970 or an ISO 8601 text") from None


_any_int64: Final = whole(-INT64_MAX - 1, INT64_MAX)
size: Final = whole(0, INT32_MAX)
"""Pixels."""
int64: Final = whole(-INT64_MAX - 1, INT64_MAX)
"""Any 64-bit whole number."""
