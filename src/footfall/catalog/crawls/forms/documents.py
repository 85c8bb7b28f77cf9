"""JSON documents out of lines, wherever they begin and end: clean ones, a line each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from footfall.catalog.crawls.forms.lines import Faults, Line, text_of

_DECODER: Final = json.JSONDecoder(parse_constant=lambda _: None)
"""NaN and Infinity, which are no JSON but which some programs write, are null."""
DEPTH_MAX: Final = 100
"""Of a document; the query engine reads some more."""
_SPELLED_MAX: Final = 10_000
"""Names of which the first spelling is remembered."""
_MARGIN: Final = 12
"""Characters of the longest word of JSON that a cut may go through: an escaped pair."""
_NEXT: Final = re.compile(r"\n|\}\s*,?\s*(?=\{)")
"""What a document may follow."""
_PARSED_TIMES_MAX: Final = 4
"""A document over several lines is parsed anew with each of them: in all so many times the longest
one that there may be."""


class _Documents:
    """JSON documents out of lines, wherever they begin and end."""

    def __init__(self, document_max: int, faults: Faults) -> None:
        self._max = document_max
        self._faults = faults
        self._kept = ""
        self._from = 1
        self._spent = 0
        self._is_skipping = False
        self._is_in_list = False
        self._has_keys = False
        self._empty = 0
        self._spelled: dict[str, str] = {}

    def take(self, line: Line) -> Iterator[bytes]:
        """Documents that end in this line."""
        if self._is_skipping:
            self._is_skipping = not line.is_end
            return
        if self._kept and line.data[:1] == b"{" and _is_document(line.data):
            self._faults.add(self._from, "the document does not end")
            self._forget()
        if not self._kept:
            self._from = line.number
        text = text_of(line.number, line.data, self._faults)
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
        elif self._is_in_list:
            self._faults.add(self._from, "the list does not end")
        if self._empty:
            self._faults.add(0, f"no object has keys, of {self._empty:,}")

    def _documents(self, line: Line) -> Iterator[bytes]:
        text, at = self._kept, 0
        self._spent += len(text)
        while (at := _after_space(text, at)) < len(text):
            if text[at] == "]" if self._is_in_list else text[at] == "[":
                # What is in a list is read one by one, so that one that is broken harms no other.
                self._is_in_list, self._from = not self._is_in_list, line.number
                at += 1
                continue
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
        if not isinstance(value, dict):
            self._faults.add(number, f"it is no object: {json.dumps(value)[:60]}")
        elif not value and not self._has_keys:
            self._empty += 1
        else:
            yield from self._those_without_keys()
            try:
                yield self._line(self._folded(value, 1), number)
            except RecursionError:
                self._faults.add(number, f"it is nested deeper than {DEPTH_MAX} levels")

    def _those_without_keys(self) -> Iterator[bytes]:
        """Objects of the start without keys: rows once there are columns."""
        self._has_keys = True
        for _ in range(self._empty):
            yield b"{}\n"
        self._empty = 0

    def _folded(self, value: Any, depth: int) -> Any:
        """With one spelling for each name, the first that the file has. Raises `RecursionError`."""
        if depth > DEPTH_MAX:
            raise RecursionError
        if isinstance(value, list):
            return [self._folded(each, depth + 1) for each in value]
        if not isinstance(value, dict):
            return value
        return {self._spelling(name): self._folded(each, depth + 1) for name, each in value.items()}

    def _spelling(self, name: str) -> str:
        if len(self._spelled) < _SPELLED_MAX:
            return self._spelled.setdefault(name.lower(), name or "column")
        return self._spelled.get(name.lower(), name)

    def _line(self, document: dict[str, Any], number: int) -> bytes:
        try:
            return msgspec.json.encode(document) + b"\n"
        except (UnicodeEncodeError, OverflowError):
            pass
        text = json.dumps(document, ensure_ascii=False)
        try:
            return text.encode() + b"\n"
        except UnicodeEncodeError:
            self._faults.add(number, "it has half a character, which is read as U+FFFD")
            whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return whole.encode() + b"\n"

    def _forget(self) -> None:
        self._kept, self._spent = "", 0


def documents_of(lines: Iterator[Line], document_max: int, faults: Faults) -> Iterator[bytes]:
    """JSON objects, a line each."""
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
    while at < len(text) and text[at] in " \t\r\n,\x1e":
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
    found = _NEXT.search(text, at)
    return found.end() if found else len(text)


def _short(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.colno}"
    return "it is nested too deep"
