"""From a question to its answer, without running anything.

`answering` and `opening` are generators: they yield what to run (`Ask`) and are sent what came
back (`Found`). So the studio awaits its workers, Python its engine and a terminal its own, each in
a few lines, and all of them answer alike.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, Final

import msgspec

from footfall.errors import Invalid, LimitReached
from footfall.explore.answer import (
    CELLS_MAX,
    Answer,
    AttributionAnswer,
    Cell,
    Kind,
    Member,
    Members,
    cell_of,
)
from footfall.explore.compile.known import missing_names, range_note
from footfall.explore.compile.statement import Statement
from footfall.explore.found import Found
from footfall.explore.models import MODELS, Model
from footfall.explore.question import Common
from footfall.explore.question.common import TEXT_LENGTH_MAX
from footfall.explore.question.fields import Fields, described, known_fields
from footfall.explore.question.ranges import Calendar, Span, compared_span
from footfall.explore.question.reading import (
    Scene,
    all_fields,
    demand_none,
    scene_of,
    segments_moment,
)
from footfall.explore.segments.kept import NoShelf, Shelf
from footfall.explore.segments.using import Parts, named, parts_of

PAGE_MAX: Final = 100_000
"""Members of one answer."""


class Asked(msgspec.Struct, frozen=True):
    """What a statement is to find, for whoever finds it otherwise."""

    question: Any
    scene: Scene
    cell: Any = None
    """Whose members are wanted; null: the answer's rows are."""
    after: str | None = None
    limit: int | None = None


class NamesAsked(msgspec.Struct, frozen=True):
    """Whether there ever was an event of each of these names; one row."""

    events: tuple[str, ...]


class Ask(msgspec.Struct, frozen=True):
    """One statement to run."""

    sql: str
    values: dict[str, Any]
    rows_max: int | None
    asked: Asked | NamesAsked | None = None
    """If the journey index may know it."""


Asking = Generator[Ask, Found, Answer]
Opening = Generator[Ask, Found, Members]


def answering(question: Common, now: int, shelf: Shelf | None = None) -> Asking:
    """The answer to a question.

    Args:
        question: Any model's.
        now: Microseconds since 1970 UTC; ranges without an end end now.
        shelf: Where segments are that it names.

    Raises:
        Invalid: with every mistake of the question in `problems`.
        LimitReached: the answer has more rows than an answer may have.
    """
    model = MODELS[type(question)]
    scene, parts = yield from _checked(model, question, now, None, shelf)
    notes = yield from missing_names(
        question, scene, model.selectors(question), model.more(question)
    )
    made = model.statement(question, scene)
    found = yield Ask(made.text(), made.values, CELLS_MAX, Asked(question, scene))
    if found.is_cut_off:
        raise LimitReached("the answer is too long; ask for fewer groups (top), series or buckets")
    moment = segments_moment(question, now)
    whole = msgspec.structs.replace(
        found,
        sql=made.shown(),
        notes=tuple(notes),
        segments=parts.used,
        segments_at=scene.calendar.text_of(int(moment)) if parts.used else None,
    )
    answer: Answer = model.answer(question, scene, whole)
    if _is_empty(answer, found):
        notes = [*answer.notes, *(yield from range_note(question, scene))]
        answer = msgspec.structs.replace(answer, notes=tuple(notes))
    if question.compare == "none" or not hasattr(answer, "previous"):
        return answer  # events are counted in both ranges by one statement
    return msgspec.structs.replace(answer, previous=(yield from _previous(model, question, scene)))


def _is_empty(answer: Answer, found: Found) -> bool:
    """Nothing was found; attribution always has its total."""
    if isinstance(answer, AttributionAnswer):
        return not answer.conversions and len(answer.rows) == 1
    return not found.rows


