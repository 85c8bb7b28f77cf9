"""Rows for people: a table where it fits, else one value a line; data never steers the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from footfall.query import Column

ANY_WIDTH: Final = 1_000_000
"""Columns of a table that nobody looks at in a terminal: nothing is folded."""
_NUMBERS: Final = ("BIGINT", "DECIMAL", "DOUBLE", "HUGEINT", "INTEGER")


def print_rows(console: Console, columns: Sequence[Column], rows: list[list[Any]]) -> None:
    """A table, or one value a line where a row is wider than the console."""
    from rich.measure import Measurement

    table = _table(columns, rows)
    natural = Measurement.get(console, console.options.update_width(ANY_WIDTH), table)
    if natural.maximum > console.width:
        print_records(console, columns, rows)
    else:
        console.print(table)


def print_records(console: Console, columns: Sequence[Column], rows: Iterable[list[Any]]) -> None:
    """One value a line, nulls left out."""
    width = max(len(column.name) for column in columns)
    for number, row in enumerate(rows, start=1):
        console.print(f"row {number}", style="bold")
        for column, value in zip(columns, row, strict=True):
            if value is not None:
                console.print(shown(column.name.ljust(width)), shown(value), soft_wrap=True)


def shown(value: Any) -> Text:
    """Text as it is, never markup; signs that would steer a terminal are made visible."""
    from rich.text import Text

    if value is None:
        return Text("null", style="dim")
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return Text("".join(sign if sign.isprintable() else _escaped(sign) for sign in text))


def _table(columns: Sequence[Column], rows: Iterable[list[Any]]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        justify = "right" if column.type.startswith(_NUMBERS) else "left"
        table.add_column(shown(column.name), justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*map(shown, row))
    return table


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
