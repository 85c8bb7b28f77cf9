"""Where the rows of a CSV file begin, what is between their cells, and what names them.

Found out from the file's first lines. The sign between cells is the one with which most rows have
the same number of cells. Lines above those rows that have fewer are titles, as reports of
spreadsheets have them; lines that begin with `#` are comments. They are left out, and told.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from footfall.catalog.crawls.forms.names_row import has_other_kinds, is_head, mostly_numbers
from footfall.catalog.crawls.layout import column_name, unique
from footfall.catalog.entries import COLUMNS_MAX, Column, Compression, Shape

_DELIMITERS: Final = "\t;|\x01,"
"""Where two fit equally well, the first counts; see `_best`."""
_NONE: Final = "\x1f"
"""The sign between cells of a file whose lines are one cell each: no text has it."""
_SAID: Final = re.compile(r'"?sep=([^\w\s"]|\t)"?\r?')
"""A first line by which Excel is told the sign between cells; it is no row."""
_FIELDS: Final = re.compile(r"#\s?Fields:\s*(\S.*)")
"""The comment by which logs of IIS and CloudFront name their columns."""
_DECIMAL_COMMA: Final = re.compile(r"\d,\d")
_WIDE_BYTES: Final = 64
_WIDE_BYTES_MIN: Final = 4
_ROWS_MAX: Final = 200
_ABOVE_MAX: Final = 20
"""Rows that may be above the table."""
_CLEAR_CELLS_MIN: Final = 3
"""So many names below a narrower line are the head, whatever is below them."""
_SHOWN_MAX: Final = 60


class CsvForm(msgspec.Struct, frozen=True):
    """What somebody said of CSV files; what nobody said is found out."""

    delimiter: str = ""
    has_header: bool | None = None


class Start(msgspec.Struct, frozen=True):
    """How the rows of a file are read."""

    delimiter: str = ","
    has_header: bool = False
    names: tuple[str, ...] = ()
    """Of the columns, as far as the first lines tell."""
    skip: int = 0
    """Lines above the first row or the head."""
    line: int = 0
    """The first of them that has text, from 1."""
    told: str = ""
    """What is said of it; nothing where nothing was left out."""
    rows: int = 0
    """So many there are at least."""
    numbers: tuple[int, ...] = ()
    """Columns that hold numbers, as far as the first lines tell, perhaps among others."""


class _Row(msgspec.Struct, frozen=True):
    line: int
    """Its first one, from 0."""
    cells: list[str]
    width: int
    """Without the empty cells at its end."""


class _Fit(msgspec.Struct, frozen=True, order=True):
    """How well a sign between cells fits; the greater the better."""

    rows: int
    width: int
    above: int
    """Rows above the table, as a negative number."""


def csv_shape(head: bytes, compression: Compression, start: Start | None) -> Shape | None:
    """How the engine reads a file; `None` if it cannot, as its text is not UTF-8."""
    if start is None or len(start.names) > COLUMNS_MAX:
        return None
    if not _is_utf8(head) or wide_encoding(head):
        return None
    if start.skip and 0 < head.count(b"\r\n") < head.count(b"\n"):
        return None  # behind skipped lines that end in another way than others it finds no rows
    columns = tuple(Column(name, "VARCHAR") for name in start.names)
    return Shape(
        "csv", compression, "", start.delimiter, start.has_header, columns, skip=start.skip
    )


def decoded(head: bytes) -> str:
    """A file's first bytes as text: UTF-8 or wider, else as Windows-1252."""
    if wide := wide_encoding(head):
        return head.decode(wide, "replace")
    return head.decode("utf-8-sig" if _is_utf8(head) else "cp1252", "replace")


