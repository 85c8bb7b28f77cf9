"""Functions of Athena that sqlglot leaves as they are, in DuckDB's words.

Each is built anew from its arguments; a tree that has none of them is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from footfall.errors import Invalid

_JODA: Final[Mapping[str, str]] = {
    "yyyy": "%Y",
    "yy": "%y",
    "y": "%Y",
    "YYYY": "%G",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "DDD": "%j",
    "EEEE": "%A",
    "EEE": "%a",
    "E": "%a",
    "e": "%u",
    "ww": "%V",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSSSSS": "%f",
    "SSS": "%g",
    "a": "%p",
    "Z": "%z",
    "ZZ": "%z",
    "z": "%Z",
}
"""Patterns of Joda-Time, as `format_datetime` takes them; longer runs of a letter are their own."""
_PIECES: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")
_URL: Final[Mapping[str, str]] = {
    "url_extract_protocol": "^([A-Za-z][A-Za-z0-9+.-]*):",
    "url_extract_host": "^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:]*)",
    "url_extract_path": "^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)",
    "url_extract_query": "^[^?#]*[?]([^#]*)",
    "url_extract_fragment": "#(.*)$",
}


def in_duckdb_words(tree: Any) -> Any:
    """The tree without Athena's own functions.

    Raises:
        Invalid: one has an argument that is not understood; says which.
    """
    from sqlglot import exp

    for node in list(tree.find_all(exp.ParseDatetime)):
        if node.args.get("format") is not None:
            node.set("format", exp.Literal.string(strftime_of(_text(node.args["format"]))))
    for node in list(tree.find_all(exp.ArraySlice)):
        # Athena's third argument is how many, DuckDB's the last one.
        start, count = node.args["start"], node.args["end"]
        node.set("end", exp.paren(start.copy()) + exp.paren(count.copy()) - _number(1))
    for node in list(tree.find_all(exp.Reduce)):
        if isinstance(node.args.get("finish"), exp.Lambda):
            node.replace(_finished(node))
    for node in list(tree.find_all(exp.Anonymous)):
        name, arguments = str(node.name).lower(), node.expressions
        make, count = _WORDS.get(name, (None, 0))
        if make is not None and len(arguments) == count:
            node.replace(make(*arguments))
        elif name in _URL and len(arguments) == 1:
            node.replace(_call("REGEXP_EXTRACT", *arguments, _string(_URL[name]), _number(1)))
    for node in list(tree.find_all(exp.Unnest)):
        if (both := _side_by_side(node)) is not None:
            node.replace(both)
    return tree


def strftime_of(pattern: str) -> str:
    """A pattern of Joda-Time as one of `strftime`.

    Raises:
        Invalid: it has a letter that has no such form.
    """
    found = []
    for piece in _PIECES.finditer(pattern):
        text = piece[0]
        if text.startswith("'"):
            found.append(piece[1].replace("''", "'").replace("%", "%%") or "'")
        elif not text[0].isalpha():
            found.append(text.replace("%", "%%"))
        elif text in _JODA:
            found.append(_JODA[text])
        else:
            raise Invalid(
                f"no form of a time has {text!r}; there are: {', '.join(_JODA)}, and text in single"
                f" quotes: pattern={pattern}"
            )
    return "".join(found)


def _side_by_side(node: Any) -> Any:
    """`UNNEST(map) AS t(k, v)` and `UNNEST(a, b) AS t(x, y)`, which DuckDB has not in FROM."""
    from sqlglot import exp

    alias = node.args.get("alias")
    columns = [] if alias is None else list(alias.columns)
    lists = list(node.expressions)
    if len(lists) == 1 and len(columns) == 2 and not node.args.get("offset"):
        lists = [exp.func("MAP_KEYS", lists[0].copy()), exp.func("MAP_VALUES", lists[0].copy())]
    if len(lists) < 2 or len(lists) != len(columns):
        return None
    each = [
        exp.alias_(exp.func("UNNEST", one.copy()), name)
        for one, name in zip(lists, columns, strict=True)
    ]
    if node.args.get("offset"):
        return None
    rows = exp.Subquery(this=exp.select(*each))
    return exp.Lateral(this=rows, alias=exp.TableAlias(this=alias.this))


def _finished(node: Any) -> Any:
    """`reduce` whose last argument is applied to its result, as DuckDB has no such one."""
    from sqlglot import exp

    last = node.args["finish"]
    node.set("finish", None)
    state = {str(one.name) for one in last.expressions}

    def put(inner: Any) -> Any:
        is_state = isinstance(inner, exp.Identifier | exp.Column) and str(inner.name) in state
        return exp.Paren(this=node.copy()) if is_state else inner

    return exp.Paren(this=last.this.transform(put))


def _text(node: Any) -> str:
    from sqlglot import exp

    if not isinstance(node, exp.Literal) or not node.is_string:
        raise Invalid(f"write the form of a time as a text, not as: {node.sql()[:100]}")
    return str(node.this)


def _string(text: str) -> Any:
    from sqlglot import exp

    return exp.Literal.string(text)


def _number(number: int) -> Any:
    from sqlglot import exp

    return exp.Literal.number(number)


def _call(name: str, *arguments: Any) -> Any:
    from sqlglot import exp

    return exp.Anonymous(this=name, expressions=list(arguments))


def _format_datetime(moment: Any, pattern: Any) -> Any:
    return _call("STRFTIME", moment, _string(strftime_of(_text(pattern))))


def _matches(how: str) -> Callable[[Any, Any], Any]:
    def make(values: Any, test: Any) -> Any:
        from sqlglot import exp

        found = exp.func("LEN", exp.ArrayFilter(this=values.copy(), expression=test))
        if how == "all":
            return exp.EQ(this=found, expression=exp.func("LEN", values.copy()))
        kind = exp.GT if how == "any" else exp.EQ
        return kind(this=found, expression=_number(0))

    return make


def _iso(moment: Any) -> Any:
    from sqlglot import exp

    return _call("REPLACE", exp.cast(moment, "text"), _string(" "), _string("T"))


def _url_parameter(url: Any, name: Any) -> Any:
    pattern = f"[?&]{re.escape(_text(name))}=([^&#]*)"
    return _call("URL_DECODE", _call("REGEXP_EXTRACT", url, _string(pattern), _number(1)))


_WORDS: Final[Mapping[str, tuple[Callable[..., Any], int]]] = {
    "format_datetime": (_format_datetime, 2),
    "at_timezone": (lambda moment, zone: _call("TIMEZONE", zone, moment), 2),
    "to_iso8601": (_iso, 1),
    "any_match": (_matches("any"), 2),
    "all_match": (_matches("all"), 2),
    "none_match": (_matches("none"), 2),
    "map_agg": (lambda key, value: _call("MAP", _call("LIST", key), _call("LIST", value)), 2),
    "every": (lambda test: _call("BOOL_AND", test), 1),
    "url_extract_parameter": (_url_parameter, 2),
}
"""Name → what it becomes, and how many arguments it has."""
