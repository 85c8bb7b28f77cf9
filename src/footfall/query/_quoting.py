"""Names, texts and paths as SQL has them; imports nothing heavy."""

from __future__ import annotations


def without_glob(path: str) -> str:
    """`path` for DuckDB, which takes every path for a pattern: in brackets a sign is itself."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in path)


def literal(text: str) -> str:
    """`text` as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """`name` as an SQL identifier, whatever word it is."""
    return '"' + name.replace('"', '""') + '"'
