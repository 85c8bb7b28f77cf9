"""Settings as the text of a `footfall.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


def settings_text(settings: Mapping[str, Any]) -> str:
    """TOML of nested tables of texts, numbers, booleans and lists of texts.

    A JSON text is a TOML basic string as it is, but for DEL, which nobody needs here.
    """
    return "\n".join(_lines((), settings)) + "\n"


def _lines(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    plain = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
    if plain:
        if path:
            yield f"\n[{'.'.join(map(_quoted, path))}]"
        for name, value in plain.items():
            yield f"{_quoted(name)} = {_quoted(value)}"
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines((*path, name), value)


def _quoted(value: Any) -> str:
    return msgspec.json.encode(value).decode()
