"""Statements in Athena's words, as DuckDB has them.

A statement runs as it is written if DuckDB understands it; only one that it refuses is translated.
So what is valid in both keeps DuckDB's meaning: `1 / 2` is 0.5, as it is in all other statements.
"""

from __future__ import annotations

from typing import Any

from footfall.catalog.asking.athena_words import in_duckdb_words
from footfall.errors import Invalid


def duckdb_text(sql: str) -> str | None:
    """The statement for DuckDB; `None` if it is not Athena's either, or the same.

    Names of databases are left out: a project is one.

    Raises:
        Invalid: a function of Athena's has an argument that DuckDB has no form for.
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
        text: str = in_duckdb_words(tree).sql(
            dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE
        )
    except sqlglot.errors.UnsupportedError as error:
        raise Invalid(f"this form of Athena's cannot be read here: {error}") from error
    except (sqlglot.errors.SqlglotError, RecursionError, ValueError):
        return None
    return None if text.strip() == sql.strip() else text


def helpful(error: Invalid, translated: Invalid) -> Invalid:
    """Of what is wrong with a statement as it is written and as it was translated, what helps.

    A function of Athena's is no mistake; then it is something else that has to be mended.
    """
    return translated if str(error).startswith("this function cannot be used") else error


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
