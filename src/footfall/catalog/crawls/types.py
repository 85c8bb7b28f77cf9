"""One type for values of several: the narrowest that loses nothing.

    whole numbers → larger ones → floating point        date → timestamp → with time zone
    lists and structures member by member               everything else → text

Types are DuckDB's, written as it writes them. "" is the type of nothing but nulls.
"""

from __future__ import annotations

from typing import Any, Final

_WHOLE: Final = ("BIGINT", "HUGEINT")
_TIMES: Final = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
_COMMON: Final = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT"), "BIGINT"),
    "INT": "BIGINT",
    "UINTEGER": "BIGINT",
    "UBIGINT": "HUGEINT",
    "UHUGEINT": "DOUBLE",
    "FLOAT": "DOUBLE",
    "REAL": "DOUBLE",
    "TEXT": "VARCHAR",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
    "TIMESTAMP_NS": "TIMESTAMP",
    "TIMESTAMPTZ_NS": "TIMESTAMP WITH TIME ZONE",
    '"NULL"': "",
    "NULL": "",
}
_PLAIN: Final = frozenset(
    {*_WHOLE, *_TIMES, "DOUBLE", "BOOLEAN", "VARCHAR", "BLOB", "UUID", "TIME", "INTERVAL", ""}
)
FIELDS_MAX: Final = 200
"""Of a structure; one with more is text."""
DEPTH_MAX: Final = 8


def common(kind: str) -> str:
    """The type under which values of `kind` are shown: fewer types, none of them rarer."""
    kind = _COMMON.get(kind, kind)
    if kind in _PLAIN or kind.startswith("DECIMAL("):
        return kind
    return _text_of(_parsed(kind), 0)


def merged(left: str, right: str) -> str:
    """The type for values of both."""
    if left == right or not right:
        return left
    if not left:
        return right
    for order in (_WHOLE, _TIMES):
        if left in order and right in order:
            return max(left, right, key=order.index)
    if _is_number(left) and _is_number(right):
        return "DOUBLE"
    if _is_nested(left) and _is_nested(right):
        return _merged_nested(_parsed(left), _parsed(right))
    return "VARCHAR"


def is_widened(was: str, now: str) -> bool:
    """Whether `now` shows the values of `was` as what they were."""
    return not was or now != "VARCHAR"


def _is_number(kind: str) -> bool:
    return kind in (*_WHOLE, "DOUBLE") or kind.startswith("DECIMAL(")


def _is_nested(kind: str) -> bool:
    return kind.startswith("STRUCT(") or kind.endswith("[]")


def _merged_nested(left: Any, right: Any) -> str:
    if left.id == right.id == "list":
        inner = merged(str(_member(left)), str(_member(right)))
        return f"{inner or 'VARCHAR'}[]"
    if left.id == right.id == "struct":
        fields = {name: str(kind) for name, kind in left.children}
        for name, kind in right.children:
            fields[name] = merged(fields.get(name, ""), str(kind)) or "VARCHAR"
        if len(fields) <= FIELDS_MAX:
            return _struct(fields)
    return "VARCHAR"


def _text_of(kind: Any, depth: int) -> str:
    if depth > DEPTH_MAX:
        return "VARCHAR"
    if kind.id == "list":
        return f"{_text_of(_member(kind), depth + 1) or 'VARCHAR'}[]"
    if kind.id == "struct" and len(kind.children) <= FIELDS_MAX:
        return _struct(
            {name: _text_of(inner, depth + 1) or "VARCHAR" for name, inner in kind.children}
        )
    text = _COMMON.get(str(kind), str(kind))
    return text if text in _PLAIN or text.startswith("DECIMAL(") else "VARCHAR"


def _member(kind: Any) -> Any:
    return dict(kind.children)["child"]


def _struct(fields: dict[str, str]) -> str:
    inner = ", ".join('"' + name.replace('"', '""') + f'" {kind}' for name, kind in fields.items())
    return f"STRUCT({inner})"


def _parsed(kind: str) -> Any:
    import duckdb

    return duckdb.sqltype(kind)
