"""Types of values, and how those are read that are written as text with a unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from footfall.clock import DAY, HOUR, MINUTE, SECOND, US_PER_MS

Duration = Annotated[int, msgspec.Meta(description="duration in microseconds")]
Size = Annotated[int, msgspec.Meta(description="size in bytes")]
Bound = Annotated[int | None, msgspec.Meta(description="size in bytes; None is no bound")]
Age = Annotated[int | None, msgspec.Meta(description="duration; None is for ever")]
Count = Annotated[int, msgspec.Meta(ge=1)]
CountBySize = Annotated[Count | None, msgspec.Meta(description="None follows from a size")]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]

NONE_WORDS: Final[Mapping[Any, str]] = {Bound: "unlimited", Age: "forever", CountBySize: "by size"}
"""What is written for `None`, by type."""
DURATION_UNITS: Final = {"ms": US_PER_MS, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SIZE_UNITS: Final = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_QUANTITY: Final = re.compile(r"^(\d+)\s*([A-Za-z]+)$")


def parse_duration(text: str) -> int:
    """`"200ms"`, `"15s"`, `"30m"`, `"24h"`, `"3d"` → microseconds.

    Raises `ValueError` naming the valid units.
    """
    return _quantity(text, DURATION_UNITS)


def parse_size(text: str) -> int:
    """`"64KiB"`, `"1MiB"` → bytes. Raises `ValueError` naming the valid units."""
    return _quantity(text, _SIZE_UNITS)


def _quantity(text: str, units: Mapping[str, int]) -> int:
    match = _QUANTITY.match(text)
    if match is None or match[2] not in units:
        raise ValueError(f"a whole number and a unit out of {', '.join(units)}, not {text!r}")
    return int(match[1]) * units[match[2]]


def read_duration(value: Any) -> int:
    """Microseconds of a value that should be a text with a unit, more than 0.

    Raises:
        ValueError: it is none; what is valid.
    """
    return read_quantity(Duration, value)


def read_quantity(kind: Any, value: Any) -> int:
    """Microseconds or bytes of a value that should be a text with a unit, more than 0.

    Args:
        kind: `Duration`, `Size`, `Bound` or `Age`.
        value: As TOML or JSON has it; not the word for `None`.

    Raises:
        ValueError: it is none; what is valid.
    """
    is_duration = kind in (Duration, Age)
    if not isinstance(value, str):
        example = '"15s"' if is_duration else '"64MiB"'
        example += f' or "{NONE_WORDS[kind]}"' if kind in NONE_WORDS else ""
        raise ValueError(  # noqa: TRY004 (a person's mistake, told as all are)
            f"a text with a unit, such as {example}, not {value!r}"
        )
    quantity = parse_duration(value) if is_duration else parse_size(value)
    if quantity <= 0:
        raise ValueError(f"more than 0, not {value!r}")
    return quantity
