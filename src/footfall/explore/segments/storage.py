"""Where segments are kept: in metadata, so that every machine and a backup have them.

A change of who is in it makes a version; the last `VERSIONS_MAX` stay readable, and answers say
which one they used. Ids of a list are kept of its newest version only. Members of a rule follow
from the tables, exactly, at any moment. Sizes are a row a refresh; `lists` keeps who that was.

Reading needs the standard library's drivers only; a change loads SQLAlchemy.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from footfall.clock import Clock
from footfall.errors import Conflict, Invalid
from footfall.explore.segments.definition import Every, Segment
from footfall.explore.segments.kept import KeptSegment, SegmentSize
from footfall.explore.segments.lists import Changed, changed, note_list
from footfall.explore.segments.reading import check_name, segments_in
from footfall.metadata.place import MetadataPlace

SEGMENTS_MAX: Final = 500
"""Of a project."""
VERSIONS_MAX: Final = 20
"""Of a segment; older ones go."""
SIZES_MAX: Final = 1_000
"""Of a segment; older ones go. Two years and a half by day."""
TITLE_LENGTH_MAX: Final = 200
MADE_OF_LENGTH_MAX: Final = 500
DEFINITION_BYTES_MAX: Final = 64 * 1024
_EVERY: Final = ("hour", "day", "week", "off")
_KEPT: Final = (
    "SELECT s.name, s.title, s.version, v.definition, v.listed, s.every, v.made_at, v.made_of,"
    " s.changed_at, s.tried_at, s.problem FROM segments s JOIN segment_versions v"
    " ON v.project = s.project AND v.name = s.name AND v.version = s.version WHERE s.project = ?"
)
_SIZES: Final = (
    "SELECT s.name, s.at, s.version, s.size, s.total, s.cut_sequence, s.cut_published_at,"
    ' l.joined, l."left" FROM'
)
_RECENT: Final = (
    "(SELECT *, row_number() OVER (PARTITION BY name ORDER BY at DESC) AS place"
    " FROM segment_sizes WHERE project = ?) AS s"
)
_LISTED: Final = (
    "LEFT JOIN segment_lists l ON l.project = s.project AND l.name = s.name AND l.at = s.at"
)
_definitions: msgspec.json.Decoder[Segment] = msgspec.json.Decoder(Segment)


class Segments:
    """Those of one project. Safe to use from several processes at once."""

    def __init__(self, place: MetadataPlace, project: str, clock: Clock) -> None:
        """Touch nothing yet."""
        self._place = place
        self._project = project
        self._clock = clock

    def list(self) -> tuple[KeptSegment, ...]:
        """All of them, by name. Raises `Unavailable` if metadata cannot be read now."""
        rows = self._place.rows(f"{_KEPT} ORDER BY s.name", (self._project,))
        return tuple(map(_kept, rows))

    def names(self) -> frozenset[str]:
        """Of all of them."""
        rows = self._place.rows("SELECT name FROM segments WHERE project = ?", (self._project,))
        return frozenset(str(row[0]) for row in rows)

    def find(self, name: str) -> KeptSegment | None:
        """One of them; `None` if there is none."""
        rows = self._place.rows(f"{_KEPT} AND s.name = ?", (self._project, name))
        return _kept(rows[0]) if rows else None

    def get(self, name: str) -> KeptSegment:
        """The same; raises `Invalid` with the names there are."""
        found = self.find(name)
        if found is None:
            names = ", ".join(sorted(self.names())) or "none yet"
            raise Invalid(f"no segment {name[:80]!r}; there are: {names}")
        return found

    def versions(self, name: str) -> tuple[KeptSegment, ...]:
        """Its last versions as they were, newest first; raises as `get`."""
        newest = self.get(name)
        rows = self._place.rows(
            "SELECT version, definition, listed, made_at, made_of FROM segment_versions"
            " WHERE project = ? AND name = ? ORDER BY version DESC",
            (self._project, name),
        )
        return tuple(
            msgspec.structs.replace(
                newest,
                version=row[0],
                definition=_definitions.decode(row[1]),
                listed=row[2],
                made_at=row[3],
                made_of=row[4],
            )
            for row in rows
        )

    def ids(self, name: str) -> tuple[str, ...]:
        """Ids of a list, as of its newest version; none of a rule."""
        rows = self._place.rows(
            "SELECT v.ids FROM segments s JOIN segment_versions v ON v.project = s.project AND"
            " v.name = s.name AND v.version = s.version WHERE s.project = ? AND s.name = ?",
            (self._project, name),
        )
        if not rows or rows[0][0] is None:
            return ()
        return msgspec.json.decode(zlib.decompress(bytes(rows[0][0])), type=tuple[str, ...])

    def sizes(self, name: str, limit: int = SIZES_MAX) -> tuple[SegmentSize, ...]:
        """How large it was, oldest first; raises as `get`."""
        self.get(name)
        rows = self._place.rows(
            f"{_SIZES} segment_sizes s {_LISTED}"
            " WHERE s.project = ? AND s.name = ? ORDER BY s.at DESC LIMIT ?",
            (self._project, name, limit),
        )
        return tuple(SegmentSize(*row[1:]) for row in reversed(rows))

    def last_sizes(self, limit: int) -> Mapping[str, tuple[SegmentSize, ...]]:
        """The same of all of them, the last so many of each."""
        rows = self._place.rows(
            f"{_SIZES} {_RECENT} {_LISTED} WHERE s.place <= ? ORDER BY s.name, s.at",
            (self._project, limit),
        )
        found: dict[str, list[SegmentSize]] = {}
        for name, *size in rows:
            found.setdefault(str(name), []).append(SegmentSize(*size))
        return {name: tuple(sizes) for name, sizes in found.items()}

    def save(
        self,
        name: str,
        definition: Segment,
        *,
        title: str | None = None,
        every: Every | None = None,
        version: int | None = None,
        ids: Sequence[str] | None = None,
        made_of: str = "",
    ) -> KeptSegment:
        """Make or change a segment. Its definition was checked against the project by the caller.

        Args:
            name: New or not.
            definition: Who is in it.
            title: For people; by default what it was, else the name.
            every: How often its size is noted; by default what it was, else each day.
            version: The one that was changed; 0 for a new one; `None` takes any.
            ids: Of a list, which has no rule.
            made_of: What a list was made of, for people.

        Raises:
            Invalid: the name or title is none, there are too many, or it would be part of itself.
            Conflict: it was changed since that version.
        """
        check_name(name)
        if every is not None and every not in _EVERY:
            raise Invalid(f"every is one of {', '.join(_EVERY)}: {every!r}")
        shown = None if title is None else " ".join(title.split())[:TITLE_LENGTH_MAX] or name
        text = msgspec.json.encode(definition).decode()
        if len(text) > DEFINITION_BYTES_MAX:
            raise Invalid(f"a segment has at most {DEFINITION_BYTES_MAX} bytes of JSON; split it")
        from sqlalchemy import func, select

        from footfall.metadata.database.insert import insert
        from footfall.metadata.database.tables import segment_versions, segments

        packed = None if ids is None else zlib.compress(msgspec.json.encode(list(ids)))
        now, columns = self._clock.now_us(), segments.c
        mine = columns.project == self._project
        with self._place.transaction(self._clock) as connection:
            self._demand_no_circle(connection, name, definition)
            row = connection.execute(select(segments).where(mine & (columns.name == name))).first()
            current = 0 if row is None else row.version
            if version is not None and version != current:
                raise Conflict(
                    "the segment was changed meanwhile; load it again, and make the change there:"
                    f" name={name} version={current}"
                )
            if row is None:
                count = select(func.count()).select_from(segments).where(mine)
                if connection.execute(count).scalar_one() >= SEGMENTS_MAX:
                    raise Invalid(f"a project has at most {SEGMENTS_MAX} segments; drop some")
            key = {"project": self._project, "name": name}
            is_same = row is not None and self._is_same(connection, name, current, text, packed)
            following = current if is_same else current + 1
            values = {
                "title": shown if shown is not None else name if row is None else row.title,
                "version": following,
                "every": every or ("day" if row is None else row.every),
                "changed_at": now,
                "tried_at": 0 if row is None or not is_same else row.tried_at,
                "problem": "" if row is None or not is_same else row.problem,
            }
            made = insert(connection, segments).values(**key, **values)
            connection.execute(
                made.on_conflict_do_update(index_elements=["project", "name"], set_=values)
            )
            if not is_same:
                row = {
                    "version": following,
                    "definition": text,
                    "ids": packed,
                    "listed": None if ids is None else len(ids),
                    "made_at": now,
                    "made_of": made_of[:MADE_OF_LENGTH_MAX],
                }
                connection.execute(insert(connection, segment_versions).values(**key, **row))
                self._forget_versions(connection, name, following)
        return self.get(name)

    def note_size(
        self, name: str, size: SegmentSize, ids: Sequence[str] | None = None, whose: str = ""
    ) -> None:
        """Add to the history; the same moment again is the same row.

        Args:
            name: Of the segment; of one that was dropped nothing is noted.
            size: Without who joined and left, which follows from the lists.
            ids: Who is in it; `None` where they are too many to be kept.
            whose: Unit and app; a list is compared with the one before of the same.
        """
        from sqlalchemy import delete, select, update

        from footfall.metadata.database.insert import insert
        from footfall.metadata.database.tables import segment_sizes, segments

        columns = segment_sizes.c
        mine = (columns.project == self._project) & (columns.name == name)
        key = {"project": self._project, "name": name}
        values = msgspec.structs.asdict(size)
        del values["joined"], values["left"]
        with self._place.transaction(self._clock) as connection:
            tried = update(segments).filter_by(**key).values(tried_at=size.at, problem="")
            if not connection.execute(tried).rowcount:
                return  # it was dropped meanwhile
            made = insert(connection, segment_sizes).values(**key, **values)
            connection.execute(
                made.on_conflict_do_update(index_elements=["project", "name", "at"], set_=values)
            )
            oldest = select(columns.at).where(mine).order_by(columns.at.desc())
            oldest = oldest.offset(SIZES_MAX - 1).limit(1)
            connection.execute(
                delete(segment_sizes).where(mine, columns.at < oldest.scalar_subquery())
            )
            note_list(connection, key, size, ids, whose)

    def changes(self, name: str, since: int | None, until: int | None) -> Changed:
        """Who came and went between two refreshes: see `lists.changed`."""
        self.get(name)
        return changed(self._place, self._project, name, since, until)

    def note_problem(self, name: str, at: int, problem: str) -> None:
        """A refresh failed, and why."""
        from sqlalchemy import update

        from footfall.metadata.database.tables import segments

        key = {"project": self._project, "name": name}
        with self._place.transaction(self._clock) as connection:
            values = {"tried_at": at, "problem": problem[:MADE_OF_LENGTH_MAX]}
            connection.execute(update(segments).filter_by(**key).values(values))

    def drop(self, name: str) -> None:
        """Remove it with its versions and sizes.

        Raises:
            Invalid: there is none.
            Conflict: others are made of it.
        """
        self.get(name)
        users = sorted(one.name for one in self.list() if name in segments_in(one.definition))
        if users:
            raise Conflict(f"other segments are made of it; change them first: {', '.join(users)}")
        from sqlalchemy import delete

        from footfall.metadata.database import tables as kept

        with self._place.transaction(self._clock) as connection:
            for table in (
                kept.segment_lists,
                kept.segment_sizes,
                kept.segment_versions,
                kept.segments,
            ):
                connection.execute(
                    delete(table).where((table.c.project == self._project) & (table.c.name == name))
                )

    def _demand_no_circle(self, connection: Any, name: str, definition: Segment) -> None:
        """Refuse what would be part of itself, as of this transaction."""
        from sqlalchemy import select

        from footfall.metadata.database.tables import segment_versions, segments

        newest = (
            (segments.c.project == segment_versions.c.project)
            & (segments.c.name == segment_versions.c.name)
            & (segments.c.version == segment_versions.c.version)
        )
        query = select(segments.c.name, segment_versions.c.definition).where(
            newest, segments.c.project == self._project
        )
        parts = {
            row.name: segments_in(_definitions.decode(row.definition))
            for row in connection.execute(query)
        }
        parts[name] = segments_in(definition)
        pending, seen = sorted(parts[name]), {name: [name]}
        way = {one: [name, one] for one in pending}
        while pending:
            one = pending.pop()
            if one == name:
                raise Invalid(f"a segment cannot be part of itself: {' → '.join(way[one])}")
            if one in seen:
                continue
            seen[one] = way[one]
            for other in sorted(parts.get(one, ())):
                way[other] = [*way[one], other]
                pending.append(other)

    def _is_same(
        self, connection: Any, name: str, version: int, text: str, packed: bytes | None
    ) -> bool:
        from sqlalchemy import select

        from footfall.metadata.database.tables import segment_versions as table

        key = {"project": self._project, "name": name, "version": version}
        row = connection.execute(select(table.c.definition, table.c.ids).filter_by(**key)).first()
        return row is not None and row.definition == text and row.ids == packed

    def _forget_versions(self, connection: Any, name: str, newest: int) -> None:
        from sqlalchemy import delete, update

        from footfall.metadata.database.tables import segment_versions as table

        mine = (table.c.project == self._project) & (table.c.name == name)
        connection.execute(delete(table).where(mine, table.c.version <= newest - VERSIONS_MAX))
        connection.execute(update(table).where(mine, table.c.version < newest).values(ids=None))


def _kept(row: tuple[Any, ...]) -> KeptSegment:
    name, title, version, definition, listed, every, made_at, made_of, changed_at, tried, why = row
    return KeptSegment(
        name=name,
        title=title,
        version=version,
        definition=_definitions.decode(definition),
        listed=listed,
        every=every,
        made_at=made_at,
        made_of=made_of,
        changed_at=changed_at,
        tried_at=tried,
        problem=why,
    )
