"""The readable part of a file that is not as it should be, and what is wrong with the rest.

Reads a stream once, in bounded memory, and writes a clean file: documents a line each, or CSV with
commas. Every line that could not be taken is told with its number and the reason. Values are not
changed, but that of a key that comes twice in an object the last counts; text that is not UTF-8 is
read as Windows-1252, and told.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import itertools
import json
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec
import pyarrow as pa

from footfall.catalog.crawls.csv_head import first_cells, is_header
from footfall.catalog.entries import COLUMNS_MAX, FAULTS_MAX, Compression, FileFault
from footfall.home import make_directory

_PIECE_BYTES: Final = 1 << 20
_DECODER: Final = json.JSONDecoder()
_MARGIN: Final = 12
"""Characters of the longest word of JSON that a cut may go through: an escaped pair."""
_PARSED_TIMES_MAX: Final = 4
"""A document over several lines is parsed anew with each of them: in all so many times the longest
one that there may be."""


class Repaired(msgspec.Struct, frozen=True):
    """What came of it."""

    rows: int
    faults: tuple[FileFault, ...]
    faults_count: int


class _Faults:
    def __init__(self, file: str) -> None:
        self._file = file
        self.kept: list[FileFault] = []
        self.count = 0

    def add(self, line: int, reason: str) -> None:
        self.count += 1
        if len(self.kept) < FAULTS_MAX:
            self.kept.append(FileFault(self._file, line, reason))


class _Line(msgspec.Struct, frozen=True):
    """A line, or a piece of one that is long."""

    number: int
    data: bytes
    is_end: bool


def repair(
    open_stream: Callable[[], IO[bytes]],
    compression: Compression,
    target: Path,
    file: str,
    *,
    is_json: bool,
    document_max: int,
    copy_max: int,
) -> Repaired:
    """Write what can be read of a file.

    Args:
        open_stream: Its bytes.
        compression: Of them.
        target: The clean file, compressed with gzip; replaced whole.
        file: Name for faults.
        is_json: Whether it has JSON documents; CSV otherwise.
        document_max: Most bytes of a document or row; longer ones are told and left out.
        copy_max: Most bytes of the clean file before compression; the rest is told and left out.
    """
    faults = _Faults(file)
    make_directory(target.parent)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    rows = written = 0
    try:
        with open_stream() as stream, gzip.open(temporary, "wb", compresslevel=1) as out:
            lines = _lines(_decoded(_inflated(stream, compression, faults)))
            make = _documents if is_json else _rows
            for data in make(lines, document_max, faults):
                written += len(data)
                if written > copy_max:
                    faults.add(
                        0,
                        f"what can be read is longer than catalog.repaired_bytes_max ({copy_max})",
                    )
                    break
                out.write(data)
                rows += 1
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    heads = 0 if is_json else min(rows, 1)
    return Repaired(rows - heads, tuple(faults.kept), faults.count)


def _inflated(stream: IO[bytes], compression: Compression, faults: _Faults) -> Iterator[bytes]:
    try:
        if compression == "gzip":
            yield from _gunzipped(stream)
        elif compression == "zstd":
            with pa.CompressedInputStream(stream, "zstd") as inner:
                while piece := inner.read(_PIECE_BYTES):
                    yield piece
        else:
            while piece := stream.read(_PIECE_BYTES):
                yield piece
    except (zlib.error, EOFError, OSError) as error:
        text = " ".join(str(error).split())[:120]
        faults.add(
            0, f"its compressed bytes end early or are damaged; what came before is read ({text})"
        )


def _gunzipped(stream: IO[bytes]) -> Iterator[bytes]:
    """Members one after the other, each as far as it goes."""
    waiting = b""
    while True:
        inflater = zlib.decompressobj(31)
        while not inflater.eof:
            waiting = waiting or stream.read(_PIECE_BYTES)
            if not waiting:
                raise EOFError("the last part is missing")
            yield inflater.decompress(waiting, _PIECE_BYTES)
            waiting = inflater.unconsumed_tail
        waiting = (inflater.unused_data or stream.read(_PIECE_BYTES)).lstrip(b"\0")
        if not waiting:
            return


def _decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Without a byte order mark; UTF-16 as UTF-8."""
    first = next(pieces, b"")
    while 0 < len(first) < 4:
        more = next(pieces, b"")
        if not more:
            break
        first += more
    if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        yield decoder.decode(first).encode()
        for piece in pieces:
            yield decoder.decode(piece).encode()
        return
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from pieces


