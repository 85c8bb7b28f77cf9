"""The guard: a statement runs only if DuckDB's own parser reads it as one harmless SELECT.

Theory of operation. DuckDB turns a text into a tree (`json_serialize_sql`) with the parser that
also executes it, so there is no second reading of the text to disagree with. The tree is walked
here and every node must be of a kind on a list: what the lists do not know is refused, in this
version of DuckDB or the next. So a statement can name

- the views of the cut, and its own CTEs where DuckDB resolves them: a name that is neither would be
  looked up in the catalog or taken for a file;
- functions in `functions.txt`, which compute from their arguments only;
- table functions that make rows from values (`unnest`, `range`, JSON); none that reads.

Checking text by settings alone was rejected: with external access off and the configuration locked,
`COPY … TO` still writes into the directories that the engine may read, and DuckDB 2.0 takes a COPY,
INSERT or DELETE as the body of a CTE, inside what calls itself a SELECT. The settings and the
confinement of the worker stay behind this as second and third walls.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from importlib import resources
from typing import Any, Final

import msgspec

from footfall.errors import Invalid

STATEMENT_BYTES_MAX: Final = 1 << 20
"""Longer texts are refused before they are parsed."""

_LISTED: Final = resources.files("footfall.query").joinpath("functions.txt").read_text("utf-8")

FUNCTIONS: Final = frozenset(
    line.lower() for line in _LISTED.splitlines() if line and not line.startswith("# ")
)
"""Scalar, aggregate and window functions that a statement may call, in lower case."""

TABLE_FUNCTIONS: Final = frozenset({"unnest", "generate_series", "range", "json_each", "json_tree"})
"""Functions that may stand in FROM: they make rows out of their arguments."""

_EXPRESSIONS: Final = frozenset(
    {
        "BETWEEN",
        "CASE",
        "CAST",
        "COLLATE",
        "COLUMN_REF",
        "COMPARISON",
        "CONJUNCTION",
        "CONSTANT",
        "DEFAULT",
        "FUNCTION",
        "LAMBDA",
        "LAMBDA_REF",
        "OPERATOR",
        "PARAMETER",
        "POSITIONAL_REFERENCE",
        "STAR",
        "SUBQUERY",
        "TYPE",
        "WINDOW",
    }
)
_QUERIES: Final = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
_TABLES: Final = frozenset(
    {
        "BASE_TABLE",
        "EMPTY",
        "EXPRESSION_LIST",
        "JOIN",
        "PIVOT",
        "SHOW_REF",
        "SUBQUERY",
        "TABLE_FUNCTION",
    }
)
_MODIFIERS: Final = frozenset(
    {
        "ASCENDING",
        "DESCENDING",
        "DISTINCT_MODIFIER",
        "LIMIT_MODIFIER",
        "LIMIT_PERCENT_MODIFIER",
        "ORDER_DEFAULT",
        "ORDER_MODIFIER",
    }
)
_NODES: Final = _QUERIES | _TABLES | _MODIFIERS
_SHOWN: Final = frozenset({"DESCRIBE", "SUMMARY"})

_SHOW_TABLES: Final = re.compile(r"\s*SHOW\s+TABLES\s*;?\s*", re.IGNORECASE)

_Scope = frozenset[tuple[str, ...]]
"""Names, as paths in lower case, that a table reference may have at one place of the tree."""


def meant(sql: str, views: Collection[str]) -> str:
    """The SELECT that answers `SHOW TABLES`; any other text as it is.

    DuckDB itself would answer with everything in its catalog. Nothing of the given text is in the
    answer, and it is checked like what people write.
    """
    if _SHOW_TABLES.fullmatch(sql) is None:
        return sql
    rows = ", ".join(f"('{view}')" for view in sorted(views))
    return f"SELECT name FROM (VALUES {rows}) AS tables(name)"  # noqa: S608


def check(serialized: str, views: Collection[str]) -> frozenset[str]:
    """Refuse everything but one SELECT over `views`.

    Args:
        serialized: What DuckDB's `json_serialize_sql` answered for the statement.
        views: Names that may stand in FROM, in lower case.

    Returns:
        Those of `views` that it names; a CTE of the same name counts as well.

    Raises:
        Invalid: one sentence that says what is not allowed and what is.
    """
    try:
        answer = msgspec.json.decode(serialized)
    except RecursionError as error:
        raise Invalid("the statement is nested too deep; split it with WITH") from error
    if answer["error"]:
        raise _not_a_select(answer)
    statements = answer["statements"]
    if len(statements) != 1:
        raise Invalid(f"write one statement, without others after it: statements={len(statements)}")
    scope: _Scope = frozenset((view,) for view in views)
    pending: list[tuple[Any, _Scope]] = [(statements[0], scope)]
    used: set[str] = set()
    while pending:
        value, scope = pending.pop()
        if isinstance(value, dict):
            _check_node(value, scope, views)
            if value.get("type") == "BASE_TABLE":
                used.add(_path(value)[-1].lower())
            pending.extend(_children(value, scope))
        elif isinstance(value, list):
            pending.extend((element, scope) for element in value)
    return frozenset(used.intersection(views))


def _not_a_select(answer: Mapping[str, Any]) -> Invalid:
    message = str(answer.get("error_message", "")).strip()
    if answer.get("error_type") == "parser":
        where = answer.get("position")
        return Invalid(message if where is None else f"{message}: position={int(where) + 1}")
    if "parameters" in message:
        return Invalid("use either ? or $name for parameters, not both in one statement")
    return Invalid(
        "only a SELECT can be run (also FROM, VALUES, WITH, DESCRIBE, SUMMARIZE, SHOW TABLES);"
        " a PIVOT needs its values: PIVOT … ON column IN (…)"
    )


def _check_node(node: Mapping[str, Any], scope: _Scope, views: Collection[str]) -> None:
    kind = node.get("type")
    if not isinstance(kind, str):
        return  # a container, or a value whose `type` is the SQL type
    family = node.get("class")
    if family is not None:
        if family not in _EXPRESSIONS:
            raise _not_allowed(family)
        if family in ("FUNCTION", "WINDOW"):
            _check_function(node, FUNCTIONS)
        elif family == "TYPE":
            _check_type(node)
    elif kind not in _NODES:
        raise _not_allowed(kind)
    elif kind == "BASE_TABLE":
        _check_table(node, scope, views)
    elif kind == "SHOW_REF":
        _check_show(node)


def _not_allowed(kind: str) -> Invalid:
    words = kind.removesuffix("_QUERY_NODE").removesuffix("_NODE").replace("_", " ")
    return Invalid(f"only a SELECT over the views can be run; it may not contain {words}")


def _check_function(node: Mapping[str, Any], allowed: Collection[str]) -> None:
    name = str(node["function_name"])
    path = _path(node)
    if len(path) != 1 or node["schema"] or node["catalog"]:
        raise Invalid(
            f"call functions by their name alone, without a schema: name={'.'.join(path)}"
        )
    if name.lower() not in allowed or path[0].lower() != name.lower():
        where = " in FROM" if allowed is TABLE_FUNCTIONS else ""
        raise Invalid(
            f"this function cannot be used{where}; docs/concepts/sql.md says which can: name={name}"
        )


def _check_type(node: Mapping[str, Any]) -> None:
    if len(_path(node)) != 1 or node["schema"] or node["catalog"]:
        raise Invalid(f"name types without a schema: name={'.'.join(_path(node))}")


def _check_table(node: Mapping[str, Any], scope: _Scope, views: Collection[str]) -> None:
    path = _path(node)
    if node["at_clause"] is not None:
        raise Invalid("every statement reads the newest cut; leave out AT (…)")
    if tuple(part.lower() for part in path) not in scope:
        raise Invalid(f"no such table; there are {', '.join(sorted(views))}: name={'.'.join(path)}")


def _check_show(node: Mapping[str, Any]) -> None:
    if node["show_type"] not in _SHOWN or node["query"] is None or node["table_name"]:
        raise Invalid(
            "only SHOW TABLES, and DESCRIBE and SUMMARIZE of a view or a SELECT, can be run"
        )


def _path(node: Mapping[str, Any]) -> list[str]:
    return [str(part) for part in node["qualified_name"]["path"]]


def _children(node: Mapping[str, Any], scope: _Scope) -> Iterator[tuple[Any, _Scope]]:
    """What is below `node`, each with the names that DuckDB resolves there."""
    if node.get("type") == "TABLE_FUNCTION" and "class" not in node:
        # The function itself is of another list than functions in expressions; its arguments not.
        function = node["function"]
        _check_function(function, TABLE_FUNCTIONS)
        yield list(function.values()), scope
        yield [value for name, value in node.items() if name != "function"], scope
        return
    for entry in node.get("cte_map", {}).get("map", ()):
        # A CTE sees those before it, and itself only through RECURSIVE (below).
        yield entry["value"], scope
        scope |= {(str(entry["key"]).lower(),)}
    for name, value in node.items():
        if name == "cte_map" or not isinstance(value, dict | list):
            continue
        if name == "right" and node.get("type") == "RECURSIVE_CTE_NODE":
            own = str(node["cte_name"]).lower()
            yield value, scope | {(own,), ("recurring", own)}
        else:
            yield value, scope
