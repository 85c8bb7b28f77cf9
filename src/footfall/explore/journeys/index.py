"""Answers from the index of a project, as far as it has them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec
import numpy as np

from footfall.errors import FootfallError
from footfall.explore.answer import CELLS_MAX
from footfall.explore.asking import Asked, NamesAsked
from footfall.explore.found import Found
from footfall.explore.journeys.held import unheld
from footfall.explore.journeys.layout import Index, Part, Seen, Segment, check, read_index
from footfall.explore.journeys.opened import Opened
from footfall.explore.journeys.source import APP, EVENT, seen_of
from footfall.explore.journeys.ways import events, funnel, lifecycle, path, retention
from footfall.explore.models import MODELS
from footfall.explore.question import (
    EventsQuestion,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.question.common import Common
from footfall.explore.question.fields import SEGMENT
from footfall.explore.question.reading import SegmentIds, all_fields
from footfall.explore.segments.reading import fields_in
from footfall.lake.cut import read_cut

GROUPS_MAX: Final = 1 << 20
"""Combinations of a breakdown's values that are counted apart."""

_NO_SEGMENTS: Final[Mapping[str, SegmentIds]] = MappingProxyType({})


class _Way(msgspec.Struct, frozen=True):
    rows: Callable[[Opened, Any, Any], list[list[Any]]]
    members: Callable[[Opened, Any, Any, Any], list[str] | None]


_WAYS: Final[dict[type[Any], _Way]] = {
    EventsQuestion: _Way(events.rows, events.members),
    FunnelQuestion: _Way(funnel.rows, funnel.members),
    RetentionQuestion: _Way(retention.rows, retention.members),
    PathQuestion: _Way(path.rows, path.members),
    LifecycleQuestion: _Way(lifecycle.rows, lifecycle.members),
}


class JourneyIndex:
    """The newest index of a project. Threads may share it."""

    def __init__(self, root: Path, cut_file: Path, *, age_max: int, threads: int) -> None:
        """Open nothing yet.

        Args:
            root: Its directory.
            cut_file: The newest cut.
            age_max: How much older than the newest cut an answer may be, microseconds.
            threads: That scan it.
        """
        self._root, self._cut_file = root, cut_file
        self._age_max, self._threads = age_max, threads
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._opened: Opened | None = None
        self._whole: dict[str, Part] = {}

    def found(self, asked: Asked | NamesAsked) -> Found | None:
        """The rows that the statement would find; `None`: it cannot say, ask SQL.

        A damaged index is none: whoever makes it notices, and makes it anew.

        Raises:
            PermissionError: it may not be read; to a confined process another directory has come in
                the place of its own.
        """
        try:
            index, opened = self._newest()
        except PermissionError:
            raise
        except (FootfallError, OSError):
            return None
        seen = None if index is None else self._as_of(index)
        if index is None or opened is None or seen is None:
            return None
        made = _found(index, opened, asked)
        if made is None:
            return None
        is_cut_off = isinstance(asked, Asked) and asked.cell is None and len(made) > CELLS_MAX
        return Found(made, is_cut_off, seen.sequence, seen.published_at, way="index")

    def _as_of(self, index: Index) -> Seen | None:
        """Which cut an answer is of: the newest, if nothing of it changed. `None`: too old."""
        cut = read_cut(self._cut_file)
        if cut is None:
            return None
        newest = seen_of(cut)
        if newest.marks == index.seen.marks:
            return newest
        age = newest.published_at - index.seen.published_at
        # A cut older than the index's is one of a restored backup: its events are others.
        return index.seen if 0 <= age <= self._age_max else None

    def _newest(self) -> tuple[Index | None, Opened | None]:
        with self._lock:
            index = read_index(self._root)
            if index is None or index == self._index:
                return index, self._opened
            check(self._root, index.parts, self._whole)
            self._whole = {part.directory: part for part in index.parts}
            self._opened = Opened(segments_of(self._root, index), index.columns, self._threads)
            self._index = index
            return index, self._opened


def segments_of(root: Path, index: Index) -> list[Segment]:
    """All parts, mapped; those actors whose rows are in a newer part are left out of the older."""
    found = {part.directory: Segment(root, part) for part in index.parts}
    for part in index.parts:
        older = found.get(part.replaces)
        if older is not None:
            older.is_live = np.ones(older.actors, np.bool_)
            older.is_live[found[part.directory].arrays["replaced"]] = False
    return list(found.values())


def lacks(
    question: Common, columns: Any, segments: Mapping[str, SegmentIds] = _NO_SEGMENTS
) -> str | None:
    """What of a question, with the segments that it names, the index has not; `None`: nothing."""
    found = unheld(question)
    if found is not None:
        return found
    if isinstance(question, FunnelQuestion) and question.by_step == "each" and question.exclude:
        return "exclusions in a breakdown by each step"
    needed = [EVENT, APP, *all_fields(question, MODELS[type(question)].selectors(question))]
    if isinstance(question, PathQuestion):
        needed.append(path.FIELDS[question.nodes])
    for name, one in segments.items():
        found = _lacks_of(one, _copies(question))
        if found is not None:
            return f"{found} of the segment {name}"
        needed += fields_in(one.definition)
    known = {*columns, *(f"{SEGMENT}.{name}" for name in segments)}
    for field in needed:
        if field not in known or (field in question.by and field not in columns):
            return f"the field {field}"
    groups = np.prod([len(columns[one]) + 1 for one in question.by], dtype=np.float64)
    if groups > GROUPS_MAX:
        return "a breakdown with so many groups"
    return None


def _lacks_of(segment: SegmentIds, copies: set[str]) -> str | None:
    """What of a segment cannot be asked of the rows of these copies."""
    if segment.definition is None:
        return "the rule"
    if copies != {segment.unit}:
        return f"the {segment.unit}"
    return unheld(segment.definition)


def _copies(question: Any) -> set[str]:
    """Whose rows a question goes through."""
    if isinstance(question, EventsQuestion):
        return {events.WHOSE[one.measure] for one in question.series}
    return {question.per}


def _found(index: Index, opened: Opened, asked: Asked | NamesAsked) -> list[list[Any]] | None:
    """The rows; `None` where the index has not all that they need."""
    if isinstance(asked, NamesAsked):
        known = set(index.names)
        is_known = EVENT in index.columns
        return [[name in known for name in asked.events]] if is_known else None
    if lacks(asked.question, index.columns, asked.scene.segments) is not None:
        return None
    if asked.cell is not None:
        return _members(opened, asked) if unheld(asked.cell) is None else None
    return _WAYS[type(asked.question)].rows(opened, asked.question, asked.scene)


def _members(opened: Opened, asked: Asked) -> list[list[Any]] | None:
    way = _WAYS[type(asked.question)]
    names: Sequence[str] | None = way.members(opened, asked.question, asked.scene, asked.cell)
    if names is None:
        return None
    listed = sorted(names)
    if asked.after is not None:
        listed = [one for one in listed if one > asked.after]
    if asked.limit is not None:
        listed = listed[: asked.limit + 1]
    return [[name, None, None] for name in listed]
