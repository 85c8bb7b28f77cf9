"""How a protocol's keys become columns: a table of fields, and the loop that follows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from footfall.decode.blocks import values
from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.rows import SLOT, Row

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

    `null` and empty text are no value, and leave a slot as it is.

    Args:
        row: Changed in place.
        source: A parsed JSON object.
        fields: What to do with its keys.
        rest: Takes every other key with its value; changed in place.
        where: JSON path of `source`.

    Raises:
        Fault: with the path of the first field at fault.
    """
    key = ""
    try:
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
                converted = convert(value)
                if converted is not None:
                    row[slot] = converted
    except Fault as fault:
        fault.path = f"{where}.{key}" if fault.path is None else f"{where}.{key}{fault.path}"
        raise


def fill_aliases(row: Row, fields: Fields, rest: dict[str, object], where: str) -> None:
    """Take second names of fields out of `rest`, where the slot is still free.

    A value whose slot is taken stays in `rest`, so that nothing is lost.

    Raises:
        Fault: with the path of the first field at fault.
    """
    for key in [key for key in fields if key in rest]:
        slot, _, convert = fields[key]
        if row[slot] is not None or rest[key] is None:
            continue
        try:
            row[slot] = convert(rest[key])
        except Fault as fault:
            fault.path = f"{where}.{key}"
            raise
        del rest[key]