def _lines(pieces: Iterator[bytes]) -> Iterator[_Line]:
    """Lines; long ones in pieces of about a megabyte, cut between characters."""
    number, kept = 1, b""
    for piece in pieces:
        *whole, kept = (kept + piece).split(b"\n")
        for data in whole:
            yield _Line(number, data.removesuffix(b"\r"), True)
            number += 1
        if len(kept) > _PIECE_BYTES:
            cut = len(kept)
            while cut > len(kept) - 4 and kept[cut - 1] & 0x80:
                cut -= 1
            yield _Line(number, kept[:cut], False)
            kept = kept[cut:]
    if kept:
        yield _Line(number, kept, True)


def _text(line: int, data: bytes, faults: _Faults) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        faults.add(line, "its text is not UTF-8; it is read as Windows-1252")
        return data.decode("cp1252", "replace")


class _Documents:
    """JSON documents out of lines, wherever they begin and end."""

    def __init__(self, document_max: int, faults: _Faults) -> None:
        self._max = document_max
        self._faults = faults
        self._kept = ""
        self._from = 1
        self._spent = 0
        self._is_skipping = False

    def take(self, line: _Line) -> Iterator[bytes]:
        """Documents that end in this line."""
        if self._is_skipping:
            self._is_skipping = not line.is_end
            return
        if self._kept and line.data[:1] == b"{" and _is_document(line.data):
            self._faults.add(self._from, "the document does not end")
            self._forget()
        if not self._kept:
            self._from = line.number
        text = _text(line.number, line.data, self._faults)
        self._kept += text + ("\n" if line.is_end else "")
        yield from self._documents(line)
        is_costly = self._spent > _PARSED_TIMES_MAX * self._max
        if self._kept and (len(self._kept) > self._max or is_costly):
            self._faults.add(
                self._from, f"it is longer than catalog.line_bytes_max ({self._max}); left out"
            )
            self._is_skipping = not line.is_end
            self._forget()

    def end(self) -> None:
        """Nothing comes any more."""
        if self._kept.strip():
            self._faults.add(self._from, "the document does not end")

    def _documents(self, line: _Line) -> Iterator[bytes]:
        text, at = self._kept, 0
        self._spent += len(text)
        while (at := _after_space(text, at)) < len(text):
            try:
                value, at = _DECODER.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                if _may_go_on(error, text, _MARGIN if not line.is_end else 0):
                    self._kept = text[at:]
                    return
                self._faults.add(line.number, f"it is no JSON: {_short(error)}")
                at = _next_document(text, at)
                continue
            self._spent, self._from = 0, line.number
            yield from self._written(value, line.number)
        self._forget()

    def _written(self, value: Any, number: int) -> Iterator[bytes]:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield msgspec.json.encode(one) + b"\n"
            else:
                self._faults.add(number, f"it is no object: {json.dumps(one)[:60]}")

    def _forget(self) -> None:
        self._kept, self._spent = "", 0


def _documents(lines: Iterator[_Line], document_max: int, faults: _Faults) -> Iterator[bytes]:
    documents = _Documents(document_max, faults)
    for line in lines:
        yield from documents.take(line)
    documents.end()


def _is_document(data: bytes) -> bool:
    """Whether a line is one by itself, so that what came before it is none."""
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def _may_go_on(error: Exception, text: str, margin: int) -> bool:
    """Whether the document may only not have ended yet; its last word may be cut by `margin`."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    if error.msg.startswith("Unterminated string"):
        return "\n" not in text[error.pos :]
    return error.pos >= len(text.rstrip()) - margin


def _next_document(text: str, at: int) -> int:
    """Where to try again after a broken one: the next line, or the next object after another."""
    found = [place for place in (text.find("\n", at), text.find("}{", at)) if place >= 0]
    return min(found) + 1 if found else len(text)


def _short(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.colno}"
    return "it is nested too deep"


def _rows(lines: Iterator[_Line], document_max: int, faults: _Faults) -> Iterator[bytes]:
    """Rows of CSV with the header's number of cells."""
    texts = _whole_lines(lines, document_max, faults)
    first = next(texts, None)
    if first is None:
        return
    head, delimiter = first_cells(first)
    csv.field_size_limit(document_max)
    rows = csv.reader(itertools.chain([first], texts), delimiter=delimiter)
    width = len(head)
    if width > COLUMNS_MAX:
        faults.add(1, f"it has {width:,} columns, a table has {COLUMNS_MAX:,} at most; left out")
        return
    if width and not is_header(head):
        yield _csv_line([f"column_{at}" for at in range(width)])
    while True:
        begins = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            faults.add(begins, f"it is no row: {error}")
            continue
        if len(cells) > width:
            faults.add(begins, f"it has {len(cells)} cells, the first row {width}; left out")
        elif cells:
            yield _csv_line([*cells, *[""] * (width - len(cells))])


def _whole_lines(lines: Iterator[_Line], bytes_max: int, faults: _Faults) -> Iterator[str]:
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
            yield "\n" if is_long else _text(line.number, kept, faults) + "\n"
            kept, is_long = b"", False


def _csv_line(cells: list[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue().encode()
