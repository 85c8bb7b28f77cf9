"""What is done with segments: made, made of a number, refreshed, imported.

Generators, as in `footfall.explore.asking`, so that a home, the studio and a terminal do the same.
Each writes once, at its end: killed before, it has done nothing, and is done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from footfall.errors import Invalid
from footfall.explore.asking import opened_cell
from footfall.explore.models import MODELS
from footfall.explore.question.common import Common
from footfall.explore.segments.asking import Run, checking, collecting, noting
from footfall.explore.segments.definition import Behind, Every, Segment, SegmentRule, Unit
from footfall.explore.segments.kept import KeptSegment, SegmentSize
from footfall.explore.segments.lists import whose
from footfall.explore.segments.reading import check_name, read_ids, read_segment
from footfall.explore.segments.storage import Segments

Form = Literal["definition", "list"]


class Defined(msgspec.Struct, frozen=True):
    """A segment that was kept."""

    segment: KeptSegment
    notes: tuple[str, ...] = ()
    """What to know before believing it, such as an event that never happened."""


def defining(
    store: Segments,
    name: str,
    given: Any,
    now: int,
    *,
    title: str | None = None,
    every: Every | None = None,
    version: int | None = None,
) -> Run[Defined]:
    """Make or change a segment by its rule.

    Args:
        store: Where it is kept.
        name: New or not.
        given: A `Segment`, JSON, or what `read_segment` takes.
        now: Microseconds since 1970 UTC.
        title: See `Segments.save`.
        every: See `Segments.save`.
        version: See `Segments.save`.

    Raises:
        Invalid: with every mistake in `problems`.
        Conflict: it was changed since `version`.
    """
    check_name(name)
    segment = read_segment(given)
    if segment.rule is None:
        raise Invalid("a segment has a rule; a list of ids is imported")
    notes = yield from checking(segment, now, store)
    kept = store.save(name, segment, title=title, every=every, version=version)
    return Defined(kept, notes)


def importing(
    store: Segments,
    name: str,
    ids: Sequence[Any],
    *,
    unit: Unit = "visitor",
    app: str = "",
    title: str | None = None,
    version: int | None = None,
    made_of: str = "imported",
) -> Defined:
    """Make or change a segment by a list of ids; those that nobody has stay in it.

    Raises:
        Invalid: the ids are too many, or none.
        Conflict: it was changed since `version`.
    """
    check_name(name)
    listed = read_ids(ids)
    segment = Segment(unit=unit, app=app)
    kept = store.save(
        name, segment, title=title, version=version, ids=listed, made_of=made_of, every="off"
    )
    return Defined(kept)


def keeping(
    store: Segments,
    name: str,
    question: Common,
    cell: str,
    now: int,
    *,
    form: Form = "definition",
    title: str | None = None,
    every: Every | None = None,
    version: int | None = None,
) -> Run[Defined]:
    """Make a segment of those behind a number.

    Args:
        store: Where it is kept.
        name: New or not.
        question: The answer's.
        cell: Of a row of the answer.
        now: Microseconds since 1970 UTC.
        form: `list`: exactly those who are behind it now; `definition`: who is behind it whenever
            it is asked, as the range of the question moves with time.
        title: See `Segments.save`.
        every: See `Segments.save`.
        version: See `Segments.save`.

    Raises:
        Invalid: the number counts values, or more people than a list may have.
        Conflict: it was changed since `version`.
    """
    check_name(name)
    model, scene, found = yield from opened_cell(question, cell, now, store)
    kind, _ = model.members(question, scene, found)
    unit: Unit = "user" if kind == "user" else "visitor"
    base = Segment(
        unit=unit,
        app=question.app,
        bots=question.bots,
        zone=question.zone,
        week_start=question.week_start,
    )
    if form == "list":
        ids, answer = yield from collecting(question, cell, now, store, unit)
        if not ids:
            raise Invalid("nobody is behind this number; there is nothing to list")
        made_of = f"{MODELS[type(question)].name}, cut {answer.cut_sequence}: {cell}"
        kept = store.save(
            name,
            base,
            title=title,
            version=version,
            ids=ids,
            made_of=made_of,
            every="off",
        )
        return Defined(kept)
    asked = msgspec.to_builtins(msgspec.structs.replace(question, segments_at=None))
    behind = Behind(MODELS[type(question)].name, asked, cell)
    segment = msgspec.structs.replace(base, rule=SegmentRule(behind=behind))
    return (
        yield from defining(store, name, segment, now, title=title, every=every, version=version)
    )


def refreshing(store: Segments, name: str, now: int) -> Run[SegmentSize]:
    """Note how large a segment is now.

    Raises:
        Invalid: there is none of this name, or what it is made of is gone.
    """
    kept = store.get(name)
    found, ids = yield from noting(kept.definition, now, store, name)
    size = SegmentSize(
        now, kept.version, found.size, found.total, found.cut_sequence, found.cut_published_at
    )
    store.note_size(name, size, ids, whose(kept.definition))
    return store.sizes(name, 1)[-1]
