"""What a session is: the limits that cut a visitor's events, and the id that follows from them."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from typing import Final

import msgspec

from footfall.settings import SessionSettings

_PERSON: Final = b"footfall.gap.1"
"""Name and version of the definition, BLAKE2b's personalisation: another definition, other ids."""


class GapDefinition(msgspec.Struct, frozen=True):
    """Sessions by inactivity. All times are microseconds."""

    gap: int
    """Longest time between two events of one session; exactly this long is still the same."""
    length_max: int
    """Windows of this length are counted from the first event of a chain."""
    events_max: int
    """Events of a window are cut in parts of this many; equal event times stay together."""
    hot_age: int
    """Sessions stay in the state this long after they closed, unless there are too many."""
    hot_max: int = 2**62
    """Beyond so many sessions closed ones go earlier; open ones stay, however many."""

    @classmethod
    def of(cls, settings: SessionSettings) -> GapDefinition:
        """The definition that the project's settings give."""
        return cls(
            settings.gap,
            settings.length_max,
            settings.events_max,
            settings.hot_age,
            settings.hot_max,
        )


def session_ids(apps: Iterable[str], visitors: Iterable[str], starts: Iterable[int]) -> list[bytes]:
    """Sixteen bytes for each (app, visitor, start in microseconds).

    BLAKE2b-128, personalised with `footfall.gap.1`, of: length of the app id in UTF-8 bytes (4
    bytes, big-endian), app id, visitor id, start (8 bytes, big-endian, signed).
    """
    template = hashlib.blake2b(digest_size=16, person=_PERSON)
    prefixes: dict[str, hashlib.blake2b] = {}
    found = []
    for app, visitor, start in zip(apps, visitors, starts, strict=True):
        prefix = prefixes.get(app)
        if prefix is None:
            prefix = template.copy()
            name = app.encode()
            prefix.update(struct.pack(">I", len(name)) + name)
            prefixes[app] = prefix
        digest = prefix.copy()
        digest.update(visitor.encode() + struct.pack(">q", start))
        found.append(digest.digest())
    return found
