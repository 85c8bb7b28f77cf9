"""What came back from a statement."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from footfall.explore.segments.kept import UsedSegment

Way = Literal["sql", "index"]
"""How an answer was found: by a statement, or in the journey index."""


class Found(msgspec.Struct, frozen=True):
    """Rows of a statement."""

    rows: list[list[Any]]
    is_cut_off: bool
    cut_sequence: int
    cut_published_at: int
    sql: str = ""
    """The statement, for people."""
    notes: tuple[str, ...] = ()
    segments: tuple[UsedSegment, ...] = ()
    segments_at: str | None = None
    way: Way = "sql"