def _previous(model: Model, question: Common, scene: Scene) -> Asking:
    """The answer of the range before; its cells say so, and open with the same question."""
    before = compared_span(question.compare, scene.span, question.range, scene.calendar)
    then = msgspec.structs.replace(scene, span=before)
    made = model.statement(question, then)
    found = yield Ask(made.text(), made.values, CELLS_MAX, Asked(question, then))
    if found.is_cut_off:
        raise LimitReached("the answer is too long; ask for fewer groups (top), series or buckets")
    answer: Answer = model.answer(question, then, msgspec.structs.replace(found, sql=made.shown()))
    return answer


def opening(
    question: Common,
    key: str,
    now: int,
    *,
    after: str | None = None,
    limit: int | None = None,
    shelf: Shelf | None = None,
) -> Opening:
    """Those that one cell of an answer counted.

    Args:
        question: The answer's.
        key: The cell's, from a row of the answer.
        now: As for the answer.
        after: `next` of the page before.
        limit: Most on a page; without it all are on one.
        shelf: Where segments are that the question names.

    Raises:
        Invalid: the question has mistakes, or the cell is of another question.
    """
    demand_page(after, limit)
    model, scene, cell = yield from opened_cell(question, key, now, shelf)
    kind, made = model.members(question, scene, cell)
    page = paged(made, after, limit)
    asked = Asked(question, scene, cell, after, limit)
    found = yield Ask(page.text(), page.values, None if limit is None else limit + 1, asked)
    return members_of(kind, scene.calendar, found, limit)


def opened_cell(
    question: Common, key: str, now: int, shelf: Shelf | None
) -> Generator[Ask, Found, tuple[Model, Scene, Cell]]:
    """What a cell's key means: its model, and the scene of the answer that it is from.

    Raises:
        Invalid: the question has mistakes, or the cell is of another question.
    """
    model = MODELS[type(question)]
    cell = cell_of(key)
    scene, _ = yield from _checked(model, question, now, cell, shelf)
    _demand_cell(model, question, scene, cell)
    return model, scene, cell


def demand_page(after: str | None, limit: int | None) -> None:
    """Refuse a page that is none; raises `Invalid`."""
    if limit is not None and not 1 <= limit <= PAGE_MAX:
        raise Invalid(f"limit is from 1 to {PAGE_MAX}; ask for further pages with after")
    if after is not None and (len(after) > TEXT_LENGTH_MAX or "\0" in after):
        raise Invalid("after is what the page before has as next")


def members_of(kind: Kind, calendar: Calendar, found: Found, limit: int | None) -> Members:
    """One page of what was listed."""
    rows = found.rows if limit is None else found.rows[:limit]
    text_of = calendar.text_of
    listed = tuple(
        Member(one, None if at is None else text_of(int(at)), None if v is None else float(v))
        for one, at, v in rows
    )
    if found.is_cut_off and limit is not None and len(found.rows) < limit:
        raise LimitReached("the page is too long; ask for a smaller one with limit")
    is_more = limit is not None and len(found.rows) > limit
    following = listed[-1].id if is_more and listed else None
    cut = found.cut_sequence, found.cut_published_at
    return Members(kind, listed, following, *cut, found.way)


def counting(
    question: Common, key: str, now: int, shelf: Shelf | None = None
) -> Generator[Ask, Found, int]:
    """How many one cell of an answer counted, however many they are; raises as `opening`."""
    model, scene, cell = yield from opened_cell(question, key, now, shelf)
    made = paged(model.members(question, scene, cell)[1], None, None)
    counted = f"SELECT count(*) FROM ({made.text()}) AS members"  # noqa: S608 (values are bound)
    found = yield Ask(counted, made.values, 1)
    return int(found.rows[0][0])


def compiled(
    question: Common, now: int, fields: Fields | None = None, shelf: Shelf | None = None
) -> Statement:
    """The statement that answers a question, for any engine.

    Raises:
        Invalid: with every mistake of the question in `problems`.
    """
    model = MODELS[type(question)]
    parts = _parts_named(model, question, shelf)
    made = _scene(model, question, fields or known_fields(), now, None, parts)
    return model.statement(question, made)


