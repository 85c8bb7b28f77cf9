"""DuckDB's errors in our kinds, without what is of no use to the writer of a statement.

Errors while rows are fetched arrive from Arrow as `OSError` with DuckDB's text, so the text's first
words tell the kind, as they do everywhere.
"""

from __future__ import annotations

import re
from typing import Final

import duckdb
import pyarrow as pa

from footfall.errors import FootfallError, Invalid, LimitReached, Unavailable
from footfall.settings import QuerySettings

ENGINE_ERRORS: Final = (duckdb.Error, pa.ArrowException, OSError, MemoryError)
"""What running a statement may raise."""

_KIND: Final = re.compile(r"^(?:IOError: )?([A-Za-z ]+?) ?Error: ?")
_MISTAKES: Final = frozenset(
    {
        "binder",
        "catalog",
        "conversion",
        "expression",
        "invalid input",
        "invalid type",
        "mismatch type",
        "not implemented",
        "out of range",
        "parameter not allowed",
        "parameter not resolved",
        "parser",
        "permission",
        "syntax",
        "type",
    }
)
"""Kinds that the writer of a statement can mend."""

_DAMAGED: Final = re.compile(
    r"No magic bytes found at end of file|too small to be a Parquet file|TProtocolException: "
    r"|Parquet metadata is corrupt|metadata is corrupt\. |Decompression failure|likely corrupted"
    r"|(?:^|Error: )(?:don't know what type|Out of buffer|Payload value bigger than allowed)"
)
"""What DuckDB says of a Parquet file that is none any more."""
_AWAY: Final = re.compile(r"AWS Error \w+")
_PATHS: Final = re.compile(r"(?:file://|(?<![\w./]))/[^\s\"',;)]+/[^\s\"',;)]*")
_PLACE: Final = re.compile(r"^(LINE (\d+): )(.*)\n( *)\^", re.MULTILINE)
_TEXT_LENGTH_MAX: Final = 1_000


class FilesGone(Exception):  # noqa: N818 (never leaves the engine)
    """A data file of the cut could not be opened; a newer cut may be there."""


class EngineBroken(Unavailable):
    """DuckDB reported a fault of its own; its process must end."""


def translate(error: BaseException, settings: QuerySettings) -> Exception:
    """The error to raise instead of `error`."""
    if isinstance(error, MemoryError):
        return _out_of_memory(settings)
    text = str(error)
    if away := _AWAY.search(text):
        return Unavailable(
            "the object store with the data files does not answer as it should; see that it runs,"
            f" and ask again: {away[0]}"
        )
    return _by_kind(text, error, settings)


def _by_kind(text: str, error: BaseException, settings: QuerySettings) -> Exception:
    match = _KIND.match(text)
    kind = match[1].lower() if match else ""
    if kind == "interrupt":
        return LimitReached(
            "the statement took too long and was ended; ask for less, or raise query.time_max:"
            f" time_max={settings.time_max / 1_000_000:g} s"
        )
    if kind == "out of memory":
        return _out_of_memory(settings)
    if kind == "io" or _DAMAGED.search(text):
        return FilesGone(text)
    if kind in _MISTAKES or isinstance(error, pa.ArrowNotImplementedError | pa.ArrowInvalid):
        return Invalid(readable(text[match.end() :] if match else text))
    return EngineBroken(
        f"the statement stopped the query engine; try another form of it: kind={kind or 'unknown'}"
    )


def place_in(message: str, text: str, lines_before: int) -> tuple[int, int] | None:
    """Line and column, from 1, that DuckDB's message points at; `None` where it does not.

    Args:
        message: DuckDB's, with an excerpt of one line and a caret below it.
        text: What was run.
        lines_before: How many lines of it were put before the statement that a person wrote.
    """
    found = _PLACE.search(message)
    lines = text.split("\n")
    if found is None or not lines_before < int(found[2]) <= len(lines):
        return None
    line, shown = lines[int(found[2]) - 1], found[3]
    caret = len(found[4]) - len(found[1])
    if shown != line:  # a long line is cut, at one end or both
        cut = shown.removeprefix("...")
        caret -= len(shown) - len(cut)
        at = line.find(cut.removesuffix("..."))
        caret = caret + at if at >= 0 else -1
    return None if caret < 0 else (int(found[2]) - lines_before, caret + 1)


def readable(text: str) -> str:
    """The first paragraph of DuckDB's message, on one line, without paths."""
    return _PATHS.sub("…", first_paragraph(text))[:_TEXT_LENGTH_MAX]


def first_paragraph(text: str) -> str:
    """On one line."""
    return " ".join(text.strip().split("\n\n", 1)[0].split())


def _out_of_memory(settings: QuerySettings) -> FootfallError:
    return LimitReached(
        "the statement needs more memory than it may have; ask for fewer rows or columns, or raise"
        f" query.memory_max: memory_max={settings.memory_max >> 20} MiB"
    )
