"""Session definitions that people add while a project runs, and how far each is.

A definition is *defined*, then the pipeline *begins* with it at the end of an epoch, then what
ended before is computed and it is *filled*. One that stands in the settings' file is noted when the
pipeline begins with it, for it has a past to be filled as well. A version is never used twice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import msgspec
from sqlalchemy import Connection, func, select, update

from footfall.clock import Clock
from footfall.errors import Conflict, Invalid
from footfall.metadata.added.definition_notes import DefinitionNote
from footfall.metadata.database.insert import insert
from footfall.metadata.database.tables import session_definitions as table
from footfall.metadata.database.tables import shown_definitions


class DefinitionNotes:
    """Those of an installation, by project."""

    def __init__(
        self, transaction: Callable[[], AbstractContextManager[Connection]], clock: Clock
    ) -> None:
        """Use `Metadata.definitions` instead."""
        self._transaction = transaction
        self._clock = clock

    def all(self, project: str) -> list[DefinitionNote]:
        """All that were not dropped, the oldest first."""
        query = select(*(table.c[name] for name in DefinitionNote.__struct_fields__))
        query = query.where(table.c.project == project, table.c.dropped_at.is_(None))
        with self._transaction() as connection:
            rows = connection.execute(query.order_by(table.c.defined_at, table.c.name)).all()
        return [DefinitionNote(*row) for row in rows]

    def define(self, project: str, name: str, options: str) -> DefinitionNote:
        """Add a definition, under the first version of this name that was never used.

        Raises:
            Conflict: one of this name is there.
        """
        with self._transaction() as connection:
            mine = (table.c.project == project) & (table.c.name == name)
            if connection.execute(select(table).where(mine, table.c.dropped_at.is_(None))).first():
                raise Conflict(
                    "a definition of this name is there; give the new one another, compare both,"
                    f" switch, and drop what is not needed: {name=}"
                )
            last = connection.execute(select(func.max(table.c.version)).where(mine)).scalar()
            note = DefinitionNote(name, (last or 0) + 1, options, self._clock.now_us())
            self._insert(connection, project, note)
        return note

    def begin(
        self, project: str, note: DefinitionNote, epoch: int, watermark: int, rules: str
    ) -> None:
        """The pipeline places events of the epochs after `epoch`; saying the same again is fine.

        Raises:
            Conflict: it had begun after another epoch, and was left out since: what came between
                is in no session of its.
        """
        begun = {"from_epoch": epoch, "watermark": watermark, "rules": rules}
        key = {"project": project, "name": note.name, "version": note.version}
        with self._transaction() as connection:
            row = connection.execute(select(table).filter_by(**key)).first()
            if row is None:
                self._insert(connection, project, msgspec.structs.replace(note, **begun))
            elif row.from_epoch is None:
                connection.execute(update(table).filter_by(**key).values(begun))
            elif row.from_epoch != epoch:
                raise Conflict(
                    "a session definition was taken out and is to come back; give it another"
                    f" version, for events came meanwhile: definition={note.key}"
                    f" it began after epoch={row.from_epoch} now={epoch}"
                )

    def progress(self, project: str, note: DefinitionNote, done: int, total: int) -> None:
        """How many events of its past are worked through."""
        self._set(project, note, events_done=done, events_total=total)

    def filled(self, project: str, note: DefinitionNote) -> None:
        """Its past is whole."""
        self._set(project, note, filled_at=self._clock.now_us())

    def drop(self, project: str, name: str) -> None:
        """Place no more events in its sessions.

        Raises:
            Invalid: none that was added has this name.
            Conflict: readers take it for the default.
        """
        if self.shown(project) == name:
            raise Conflict(f"it is the default; switch to another one first: {name=}")
        found = [note for note in self.all(project) if note.name == name]
        mine = [note for note in found if note.options is not None]
        if not mine:
            why = (
                "take its table out of the settings' file"
                if found
                else "none of those has this name"
            )
            raise Invalid(f"only what was added by `footfall sessions define` is dropped; {why}")
        self._set(project, mine[0], dropped_at=self._clock.now_us())

    def shown(self, project: str) -> str | None:
        """Name of the definition that readers take for the default; none: the stored one."""
        query = select(shown_definitions.c.name).filter_by(project=project)
        with self._transaction() as connection:
            return connection.execute(query).scalar()

    def show(self, project: str, name: str) -> None:
        """Let readers take it for the default."""
        with self._transaction() as connection:
            row = insert(connection, shown_definitions).values(project=project, name=name)
            connection.execute(
                row.on_conflict_do_update(index_elements=["project"], set_={"name": name})
            )

    def _insert(self, connection: Connection, project: str, note: DefinitionNote) -> None:
        values = msgspec.structs.asdict(note) | {"project": project}
        connection.execute(insert(connection, table).values(values))

    def _set(self, project: str, note: DefinitionNote, **values: int) -> None:
        key = {"project": project, "name": note.name, "version": note.version}
        with self._transaction() as connection:
            connection.execute(update(table).filter_by(**key).values(values))
