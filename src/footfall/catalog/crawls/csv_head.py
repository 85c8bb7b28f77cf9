"""The form of a CSV file, by its first row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from footfall.catalog.crawls.layout import column_name, unique
from footfall.catalog.entries import COLUMNS_MAX, Column, Compression, Shape

_DELIMITERS: Final = ",\t;|"
_SAID: Final = re.compile(r'"?sep=([^\w\s"]|\t)"?\r?')
"""A first line by which Excel is told the sign between cells; it is no row."""
_WORD: Final = re.compile(r"[^\W\d][\w .:/()%-]{0,99}")


class CsvForm(msgspec.Struct, frozen=True):
    """What somebody said of CSV files; what nobody said is found out."""

    delimiter: str = ""
    has_header: bool | None = None


def csv_shape(head: bytes, compression: Compression, form: CsvForm) -> Shape | None:
    """The form of a CSV file by its first line; `None` if that is no text, or no row."""
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return None
        text = head[: error.start].decode("utf-8-sig")
    if said_delimiter(text):
        return None
    cells, delimiter = first_cells(text, form.delimiter)
    if not cells or not is_text(head):
        return None
    has_header = is_header(cells) if form.has_header is None else form.has_header
    names = cells if has_header else [f"column_{at}" for at in range(len(cells))]
    columns = tuple(Column(name, "VARCHAR") for name in unique(map(column_name, names)))
    if len(columns) > COLUMNS_MAX:
        return None
    return Shape("csv", compression, "", delimiter, has_header, columns)


def decoded(head: bytes) -> str:
    """A file's first bytes as text, in the encoding that its byte order mark says."""
    is_wide = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    return head.decode("utf-16" if is_wide else "utf-8-sig", "replace")


def is_text(head: bytes) -> bool:
    """Whether the first line can be one of text: no NUL in it. A cell further down may have one."""
    return "\0" not in decoded(head).lstrip("\r\n").partition("\n")[0]


def said_delimiter(text: str) -> str:
    """The sign between cells, where the first line is `sep=;`; else nothing."""
    found = _SAID.fullmatch(text.partition("\n")[0])
    return found[1] if found else ""


def first_cells(text: str, delimiter: str = "") -> tuple[list[str], str]:
    """Cells of the first row, and the sign between them: the most frequent outside of quotes."""
    line = text.lstrip("\r\n").partition("\n")[0]
    bare = re.sub(r'"[^"]*"', "", line)
    delimiter = delimiter or max(_DELIMITERS, key=bare.count)
    try:
        return next(
            csv.reader(io.StringIO(text.lstrip("\r\n")), delimiter=delimiter), []
        ), delimiter
    except csv.Error:
        return [], delimiter


def is_header(cells: Sequence[str]) -> bool:
    """Whether the first row names the columns: every cell a word, and most of them different."""
    names = [cell.strip().lower() for cell in cells]
    if len({cell.strip() for cell in cells}) <= len(names) / 2 and len(names) > 1:
        return False
    return all(_WORD.fullmatch(name) for name in names) and not any(
        name in ("true", "false", "null") for name in names
    )
