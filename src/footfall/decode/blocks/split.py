"""The elements of a JSON array, or members of an object, found by their brackets alone.

For bodies that no JSON parser takes whole: one element with `NaN`, a broken character or a bomb of
brackets must not take the others along; and for those with more elements than anybody wants parsed.
Only texts, brackets and separators are looked at, so what lies between them may be anything. Linear
in the size of the body, whatever it holds, and elements beyond those asked for are not cut out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

DEPTH_MAX: Final = 64
"""Containers inside each other in one record, itself included. No SDK sends more than four."""

_TEXT: Final = rb'"(?:[^"\\]++|\\.|\\\Z)*+(?:"|\Z)'
_WITHIN: Final = rb'[^"\[\]{}]++|' + _TEXT
_FLAT: Final = rb"[\[{](?:" + _WITHIN + rb")*+[\]}]"
_SHALLOW: Final = rb"[\[{](?:" + _WITHIN + rb"|" + _FLAT + rb")*+[\]}]"
"""Containers that are stepped over in one go; events of SDKs are hardly deeper."""
_TO_EDGE: Final = re.compile(rb'(?:[^"\[\]{},]++|' + _TEXT + rb"|" + _SHALLOW + rb")*+", re.DOTALL)
_TO_BRACKET: Final = re.compile(rb"(?:" + _WITHIN + rb"|" + _SHALLOW + rb")*+", re.DOTALL)
_SPACE: Final = re.compile(rb"\s*+")
_OPENING: Final = frozenset(b"[{")
_COMMA: Final = ord(",")
_MEMBER: Final = re.compile(rb'\s*+("(?:[^"\\]++|\\.)*+")\s*+:', re.DOTALL)


class Pieces(msgspec.Struct, frozen=True):
    """The elements of one container, as they were sent."""

    found: list[bytes]
    is_closed: bool
    """The container has its closing bracket."""
    rest: bytes = b""
    """What stands behind it, and should not."""
    further: int = 0
    """Elements after `found` that were counted only."""
    further_raw: bytes = b""
    """Those, as sent."""

    @property
    def is_sound(self) -> bool:
        """Closed, and nothing follows."""
        return self.is_closed and not self.rest


def split(body: bytes, most: int) -> Pieces:
    """Elements of the array, or members (`"name": value`) of the object, that `body` starts with.

    A body that starts with neither has no pieces.

    Args:
        body: Text that may be JSON.
        most: Elements to cut out; those behind them are counted.
    """
    start = _first_place(body)
    if body[start : start + 1] not in (b"[", b"{"):
        return Pieces([], False)
    pieces: list[bytes] = []
    further, further_start = 0, start
    piece_start = edge = start + 1
    for edge in _edges(body, start):
        is_last = body[edge : edge + 1] != b","
        if len(pieces) < most:
            piece = body[piece_start:edge].strip()
            if piece or not is_last:  # `[]` and `[1,]` have no further element
                pieces.append(piece)
            further_start = edge + 1
        elif not is_last or not _is_blank(body, piece_start, edge):
            further += 1
        piece_start = edge + 1
    further_raw = body[further_start:edge].strip() if further else b""
    return Pieces(pieces, edge < len(body), body[edge + 1 :].strip(), further, further_raw)


def first_byte(body: bytes) -> bytes:
    """The first byte that is no white space; empty if there is none."""
    start = _first_place(body)
    return body[start : start + 1]


def member(piece: bytes) -> tuple[str, bytes] | None:
    """Name and value of a member of an object; `None` if it has no name."""
    match = _MEMBER.match(piece)
    if match is None:
        return None
    try:
        name = msgspec.json.decode(match[1], type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return name, piece[match.end() :].strip()


def is_deeper_than(value: object, levels: int) -> bool:
    """Whether containers in a decoded value are nested more than `levels` deep."""
    layer: list[Any] = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        if not layer:
            return False
        layer = [
            child
            for container in layer
            for child in (container.values() if container.__class__ is dict else container)
            if child.__class__ is dict or child.__class__ is list
        ]
    return bool(layer)


def _edges(body: bytes, start: int) -> Iterator[int]:
    """Places of the commas of the container at `start`; then of its bracket, or the body's end."""
    level, at, size = 1, start + 1, len(body)
    to_edge, to_bracket = _TO_EDGE.match, _TO_BRACKET.match
    while True:
        at = (to_edge if level == 1 else to_bracket)(body, at).end()  # type: ignore[union-attr]  # takes every text
        if at == size:
            yield at
            return
        token = body[at]
        if token == _COMMA:
            yield at
        elif token in _OPENING:
            level += 1
        else:
            level -= 1
            if level == 0:
                yield at
                return
        at += 1


def _first_place(body: bytes) -> int:
    return _SPACE.match(body).end()  # type: ignore[union-attr]  # takes every text


def _is_blank(body: bytes, start: int, end: int) -> bool:
    return _SPACE.match(body, start, end).end() == end  # type: ignore[union-attr]
