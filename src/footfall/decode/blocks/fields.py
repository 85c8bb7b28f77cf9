"""How a protocol's keys become columns: a table of fields, and the loop that follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from footfall.decode.blocks import values
from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.rows import SLOT, Row

PROBLEMS_MAX: Final = 20
"""Of one event; further ones are not noted, their values are kept all the same."""
_PATH_CHARACTERS_MAX: Final = 200
_EVENT_NAME: Final = SLOT["event_name"]
_PROBLEMS: Final = SLOT["problems"]

Fields = Mapping[str, tuple[int, type | None, values.Convert]]
"""Key → its slot, the type whose values need no conversion (or `None`), and the conversion."""


def text(column: str) -> tuple[int, type | None, values.Convert]:
    """A text column; longer texts are cut when the table is built."""
    return SLOT[column], str, values.text


def field(slot: int | str, convert: values.Convert) -> tuple[int, type | None, values.Convert]:
    """A column or scratch slot whose every value is converted."""
    return SLOT[slot] if isinstance(slot, str) else slot, None, convert


def fill(
    row: Row, source: Mapping[str, Any], fields: Fields, rest: dict[str, object], where: str
) -> None:
    """Put the values of `source` in their slots, and those without a field into `rest`.

    `null` and empty text are no value, and leave a slot as it is. So does a value that cannot be
    used: it goes into `rest` too, and the row is noted to have the problem.

    Args:
        row: Changed in place.
        source: A parsed JSON object.
        fields: What to do with its keys.
        rest: Takes every other key with its value; changed in place.
        where: JSON path of `source`.

    Raises:
        Fault: the event's name cannot be used, so it is no event; with its path.
    """
    for key, value in source.items():
        found = fields.get(key)
        if found is None:
            rest[key] = value
            continue
        slot, plain, convert = found
        if value.__class__ is plain:
            if value:  # this branch is all but a few values of all events: keep it short
                row[slot] = value
        elif value is not None:
            try:
                converted = convert(value)
            except Fault as fault:
                _note_or_raise(row, slot, fault, f"{where}.{key}")
                rest[key] = value
                continue
            if converted is not None:
                row[slot] = converted


def note(row: Row, fault: Fault, path: str) -> None:
    """Say in a row's `problems` that the value at `path` could not be used.

    Args:
        row: Changed in place; what it shares with other rows is not.
        fault: Why; where it has a path of its own, that is within the value.
        path: JSON path from the event on, such as `.page.url`.
    """
    noted: Any = row[_PROBLEMS] or ()
    if len(noted) < PROBLEMS_MAX:
        where = f"{path}{fault.path or ''}".removeprefix(".")[:_PATH_CHARACTERS_MAX]
        row[_PROBLEMS] = (*noted, f"{fault.reason.value} {where}")


def _note_or_raise(row: Row, slot: int, fault: Fault, path: str) -> None:
    if slot == _EVENT_NAME:
        fault.path = path
        raise fault
    note(row, fault, path)


def fill_aliases(row: Row, fields: Fields, rest: dict[str, object], where: str) -> None:
    """Take second names of fields out of `rest`, where the slot is still free.

    A value whose slot is taken stays in `rest`, so that nothing is lost; so does one that cannot be
    used, which is noted.

    Raises:
        Fault: the event's name cannot be used; with its path.
    """
    for key in [key for key in fields if key in rest]:
        slot, _, convert = fields[key]
        if row[slot] is not None or rest[key] is None:
            continue
        try:
            row[slot] = convert(rest[key])
        except Fault as fault:
            _note_or_raise(row, slot, fault, f"{where}.{key}")
            continue
        del rest[key]
