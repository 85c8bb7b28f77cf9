"""Files that are not read, by their first bytes, and what they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from footfall.catalog.crawls.beside import is_prose
from footfall.catalog.crawls.forms.csv_head import decoded, is_text

HEAD_BYTES: Final = 64 << 10
"""Of a file, from which its form is found out."""
_OTHERS: Final = {
    b"BZh": "compressed with bzip2",
    b"\xfd7zXZ": "compressed with xz",
    b"PK\x03\x04": "a zip file or an Excel workbook",
    b"\xff\x06\x00\x00sNaPpY": "compressed with Snappy",
    b"\x04\x22\x4d\x18": "compressed with LZ4",
    b"LZIP": "compressed with lzip",
    b"\x1f\x9d": "compressed with compress",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"ARROW1": "an Arrow file",
    b"PAR1": "Parquet within gzip or zstd",
    b"SQLite format 3\0": "an SQLite database",
    b"\xd0\xcf\x11\xe0": "an old Office document",
    b"%PDF-": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "gzip within gzip",
}
_UNMARKED: Final = {
    ".snappy": "compressed with Snappy",
    ".br": "compressed with Brotli",
    ".lzo": "compressed with LZO",
    ".deflate": "compressed with zlib",
}
"""By their names: nothing in their first bytes tells them from text."""
_READ: Final = "what is read is JSON, CSV and Parquet, also with gzip or zstd"
_TAR: Final = slice(257, 262)
"""Where a tar archive says that it is one."""
_JSON_NAME: Final = re.compile(r".*\.(json|jsonl|ndjson|geojson)(\.(gz|gzip|zst|zstd))?")
_SCALAR: Final = re.compile(r"(\".*\"|-?\d[\d.eE+-]*|true|false|null),?\Z")
_SAMPLE: Final = 4_096
_CONTROLS: Final = frozenset(map(chr, range(4, 9))) | frozenset(map(chr, range(14, 32))) - {
    "\x1a",
    "\x1b",
    "\x1e",
}
"""Characters that text has none of. Some separate cells or documents (1 to 3, 30), colour terminals
(27) or end a file (26), and NULs stand in cells and where a disk was full."""
_CONTROLS_MAX: Final = 3


def nothing_in(path: str, raw: bytes, head: bytes) -> str:
    """Why a file cannot have rows, by its name and its first bytes; empty if it may.

    Args:
        path: Its name.
        raw: As it lies there.
        head: The same without its compression.
    """
    if not raw:
        return "it is empty"
    if len(raw) < HEAD_BYTES and not raw.strip():
        return "it has no rows, only space"
    is_no_text = not is_text(head) or _is_binary(head)
    said = _UNMARKED.get(Path(path).suffix.lower(), "") or _other(head, is_no_text)
    if said:
        return f"it is {said}; {_READ}"
    if is_no_text:
        return "it is neither text nor Parquet; leave it out of the place"
    return _no_table(path, decoded(head))


def is_json(path: str, head: bytes) -> bool:
    """Whether a file has JSON documents, by its first bytes.

    Comments, scalars or separators may come first; then its name says whether they are JSON.
    """
    text = decoded(head).lstrip(" \t\r\n\x1e")
    if text[:1] in ("{", "["):
        return True
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    documents = sum(line[:1] in ("{", "[") for line in lines)
    if _JSON_NAME.fullmatch(path.lower()):
        return documents > 0 or all(_SCALAR.match(line) for line in lines)
    return 2 * documents > len(lines)


def _other(head: bytes, is_no_text: bool) -> str:
    """What a file is by its first bytes; those that are words begin texts as well."""
    if head[_TAR] == b"ustar":
        return "a tar archive"
    for start, said in _OTHERS.items():
        is_sign = is_no_text or not (start.isalpha() and start.isascii())
        if is_sign and head.startswith(start):
            return said
    return ""


def _no_table(path: str, text: str) -> str:
    start = text.lstrip()[:2]
    if start[:1] == "<" and (start[1:].isalpha() or start[1:] in ("?", "!")):
        return f"it is HTML or XML; {_READ}"
    if path.lower().endswith(".txt") and start[:1] not in ("{", "[") and is_prose(text):
        return "it reads like notes, not like rows; if it is data, name it .csv"
    return ""


def _is_binary(head: bytes) -> bool:
    text = decoded(head[:_SAMPLE])
    return sum(text.count(one) for one in _CONTROLS) > max(_CONTROLS_MAX, len(text) // 50)
