"""Segments in Python: `project.segments.define("buyers", {"did": "purchase"})`."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from footfall.clock import Clock
from footfall.errors import Invalid
from footfall.explore.answer import Members
from footfall.explore.question.common import Common
from footfall.explore.question.ranges import Calendar, moment_of
from footfall.explore.segments.acting import (
    Defined,
    Form,
    defining,
    importing,
    keeping,
    refreshing,
)
from footfall.explore.segments.asking import (
    Sized,
    listing,
    overlapping,
    region_listing,
    sizing,
)
from footfall.explore.segments.definition import Every, Segment, Unit
from footfall.explore.segments.kept import KeptSegment, Overlap, SegmentChanges, SegmentSize, Which
from footfall.explore.segments.reading import read_segment
from footfall.explore.segments.storage import Segments
from footfall.explore.segments.using import DRAFT

Ids = list[str]
_Result = TypeVar("_Result")


class Keeper(Protocol):
    """Who keeps segments and asks them: a home, or a studio."""

    def list(self) -> tuple[KeptSegment, ...]: ...  # noqa: D102 (as in SegmentAccess)
    def get(self, name: str) -> KeptSegment: ...  # noqa: D102
    def sizes(self, name: str) -> tuple[SegmentSize, ...]: ...  # noqa: D102
    def drop(self, name: str) -> None: ...  # noqa: D102
    def refresh(self, name: str) -> SegmentSize: ...  # noqa: D102
    def preview(self, given: Segment, at: str | None) -> Sized: ...  # noqa: D102
    def members(self, name: str, at: str | None) -> Members: ...  # noqa: D102
    def overlap(self, names: Sequence[str], at: str | None) -> Overlap: ...  # noqa: D102
    def region(  # noqa: D102
        self, names: Sequence[str], inside: Sequence[bool], at: str | None
    ) -> Members: ...
    def changes(  # noqa: D102
        self, name: str, since: int | None, until: int | None
    ) -> SegmentChanges: ...
    def changed(  # noqa: D102
        self, name: str, which: Which, since: int | None, until: int | None
    ) -> Members: ...
    def define(  # noqa: D102
        self,
        name: str,
        given: Segment,
        title: str | None,
        every: Every | None,
        version: int | None,
    ) -> Defined: ...
    def save(  # noqa: D102
        self, name: str, question: Common, cell: str, form: Form, title: str | None
    ) -> Defined: ...
    def import_ids(  # noqa: D102
        self, name: str, ids: Sequence[str], unit: Unit, app: str, title: str | None
    ) -> Defined: ...


class SegmentAccess:
    """A project's segments; docs/concepts/segments.md says what rules mean.

    >>> project.segments.define("buyers", {"did": {"event": "purchase", "range": "30d"}})
    >>> project.segments.members("buyers")
    >>> project.funnel("page_view", "purchase", where={"segment": "buyers"})
    """

    def __init__(self, keeper: Keeper) -> None:
        """Of a project; see `Project.segments`."""
        self._keeper = keeper

    def list(self) -> tuple[KeptSegment, ...]:
        """All of them, by name."""
        return self._keeper.list()

    def get(self, name: str) -> KeptSegment:
        """One of them. Raises `Invalid` with the names there are."""
        return self._keeper.get(name)

    def define(
        self,
        name: str,
        rule: Any,
        *,
        title: str | None = None,
        every: Every | None = None,
        version: int | None = None,
        **options: Any,
    ) -> Defined:
        """Make or change a segment.

        Args:
            name: Small letters, digits, `-` and `_`.
            rule: Who is in it; a list is all of them. Or a whole `Segment`.
            title: For people.
            every: How often its size is noted: `hour`, `day` (the default), `week`, `off`.
            version: The one that was changed; `None` takes any.
            options: Of the segment: `unit`, `app`, `zone`, `week_start`, `bots`.

        Raises:
            Invalid: with every mistake in `problems`.
            Conflict: it was changed since that version; get it again and decide.
        """
        return self._keeper.define(name, segment_of(rule, options), title, every, version)

    def save(
        self,
        name: str,
        result: Any,
        cell: Any,
        *,
        form: Form = "definition",
        title: str | None = None,
    ) -> Defined:
        """Make a segment of those behind a number.

        Args:
            name: As for `define`.
            result: What `project.funnel(…)` and the like gave.
            cell: A row of it, or one of the keys that a row has.
            form: `definition` asks anew whenever the segment is used; `list` keeps who it is now.
            title: For people.

        Raises:
            Invalid: nobody is behind it, or it counts values.
        """
        key = cell if isinstance(cell, str) else cell.cell
        if key is None:
            raise Invalid("a formula counts nobody; take a number of one of its series")
        return self._keeper.save(name, result.pinned, key, form, title)

    def import_ids(
        self,
        name: str,
        ids: Sequence[str],
        *,
        unit: Unit = "visitor",
        app: str = "",
        title: str | None = None,
    ) -> Defined:
        """Make or change a segment by a list of ids, at most 100,000.

        Args:
            name: As for `define`.
            ids: Of visitors (with their app before a `/`, if `app` is ""), or users.
            unit: What they are.
            app: Whose visitors.
            title: For people.

        Raises:
            Invalid: they are too many, or none.
        """
        return self._keeper.import_ids(name, tuple(ids), unit, app, title)

    def preview(self, rule: Any, *, at: str | None = None, **options: Any) -> Sized:
        """How large a segment would be; nothing is kept. Raises as `define`."""
        return self._keeper.preview(segment_of(rule, options), at)

    def members(self, name: str, *, at: str | None = None) -> Ids:
        """Ids of all who are in it, sorted.

        Args:
            name: Of the segment.
            at: As of this moment, ISO 8601; now without it.

        Raises:
            Invalid: there is none of this name.
        """
        return _ids(self._keeper.members(name, at))

    def sizes(self, name: str) -> tuple[SegmentSize, ...]:
        """How large it was whenever that was noted, oldest first."""
        return self._keeper.sizes(name)

    def refresh(self, name: str) -> SegmentSize:
        """Note how large it is now."""
        return self._keeper.refresh(name)

    def changes(
        self, name: str, *, since: int | None = None, until: int | None = None
    ) -> SegmentChanges:
        """How many joined and left between two refreshes.

        Args:
            name: Of the segment.
            since: `at` of the earlier one's size; by default the one before the later.
            until: `at` of the later one's size; by default the newest.

        Raises:
            Invalid: one of them is not kept, or somewhere between nobody was noted.
        """
        return self._keeper.changes(name, since, until)

    def joined(self, name: str, *, since: int | None = None, until: int | None = None) -> Ids:
        """Ids of those who are in it as of the later refresh, and were not; as `changes`."""
        return _ids(self._keeper.changed(name, "joined", since, until))

    def left(self, name: str, *, since: int | None = None, until: int | None = None) -> Ids:
        """Ids of those who were in it as of the earlier refresh, and are no more; as `changes`."""
        return _ids(self._keeper.changed(name, "left", since, until))

    def overlap(self, *names: str, at: str | None = None) -> Overlap:
        """How two or three segments overlap, to the person. Raises `Invalid` if they cannot."""
        return self._keeper.overlap(names, at)

    def overlap_members(
        self, names: Sequence[str], inside: Sequence[bool], *, at: str | None = None
    ) -> Ids:
        """Ids of those in one region of an overlap: `inside` as a region of `overlap` has it."""
        return _ids(self._keeper.region(tuple(names), tuple(inside), at))

    def drop(self, name: str) -> None:
        """Remove it with its history. Raises `Conflict` if others are made of it."""
        self._keeper.drop(name)

    def __repr__(self) -> str:
        return f"<segments: {', '.join(one.name for one in self.list()) or 'none'}>"


class HomeSegments:
    """Of a home."""

    def __init__(
        self,
        store: Segments,
        clock: Clock,
        drive: Callable[[Generator[Any, Any, Any]], Any],
    ) -> None:
        """`drive` runs what a generator asks for."""
        self._store = store
        self._clock = clock
        self._drive = drive

    def list(self) -> tuple[KeptSegment, ...]:  # noqa: D102 (as in SegmentAccess)
        return self._store.list()

    def get(self, name: str) -> KeptSegment:  # noqa: D102
        return self._store.get(name)

    def sizes(self, name: str) -> tuple[SegmentSize, ...]:  # noqa: D102
        return self._store.sizes(name)

    def drop(self, name: str) -> None:  # noqa: D102
        self._store.drop(name)

    def refresh(self, name: str) -> SegmentSize:  # noqa: D102
        return self._run(refreshing(self._store, name, self._clock.now_us()))

    def preview(self, given: Segment, at: str | None) -> Sized:  # noqa: D102
        return self._run(sizing(given, self._at(at), self._store, DRAFT))

    def members(self, name: str, at: str | None) -> Members:  # noqa: D102
        return self._run(listing(name, self._at(at), self._store))

    def overlap(self, names: Sequence[str], at: str | None) -> Overlap:  # noqa: D102
        return self._run(overlapping(names, self._at(at), self._store))

    def region(  # noqa: D102
        self, names: Sequence[str], inside: Sequence[bool], at: str | None
    ) -> Members:
        return self._run(region_listing(names, inside, self._at(at), self._store))

    def changes(  # noqa: D102
        self, name: str, since: int | None, until: int | None
    ) -> SegmentChanges:
        return self._store.changes(name, since, until).counts

    def changed(  # noqa: D102
        self, name: str, which: Which, since: int | None, until: int | None
    ) -> Members:
        return self._store.changes(name, since, until).page(which)

    def define(  # noqa: D102
        self,
        name: str,
        given: Segment,
        title: str | None,
        every: Every | None,
        version: int | None,
    ) -> Defined:
        now = self._clock.now_us()
        return self._run(
            defining(self._store, name, given, now, title=title, every=every, version=version)
        )

    def save(  # noqa: D102
        self, name: str, question: Common, cell: str, form: Form, title: str | None
    ) -> Defined:
        now = self._clock.now_us()
        return self._run(keeping(self._store, name, question, cell, now, form=form, title=title))

    def import_ids(  # noqa: D102
        self, name: str, ids: Sequence[str], unit: Unit, app: str, title: str | None
    ) -> Defined:
        return importing(self._store, name, ids, unit=unit, app=app, title=title)

    def _at(self, at: str | None) -> int:
        return moment(at, self._clock.now_us())

    def _run(self, asking: Generator[Any, Any, _Result]) -> _Result:
        found: _Result = self._drive(asking)
        return found


def moment(at: str | None, now: int) -> int:
    """A moment that somebody wrote, not after now; now without one.

    Raises:
        Invalid: it is no moment.
    """
    if at is None:
        return now
    from zoneinfo import ZoneInfo

    found = moment_of(at, Calendar(ZoneInfo("UTC")))
    if isinstance(found, str):
        raise Invalid(f"at: {found}")
    return min(found, now)


def segment_of(rule: Any, options: dict[str, Any]) -> Segment:
    """A segment as somebody wrote it, with options beside its rule; raises `Invalid`."""
    found = read_segment(rule)
    if not options:
        return found
    unknown = sorted(set(options) - set(Segment.__struct_fields__))
    if unknown:
        known = ", ".join(name for name in Segment.__struct_fields__ if name != "rule")
        raise Invalid(f"no option {unknown[0]}; there are: {known}")
    try:
        return msgspec.convert({**msgspec.to_builtins(found), **options}, Segment)
    except msgspec.ValidationError as error:
        raise Invalid(f"the segment cannot be read: {error}") from error


def _ids(found: Members) -> Ids:
    return [str(one.id) for one in found.members]
