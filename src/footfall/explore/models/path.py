"""Path: where people go next; see docs/concepts/explore.md#path.

`o` has a row for each event that is a node, with its journey `j`; `m` is the same without repeats,
each with its place in the journey. From the anchor's place the steps are counted (`w`), and a step
is joined with the one after it. Steps count sessions (or visitors, users), so somebody with several
journeys is counted once at each node.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from footfall.clock import DAY
from footfall.explore.answer import (
    CELLS_MAX,
    Group,
    Kind,
    PathAnswer,
    PathCell,
    PathEnd,
    PathNode,
    PathRow,
    key_of,
)
from footfall.explore.compile.base import ORDER, Base
from footfall.explore.compile.blocks import (
    Expr,
    both,
    case,
    col,
    count_distinct,
    either,
    flag,
    in_order,
    is_null,
    is_set,
    null,
    num,
    over,
    rows,
)
from footfall.explore.compile.grouping import (
    group_names,
    group_of,
    in_group,
    no_groups,
    ranked,
    union_all,
    with_rest,
)
from footfall.explore.compile.statement import Statement, with_ctes
from footfall.explore.found import Found
from footfall.explore.models.common import about
from footfall.explore.question.common import TOP_MAX
from footfall.explore.question.path import (
    NODES_MAX,
    RULES_MAX,
    STEPS_MAX,
    STEPS_MIN,
    PathQuestion,
)
from footfall.explore.question.reading import Scene, selector_problems
from footfall.settings import parse_duration

GAP_MAX: Final = 30 * DAY
_EVENTS: Final = {"pages": "page_view", "screens": "screen_view"}
_GROUP: Final = "gr"
"""Whether a journey's group is the rest: `r` says it of a node."""
_FIELDS: Final = {"pages": "page_path", "screens": "screen_name"}


def problems(question: PathQuestion, scene: Scene) -> Iterator[str]:
    """What is wrong with it, beyond the common options."""
    yield from selector_problems("events", question.events, scene.fields)
    if not STEPS_MIN <= question.steps <= STEPS_MAX:
        yield f"steps: from {STEPS_MIN} to {STEPS_MAX}"
    if not 1 <= question.groups <= TOP_MAX:
        yield f"groups: from 1 to {TOP_MAX}"
    if question.top > NODES_MAX:
        yield f"top: from 1 to {NODES_MAX}"
    elif question.steps * question.top**2 * _parts(question) > CELLS_MAX:
        yield f"more than {CELLS_MAX} numbers; ask for fewer nodes (top), groups or steps"
    if len(question.rules) > RULES_MAX:
        yield f"rules: at most {RULES_MAX}"
    for place, rule in enumerate(question.rules):
        if not rule.match.strip("*") or "*" in rule.match.strip("*"):
            yield f"rules[{place}].match: a name, with * at its beginning, its end or both"
        if "\0" in rule.match + rule.label:
            yield f"rules[{place}]: text has no NUL"
    if question.node is not None and "\0" in question.node:
        yield "node: text has no NUL"
    if question.per != "session":
        try:
            if not 0 < parse_duration(question.gap) <= GAP_MAX:
                yield f"gap: more than nothing, at most {GAP_MAX // DAY}d"
        except ValueError as error:
            yield f"gap: {error}"


def _parts(question: PathQuestion) -> int:
    """Parts of the answer: everything, the groups, their rest."""
    return 2 + question.groups if question.by else 1


def statement(question: PathQuestion, scene: Scene) -> Statement:
    """Rows of step, rest, label, next is rest, next label, is end, how many; then of the group.

    Those of nodes have no next rest and are no end. Without a breakdown there is no group.
    """
    base, made = _made(question, scene)
    by = ("s", "r", "l")
    nothing = [exp.alias_(null("int"), "r2"), exp.alias_(null(), "l2"), exp.alias_(num(0), "z")]
    value = exp.alias_(count_distinct(col("a")), "value")
    count = len(question.by)
    own = [_GROUP, *group_names(count)] if count else []
    parts: list[exp.Query] = []
    for groups in ([], own) if count else ([],):
        shown = [col(name) for name in groups] if groups else no_groups(count, _GROUP)
        last = shown if count else []
        for source, names, more in (("k", by, nothing), ("g", (*by, "r2", "l2", "z"), [])):
            columns = [col(name) for name in names]
            found = exp.select(*columns, *[one.copy() for one in more], value.copy())
            found = found.select(*[one.copy() for one in last]).from_(source)
            parts.append(found.group_by(*[col(name) for name in (*names, *groups)]))
    return Statement(with_ctes(union_all(parts), made), base.values.by_name)


