"""Segments that a question names: found, whole with those that they are made of, and compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from footfall.errors import Invalid
from footfall.explore.question.fields import SEGMENT, Fields
from footfall.explore.question.reading import SegmentIds
from footfall.explore.segments.definition import Segment
from footfall.explore.segments.kept import KeptSegment, Shelf, UsedSegment
from footfall.explore.segments.reading import fields_in, segments_in

DRAFT: Final = "?"
"""Name of a segment that is not kept yet; no kept one is called so."""
PARTS_MAX: Final = 20
"""Segments of one question, those that they are made of included."""


class Parts(msgspec.Struct, frozen=True):
    """Segments by name, each after those that it is made of."""

    segments: Mapping[str, Segment]
    listed: Mapping[str, tuple[str, ...]]
    used: tuple[UsedSegment, ...] = ()

    @property
    def fields(self) -> list[str]:
        """Every field that they name."""
        found = [name for one in self.segments.values() for name in fields_in(one)]
        return list(dict.fromkeys(found))

    def ids(self, fields: Fields, now: int) -> dict[str, SegmentIds]:
        """Each as a SELECT, as of a moment."""
        from footfall.explore.segments.compiling import ids_of

        made: dict[str, SegmentIds] = {}
        for name, one in self.segments.items():
            inner = {part: made[part] for part in segments_in(one)}
            made[name] = ids_of(one, fields, now, inner, self.listed.get(name))
        return made


def named(fields: Iterable[str]) -> list[str]:
    """Names of segments among fields."""
    prefix = f"{SEGMENT}."
    return [one.removeprefix(prefix) for one in fields if one.startswith(prefix)]


def parts_of(
    names: Iterable[str], shelf: Shelf, given: Mapping[str, Segment] | None = None
) -> Parts:
    """Segments with all that they are made of.

    Args:
        names: Those that are wanted.
        shelf: Where they are kept.
        given: Some that are not kept yet.

    Raises:
        Invalid: one is not there, there are too many, or one is part of itself.
    """
    found: dict[str, Segment] = {}
    listed: dict[str, tuple[str, ...]] = {}
    used: list[UsedSegment] = []

    def take(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            raise Invalid(f"a segment cannot be part of itself: {' → '.join((*way, name))}")
        if name in found:
            return
        one, kept = (given or {}).get(name), None
        if one is None:
            kept = _kept(name, shelf, way)
            one = kept.definition
        for part in sorted(segments_in(one)):
            take(part, (*way, name))
        if len(found) >= PARTS_MAX:
            raise Invalid(f"a question has at most {PARTS_MAX} segments, with all their parts")
        found[name] = one
        if one.rule is None:
            listed[name] = shelf.ids(name)
        if kept is not None:
            used.append(UsedSegment(name, kept.version, kept.made_at, kept.listed is not None))

    for name in names:
        take(name, ())
    return Parts(found, listed, tuple(used))


def _kept(name: str, shelf: Shelf, way: tuple[str, ...]) -> KeptSegment:
    kept = shelf.find(name)
    if kept is None:
        names = ", ".join(sorted(shelf.names())) or "none yet"
        of = f" (a part of {way[-1]})" if way and way[-1] != DRAFT else ""
        raise Invalid(f"no segment {name[:80]!r}{of}; there are: {names}")
    return kept
