"""Short forms of a question, for people who type: in Python and in a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from footfall.errors import Invalid

_LAST: Final = re.compile(r"(\d{1,5})\s*(h|d|w|mo)")
_UNITS: Final = {"h": "hour", "d": "day", "w": "week", "mo": "month"}
_FORMS: Final = frozenset({"field", "op", "value", "all", "any"})


def short_selector(given: Any) -> Any:
    """`"purchase"` is its name; `None` any event; a mapping as it is, its `where` short, too.

    Raises:
        Invalid: it is a number or a list.
    """
    if given is None or isinstance(given, str):
        return {"event": given}
    if isinstance(given, Mapping):
        return {**given, "where": short_filter(given.get("where"))}
    if isinstance(given, int | float | list | tuple):
        raise Invalid(
            "an event is its name, or a mapping such as {'event': 'purchase'}; several stand one"
            f" after another, in no list: {given!r}"
        )
    return given


def short_filter(given: Any) -> Any:
    """`{"page_path": "/cart", "os": "iOS"}`: each is; a list of conditions: all of them."""
    if isinstance(given, list | tuple):
        return {"all": [short_filter(one) for one in given]}
    if not isinstance(given, Mapping) or not given or set(given) <= _FORMS:
        return given
    each = [{"field": field, "op": "is", "value": value} for field, value in given.items()]
    return each[0] if len(each) == 1 else {"all": each}


def short_range(given: Any) -> Any:
    """`"30d"`, `"12w"`, `"6mo"`, `"48h"`: the last so many; two texts: from and to.

    Raises:
        Invalid: a text is no such range.
    """
    if isinstance(given, str):
        found = _LAST.fullmatch(given.strip())
        if found is None:
            raise Invalid(f"a range is such as 48h, 30d, 12w or 6mo, or start and end: {given!r}")
        return {"last": int(found[1]), "unit": _UNITS[found[2]]}
    if isinstance(given, list | tuple) and len(given) == 2:
        return {"start": str(given[0]), "end": str(given[1])}
    return given


def short_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """The common options of a question, in any of their forms; what is `None` is left out.

    Raises:
        Invalid: a text is no range.
    """
    options = {name: value for name, value in given.items() if value is not None}
    if "range" in options:
        options["range"] = short_range(options["range"])
    if "where" in options:
        options["where"] = short_filter(options["where"])
    if isinstance(options.get("by"), str):
        options["by"] = [options["by"]]
    return options
