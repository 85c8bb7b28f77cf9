"""A statement: its tree, its values, and its text in each dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec
from sqlglot import exp

from footfall.explore.compile.blocks import PERCENTILE

Dialect = Literal["duckdb", "spark", "trino"]
DIALECTS: Final[tuple[Dialect, ...]] = ("duckdb", "spark", "trino")

LISTED_MAX: Final = 20
"""Values of a list that are shown."""

_NAMES: Final = {PERCENTILE: {"spark": "PERCENTILE", "trino": "APPROX_PERCENTILE"}}
"""Functions that sqlglot does not translate. Trino has no exact percentile."""


class Statement(msgspec.Struct, frozen=True):
    """One SELECT."""

    tree: exp.Expr
    values: dict[str, Any]

    def text(self) -> str:
        """For DuckDB, with parameters: what runs."""
        return self.tree.sql("duckdb")

    def shown(self, dialect: Dialect = "duckdb", *, pretty: bool = True) -> str:
        """For people and other engines, with the values in it, escaped as the dialect does it."""
        values = self.values

        def written(node: exp.Expr) -> exp.Expr:
            if isinstance(node, exp.JSONExtractScalar) and dialect == "spark":
                return _for_spark(node, str(values[str(node.expression.this)]))
            if isinstance(node, exp.Placeholder):
                return _written(values[str(node.this)])
            if isinstance(node, exp.Anonymous) and node.this in _NAMES:
                name = _NAMES[str(node.this)].get(dialect, node.this)
                return exp.Anonymous(this=name, expressions=node.expressions)
            return _for_trino(node) if dialect == "trino" else node

        tree = self.tree.transform(written)
        return (_with_own_names(tree) if dialect == "spark" else tree).sql(dialect, pretty=pretty)


def _written(value: Any) -> exp.Expr:
    """A value for people; of a long list the beginning, and how many there are."""
    if not isinstance(value, list) or len(value) <= LISTED_MAX:
        return exp.convert(value)
    found = exp.convert(value[:LISTED_MAX])
    found.add_comments([f"and {len(value) - LISTED_MAX:,} more"])
    return found


def with_ctes(rows: exp.Query, ctes: Mapping[str, exp.Query]) -> exp.Query:
    """`WITH … ` before a query, in the order given."""
    for name, each in ctes.items():
        rows = rows.with_(name, as_=each, copy=False)
    return rows


def _with_own_names(tree: exp.Expr) -> exp.Expr:
    """Each CTE of a subquery by a name that no other has.

    For Spark sqlglot moves all of them to the front, where those of a segment and those of the
    model that it filters would be called alike.
    """
    inner_first = reversed([one for one in tree.find_all(exp.With) if one.parent is not tree])
    for place, with_ in enumerate(inner_first):
        names = {cte.alias: f"c{place}_{cte.alias}" for cte in with_.expressions}
        for cte in with_.expressions:
            cte.args["alias"].set("this", exp.to_identifier(names[cte.alias]))
        query = with_.parent
        assert query is not None
        for table in [one for one in query.find_all(exp.Table) if one.name in names]:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
            table.set("this", exp.to_identifier(names[table.name]))
    return tree


def _for_spark(node: exp.JSONExtractScalar, path: str) -> exp.Expr:
    """A property: Spark's paths know no quoted names, and find nothing by one."""
    name = exp.convert(path.removeprefix('$."').removesuffix('"'))
    kind = exp.Literal.string("MAP<STRING,STRING>")
    whole = exp.Anonymous(this="FROM_JSON", expressions=[node.this.copy(), kind])
    return exp.Anonymous(this="ELEMENT_AT", expressions=[whole, name])


def _for_trino(node: exp.Expr) -> exp.Expr:
    """What has another name there, and no translation of sqlglot's."""
    if isinstance(node, exp.UnixMicros):
        seconds = exp.Anonymous(this="TO_UNIXTIME", expressions=[node.this.copy()])
        micros = exp.Mul(this=seconds, expression=exp.Literal.number(1_000_000))
        return exp.cast(exp.Anonymous(this="ROUND", expressions=[micros]), "bigint")
    if isinstance(node, exp.IntDiv):
        # Both are whole and not negative; `/` between whole numbers drops the rest there.
        return exp.Div(this=node.this, expression=node.expression, typed=True, safe=False)
    return node
