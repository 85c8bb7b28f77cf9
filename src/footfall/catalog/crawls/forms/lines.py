"""Lines of a file that is mended, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from footfall.catalog.entries import FAULTS_MAX, FileFault

PIECE_BYTES: Final = 1 << 20


class Faults:
    """Faults of a file: all are counted, the first are kept."""

    def __init__(self, file: str) -> None:
        """None yet."""
        self._file = file
        self.kept: list[FileFault] = []
        self.count = 0

    def add(self, line: int, reason: str) -> None:
        """Tell one; line 0 is about the whole file."""
        self.count += 1
        if len(self.kept) < FAULTS_MAX:
            self.kept.append(FileFault(self._file, line, reason))


class Line(msgspec.Struct, frozen=True):
    """A line, or a piece of one that is long."""

    number: int
    data: bytes
    is_end: bool


def lines_of(pieces: Iterator[bytes]) -> Iterator[Line]:
    """Lines; long ones in pieces of about a megabyte, cut between characters."""
    number, kept = 1, b""
    for piece in pieces:
        *whole, kept = (kept + piece).split(b"\n")
        for data in whole:
            yield Line(number, data.removesuffix(b"\r"), True)
            number += 1
        if len(kept) > PIECE_BYTES:
            cut = len(kept)
            while cut > len(kept) - 4 and kept[cut - 1] & 0x80:
                cut -= 1
            yield Line(number, kept[:cut], False)
            kept = kept[cut:]
    if kept:
        yield Line(number, kept, True)


def text_of(line: int, data: bytes, faults: Faults) -> str:
    """A line as text; what is not UTF-8 is told."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        faults.add(line, "its text is not UTF-8; it is read as Windows-1252")
        return data.decode("cp1252", "replace")
