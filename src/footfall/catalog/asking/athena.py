"""Statements in Athena's words, as DuckDB has them.

A statement runs as it is written if DuckDB understands it; only one that it refuses is translated.
So what is valid in both keeps DuckDB's meaning: `1 / 2` is 0.5, as it is in all other statements.
"""

from __future__ import annotations

from typing import Any


def duckdb_text(sql: str) -> str | None:
    """The statement for DuckDB; `None` if it is not Athena's either, or the same.

    Names of databases are left out: a project is one.
    """
    import sqlglot
    from sqlglot import exp

    try:
        found: Any = sqlglot.parse(sql, read="athena")
        if len(found) != 1 or not isinstance(found[0], exp.Query):
            return None
        tree = found[0]
        for table in tree.find_all(exp.Table):
            table.set("db", None)
            table.set("catalog", None)
        text: str = tree.sql(dialect="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError, ValueError):
        return None
    return None if text.strip() == sql.strip() else text


def tables_of(sql: str) -> frozenset[str]:
    """Names that a SELECT in DuckDB's words may read; none if sqlglot cannot tell."""
    import sqlglot
    from sqlglot import exp

    try:
        trees: Any = sqlglot.parse(sql, read="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return frozenset()
    return frozenset(
        table.name.lower() for tree in trees if tree for table in tree.find_all(exp.Table)
    )
