"""Definitions of a project as people see them: what each says, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from footfall.clock import DAY, HOUR, MINUTE, SECOND, US_PER_MS
from footfall.metadata.added.definition_notes import DefinitionNote, with_notes
from footfall.settings import DefinitionSettings, SessionSettings

VISITOR: Final = "visitor_id"
_UNITS: Final = (
    (DAY, "d"),
    (HOUR, "h"),
    (MINUTE, "m"),
    (SECOND, "s"),
    (US_PER_MS, "ms"),
    (1, "us"),
)


class Listed(msgspec.Struct, frozen=True):
    """A definition and how far it is."""

    name: str
    version: int
    kind: str
    """`gap`, `step`, `day` or `client`."""
    key: tuple[str, ...]
    """Columns of the events that say whose a session is."""
    options: str
    """As `footfall sessions define` takes them; what is as usual is left out."""
    view: str
    """Where its sessions are read, once the pipeline has begun with it."""
    is_added: bool
    """By `define`; otherwise it stands in the settings."""
    is_default: bool
    """The views `events` and `sessions` follow it."""
    state: str
    """`waits` (for the pipeline), `fills` (its past is not whole), or `whole`."""
    events_done: int
    """Events of its past that are worked through, of `events_total`; 0 when nothing is told."""
    events_total: int


def listing(
    sessions: SessionSettings, notes: Sequence[DefinitionNote], shown: str | None
) -> list[Listed]:
    """All definitions, the stored default first.

    Args:
        sessions: The settings.
        notes: What is noted of them.
        shown: The one that readers take for the default; none: the stored one.
    """
    whole = with_notes(sessions, notes)
    by_key = {note.key: note for note in notes}
    first = shown if shown in whole.named else whole.default
    return [
        _listed(name, one, by_key.get(f"{name}.{one.version}"), is_default=name == first)
        for name, one in whole.named.items()
    ]


def key_columns(one: DefinitionSettings) -> tuple[str, ...]:
    """What its key is made of, whether or not it says so."""
    own = (VISITOR, "client_session_id") if one.kind == "client" else (VISITOR,)
    return one.key or own


def options_text(one: DefinitionSettings) -> str:
    """Its options as they are written, without those that are as usual."""
    usual = DefinitionSettings(one.kind, version=one.version)
    parts = [] if one.kind == "gap" else [f"kind={one.kind}"]
    for name in one.__struct_fields__:
        value = getattr(one, name)
        if value != getattr(usual, name):
            parts.append(f"{name}={_written(name, value)}")
    return " ".join(parts)


def duration_text(microseconds: int) -> str:
    """`90m`: the largest unit of which it is a whole number."""
    unit, letter = next(one for one in _UNITS if microseconds % one[0] == 0)
    return f"{microseconds // unit}{letter}"


def _written(name: str, value: object) -> str:
    if name in ("gap", "length_max", "step") and isinstance(value, int):
        return duration_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ",".join(f"{key}:{zone}" for key, zone in value.items())
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _listed(
    name: str, one: DefinitionSettings, note: DefinitionNote | None, *, is_default: bool
) -> Listed:
    state = "whole"
    if note is not None and note.filled_at is None:
        state = "waits" if note.from_epoch is None else "fills"
    return Listed(
        name,
        one.version,
        one.kind,
        key_columns(one),
        options_text(one),
        "sessions" if is_default else f"sessions_{name}",
        note is not None and note.options is not None,
        is_default,
        state,
        0 if note is None else note.events_done,
        0 if note is None else note.events_total,
    )