def wide_encoding(head: bytes) -> str:
    """UTF-16 or UTF-32, by the mark or by the NUL beside each letter; empty for another."""
    if head[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return "utf-32"
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    first, second = head[0:_WIDE_BYTES:2], head[1:_WIDE_BYTES:2]
    if len(second) < _WIDE_BYTES_MIN:
        return ""
    if not any(second) and all(first):
        return "utf-16-le"
    return "utf-16-be" if not any(first) and all(second) else ""


def is_text(head: bytes) -> bool:
    """Whether the first line can be one of text: no NUL in it. A cell further down may have one."""
    return "\0" not in decoded(head).lstrip("\r\n").partition("\n")[0]


def start_of(text: str, form: CsvForm, *, is_cut: bool = False) -> Start | None:
    """Where rows begin; `None` if there are none.

    Args:
        text: The first lines.
        form: What is known already; then the first line is the first row.
        is_cut: The last line may not be whole.
    """
    lines = _lines(text)
    if is_cut and len(lines) > 1:
        lines.pop()
    said = _SAID.fullmatch(lines[0])
    above = 1 if said else 0
    signs = form.delimiter or (said[1] if said else "")
    if form.has_header is None and (fields := _with_fields(lines)):
        return fields
    delimiter, fit, rows = _best(lines, above, signs or _DELIMITERS, form.has_header is None)
    if not rows:
        return None
    at = -fit.above
    head, below = rows[at].cells, [row.cells for row in rows[at + 1 :]]
    names = is_head(head, below) if form.has_header is None else form.has_header
    told, line = "", 0
    if form.has_header is None and rows[at].line > above:
        texts = [at for at in range(above, rows[at].line) if lines[at].strip(" \t,;|")]
        is_comment = all(lines[at].lstrip().startswith("#") for at in texts)
        if texts and not is_comment and fit.width < _CLEAR_CELLS_MIN:
            names = names and has_other_kinds(head, below)
        if texts:
            line, told = texts[0] + 1, _told(lines[texts[0]], rows[at].line + 1, fit, names=names)
    elif fit.width < 2 and not signs and any(sign in text for sign in "\t;|,"):
        told = _one_cell(lines, names=names)
    named = names_of(head if names else [], len(head))
    seen = below if names else [head, *below]
    numbers = mostly_numbers(seen, len(head))
    return Start(delimiter, names, named, rows[at].line, line, told, len(seen), numbers)


def names_of(cells: Sequence[str], width: int = 0) -> tuple[str, ...]:
    """Names of columns by the cells of a head; `column_0` for a first one that is empty or missing.

    Args:
        cells: None where nothing names the columns.
        width: So many columns there are at least.
    """
    named = [column_name(cell) if cell.strip() else f"column_{at}" for at, cell in enumerate(cells)]
    return unique([*named, *(f"column_{at}" for at in range(len(named), width))])


def _best(
    lines: Sequence[str], above: int, signs: str, may_skip: bool
) -> tuple[str, _Fit, list[_Row]]:
    """The sign between cells that fits best, and how; the rows that it makes."""
    best: tuple[str, _Fit, list[_Row]] = ("", _Fit(0, 0, 0), [])
    present = [sign for sign in signs if len(signs) == 1 or any(sign in line for line in lines)]
    if {";", ","} <= {*present} and not _has_decimal_commas(lines):
        present.sort(key=lambda sign: sign != ",")  # commas that are no part of numbers come first
    for sign in present:
        rows = list(_rows(lines, above, sign))
        fit = _fit(rows, may_skip)
        if rows and fit > best[1]:
            best = sign, fit, rows
    if best[1].rows:
        return best
    sign = signs if len(signs) == 1 else _NONE
    return sign, _Fit(0, 1, 0), list(_rows(lines, above, sign))


def _fit(rows: Sequence[_Row], may_skip: bool) -> _Fit:
    """Where the table begins for which most rows speak: above it are narrower ones only."""
    best, widest = _Fit(0, 0, 0), 0
    for at, row in enumerate(rows[: _ABOVE_MAX + 1 if may_skip else 1]):
        is_comment = at < len(rows) - 1 and row.cells[0].lstrip().startswith("#")
        is_wider = row.width > widest and row.width > 1
        if is_wider and not (is_comment and _is_above(rows, at)):
            alike = sum(
                one.width == row.width or len(one.cells) == len(row.cells) for one in rows[at:]
            )
            if at == 0 or (alike >= max(at, 2) and 2 * alike > len(rows) - at):
                best = max(best, _Fit(alike, row.width, -at))
        if not is_comment:
            widest = max(widest, row.width)
    return best


def _is_above(rows: Sequence[_Row], at: int) -> bool:
    """Whether a line with `#` is a comment, and no head or row."""
    behind = [row for row in rows[at + 1 :] if not row.cells[0].lstrip().startswith("#")]
    if not behind:
        return False
    if rows[at].width != behind[0].width:
        return True
    below = [row.cells for row in behind]
    return is_head(below[0], below[1:])


def _rows(lines: Sequence[str], above: int, sign: str) -> Iterator[_Row]:
    """Rows that have text."""
    reader = csv.reader((f"{line}\n" for line in lines[above:]), delimiter=sign)
    number = 0
    while number < _ROWS_MAX:
        begins = above + reader.line_num
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            return
        filled = [at for at, cell in enumerate(cells) if cell.strip()]
        if filled:
            number += 1
            yield _Row(begins, cells, filled[-1] + 1)


def _with_fields(lines: Sequence[str]) -> Start | None:
    """A log whose comments name its columns."""
    comments = list(itertools.takewhile(lambda line: line.startswith("#"), lines))
    fields = [found[1] for line in comments if (found := _FIELDS.match(line))]
    if not fields or len(comments) == len(lines):
        return None
    first = lines[len(comments)]
    names = fields[-1].split()
    for sign in "\t ":
        if len(first.split(sign)) == len(names):
            told = f"its comments are left out, its columns named by {fields[-1][:_SHOWN_MAX]}"
            return Start(sign, False, names_of(names), len(comments), 1, told)
    return None


def _told(first: str, begins: int, fit: _Fit, *, names: bool) -> str:
    said = f"what is above its rows, which begin in line {begins}, is left out"
    if not names:
        said += f"; which columns it names is not clear, so they are column_0 to {fit.width - 1}"
    return f"{said}: {first.strip()[:_SHOWN_MAX]}"


def _one_cell(lines: Sequence[str], *, names: bool) -> str:
    rows = [line for line in lines if line.strip()][1 if names else 0 :]
    if not any(sign in line for line in rows for sign in "\t;|,"):
        return ""
    return "each line is one cell, as no sign parts most lines into as many cells"


def _lines(text: str) -> list[str]:
    """As a file's lines are counted; where they end with CR alone, by those."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    return [line.rstrip("\r").replace("\r", " ") for line in text.split("\n")]


def _has_decimal_commas(lines: Sequence[str]) -> bool:
    """Whether every comma is one of a number."""
    return all(line.count(",") == len(_DECIMAL_COMMA.findall(line)) for line in lines)


def _is_utf8(head: bytes) -> bool:
    """Whether it is so as far as it goes; the last character may be cut."""
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 4 and error.reason == "unexpected end of data"
    return True
