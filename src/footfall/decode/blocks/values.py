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

from footfall.clock import DAY
from footfall.decode.blocks.fault import Fault, invalid_value, wrong_type
from footfall.event import ProblemReason

Convert = Callable[[object], object]

NAME_CHARACTERS_MAX: Final = 256
ID_CHARACTERS_MAX: Final = 512

TIME_MIN_US: Final = -62_135_596_800_000_000
"""0001-01-01T00:00:00Z."""
TIME_MAX_US: Final = 253_402_300_799_999_999
"""9999-12-31T23:59:59.999999Z. Well inside 64 bits, and what calendars of all engines can show."""

INT32_MAX: Final = 2**31 - 1
INT64_MAX: Final = 2**63 - 1

NO_IDS: Final = frozenset(
    {
        *("undefined", "Undefined", "UNDEFINED", "null", "Null", "NULL", "nil", "Nil", "<nil>"),
        *("none", "None", "NONE", "NaN", "nan", "NAN", "(null)", "(none)", "(not set)", "not set"),
        *("[object Object]", "[object Undefined]", "[object Null]", "Object", "{}", "[]"),
        *("anonymous", "Anonymous", "guest", "Guest", "unknown", "Unknown", "UNKNOWN"),
        *(" ", "false", "False", "true", "True", "00000000-0000-0000-0000-000000000000"),
        *("0" * 32, "ffffffff-ffff-ffff-ffff-ffffffffffff", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
    }
)
"""Texts that programs write where they have no id. Taken for ids, they would make one visitor of
thousands, and of all but the first event a duplicate. After PostHog's list of ids that it refuses,
with the nil and max UUIDs of RFC 9562 (§5.9, §5.10) and the zeros that phones give for an
advertising id that is switched off."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{0,40})?\Z")
_LEAP_SECOND: Final = re.compile(r"(.{10}[T ][0-9]{2}:[0-9]{2}):60(?:[.,][0-9]+)?(.{0,6})\Z")
_END_OF_DAY: Final = re.compile(r"(.{10}[T ])24:00(?::00(?:[.,]0+)?)?(.{0,6})\Z")
_SECOND_US: Final = 1_000_000
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
    if found in NO_IDS:
        raise Fault(ProblemReason.NOT_AN_ID, f"expected an id, found {found!r}")
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

    A number (or its text) is milliseconds since 1970, fractions allowed. Other text is ISO 8601 or
    RFC 3339; without an offset it is UTC, without a time it is midnight. A leap second is the
    second after it, and 24:00 the midnight that ends its day.
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


def mapping(value: object) -> dict[str, object] | None:
    """A JSON object; an empty array is PHP's empty object, and no value."""
    if isinstance(value, dict):
        return value
    if value == []:
        return None
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
        return _plain_iso(text_)
    except (ValueError, OverflowError):
        pass
    try:
        return _rare_iso(text_.upper())
    except (ValueError, OverflowError):
        raise invalid_value("expected milliseconds since 1970 or an ISO 8601 text") from None


def _plain_iso(text_: str) -> int:
    found = datetime.fromisoformat(text_)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return (found - _EPOCH) // _MICROSECOND


def _rare_iso(text_: str) -> int:
    """Forms of RFC 3339 and ISO 8601 that Python does not read, small letters made large.

    Raises:
        ValueError: it is none of them either.
    """
    leap = _LEAP_SECOND.match(text_)
    if leap is not None:
        found = _plain_iso(f"{leap[1]}:59{leap[2]}") + _SECOND_US
        if found % DAY:  # there was none but at the end of a day, in UTC
            raise ValueError(text_)
        return found
    end = _END_OF_DAY.match(text_)
    if end is not None:
        return _plain_iso(f"{end[1]}00:00{end[2]}") + DAY
    return _plain_iso(text_)


_any_int64: Final = whole(-INT64_MAX - 1, INT64_MAX)
size: Final = whole(0, INT32_MAX)
"""Pixels."""
int64: Final = whole(-INT64_MAX - 1, INT64_MAX)
"""Any 64-bit whole number."""
