"""Body → records: parsed values, or the fault of each record that is no JSON.

The usual body is parsed whole, in one call. One that does not parse, or has more records than a
request may have, is split (`_split`), and its first records are parsed alone: broken ones fail
alone and their neighbours live. Either way a record is accepted, or fails with the same reason:
`tests/decode/test_json.py` holds it.

Records beyond `DecodeSettings.events_max` are never parsed. As many as the limit, and no more than
`KEPT_MAX`, fail each, with their bytes; those that follow are one failure that says how many.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.parse import (
    BROKEN,
    SURROGATES_MAX,
    decoder,
    has_many_surrogates,
    parse_record,
)
from footfall.decode.blocks.split import first_byte, member, split
from footfall.event import FailureReason

VALUES_MAX: Final = 2_000_000
"""Commas and opening brackets in a body: one for 8 bytes of 16 MiB, in which SDKs have one for
twenty. Every value costs memory when parsed."""

LONG_NUMBER_DIGITS: Final = 500
LONG_NUMBERS_MAX: Final = 500
"""A number as many times as long counts as several."""

KEPT_MAX: Final = 5_000
"""Records beyond the limit that are kept by themselves."""

_MEMBERS_MAX: Final = 10_000
"""Fields beside the events of an envelope that is split."""
_decode_members: Final = decoder(dict[str, msgspec.Raw])
_decode_elements: Final = decoder(list[msgspec.Raw])
_LINE: Final = re.compile(rb"[^\s][^\n]*+")
_DIGITS_TO_ZERO: Final = bytes.maketrans(b"123456789", b"0" * 9)
_ALL_BUT_VALUES: Final = bytes(set(range(256)) - set(b",[{"))


class Batch:
    """The records of a request, in order.

    Attributes:
        values: Parsed JSON, or the `Fault` of a record that could not be parsed, or was not.
        is_single: The body is one record, not a list of them.
    """

    def __init__(
        self,
        values: Sequence[object],
        payloads: Callable[[], list[bytes]],
        prefix: str = "$",
        *,
        is_single: bool = False,
    ) -> None:
        self.values = values
        self.is_single = is_single
        self._prefix = prefix
        self._payloads = payloads
        self._found: list[bytes] | None = None

    def path(self, index: int) -> str:
        """JSON path of a record: `$[3]`, `$.events[3]`, or `$` for a single one."""
        return self._prefix if self.is_single else f"{self._prefix}[{index}]"

    def payload(self, index: int) -> bytes:
        """A record as it was sent; looked for only when one failed."""
        if self._found is None:
            self._found = self._payloads()
        return self._found[index] if index < len(self._found) else b""


def read_json(body: bytes) -> dict[str, object] | list[object] | Fault:
    """The whole body as JSON, lone surrogates replaced; or why it is no JSON.

    Raises:
        Fault: the body is empty, has too many values, or is JSON without an event in it.
    """
    check_values(body)
    value = parse_record(body)
    if isinstance(value, dict | list | Fault):
        return value
    raise Fault(FailureReason.NOT_AN_EVENT, "expected an object or an array of objects", "$")


def check_values(body: bytes) -> None:
    """Refuse a body that is empty, or too much work whatever it says.

    Raises:
        Fault: NOT_JSON, BODY_TOO_LARGE.
    """
    if not body or body.isspace():
        raise Fault(FailureReason.NOT_JSON, "body is empty; send a JSON object or array")
    if has_too_many_values(body):
        raise Fault(
            FailureReason.BODY_TOO_LARGE,
            f"body has more than {VALUES_MAX} values; send fewer events in a request",
        )
    if has_many_long_numbers(body):
        raise Fault(
            FailureReason.BODY_TOO_LARGE,
            f"body has more than {LONG_NUMBERS_MAX} numbers of {LONG_NUMBER_DIGITS} digits",
        )


def check_mendable(body: bytes) -> None:
    """Refuse a body that would have to be mended in very many places.

    Raises:
        Fault: BODY_TOO_LARGE.
    """
    if has_many_surrogates(body):
        raise Fault(
            FailureReason.BODY_TOO_LARGE,
            "body is no JSON and has too many escapes of UTF-16 surrogates; send UTF-8:"
            f" escapes_max={SURROGATES_MAX}",
        )


def has_too_many_values(body: bytes) -> bool:
    """Whether there are more than `VALUES_MAX`; most bodies are too short to be counted."""
    return len(body) > VALUES_MAX and count_values(body) > VALUES_MAX


def has_many_long_numbers(body: bytes) -> bool:
    """Whether it has more than `LONG_NUMBERS_MAX`; most bodies are too short to be looked at.

    Their time goes with the square of their digits; one of 4,300, more is no number, takes 0.5 ms.
    """
    return (
        len(body) > LONG_NUMBER_DIGITS * LONG_NUMBERS_MAX
        and body.translate(_DIGITS_TO_ZERO).count(b"0" * LONG_NUMBER_DIGITS) > LONG_NUMBERS_MAX
    )


def count_values(body: bytes) -> int:
    """Commas and opening brackets; those in texts, too."""
    return len(body.translate(None, _ALL_BUT_VALUES))


def whole_array(body: bytes, values: list[object]) -> Batch:
    """Records of an array that parsed."""
    return Batch(values, lambda: pieces_of(body, len(values)))


def single(body: bytes, value: object) -> Batch:
    """The only record of a body that parsed."""
    return Batch([value], lambda: [body], is_single=True)


def has_more_than(array: bytes | msgspec.Raw, most: int) -> bool:
    """Whether the text is an array of more than `most` elements, some of them objects.

    Nothing is parsed for it: usual texts have too few braces, of others the elements are found.
    """
    text = array if isinstance(array, bytes) else bytes(array)
    if len(text) <= 2 * most or text.count(b"{") <= most:
        return False
    try:
        return len(_decode_elements(array)) > most
    except BROKEN:
        return False


def has_many_records(body: bytes, key: str | None, most: int) -> bool:
    """Whether the body has more than `most` records in its array, or in its array `key`.

    Usual bodies have too few braces for that and are not looked at. Of one that is no JSON, nothing
    is known here.
    """
    if body.count(b"{") <= most:
        return False
    array: bytes | msgspec.Raw = body
    if first_byte(body) == b"{":
        array = find_member(body, key) if key is not None else b""
    return has_more_than(array, most)


def find_member(body: bytes, key: str) -> bytes:
    """Value of an object's last member `key` as it was sent; empty if there is none."""
    try:
        return bytes(_decode_members(body).get(key, b""))
    except BROKEN:
        return b""


