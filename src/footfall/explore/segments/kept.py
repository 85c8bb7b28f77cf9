"""Segments as they are kept and told."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from footfall.explore.segments.definition import Every, Segment, Unit

Which = Literal["joined", "left"]
"""Who came since an earlier refresh, or went."""


class SegmentSize(msgspec.Struct, frozen=True):
    """How large a segment was at one moment."""

    at: int
    """The moment that it is of, microseconds since 1970 UTC."""
    version: int
    size: int
    total: int
    """Everybody that its rules are asked about: with an event of its app."""
    cut_sequence: int
    cut_published_at: int
    joined: int | None = None
    """How many are in it who were not when its size was noted before; null: nobody knows."""
    left: int | None = None
    """How many were in it then and are no more."""


class SegmentChanges(msgspec.Struct, frozen=True):
    """Who came and went between two refreshes: `size_before` + `joined` - `left` = `size_after`."""

    name: str
    unit: Unit
    since: int
    """Of the earlier refresh, microseconds since 1970 UTC."""
    until: int
    """Of the later one."""
    size_before: int
    size_after: int
    joined: int
    left: int


class KeptSegment(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as it is kept."""

    name: str
    title: str
    version: int
    """Counts changes of who is in it; to be said when it is saved again."""
    definition: Segment
    listed: int | None = None
    """Ids of a list; null where a rule says who is in it."""
    every: Every
    """How often its size is noted."""
    made_at: int
    """Of this version, microseconds since 1970 UTC."""
    made_of: str = ""
    """What a list was made of."""
    changed_at: int
    tried_at: int = 0
    """When its size was asked for last; 0: never."""
    problem: str = ""
    """Why that failed; "": it did not."""


class UsedSegment(msgspec.Struct, frozen=True):
    """A segment that an answer was computed with: as of the answer's cut and moment."""

    name: str
    version: int
    made_at: int
    """When that version was saved, microseconds since 1970 UTC."""
    is_list: bool


class Region(msgspec.Struct, frozen=True):
    """Those who are in some segments and not in the others."""

    inside: tuple[bool, ...]
    """Of each segment, in the order that they were named."""
    count: int


class Overlap(msgspec.Struct, frozen=True):
    """How segments overlap."""

    names: tuple[str, ...]
    unit: Unit
    regions: tuple[Region, ...]
    """Every combination but none of them; each person is in one."""
    segments: tuple[UsedSegment, ...]
    cut_sequence: int
    cut_published_at: int


class Shelf(Protocol):
    """Where segments are looked up: `footfall.explore.segments.storage.Segments`."""

    def find(self, name: str) -> KeptSegment | None:
        """One of them, as it is now."""
        ...

    def ids(self, name: str) -> tuple[str, ...]:
        """Those of a list."""
        ...

    def names(self) -> frozenset[str]:
        """All there are."""
        ...


class NoShelf:
    """Nowhere: for whoever has no metadata."""

    def find(self, name: str) -> KeptSegment | None:
        """None."""
        del name
        return None

    def ids(self, name: str) -> tuple[str, ...]:
        """None."""
        del name
        return ()

    def names(self) -> frozenset[str]:
        """None."""
        return frozenset()
