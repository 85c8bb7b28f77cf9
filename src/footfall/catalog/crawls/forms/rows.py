"""Rows of CSV out of lines: clean ones, with commas, a header and its number of cells.

A quote that never ends would take the rest of the file with it. So lines are kept until their row
ends; if it does not, its first line is told and left out, and those behind it are read again.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from footfall.catalog.crawls.forms.csv_head import CsvForm, Start, names_of
from footfall.catalog.crawls.forms.lines import Faults, Line, text_of
from footfall.catalog.entries import COLUMNS_MAX

_WITHIN: Final = re.compile(r"""(?<!\\)\\"(?!\s*([,;\t|]|\Z))""")
_BACKSLASHED: Final = re.compile(r"""(?<!\\)((?:\\\\)*)\\\"""")
CSV_FORM: Final = CsvForm(",", True)
"""Of what is written."""


def rows_of(
    lines: Iterator[Line], document_max: int, faults: Faults, start: Start
) -> Iterator[bytes]:
    """A header, and the rows."""
    texts = _Lines(_whole_lines(lines, document_max, faults))
    for _ in range(start.skip):
        next(texts, None)
    if start.told:
        faults.add(start.line, start.told)
    rows = _cells(texts, start.delimiter, document_max, faults)
    begins, head = next(rows, (0, []))
    if not begins:
        return
    width = max(len(head), 0 if start.has_header else len(start.names))
    if width > COLUMNS_MAX:
        faults.add(
            begins, f"it has {width:,} columns, a table has {COLUMNS_MAX:,} at most; left out"
        )
        return
    if start.has_header:
        yield _csv_line(names_of(head))
    else:
        yield _csv_line(names_of(start.names[:width], width))
        rows = itertools.chain([(begins, head)], rows)
    for begins, cells in rows:
        if len(cells) > width:
            faults.add(begins, f"it has {len(cells)} cells, the first row {width}; left out")
        elif start.has_header and width > 1 and cells == head:
            faults.add(begins, "it is the line of names once more; left out")
        elif cells and not "".join(cells).strip("\0\x1a") and "".join(cells):
            faults.add(begins, "it has NULs or an end of file, and no text; left out")
        elif cells:
            yield _csv_line([*cells, *[""] * (width - len(cells))])


class _Lines:
    """Lines that can be given again, from the second one of the row that is read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._waiting: deque[str] = deque()
        self._row: list[str] = []
        self.number = 0
        """Of the last line that was given, from 1."""
        self.is_over = False
        """Somebody asked for a line when there was none: the row is not whole."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self._waiting:
            line = self._waiting.popleft()
        else:
            try:
                line = next(self._lines)
            except StopIteration:
                self.is_over = True
                raise
        self._row.append(line)
        self.number += 1
        return line

    def begin(self) -> None:
        """A row begins with the next line."""
        self._row.clear()

    def again(self, behind: int = 0) -> None:
        """Give the row's lines once more, without the first so many."""
        lines = self._row[behind:]
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)
        self._row.clear()
        self.is_over = False


def _cells(
    lines: _Lines, delimiter: str, bytes_max: int, faults: Faults
) -> Iterator[tuple[int, list[str]]]:
    """Rows, each with the number of its first line."""
    csv.field_size_limit(bytes_max)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        lines.begin()
        begins = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.add(begins, f"it is no row: {_said(error)}")
        else:
            if not lines.is_over:
                yield begins, cells
                continue
            faults.add(begins, "it has a quote that does not end; left out")
        lines.again(1)
        reader = csv.reader(lines, delimiter=delimiter)


def _said(error: csv.Error) -> str:
    said = str(error)
    return "a carriage return outside of quotes" if "new-line character" in said else said


def _whole_lines(lines: Iterator[Line], bytes_max: int, faults: Faults) -> Iterator[str]:
    kept, is_long = b"", False
    for line in lines:
        kept = b"" if is_long else kept + line.data
        if len(kept) > bytes_max and not is_long:
            faults.add(
                line.number, f"it is longer than catalog.line_bytes_max ({bytes_max}); left out"
            )
            is_long, kept = True, b""
        if line.is_end:
            # A line that was left out stays a line, so that the numbers of others are right.
            yield "\n" if is_long else _quoted_twice(text_of(line.number, kept, faults)) + "\n"
            kept, is_long = b"", False


def _quoted_twice(line: str) -> str:
    """With `""` for a quote behind a backslash, as Spark and MySQL write it.

    A backslash at a cell's end, as of a folder's name, is one; so some quote must be within a cell.
    """
    return _BACKSLASHED.sub(r'\1""', line) if _WITHIN.search(line) else line


def _csv_line(cells: Sequence[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()
