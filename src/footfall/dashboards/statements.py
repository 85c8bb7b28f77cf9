"""The SQL of a tile, and of the rows that one of its segments counted.

A tile of fields is made from trees. A statement that a person wrote runs as it is written; only
where a filter narrows a table that it reads, or where rows behind a number are asked for, it is
read by sqlglot and changed. Whatever comes out passes the guard like any other statement, so a
difference between the two parsers can cost an answer, never safety.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

from footfall.dashboards.definition import FieldsQuery, FieldUse, SegmentPart
from footfall.dashboards.reading import scene_values
from footfall.dashboards.tables import Table
from footfall.errors import Invalid
from footfall.explore.compile.blocks import Expr, Values, col, in_order, same
from footfall.explore.compile.statement import Statement
from footfall.explore.question.common import Filter
from footfall.explore.question.ranges import Span

_PARAMETER: Final = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|\$([A-Za-z_]\w*)""",
    re.DOTALL,
)
_CUTS: Final = ("order", "limit", "offset", "group", "having", "distinct", "qualify")


class Made(msgspec.Struct, frozen=True):
    """A statement that can run."""

    sql: str
    values: dict[str, Any]
    shown: str
    """For people, with the values in it."""
    names: dict[str, str] = {}
    """Column of the answer for each of x, y, colour, size."""
    is_source: bool = True
    """Of rows behind a number: they are of the tables read, not of the answer."""


def parameters_in(sql: str) -> frozenset[str]:
    """Names of `$name` in a statement, outside of texts and comments."""
    return frozenset(found[2] for found in _PARAMETER.finditer(sql) if found[2])


def values_asked(sql: str, span: Span, zone: str) -> dict[str, Any]:
    """Values of `$from`, `$to` and `$zone`, as far as the statement has them."""
    asked = parameters_in(sql)
    return {name: one for name, one in scene_values(span, zone).items() if name in asked}


def of_fields(query: FieldsQuery, table: Table, span: Span, filters: Iterable[Filter]) -> Made:
    """The statement of a tile of fields.

    Raises:
        Invalid: a field is not there, or a filter does not fit its field.
    """
    values = Values()
    uses = _uses(query)
    names = _names(uses)
    groups = [
        exp.alias_(table.dimension(use, values, span)[0], names[role], quoted=True)
        for role, use in uses.items()
        if use.measure is None
    ]
    numbers = [
        exp.alias_(table.measured(use, values), names[role], quoted=True)
        for role, use in uses.items()
        if use.measure is not None
    ]
    rows = _narrowed(query, table, span, filters, values).select(*groups, *numbers, copy=False)
    if groups:
        rows = rows.group_by(*(exp.Literal.number(place + 1) for place in range(len(groups))))
        order, down = _order(query, table, names)
        rows = rows.order_by(*in_order(*map(col, order), down=down).expressions)
        rows = rows.limit(query.limit)
    made = Statement(rows, values.by_name)
    return Made(made.text(), values.by_name, made.shown(), names)


def behind_fields(
    query: FieldsQuery,
    table: Table,
    span: Span,
    filters: Iterable[Filter],
    parts: Sequence[SegmentPart],
) -> Made:
    """The rows of the table that a segment of a tile of fields counted."""
    values = Values()
    uses = _uses(query)
    roles = {name: role for role, name in _names(uses).items()}
    rows = _narrowed(query, table, span, filters, values).select("*", copy=False)
    for part in parts:
        use = uses.get(roles.get(part.column, ""))
        if use is None or use.measure is not None:
            raise Invalid(f"the tile has no such group: column={part.column}")
        one, kind = table.dimension(use, values, span)
        rows = rows.where(same(one, _as_type(values.bind(part.value), kind)))
    measured = [use for use in uses.values() if use.measure == "count" and use.column]
    if measured:
        rows = rows.where(
            exp.Not(
                this=exp.Is(this=table.source(measured[0].column, values), expression=exp.null())
            )
        )
    return _made(rows, values)


def of_sql(
    sql: str,
    given: Mapping[str, Any],
    span: Span,
    tables: Mapping[str, Table],
    filters: Sequence[Filter],
    zone: str = "UTC",
) -> Made:
    """The statement of a tile of SQL; filters narrow those of `tables` that have their field.

    Raises:
        Invalid: a filter does not fit, or the statement cannot be read to be filtered.
    """
    values = {**values_asked(sql, span, zone), **given}
    narrowing = {
        name: [one for one in filters if table.has(one.field)] for name, table in tables.items()
    }
    if not any(narrowing.values()):
        return Made(sql, values, sql)
    tree = _parsed(sql)
    bound = Values()
    for name, kept in narrowing.items():
        conditions = [tables[name].condition(one, bound) for one in kept]
        if conditions:
            _narrow(tree, name, conditions)
    renamed = {f"filter_{name}": value for name, value in bound.by_name.items()}
    for node in tree.find_all(exp.Placeholder):
        if node.this in bound.by_name:
            node.set("this", f"filter_{node.this}")
    text = tree.sql("duckdb", pretty=True)
    return Made(text, {**values, **renamed}, text)


def tables_read(sql: str) -> list[str]:
    """Names of the tables that a statement reads, as far as it can be read; none else."""
    try:
        return sorted({table.name for table in _tables(_parsed(sql))})
    except Invalid:
        return []


