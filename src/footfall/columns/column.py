"""A column, defined once: field id, name, type, meaning.

Field ids are what a data file's columns are found by, for ever. So they are written down, never
counted, and never given twice:

    1 to 9,999      ours, each written at its column. That of a column which is gone is listed as
                    `Retired`.
    10,000 and up   columns that others added: plug-ins, or another engine. The table gives them
                    when the column is added (`footfall.lake.tables.evolve`).

Light to import: nothing here knows Arrow or Iceberg.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from footfall.errors import Invalid

FIRST: Final = "0.1.0"
"""The first version."""

OWN_ID_MAX: Final = 9_999
"""Ids above it are those of columns that others added."""

KINDS: Final = (
    "string",
    "uuid",
    "binary",
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "date",
    "timestamptz",
    "decimal(p, s)",
    "list<string>",
)
"""Types, by the names that Iceberg has for them; `p` and `s` are numbers."""

_DECIMAL: Final = re.compile(r"decimal\((\d+), (\d+)\)")
_DECIMAL_DIGITS_MAX: Final = 38
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Column(msgspec.Struct, frozen=True):
    """One column of a table."""

    id: int
    """Iceberg field id; 0 for a column that another than us adds, whose id the table gives."""
    name: str
    kind: str
    """One of `KINDS`."""
    doc: str
    """What it means, one line; the column's comment in Iceberg."""
    is_required: bool = False
    """Never null. Only where the table had the column from its beginning."""
    element_id: int | None = None
    """Field id of a list's elements."""
    since: str = FIRST
    """Version that brought it."""

    @property
    def ids(self) -> tuple[int, ...]:
        """All field ids that it uses."""
        return (self.id,) if self.element_id is None else (self.id, self.element_id)


class Retired(msgspec.Struct, frozen=True):
    """A column that is gone: its ids and its name are used up.

    Tables that have it keep it, and its values; new rows have null there.
    """

    name: str
    ids: tuple[int, ...]


def required(id: int, name: str, kind: str, doc: str) -> Column:  # noqa: A002 (its name in Iceberg)
    """A column that is never null."""
    return Column(id, name, kind, doc, is_required=True)


def optional(
    id: int,  # noqa: A002
    name: str,
    kind: str,
    doc: str,
    *,
    element_id: int | None = None,
    since: str = FIRST,
) -> Column:
    """A column that may be null, as each one must be that comes to a table later."""
    return Column(id, name, kind, doc, element_id=element_id, since=since)


def added(name: str, kind: str, doc: str) -> Column:
    """A column that a plug-in adds to a table; the table gives it its id, and remembers it.

    Raises:
        Invalid: the name or the type is not one that a column can have; mend the plug-in.
    """
    if not _NAME.fullmatch(name):
        raise Invalid(
            "a column's name has small letters, digits and _, begins with a letter and is at most"
            f" 63 characters long: {name=}"
        )
    if not is_kind(kind):
        raise Invalid(f"no such type of column; there are: {', '.join(KINDS)}: {name=} {kind=}")
    return Column(0, name, kind, doc)


def is_kind(kind: str) -> bool:
    """Whether a column can be of this type."""
    if kind in KINDS[:-2] or kind == "list<string>":
        return True
    digits = decimal_digits(kind)
    return digits is not None and digits[1] <= digits[0] <= _DECIMAL_DIGITS_MAX and digits[0] > 0


def decimal_digits(kind: str) -> tuple[int, int] | None:
    """Precision and scale of a `decimal(p, s)`; `None` for other types."""
    found = _DECIMAL.fullmatch(kind)
    return None if found is None else (int(found[1]), int(found[2]))


def check_columns(
    columns: Sequence[Column], retired: Iterable[Retired] = (), *, since: str = FIRST
) -> None:
    """Refuse a definition that a table could not keep: ours, so it is a bug.

    Args:
        columns: All of one table.
        retired: Those that are gone.
        since: Version that brought the table.
    """
    gone = list(retired)
    ids = [one for column in columns for one in column.ids]
    ids += [one for column in gone for one in column.ids]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    assert not twice, f"field ids that are given twice; a new column gets a new one: {twice}"
    names = [column.name for column in columns] + [column.name for column in gone]
    again = sorted({name for name in names if names.count(name) > 1})
    assert not again, f"names that are given twice: {again}"
    for column in columns:
        assert is_kind(column.kind), f"no such type: {column.name} {column.kind}"
        assert (column.element_id is None) == (column.kind != "list<string>"), column.name
        assert all(1 <= one <= OWN_ID_MAX for one in column.ids), column.name
        is_later = column.since != since
        assert not (is_later and column.is_required), (
            f"rows from before a column came have no value for it; make it optional: {column.name}"
        )
