"""Why a record, or a whole request, is no event: found in a leaf, told at the record's edge.

`Fault` is raised inside this stage only and never leaves it: `decode` turns each one into a row of
`failed_events`. Leaves raise it without a path; whoever walks the document adds the way it came.
"""

from __future__ import annotations

from typing import Final

import msgspec

from footfall.event import FailureReason, ProblemReason

TOLD_CHARACTERS_MAX: Final = 1024
"""Of a path or a name: both are texts of the sender's, and may be the whole body."""


class Fault(Exception):  # noqa: N818 (a value that travels by raise, not an error of the program)
    """What is wrong with a record, a request, or one field.

    Only what makes a record no event (no name, another app's key, no JSON) becomes a failed event;
    of every other field it is a problem that the event is noted to have (`fields.note`).

    Attributes:
        reason: Which kind of failure, or of problem.
        message: One sentence for a person: what is expected here and what was found.
        path: JSON path of the field at fault, `None` for the request as a whole.
        event_name: Name of the event, once it is known.
    """

    def __init__(
        self, reason: FailureReason | ProblemReason, message: str, path: str | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.path = path
        self.event_name: str | None = None


class FailedRecord(msgspec.Struct, frozen=True, gc=False):
    """One failed event before it is a row."""

    index: int
    """Place in the request; -1: the request as a whole."""
    reason: FailureReason | ProblemReason
    message: str
    path: str | None
    event_name: str | None
    payload: bytes
    payload_bytes: int
    """Size before `payload` was cut."""


def failed_record(index: int, fault: Fault, payload: bytes, payload_bytes_max: int) -> FailedRecord:
    """What is kept of a record that failed with `fault`."""
    return FailedRecord(
        index=index,
        reason=fault.reason,
        message=fault.message,
        path=fault.path and fault.path[:TOLD_CHARACTERS_MAX],
        event_name=fault.event_name and fault.event_name[:TOLD_CHARACTERS_MAX],
        payload=payload[:payload_bytes_max],
        payload_bytes=len(payload),
    )


def wrong_type(expected: str, found: object) -> Fault:
    """A value of another JSON type than `expected` (read as "expected …")."""
    return Fault(FailureReason.WRONG_TYPE, f"expected {expected}, found {json_type(found)}")


def invalid_value(message: str) -> Fault:
    """The right type, but empty, too long or out of range."""
    return Fault(FailureReason.INVALID_VALUE, message)


def missing_field(message: str, path: str) -> Fault:
    """A field that every event of the protocol must have."""
    return Fault(FailureReason.MISSING_FIELD, message, path)


def json_type(value: object) -> str:
    """JSON's own name of the type of a decoded value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "an array" if isinstance(value, list) else "an object"