def _checked(
    model: Model, question: Common, now: int, cell: Cell | None, shelf: Shelf | None
) -> Generator[Ask, Found, tuple[Scene, Parts]]:
    """The scene; a project's own columns are looked up if a field is none of ours."""
    parts = _parts_named(model, question, shelf)
    names = [*all_fields(question, model.selectors(question)), *model.more(question)]
    fields = yield from fields_for([*names, *parts.fields])
    return _scene(model, question, fields, now, cell, parts), parts


def _parts_named(model: Model, question: Common, shelf: Shelf | None) -> Parts:
    names = [*all_fields(question, model.selectors(question)), *model.more(question)]
    return parts_of(named(names), shelf or NoShelf())


def fields_for(names: Iterable[str]) -> Generator[Ask, Found, Fields]:
    """What a project has: looked up if a field is none of ours."""
    fields = known_fields()
    own = [name for name in names if not name.startswith("segment.")]
    if any(isinstance(fields.find(name), str) for name in own):
        events = yield Ask("DESCRIBE events", {}, None)
        sessions = yield Ask("DESCRIBE sessions", {}, None)
        fields = Fields(
            {**described((row[0], row[1]) for row in events.rows), **fields.events},
            {**described((row[0], row[1]) for row in sessions.rows), **fields.sessions},
        )
    return fields


def _scene(
    model: Model, question: Common, fields: Fields, now: int, cell: Cell | None, parts: Parts
) -> Scene:
    problems: list[str] = []
    fields = msgspec.structs.replace(fields, segments=frozenset(parts.segments))
    scene = scene_of(question, fields, now, problems)
    moment = segments_moment(question, now)
    if isinstance(moment, str):
        problems.append(moment)
    elif parts.segments:
        scene = msgspec.structs.replace(scene, segments=parts.ids(fields, moment))
    if cell is not None:
        scene = _as_of(scene, cell, problems)
    problems += model.problems(question, scene)
    demand_none(problems)
    return scene


def _as_of(scene: Scene, cell: Cell, problems: list[str]) -> Scene:
    """The scene of the answer that the cell is from."""
    start, end = cell.span
    length = scene.span.end - scene.span.start
    # Ranges of the calendar differ by days (months) or hours (clocks that change).
    if not (0 < end - start <= 2 * length and start >= 0 and end < 1 << 53):
        problems.append("cell: it is not from an answer to this question")
        return scene
    return msgspec.structs.replace(scene, span=Span(start, end))


def _demand_cell(model: Model, question: Common, scene: Scene, cell: Cell) -> None:
    group = cell.group
    count = len(question.by) if group.scope == "group" else 0
    is_of = isinstance(cell, model.cell) and len(group.values) == count
    is_of = is_of and (group.scope == "all" or bool(question.by))
    is_of = is_of and not any("\0" in (value or "") for value in group.values)
    if not (is_of and model.is_cell(question, scene, cell)):
        raise Invalid("the cell is not from an answer to this question; take it from one")


def paged(made: Statement, after: str | None, limit: int | None) -> Statement:
    """One page of what `made` lists."""
    from sqlglot import exp

    from footfall.explore.compile.blocks import Values, col, in_order

    values = Values()
    values.by_name = dict(made.values)
    tree = made.tree.copy()
    ctes = tree.args.pop("with_", None)
    rows = exp.select("*").from_(exp.alias_(exp.paren(tree, copy=False), "m", table=True))
    if ctes is not None:
        rows.set("with_", ctes)
    if after is not None:
        rows = rows.where(exp.GT(this=col("a"), expression=values.bind(after)))
    rows = rows.order_by(*in_order(col("a")).expressions)
    return Statement(rows if limit is None else rows.limit(limit + 1), values.by_name)
