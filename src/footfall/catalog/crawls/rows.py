"""Rows of CSV out of lines: clean ones, with commas, a header and its number of cells.

A quote that never ends would take the rest of the file with it. So lines are kept until their row
ends; if it does not, its first line is told and left out, and those behind it are read again.
"""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import Final

from footfall.catalog.crawls.csv_head import CsvForm, first_cells, is_header, said_delimiter
from footfall.catalog.crawls.lines import Faults, Line, text_of
from footfall.catalog.entries import COLUMNS_MAX

CSV_FORM: Final = CsvForm(",", True)
"""Of what is written."""


def rows_of(
    lines: Iterator[Line], document_max: int, faults: Faults, form: CsvForm
) -> Iterator[bytes]:
    """A header, and the rows."""
    texts = _Lines(_whole_lines(lines, document_max, faults))
    first = next(texts, None)
    if first is None:
        return
    said = said_delimiter(first)
    if said:
        texts.begin()
        first = next(texts, "")
    texts.again()
    head, delimiter = first_cells(first, form.delimiter or said)
    width = len(head)
    if width > COLUMNS_MAX:
        faults.add(1, f"it has {width:,} columns, a table has {COLUMNS_MAX:,} at most; left out")
        return
    has_header = is_header(head) if form.has_header is None else form.has_header
    if width and not has_header:
        yield _csv_line([f"column_{at}" for at in range(width)])
    for begins, cells in _cells(texts, delimiter, document_max, faults):
        if len(cells) > width:
            faults.add(begins, f"it has {len(cells)} cells, the first row {width}; left out")
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
            faults.add(begins, f"it is no row: {error}")
        else:
            if not lines.is_over:
                yield begins, cells
                continue
            faults.add(begins, "it has a quote that does not end; left out")
        lines.again(1)
        reader = csv.reader(lines, delimiter=delimiter)


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
            yield "\n" if is_long else text_of(line.number, kept, faults) + "\n"
            kept, is_long = b"", False


def _csv_line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()
