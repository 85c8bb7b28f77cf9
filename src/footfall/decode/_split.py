"""The elements of a JSON array, or members of an object, found by their brackets alone.

For bodies that no JSON parser takes whole: one element with `NaN`, a broken character or a bomb of
brackets must not take the others along. Only texts, brackets and separators are looked at, so what
lies between them may be anything. Linear in the size of the body, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

DEPTH_MAX: Final = 64
"""Containers inside each other in one record, itself included. No SDK sends more than four."""

TOKENS_MAX: Final = 8_000_000
"""Texts and brackets looked at; a body with more is not split."""

_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.|\\\Z)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_OPENING: Final = frozenset(b"[{")
_CLOSING: Final = frozenset(b"]}")
_COMMA: Final = ord(",")
_MEMBER: Final = re.compile(rb'\s*("(?:[^"\\]++|\\.)*+")\s*:', re.DOTALL)


class Pieces(msgspec.Struct, frozen=True):
    """The elements of one container, as they were sent."""

    found: list[bytes]
    is_closed: bool
    """The container has its closing bracket."""
    rest: bytes = b""
    """What stands behind it, and should not."""

    @property
    def is_sound(self) -> bool:
        """Closed, and nothing follows."""
        return self.is_closed and not self.rest


def split(body: bytes) -> Pieces:
    """Elements of the array, or members (`"name": value`) of the object, that `body` starts with.

    A body that starts with neither, or has more than `TOKENS_MAX` tokens, has no pieces.
    """
    start = len(body) - len(body.lstrip())
    if body[start : start + 1] not in (b"[", b"{"):
        return Pieces([], False)
    pieces: list[bytes] = []
    piece_start, level = start + 1, 0
    for count, match in enumerate(_TOKEN.finditer(body, start)):
        token = body[match.start()]
        if count >= TOKENS_MAX:
            return Pieces([], False)
        if token in _OPENING:
            level += 1
        elif token in _CLOSING:
            level -= 1
            if level == 0:
                _add(pieces, body[piece_start : match.start()], is_last=True)
                return Pieces(pieces, True, body[match.end() :].strip())
        elif token == _COMMA and level == 1:
            _add(pieces, body[piece_start : match.start()], is_last=False)
            piece_start = match.end()
    _add(pieces, body[piece_start:], is_last=True)
    return Pieces(pieces, False)


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
    children: Iterable[object]
    if isinstance(value, dict):
        children = value.values()
    elif isinstance(value, list):
        children = value
    else:
        return False
    if levels == 0:
        return True
    for child in children:
        kind = child.__class__
        if (kind is dict or kind is list) and is_deeper_than(child, levels - 1):
            return True
    return False


def _add(pieces: list[bytes], raw: bytes, *, is_last: bool) -> None:
    stripped = raw.strip()
    if stripped or not is_last:  # `[]` and `[1,]` have no further element
        pieces.append(stripped)