def behind_sql(
    made: Made, parts: Sequence[SegmentPart], types: Mapping[str, str], *, may_ungroup: bool = True
) -> Made:
    """The rows that a segment of a tile of SQL counted.

    They are rows of what the statement reads where it groups them by what can be read from it; else
    rows of its answer.

    Args:
        made: The tile's statement.
        parts: What the segment stands for.
        types: SQL types of the answer's columns.
        may_ungroup: False: rows of the answer in any case.
    """
    unknown = [part.column for part in parts if part.column not in types]
    if unknown:
        raise Invalid(f"the tile's answer has no such column: {', '.join(unknown)}")
    values = Values()
    tree = _parsed(made.sql)
    rows = _ungrouped(tree, parts, types, values) if may_ungroup else None
    is_source = rows is not None
    if rows is None:
        rows = exp.select("*").from_(exp.alias_(exp.paren(tree, copy=False), "answer", table=True))
        for part in parts:
            bound = _as_type(values.bind(part.value), types[part.column])
            rows = rows.where(same(col(part.column), bound))
    renamed = {f"segment_{name}": value for name, value in values.by_name.items()}
    for node in rows.find_all(exp.Placeholder):
        if node.this in values.by_name and node.this not in made.values:
            node.set("this", f"segment_{node.this}")
    text = rows.sql("duckdb", pretty=True)
    kept = {name: one for name, one in made.values.items() if name in parameters_in(text)}
    return Made(text, {**kept, **renamed}, text, is_source=is_source)


def counted(made: Made) -> Made:
    """How many rows a statement has."""
    rows = exp.select(exp.Count(this=exp.Star())).from_(
        exp.alias_(exp.paren(_parsed(made.sql), copy=False), "counted", table=True)
    )
    return Made(rows.sql("duckdb"), made.values, "")


def _uses(query: FieldsQuery) -> dict[str, FieldUse]:
    """What each role shows; a tile that measures nothing counts rows."""
    given = {name: getattr(query, name) for name in ("x", "colour", "y", "size")}
    uses = {name: use for name, use in given.items() if use is not None}
    if not any(use.measure for use in uses.values()):
        uses["y"] = FieldUse(measure="count")
    if query.x is None and uses.get("y", FieldUse()).measure is None:
        uses["y"] = FieldUse(measure="count")
    return uses


def _names(uses: Mapping[str, FieldUse]) -> dict[str, str]:
    """A column's name for each role, in words, each once."""
    names: dict[str, str] = {}
    for role, use in uses.items():
        name = use.column
        if use.measure == "count":
            name = f"count of {use.column}" if use.column else "count"
        elif use.measure is not None:
            name = f"{use.measure} of {use.column}"
        elif use.unit is not None:
            name = f"{use.column} by {use.unit}"
        while name in names.values():
            name += f" ({role})"
        names[role] = name
    return names


def _order(
    query: FieldsQuery, table: Table, names: Mapping[str, str]
) -> tuple[list[str], tuple[int, ...]]:
    """Times as they pass; else the greatest first. Ties by name, so that nothing jumps."""
    uses = _uses(query)
    groups = [names[role] for role, use in uses.items() if use.measure is None]
    numbers = [names[role] for role, use in uses.items() if use.measure is not None]
    if query.x is not None and table.find(query.x.column).kind == "time":
        return groups, ()
    return [*numbers[:1], *groups], (0,)


def _narrowed(
    query: FieldsQuery, table: Table, span: Span, filters: Iterable[Filter], values: Values
) -> exp.Select:
    name = exp.to_identifier(table.name, quoted=True)
    rows = exp.Select().from_(exp.Table(this=name))
    conditions = table.within(span)
    wanted = [*query.where, *(one for one in filters if table.has(one.field))]
    conditions += [table.condition(one, values) for one in wanted]
    return rows.where(*conditions) if conditions else rows


def _ungrouped(
    tree: exp.Expr, parts: Sequence[SegmentPart], types: Mapping[str, str], values: Values
) -> exp.Select | None:
    """The statement without its grouping, narrowed to a segment; none where that is not sure."""
    if (
        not isinstance(tree, exp.Select)
        or tree.args.get("pivots")
        or tree.args.get("from_") is None
    ):
        return None
    is_grouped = tree.args.get("group") is not None
    if not is_grouped and tree.find(exp.AggFunc) is None:
        return None
    shown = {one.alias_or_name: one for one in tree.expressions}
    rows = tree.copy()
    for name in _CUTS:
        rows.set(name, None)
    rows.set("expressions", [exp.Star()])
    for part in parts:
        named = shown.get(part.column)
        one = None if named is None else named.unalias()
        if one is None or one.find(exp.AggFunc, exp.Window, exp.Subquery) is not None:
            return None
        bound = _as_type(values.bind(part.value), types[part.column])
        rows = rows.where(same(exp.Paren(this=one.copy()), bound))
    return rows


def _narrow(tree: exp.Expr, name: str, conditions: Sequence[Expr]) -> None:
    for table in _tables(tree):
        if table.name.lower() == name.lower():
            rows = (
                exp.select("*")
                .from_(exp.Table(this=table.this.copy()))
                .where(*(one.copy() for one in conditions))
            )
            alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
            table.replace(exp.Subquery(this=rows, alias=alias))


def _tables(tree: exp.Expr) -> list[exp.Table]:
    """References to tables and views, without those to the statement's own CTEs."""
    found: dict[int, exp.Table] = {}
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                found[id(source)] = source
    return list(found.values())


def _parsed(sql: str) -> exp.Expr:
    try:
        return sqlglot.parse_one(sql, dialect="duckdb")
    except (SqlglotError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise Invalid(
            "the statement runs, but is not understood well enough to filter it or to open its"
            f" numbers; write it in plainer SQL: {said}"
        ) from error


def _as_type(one: Expr, kind: str) -> Expr:
    """A value of an answer as its column has it; types are DuckDB's own words."""
    return exp.Cast(this=one, to=exp.DataType.build(kind, dialect="duckdb"))


def _made(rows: exp.Select, values: Values) -> Made:
    made = Statement(rows, values.by_name)
    return Made(made.text(), values.by_name, made.shown())