def members(question: PathQuestion, scene: Scene, cell: PathCell) -> tuple[Kind, Statement]:
    """Who is behind one number."""
    base, made = _made(question, scene)
    kept: list[Expr] = [exp.EQ(this=col("s"), expression=num(cell.step))]
    kept += _is_at(base, cell.at, "r", "l")
    if cell.after is not None:
        kept += _is_at(base, cell.after, "r2", "l2")
    elif cell.is_end:
        kept.append(exp.EQ(this=col("z"), expression=num(1)))
    kept += in_group(base, cell.group, _GROUP)
    is_node = cell.after is None and not cell.is_end
    nothing = [exp.alias_(null("bigint"), "t"), exp.alias_(null("double"), "v")]
    found = exp.select(col("a")).distinct().from_("k" if is_node else "g").where(*kept)
    listed = exp.select(col("a"), *nothing).from_(exp.alias_(found.subquery(), "x"))
    return question.per, Statement(with_ctes(listed, made), base.values.by_name)


def answer(question: PathQuestion, scene: Scene, found: Found) -> PathAnswer:
    """Nodes and ways, of each step those with most first, its rest last."""
    span = (scene.span.start, scene.span.end)
    nodes, ways = [], []
    for step, rest, label, next_rest, next_label, is_end, value, *of_group in found.rows:
        group = group_of(of_group[0], of_group[1:]) if of_group else Group()
        whose = group.scope, group.values
        at = PathEnd(bool(rest), label)
        after = None if next_rest is None else PathEnd(bool(next_rest), next_label)
        key = key_of(PathCell(span, int(step), at, after, bool(is_end), group))
        if after is None and not is_end:
            nodes.append(PathNode(*whose, int(step), at.is_rest, label, int(value), key))
            continue
        onward = after or PathEnd()
        ways.append(
            PathRow(
                *whose,
                int(step),
                at.is_rest,
                label,
                onward.is_rest,
                onward.label,
                bool(is_end),
                int(value),
                key,
            )
        )
    nodes.sort(key=lambda one: (*_place(one), one.step, one.is_rest, -one.count, one.label or ""))
    rank = {(*_place(one), one.step, one.is_rest, one.label): at for at, one in enumerate(nodes)}
    ways.sort(
        key=lambda one: (
            # In the order of their nodes: what most did comes first.
            rank.get((*_place(one), one.step, one.is_rest, one.label), len(nodes)),
            one.label or "",
            one.is_end,
            one.next_is_rest,
            -one.count,
            one.next_label or "",
        )
    )
    return PathAnswer(**about(question, scene, found), nodes=tuple(nodes), rows=tuple(ways))


def is_cell(question: PathQuestion, scene: Scene, cell: PathCell) -> bool:
    """Whether an answer to the question can have such a cell."""
    ends = [one for one in (cell.at, cell.after) if one is not None]
    is_text = all(one.is_rest == (one.label is None) for one in ends)
    is_clean = not any("\0" in (one.label or "") for one in ends)
    is_last = cell.step == question.steps
    has_next = cell.after is not None or cell.is_end
    return is_text and is_clean and 1 <= cell.step <= question.steps and not (is_last and has_next)


def _is_at(base: Base, end: PathEnd, rest: str, label: str) -> list[Expr]:
    found: list[Expr] = [exp.EQ(this=col(rest), expression=num(int(end.is_rest)))]
    if end.label is not None:
        found.append(exp.EQ(this=col(label), expression=base.values.bind(end.label)))
    return found


