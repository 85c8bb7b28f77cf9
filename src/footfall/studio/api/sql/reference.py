"""What an editor knows before anything runs: functions to call, and the limits of statements."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import msgspec

from footfall.query.guard import FUNCTIONS
from footfall.settings import QuerySettings

_CALLED: Final = re.compile(r"[a-z]\w*")
"""Operators are functions, too, and nobody writes them by their name."""


class SqlLimits(msgspec.Struct, frozen=True):
    """At which a statement ends, or its answer is cut off; section `query` of the settings."""

    time_max_us: int
    memory_max_bytes: int
    rows_max: int
    answer_bytes_max: int


class SqlReference(msgspec.Struct, frozen=True):
    """Answer of `GET /api/sql/reference`."""

    functions: tuple[str, ...]
    """Names that a statement may call, in order of the alphabet."""
    limits: SqlLimits


def reference_of(settings: QuerySettings) -> SqlReference:
    """With the limits of these settings."""
    limits = SqlLimits(
        settings.time_max, settings.memory_max, settings.rows_max, settings.answer_bytes_max
    )
    return SqlReference(_functions(), limits)


@cache
def _functions() -> tuple[str, ...]:
    return tuple(sorted(name for name in FUNCTIONS if _CALLED.fullmatch(name)))
