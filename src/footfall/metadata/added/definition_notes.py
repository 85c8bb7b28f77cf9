"""Session definitions as they are noted, for those who only read: in few imports."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from footfall.metadata.place import MetadataPlace
from footfall.settings import DefinitionSettings, SessionSettings


class DefinitionNote(msgspec.Struct, frozen=True):
    """What is noted of one definition; times are microseconds."""

    name: str
    version: int
    options: str | None
    """JSON of `DefinitionSettings`; none where the settings' file has them."""
    defined_at: int
    from_epoch: int | None = None
    """The pipeline places events of the epochs after it; none: it has not begun."""
    watermark: int | None = None
    """Of that epoch."""
    rules: str | None = None
    """JSON of the `SessionSettings` that it began with."""
    events_done: int = 0
    events_total: int = 0
    """Events of the past, and how many of them are worked through; both 0 before that begins."""
    filled_at: int | None = None
    dropped_at: int | None = None

    @property
    def key(self) -> str:
        """Name and version, `gap.1`."""
        return f"{self.name}.{self.version}"

    @property
    def is_filling(self) -> bool:
        """Whether its past is not whole yet."""
        return self.from_epoch is not None and self.filled_at is None and self.dropped_at is None


def read_notes(place: MetadataPlace, project: str) -> list[DefinitionNote]:
    """All that were not dropped, the oldest first.

    Raises:
        Unavailable: they cannot be read now.
    """
    columns = ", ".join(DefinitionNote.__struct_fields__)
    rows = place.rows(
        f"SELECT {columns} FROM session_definitions"  # noqa: S608 (our own names)
        " WHERE project = ? AND dropped_at IS NULL ORDER BY defined_at, name",
        (project,),
    )
    return [DefinitionNote(*row) for row in rows]


def read_shown(place: MetadataPlace, project: str) -> str | None:
    """Name of the definition that readers take for the default; none: the stored one.

    Raises:
        Unavailable: it cannot be read now.
    """
    rows = place.rows("SELECT name FROM shown_definitions WHERE project = ?", (project,))
    return rows[0][0] if rows else None


def with_notes(settings: SessionSettings, notes: Iterable[DefinitionNote]) -> SessionSettings:
    """The settings with definitions that were added; where both have a name theirs counts."""
    added = {
        note.name: msgspec.structs.replace(
            msgspec.json.decode(note.options, type=DefinitionSettings), version=note.version
        )
        for note in notes
        if note.options is not None
    }
    return msgspec.structs.replace(settings, definitions=added | settings.definitions)