def pieces_of(array: bytes, most: int) -> list[bytes]:
    """Elements of an array as they were sent, at most `most`."""
    try:
        return [bytes(raw) for raw in _decode_elements(array)[:most]]
    except BROKEN:  # it has lone surrogates
        return split(array, most).found


def salvaged(body: bytes, broken: Fault | None, most: int) -> Batch:
    """What can be saved of a body that did not parse, or was not parsed.

    Args:
        body: Text.
        broken: Why it is no JSON, if it was tried.
        most: Records that are parsed.

    Raises:
        Fault: NOT_JSON or BAD_ENCODING: nothing can be saved.
    """
    start = first_byte(body)
    if start == b"[":
        return _salvaged_array(body, broken, "$", most)
    broken = broken or _why_broken(body)
    if start == b"{" and split(body, 0).is_sound:
        broken.path = "$"
        return Batch([broken], lambda: [body], is_single=True)
    raise broken


def salvaged_envelope(body: bytes, key: str, most: int) -> tuple[dict[str, object], Batch] | None:
    """Members of an object that did not parse as a whole, and the records in its array `key`.

    `None` if the object's brackets do not match or it has no such array. Of a member other than
    `key` that is no JSON the value is its text: what cannot be used costs no record.
    """
    if first_byte(body) != b"{":
        return None
    pieces = split(body, _MEMBERS_MAX)
    if not pieces.is_sound or pieces.further:
        return None
    raw: dict[str, bytes] = {}
    for piece in pieces.found:
        named = member(piece)
        if named is None:
            return None
        raw[named[0]] = named[1]
    events = raw.pop(key, b"")
    if not events.startswith(b"["):
        return None
    members = {name: _parse_member(found) for name, found in raw.items()}
    return members, _salvaged_array(events, None, f"$.{key}", most)


def whole_lines(body: bytes, most: int) -> Batch | None:
    """Records of newline-delimited JSON: at least two lines that all start with `{`; else `None`.

    Empty lines do not count. A line that is no JSON fails alone.
    """
    lines: list[bytes] = []
    further, further_start = 0, 0
    for match in _LINE.finditer(body):
        if body[match.start()] != ord("{"):
            return None
        if len(lines) < most + min(most, KEPT_MAX):
            lines.append(match[0].rstrip())
            further_start = match.end()
        else:
            further += 1
    if len(lines) < 2:
        return None
    values = [parse_record(line) for line in lines[:most]]
    if all(isinstance(value, Fault) for value in values):
        return None
    return _batch(values, lines, further, body[further_start:].strip(), "$", most)


def _salvaged_array(body: bytes, broken: Fault | None, prefix: str, most: int) -> Batch:
    pieces = split(body, most + min(most, KEPT_MAX))
    values = [parse_record(piece) for piece in pieces.found[:most]]
    if not pieces.is_sound and not any(isinstance(value, dict) for value in values):
        raise broken or _why_broken(body)
    return _batch(
        values, pieces.found, pieces.further, pieces.further_raw, prefix, most, pieces.rest
    )


def _batch(
    values: list[object],
    raw: list[bytes],
    further: int,
    further_raw: bytes,
    prefix: str,
    most: int,
    rest: bytes = b"",
) -> Batch:
    """Records as they were split: parsed ones, those that were not parsed, what stands behind."""
    raw = raw.copy()
    values += [_too_many(f"more than {most} events in one request") for _ in raw[most:]]
    if further:
        values.append(_too_many(f"{further} more events, of {len(raw) + further} in one request"))
        raw.append(further_raw)
    if rest:
        values.append(Fault(FailureReason.NOT_JSON, "expected nothing behind the array"))
        raw.append(rest)
    batch = Batch(values, lambda: raw, prefix)
    for index, value in enumerate(values):
        if isinstance(value, Fault):
            value.path = batch.path(index)
    return batch


def _too_many(message: str) -> Fault:
    return Fault(FailureReason.TOO_MANY_EVENTS, f"{message}; send fewer")


def _why_broken(body: bytes) -> Fault:
    """Why a body whose brackets do not match is no JSON."""
    found = parse_record(body)
    if isinstance(found, Fault):
        return found
    return Fault(FailureReason.NOT_JSON, "brackets do not match")


def _parse_member(raw: bytes) -> object:
    value = parse_record(raw)
    return raw.decode(errors="replace") if isinstance(value, Fault) else value
