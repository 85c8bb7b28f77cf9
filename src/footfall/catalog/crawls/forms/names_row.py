"""Whether a row of a CSV file names its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_WORD: Final = re.compile(r"[^\W\d][\w .:/()%-]{0,99}")
_NUMBER: Final = re.compile(r" *-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d+)? *")
"""As the engine is asked; a leading zero makes text."""
_NUMBERS_MIN: Final = 5
_NULLS: Final = frozenset({"na", "n/a", "nan", "null", "none", "nil", "-", "?", "\\n", "unknown"})
_KINDS: Final = {
    "number": re.compile(r"[+-]?\d[\d.,]*([eE][+-]?\d+)?"),
    "moment": re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?|\d{1,2}:\d\d(:\d\d.*)?"),
    "truth": re.compile(r"(?i)true|false|yes|no"),
}


def is_head(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """By itself, since its cells are words, or as the cells below it are of other kinds."""
    names = [cell.strip() for cell in cells]
    is_varied = len(names) == 1 or len(set(names)) > len(names) / 2
    if is_varied and all(_WORD.fullmatch(name) for name in names):
        return not any(name.lower() in ("true", "false", "null") for name in names)
    return has_other_kinds(cells, below)


def has_other_kinds(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether in some column all cells below are numbers, moments or truths, and this one is not.

    A cell that is of the kind of those below it, or that says that there is no value, is one of
    them, and so is its row.
    """
    found = False
    for at, cell in enumerate(cells):
        kinds = {_kind(row[at].strip()) for row in below if at < len(row) and row[at].strip()}
        if len(kinds) != 1 or kinds == {""} or not cell.strip():
            continue
        if {_kind(cell.strip())} == kinds or cell.strip().lower() in _NULLS:
            return False
        found = True
    return found


def _kind(cell: str) -> str:
    return next((kind for kind, form in _KINDS.items() if form.fullmatch(cell)), "")


def mostly_numbers(rows: Sequence[Sequence[str]], width: int) -> tuple[int, ...]:
    """Columns of which four of five cells or more are numbers; others may be text."""
    found = []
    for at in range(width):
        cells = [row[at] for row in rows if at < len(row) and row[at]]
        numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in cells)
        if len(cells) >= _NUMBERS_MIN and 5 * numbers >= 4 * len(cells):
            found.append(at)
    return tuple(found)