def _made(question: PathQuestion, scene: Scene) -> tuple[Base, dict[str, exp.Query]]:
    """CTEs up to `k`, who was where at which step, and `g`, with where they went."""
    field = _FIELDS.get(question.nodes)
    base = Base(question, scene, () if field is None else (field,))
    span = scene.span
    made: dict[str, exp.Query] = {
        "e": base.events((question.events,), span.start, span.end, whose=question.per)
    }
    is_node = [base.selects(question.events)]
    name: Expr = col("n")
    if field is not None:
        name = base.value(field)
        event = base.values.bind(_EVENTS[question.nodes])
        is_node += [is_set(name.copy()), exp.EQ(this=col("n"), expression=event)]
    ordered = [col(one) for one in ORDER]
    made["n0"] = (
        exp.select(
            col("a"),
            *[one.copy() for one in ordered],
            exp.alias_(_named(base, question, name), "l"),
            *base.groups(),
            exp.alias_(_lag(col("t"), [col("a")], ordered), "t0"),
        )
        .from_("e")
        .where(*is_node)
    )
    groups = group_names(len(question.by))
    made["o"] = exp.select(
        col("a"),
        *[one.copy() for one in ordered],
        col("l"),
        *[col(one) for one in groups],
        exp.alias_(_journey(question), "j"),
    ).from_("n0")
    made["m"] = _placed(question, ordered, groups)
    made["w"] = _anchored(base, question, groups)
    made["ranked"] = _ranked(question)
    on = both(
        exp.EQ(this=col("s", "w"), expression=col("s", "q")),
        exp.EQ(this=col("l", "w"), expression=col("l", "q")),
    )
    is_rest = is_null(col("l", "q"))
    shown = [col(name, "w") for name in ("a", "j", "s")]
    shown += [exp.alias_(flag(is_rest), "r"), exp.alias_(col("l", "q"), "l")]
    nodes = exp.select(*shown).from_("w")
    nodes = nodes.join(exp.alias_(exp.to_table("ranked"), "q"), on=on, join_type="left")
    if groups:
        made |= _grouped(question)
        nodes = nodes.select(*[col(name, "jg") for name in (_GROUP, *groups)])
        same_journey = [exp.EQ(this=col(one, "w"), expression=col(one, "jg")) for one in ("a", "j")]
        nodes = nodes.join("jg", on=both(*same_journey))
    made["k"] = nodes
    made["g"] = _ways(question, [_GROUP, *groups] if groups else [])
    return base, made


def _grouped(question: PathQuestion) -> dict[str, exp.Query]:
    """`jg`: each journey with its group, that of the step which the others are counted from."""
    count = len(question.by)
    names = group_names(count)
    first = exp.select(*[col(name) for name in ("a", "j", *names)]).from_("w")
    placed = with_rest("jf", "tops", ["a", "j"], count)
    return {
        "jf": first.where(exp.EQ(this=col("s"), expression=num(1))),
        "tops": ranked("jf", count, question.groups),
        "jg": exp.select(
            col("a"), col("j"), exp.alias_(col("r"), _GROUP), *[col(name) for name in names]
        ).from_(exp.alias_(placed.subquery(), "x")),
    }


def _place(one: PathNode | PathRow) -> tuple[int, tuple[tuple[bool, str], ...]]:
    """Everything first, then groups by their values, then the rest."""
    values = tuple((value is None, value or "") for value in one.group)
    return ("all", "group", "rest").index(one.scope), values


def _lag(what: Expr, by: list[Expr], ordered: list[Expr]) -> Expr:
    order = in_order(*[one.copy() for one in ordered])
    return over(exp.Lag(this=what), [one.copy() for one in by], order)


def _named(base: Base, question: PathQuestion, name: Expr) -> Expr:
    """The node's name, by the first rule that matches."""
    branches = []
    for rule in question.rules:
        bare = rule.match.strip("*")
        bound = base.values.bind(bare)
        starts, ends = rule.match.endswith("*"), rule.match.startswith("*")
        holds: Expr
        if starts and ends:
            holds = exp.GT(this=exp.StrPosition(this=name.copy(), substr=bound), expression=num(0))
        elif starts:
            holds = exp.StartsWith(this=name.copy(), expression=bound)
        elif ends:
            last = exp.Right(this=name.copy(), expression=num(len(bare)))
            holds = exp.EQ(this=last, expression=bound)
        else:
            holds = exp.EQ(this=name.copy(), expression=bound)
        branches.append((holds, exp.cast(base.values.bind(rule.title), "varchar")))
    return case(*branches, default=name.copy()) if branches else name.copy()


def _journey(question: PathQuestion) -> Expr:
    """Which journey of its actor an event is of."""
    if question.per == "session":
        return num(0)
    gap = parse_duration(question.gap)
    pause = exp.Sub(this=col("t"), expression=col("t0"))
    begins = flag(either(is_null(col("t0")), exp.GT(this=pause, expression=num(gap))))
    order = in_order(*[col(one) for one in ORDER])
    return over(exp.Sum(this=begins), [col("a")], order, rows("first", 0))


