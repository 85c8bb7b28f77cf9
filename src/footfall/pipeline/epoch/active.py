"""Which session definitions run now: those of the settings, and those that people added since.

Added ones are noted in the metadata (`footfall sessions define`). A pipeline looks there between
epochs and goes on with what it finds: it *begins* with a new one at the end of an epoch, and says
so. From the epoch after it on the definition is exact for all that is hot and all that comes. What
ended before is computed by another process (`footfall.redefine`); until that is done the definition
is *filling*, and plans say so: late events that touch what is not written yet wait for their repair
until it is, for a repair goes by the sessions that the lake has.
"""

from __future__ import annotations

import msgspec

from footfall.errors import Unavailable
from footfall.metadata import DefinitionNote, DefinitionNotes
from footfall.metadata.added.definition_notes import with_notes
from footfall.settings import SessionSettings


class Shown(msgspec.Struct, frozen=True):
    """Which sessions the views follow."""

    name: str | None = None
    """Of the definition that readers take for the default; none: the stored one."""
    user_gap: int | None = None
    """As `Cut.user_gap`."""


class Active:
    """Those of one project, as they were at the last look."""

    def __init__(self, project: str, settings: SessionSettings, notes: DefinitionNotes) -> None:
        """Look once.

        Raises:
            Unavailable: the metadata cannot be read now.
        """
        self._project = project
        self._settings = settings
        self._notes = notes
        self._read()

    def look(self) -> bool:
        """Look again; whether anything changed. While the metadata is away nothing has."""
        before = (self.sessions, self.filling, self.shown)
        try:
            self._read()
        except Unavailable:
            return False
        return before != (self.sessions, self.filling, self.shown)

    def _read(self) -> None:
        self._known = {note.key: note for note in self._notes.all(self._project)}
        self.sessions = with_notes(self._settings, self._known.values())
        """The settings, with the added definitions."""
        names = {f"{name}.{one.version}" for name, one in self.sessions.named.items()}
        self.filling = tuple(
            key for key, note in self._known.items() if note.is_filling and key in names
        )
        """Keys of definitions whose past is not whole."""
        name = self._notes.shown(self._project)
        name = name if name in self.sessions.named else None
        one = self.sessions.named[name or self.sessions.default]
        does_join = self.sessions.events_of_users == "join"
        self.shown = Shown(name, (one.gap or 0) if does_join else None)

    def begin(self, key: str, epoch: int, watermark: int, rules: SessionSettings) -> None:
        """Note that events of the epochs after `epoch` are placed by this definition.

        Raises:
            Conflict: it began before and was left out since.
            Unavailable: the metadata cannot be written now.
        """
        name, version = key.rsplit(".", 1)
        note = self._known.get(key) or DefinitionNote(name, int(version), None, 0)
        text = msgspec.json.encode(rules).decode()
        self._notes.begin(self._project, note, epoch, watermark, text)

    def begin_at_first(self) -> None:
        """Before the first epoch: what was added has no past.

        Raises:
            Unavailable: the metadata cannot be written now.
        """
        for key, note in self._known.items():
            if note.from_epoch is None:
                self.begin(key, 0, 0, self.sessions)
                self._notes.filled(self._project, note)
