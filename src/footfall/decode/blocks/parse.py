"""One piece of JSON → its value, or why it has none. Bounded by its size, whatever stands in it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.split import DEPTH_MAX, is_deeper_than
from footfall.event import FailureReason

SURROGATES_MAX: Final = 200_000
"""Escapes of UTF-16 surrogates in a body that has to be mended: two for each emoji."""

NO_NUMBERS_MAX: Final = 10_000
"""`NaN` and the like in a text that is mended at once. Of a body with more each record is mended
alone."""

BROKEN: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for text that is no JSON, or not of the type."""

_SURROGATE: Final = re.compile(
    rb"(\\(?<!\\\\)(?:\\\\)*+u)(?:"  # an odd number of backslashes: not itself escaped
    rb"([dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|[dD][89a-fA-F][0-9a-fA-F]{2})"
)


_NO_NUMBER: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"|(?<![\w.])-?(?:NaN|Infinity)(?!\w)')
"""Texts, which stay as they are, and what Python and others write for a number that is none."""


def read_float(text: str) -> float:
    """A JSON number with a fraction or an exponent.

    Given to decoders as their `float_hook`: their own way takes 10 µs for each `1e300`, this one
    0.3 µs for any.

    Raises:
        ValueError: it is too large for a float; decoders make their own error of it.
    """
    found = float(text)
    if math.isinf(found):
        raise ValueError("Number out of range")
    return found


def decoder(kind: Any = Any) -> Callable[[bytes | msgspec.Raw], Any]:
    """Decodes JSON as `kind`; raises one of `BROKEN`."""
    return msgspec.json.Decoder(kind, float_hook=read_float).decode


_decode: Final = decoder()


def parse_record(raw: bytes) -> object:
    """The value, or a `Fault` without a path. Lone surrogates are replaced; `NaN` becomes a text.

    The text `"NaN"` is no number either, so it costs one field where `NaN` would cost the record.
    """
    try:
        return _decode(raw)
    except BROKEN as error:
        broken: Exception = error
    repaired = raw if has_many_surrogates(raw) else repair_surrogates(raw)
    repaired = repair_numbers(repaired)
    if repaired is not raw:
        try:
            return _decode(repaired)
        except BROKEN as error:
            broken = error
    return _why_not(raw, broken)


def check_depth(value: object) -> None:
    """Refuse a parsed record that is nested too deep.

    Raises:
        Fault: NOT_JSON, as for a record parsed alone.
    """
    if is_deeper_than(value, DEPTH_MAX):
        raise _too_deep()


def has_many_surrogates(body: bytes) -> bool:
    """Whether repairing the body would be more work than it is worth."""
    return body.count(b"\\ud") + body.count(b"\\uD") > SURROGATES_MAX


def repair_surrogates(body: bytes) -> bytes:
    """Put U+FFFD for each lone surrogate escape (half an emoji, cut by a client's `substring`).

    Returns `body` itself if there are none.
    """
    if b"\\ud" not in body and b"\\uD" not in body:
        return body
    repaired = _SURROGATE.sub(_repair, body)
    return body if repaired == body else repaired


def repair_numbers(body: bytes) -> bytes:
    """Put `"NaN"` for `NaN`, and likewise for both infinities.

    Returns `body` itself if there are none, or more than `NO_NUMBERS_MAX`.
    """
    found = body.count(b"NaN") + body.count(b"Infinity")
    if not 0 < found <= NO_NUMBERS_MAX:
        return body
    repaired = _NO_NUMBER.sub(_quote, body)
    return body if repaired == body else repaired


def _quote(match: re.Match[bytes]) -> bytes:
    return match[0] if match[0].startswith(b'"') else b'"%s"' % match[0]


def _repair(match: re.Match[bytes]) -> bytes:
    return match[0] if match[2] is not None else match[1] + b"fffd"


def _why_not(raw: bytes, error: Exception) -> Fault:
    """Why `raw` could not be decoded, which ended in `error`."""
    try:
        raw.decode()
    except UnicodeDecodeError as found:
        return Fault(FailureReason.BAD_ENCODING, f"not valid UTF-8 at byte {found.start}")
    if isinstance(error, RecursionError):
        return _too_deep()
    is_json = isinstance(error, msgspec.ValidationError)
    return Fault(
        FailureReason.INVALID_VALUE if is_json else FailureReason.NOT_JSON, _sentence(error)
    )


def _sentence(error: Exception) -> str:
    text = str(error)[:200]
    return text[:1].lower() + text[1:] if not text.startswith("JSON") else text


def _too_deep() -> Fault:
    return Fault(FailureReason.NOT_JSON, f"nested more than {DEPTH_MAX} levels deep")
