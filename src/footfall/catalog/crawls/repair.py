"""The readable part of a file that is not as it should be, and what is wrong with the rest.

Reads a stream once, in bounded memory, and writes a clean file: documents a line each
(`documents`), or CSV with commas (`rows`). Every line that could not be taken is told with its
number and the reason. Values are not changed, but that of a key that comes twice in an object the
last counts, also where the two differ in case only; text that is not UTF-8 is read as
Windows-1252, and told.
"""

from __future__ import annotations

import codecs
import gzip
import itertools
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec
import pyarrow as pa

from footfall.catalog.crawls.forms.csv_head import Start, wide_encoding
from footfall.catalog.crawls.forms.documents import documents_of
from footfall.catalog.crawls.forms.lines import PIECE_BYTES, Faults, lines_of
from footfall.catalog.crawls.forms.rows import rows_of
from footfall.catalog.entries import Compression, FileFault
from footfall.home import make_directory


class Repaired(msgspec.Struct, frozen=True):
    """What came of it."""

    rows: int
    faults: tuple[FileFault, ...]
    faults_count: int


def repair(
    open_stream: Callable[[], IO[bytes]],
    compression: Compression,
    target: Path,
    file: str,
    *,
    start: Start | None,
    document_max: int,
    copy_max: int,
) -> Repaired:
    """Write what can be read of a file.

    Args:
        open_stream: Its bytes.
        compression: Of them.
        target: The clean file, compressed with gzip; replaced whole.
        file: Name for faults.
        start: How the rows of CSV are read; `None` for JSON documents.
        document_max: Most bytes of a document or row; longer ones are told and left out.
        copy_max: Most bytes of the clean file before compression; the rest is told and left out.
    """
    faults = Faults(file)
    make_directory(target.parent)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    rows = written = 0
    try:
        with open_stream() as stream, gzip.open(temporary, "wb", compresslevel=1) as out:
            lines = lines_of(_decoded(_to_the_break(stream, compression, faults)))
            if start is None:
                clean = documents_of(lines, document_max, faults)
            else:
                clean = rows_of(lines, document_max, faults, start)
            for data in clean:
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
    heads = 0 if start is None else min(rows, 1)
    return Repaired(rows - heads, tuple(faults.kept), faults.count)


def inflated(stream: IO[bytes], compression: Compression) -> Iterator[bytes]:
    """A stream's bytes in pieces. Raises `zlib.error`, `EOFError` or `OSError` where they end."""
    if compression == "gzip":
        yield from _gunzipped(stream)
    elif compression == "zstd":
        with pa.CompressedInputStream(stream, "zstd") as inner:
            while piece := inner.read(PIECE_BYTES):
                yield piece
    else:
        while piece := stream.read(PIECE_BYTES):
            yield piece


def _to_the_break(stream: IO[bytes], compression: Compression, faults: Faults) -> Iterator[bytes]:
    try:
        yield from inflated(stream, compression)
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
            waiting = waiting or stream.read(PIECE_BYTES)
            if not waiting:
                raise EOFError("the last part is missing")
            yield inflater.decompress(waiting, PIECE_BYTES)
            waiting = inflater.unconsumed_tail
        waiting = (inflater.unused_data or stream.read(PIECE_BYTES)).lstrip(b"\0")
        if not waiting:
            return


def _decoded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Without a byte order mark; UTF-16 and UTF-32 as UTF-8."""
    pieces = _with_newlines(pieces)
    first = next(pieces, b"")
    while 0 < len(first) < 4:
        more = next(pieces, b"")
        if not more:
            break
        first += more
    if wide := wide_encoding(first):
        decoder = codecs.getincrementaldecoder(wide)("replace")
        yield decoder.decode(first).encode()
        for piece in pieces:
            yield decoder.decode(piece).encode()
        return
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from pieces


def _with_newlines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Where lines end with CR alone, by a file's first piece, with LF instead."""
    first = next(pieces, b"")
    is_old = b"\r" in first and b"\n" not in first
    for piece in itertools.chain([first], pieces):
        yield piece.replace(b"\r", b"\n") if is_old else piece