def _placed(question: PathQuestion, ordered: list[Expr], groups: list[str]) -> exp.Select:
    """Nodes with their place in the journey, from both ends."""
    by = [col("a"), col("j")]
    before = exp.alias_(_lag(col("l"), by, ordered), "l0")
    kept = exp.select(*by, *[one.copy() for one in ordered], col("l"), before).from_("o")
    kept = kept.select(*[col(name) for name in groups])
    source = exp.select("*").from_(exp.alias_(kept.subquery(), "x"))
    if question.merge_repeats:
        is_new = exp.NEQ(this=col("l"), expression=col("l0"))
        source = source.where(either(is_null(col("l0")), is_new))
    up = in_order(*[one.copy() for one in ordered])
    down = in_order(*[one.copy() for one in ordered], down=range(len(ordered)))
    place = exp.alias_(over(exp.RowNumber(), by, up), "p")
    left = exp.alias_(over(exp.RowNumber(), [one.copy() for one in by], down), "p2")
    shown = [*[one.copy() for one in by], col("l"), place, left, *[col(name) for name in groups]]
    return exp.select(*shown).from_(exp.alias_(source.subquery(), "y"))


def _anchored(base: Base, question: PathQuestion, groups: list[str]) -> exp.Select:
    """Steps of each journey, counted from its anchor; journeys without one have none."""
    place = "p" if question.direction == "from" else "p2"
    kept = ["a", "j", "l", *groups]
    if question.node is None:
        step: Expr = col(place)
        source = exp.select(*[col(name) for name in kept], exp.alias_(step, "s")).from_("m")
    else:
        is_there = exp.EQ(this=col("l"), expression=base.values.bind(question.node))
        first = over(exp.Min(this=case((is_there, col(place)))), [col("a"), col("j")], exp.Order())
        first.set("order", None)
        marked = exp.select(*[col(name) for name in (*kept, place)], exp.alias_(first, "c"))
        marked = marked.from_("m")
        since = exp.Sub(this=col(place), expression=col("c"))
        step = exp.Add(this=exp.Paren(this=since), expression=num(1))
        source = exp.select(*[col(name) for name in kept], exp.alias_(step, "s")).from_(
            exp.alias_(marked.subquery(), "x")
        )
    inside = exp.Between(this=col("s"), low=num(1), high=num(question.steps))
    return exp.select("*").from_(exp.alias_(source.subquery(), "y")).where(inside)


def _ranked(question: PathQuestion) -> exp.Select:
    """Nodes that are shown of each step: those with most; among as many, by name."""
    counted = (
        exp.select(col("s"), col("l"), exp.alias_(count_distinct(col("a")), "c"))
        .from_("w")
        .group_by(col("s"), col("l"))
    )
    number = over(exp.RowNumber(), [col("s")], in_order(col("c"), col("l"), down=[0]))
    placed = exp.select(col("s"), col("l"), exp.alias_(number, "z")).from_(
        exp.alias_(counted.subquery(), "x")
    )
    return (
        exp.select(col("s"), col("l"))
        .from_(exp.alias_(placed.subquery(), "y"))
        .where(exp.LTE(this=col("z"), expression=num(question.top)))
    )


def _ways(question: PathQuestion, groups: list[str]) -> exp.Select:
    """Each step but the last with the one after it, or the end."""
    on = both(
        exp.EQ(this=col("a", "k"), expression=col("a", "k2")),
        exp.EQ(this=col("j", "k"), expression=col("j", "k2")),
        exp.EQ(this=exp.Add(this=col("s", "k"), expression=num(1)), expression=col("s", "k2")),
    )
    is_end = flag(is_null(col("s", "k2")))
    return (
        exp.select(
            *[col(name, "k") for name in ("a", "s", "r", "l", *groups)],
            exp.alias_(col("r", "k2"), "r2"),
            exp.alias_(col("l", "k2"), "l2"),
            exp.alias_(is_end, "z"),
        )
        .from_("k")
        .join(exp.alias_(exp.to_table("k"), "k2"), on=on, join_type="left")
        .where(exp.LT(this=col("s", "k"), expression=num(question.steps)))
    )
