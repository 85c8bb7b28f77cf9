"""Body → records: parsed values, or the fault of each record that is no JSON.

The usual body is parsed whole, in one call. Only one that does not parse is split into its records
(`_split`), and each is parsed alone: broken ones fail alone and their neighbours live. Either way
a record is accepted, or fails with the same reason: `tests/decode/test_json.py` holds it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from footfall.decode._fault import Fault
from footfall.decode._split import DEPTH_MAX, Pieces, is_deeper_than, member, split
from footfall.event import FailureReason
from footfall.settings import DecodeSettings

VALUES_MAX: Final = 2_000_000
"""Commas in a body. Every value costs memory when parsed; events of SDKs have some fifty."""

REQUEST_FACTOR_MAX: Final = 10
"""A request with more than this many times `events_per_request_max` fails as one."""

_BROKEN: Final = object()
_decode: Final = msgspec.json.Decoder().decode

_ESCAPE: Final = re.compile(
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)


class Batch:
    """The records of a request, in order.

    Attributes:
        values: Parsed JSON, or the `Fault` of a record that could not be parsed.
        is_single: The body is one record, not a list of them.
    """

    def __init__(
        self,
        values: list[object],
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

    def checked(self, settings: DecodeSettings) -> Batch:
        """This batch, if it is not far beyond `events_per_request_max`.

        Raises:
            Fault: TOO_MANY_EVENTS.
        """
        most = REQUEST_FACTOR_MAX * settings.events_per_request_max
        if len(self.values) > most:
            raise Fault(
                FailureReason.TOO_MANY_EVENTS,
                f"request has {len(self.values)} events; send at most"
                f" {settings.events_per_request_max}",
            )
        return self


def read_json(body: bytes) -> dict[str, object] | list[object] | None:
    """The whole body as JSON, lone surrogates replaced; `None` if it is not JSON.

    Raises:
        Fault: the body is empty, has too many values, or is JSON without an event in it.
    """
    if not body.strip():
        raise Fault(FailureReason.NOT_JSON, "body is empty; send a JSON object or array")
    if has_too_many_values(body):
        raise Fault(
            FailureReason.BODY_TOO_LARGE,
            f"body has more than {VALUES_MAX} values; send fewer events in a request",
        )
    value = _try_decode(body)
    if value is _BROKEN:
        return None
    if isinstance(value, dict | list):
        return value
    raise Fault(FailureReason.NOT_AN_EVENT, "expected an object or an array of objects", "$")


def has_too_many_values(body: bytes) -> bool:
    """Whether there are more than `VALUES_MAX`; most bodies are too short to be counted."""
    return len(body) > VALUES_MAX and body.count(b",") > VALUES_MAX


def whole_array(body: bytes, values: list[object]) -> Batch:
    """Records of an array that parsed."""
    return Batch(values, lambda: split(body).found)


def single(body: bytes, value: object) -> Batch:
    """The only record of a body that parsed."""
    return Batch([value], lambda: [body], is_single=True)


def salvaged(body: bytes) -> Batch:
    """What can be saved of a body that did not parse.

    Raises:
        Fault: NOT_JSON or BAD_ENCODING: nothing can be saved.
    """
    start = body.lstrip()[:1]
    if start == b"[":
        return _salvaged_array(body, split(body), "$")
    fault = _why_not(body)
    if start == b"{" and split(body).is_sound:
        fault.path = "$"
        return Batch([fault], lambda: [body], is_single=True)
    raise fault


def salvaged_envelope(body: bytes, key: str) -> tuple[dict[str, object], Batch] | None:
    """Members of an object that did not parse as a whole, and the records in its array `key`.

    `None` if the object's brackets do not match or it has no such array. A member other than `key`
    that is no JSON is a fault of the whole request: it would count for every record.

    Raises:
        Fault: such a member.
    """
    pieces = split(body)
    if not pieces.is_sound or body.lstrip()[:1] != b"{":
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
    members = {name: _parse_member(name, found) for name, found in raw.items()}
    return members, _salvaged_array(events, split(events), f"$.{key}")


def whole_lines(body: bytes) -> Batch | None:
    """Records of newline-delimited JSON: at least two lines that all start with `{`; else `None`.

    Empty lines do not count. A line that is no JSON fails alone.
    """
    lines = [line for line in (line.strip() for line in body.split(b"\n")) if line]
    if len(lines) < 2 or not all(line.startswith(b"{") for line in lines):
        return None
    values = list(_each_line(lines))
    if all(isinstance(value, Fault) for value in values):
        return None
    return Batch(values, lambda: lines)


def parse_record(raw: bytes) -> object:
    """One record alone: its value, or a `Fault` without a path."""
    value = _try_decode(raw)
    return _why_not(raw) if value is _BROKEN else value


def check_depth(value: object) -> None:
    """Refuse a parsed record that is nested too deep.

    Raises:
        Fault: NOT_JSON, as for a record parsed alone.
    """
    if is_deeper_than(value, DEPTH_MAX):
        raise _too_deep()


def repair_surrogates(body: bytes) -> bytes:
    """Put U+FFFD for each lone surrogate escape (half an emoji, cut by a client's `substring`).

    Returns `body` itself if there are none.
    """
    if b"\\u" not in body:
        return body
    repaired = _ESCAPE.sub(_repair, body)
    return body if repaired == body else repaired


def _repair(match: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if match[2] is not None else match[0]


def _try_decode(raw: bytes) -> object:
    """The value, lone surrogates replaced, or `_BROKEN`."""
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        repaired = repair_surrogates(raw)
    if repaired is not raw:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _decode(repaired)
    return _BROKEN


def _why_not(raw: bytes) -> Fault:
    """Why `raw`, which cannot be decoded, cannot."""
    try:
        raw.decode()
        _decode(repair_surrogates(raw))
    except UnicodeDecodeError as error:
        return Fault(FailureReason.BAD_ENCODING, f"not valid UTF-8 at byte {error.start}")
    except RecursionError:
        return _too_deep()
    except msgspec.ValidationError as error:
        return Fault(FailureReason.INVALID_VALUE, _sentence(error))
    except msgspec.DecodeError as error:
        return Fault(FailureReason.NOT_JSON, _sentence(error))
    return _too_deep()  # it fits now: the stack was fuller before


def _sentence(error: Exception) -> str:
    text = str(error)[:200]
    return text[:1].lower() + text[1:] if not text.startswith("JSON") else text


def _too_deep() -> Fault:
    return Fault(FailureReason.NOT_JSON, f"nested more than {DEPTH_MAX} levels deep")


def _salvaged_array(body: bytes, pieces: Pieces, prefix: str) -> Batch:
    values: list[object] = [parse_record(piece) for piece in pieces.found]
    if not pieces.is_sound and not any(isinstance(value, dict) for value in values):
        raise _why_not(body)
    raw = pieces.found.copy()
    if pieces.rest:
        values.append(Fault(FailureReason.NOT_JSON, "expected nothing behind the array"))
        raw.append(pieces.rest)
    batch = Batch(values, lambda: raw, prefix)
    for index, value in enumerate(values):
        if isinstance(value, Fault):
            value.path = batch.path(index)
    return batch


def _parse_member(name: str, raw: bytes) -> object:
    value = parse_record(raw)
    if isinstance(value, Fault):
        value.path = f"$.{name}"
        raise value
    return value


def _each_line(lines: list[bytes]) -> Iterator[object]:
    for index, line in enumerate(lines):
        value = parse_record(line)
        if isinstance(value, Fault):
            value.path = f"$[{index}]"
        yield value
