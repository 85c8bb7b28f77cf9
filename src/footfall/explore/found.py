"""What came back from a statement."""

from __future__ import annotations

from typing import Any

import msgspec

from footfall.explore.segments.kept import UsedSegment


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
