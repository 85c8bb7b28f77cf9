"""Those behind a number of a model, as a part of a segment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from sqlglot import exp

from footfall.errors import Invalid
from footfall.explore.answer import Cell, cell_of
from footfall.explore.compile.base import Base
from footfall.explore.compile.blocks import Expr, Values, as_text, col, is_set
from footfall.explore.models import MODELS, Model
from footfall.explore.question.common import Common, Filter
from footfall.explore.question.fields import Fields
from footfall.explore.question.reading import Scene, SegmentIds, read, scene_of
from footfall.explore.question.short import short_options
from footfall.explore.segments.definition import Behind, Unit

_ID_OF: Final = {"session": "session_id", "event": "event_id"}
"""Kinds that are not people, and the column that says whose they are."""


def question_behind(behind: Behind) -> Common:
    """Its question.

    Raises:
        Invalid: there is no such model, or the question has mistakes.
    """
    for kind, model in MODELS.items():
        if model.name == behind.model:
            found: Common = read(kind, short_options(behind.question))
            return found
    names = ", ".join(model.name for model in MODELS.values())
    raise Invalid(f"no such model; there are {names}: model={behind.model[:40]}")


def fields_behind(behind: Behind) -> list[str]:
    """Fields that its question names; raises as `question_behind`."""
    from footfall.explore.question.reading import all_fields

    question = question_behind(behind)
    model = MODELS[type(question)]
    return [*all_fields(question, model.selectors(question)), *model.more(question)]


def behind_problems(
    where: str, behind: Behind, unit: Unit, fields: Fields, now: int
) -> Iterator[str]:
    """What is wrong with it."""
    try:
        question, model, cell = _parts(behind)
    except Invalid as error:
        yield f"{where}: {error}"
        yield from error.problems
        return
    problems: list[str] = []
    scene = scene_of(question, fields, now, problems)
    problems += model.problems(question, scene)
    if problems:
        yield from (f"{where}.question.{one}" for one in problems)
        return
    if not isinstance(cell, model.cell) or not model.is_cell(question, scene, cell):
        yield f"{where}.cell: it is not from an answer to this question; take it from one"
        return
    named = {
        name.partition(".")[2] for name in fields_behind(behind) if name.startswith("segment.")
    }
    nobody = SegmentIds("visitor", "", exp.select(exp.null().as_("a")), {})
    segments = dict.fromkeys(named, nobody)
    kind, _ = model.members(question, msgspec.structs.replace(scene, segments=segments), cell)
    if kind not in (unit, *_ID_OF):
        yield f"{where}: the number counts {kind}s; {_ADVICE.get(kind, 'it has no people behind')}"


_ADVICE: Final = {"visitor": "make it a segment of visitors", "user": "make it a segment of users"}


def rows_behind(
    behind: Behind,
    unit: Unit,
    fields: Fields,
    now: int,
    segments: Mapping[str, SegmentIds],
    until: Filter | None,
) -> SegmentIds:
    """Ids of those behind the number as it is now; of sessions and events, whose they are.

    Args:
        behind: Was checked.
        unit: Of the segment.
        fields: What the project has.
        now: End of ranges without one.
        segments: Those that the question names.
        until: Events that are left out by it do not count.
    """
    question, model, cell = _parts(behind)
    parts = tuple(one for one in (question.where, until) if one is not None)
    scene = scene_of(question, fields, now, [])
    scene = msgspec.structs.replace(scene, segments=segments)
    whole = msgspec.structs.replace(question, where=Filter(all=parts) if parts else None)
    return people(whole, model, scene, cell, unit)


def people(question: Common, model: Model, scene: Scene, cell: Cell, unit: Unit) -> SegmentIds:
    """Ids of those behind a cell; of sessions and events, whose they are."""
    kind, made = model.members(question, scene, cell)
    values = Values()
    tree = values.take(_query(made.tree), made.values)
    listed = exp.alias_(exp.Subquery(this=tree), "m", table=True)
    app = question.app
    if kind not in _ID_OF:
        rows = exp.select(col("a", "m")).from_(listed).distinct()
        return SegmentIds(unit, app, rows.where(is_set(col("a", "m"))), values.by_name)
    base = Base(question, scene)
    base.values = values
    whose = base.entity(unit)
    events = exp.select(col(_ID_OF[kind]), col("user_id"), col("visitor_id"), col("app_id"))
    source = exp.alias_(exp.Subquery(this=events.from_("events")), "e", table=True)
    on = exp.EQ(this=as_text(col(_ID_OF[kind], "e")), expression=col("a", "m"))
    rows = exp.select(exp.alias_(whose, "a")).distinct().from_(source).join(listed, on=on)
    return SegmentIds(unit, app, rows.where(is_set(whose.copy())), values.by_name)


def _parts(behind: Behind) -> tuple[Any, Model, Any]:
    question = question_behind(behind)
    return question, MODELS[type(question)], cell_of(behind.cell)


def _query(tree: Expr) -> exp.Query:
    assert isinstance(tree, exp.Query)
    return tree
