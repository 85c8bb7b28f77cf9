"""Where dashboards are kept: drafts, published versions and links, in metadata.

Reading needs the standard library's drivers only; the first change loads SQLAlchemy. Whoever saves
says which version was read, so that of two people who edit at once the second is told, and nobody's
work is lost. Of a link only the SHA-256 of its token is kept: who reads the database gets in
nowhere, and a link that is removed opens nothing from then on.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import msgspec

from footfall.clock import Clock, random_token
from footfall.dashboards.definition import BYTES_MAX, Dashboard
from footfall.dashboards.reading import check_name, read_dashboard
from footfall.errors import Conflict, Invalid
from footfall.metadata.place import MetadataPlace

DASHBOARDS_MAX: Final = 500
"""Of a project."""
LINKS_MAX: Final = 50
"""Of a dashboard."""
LINK_ID_LENGTH: Final = 12
_COLUMNS: Final = "name, title, draft, published, version, updated_at, published_at"


class KeptDashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard as it is kept."""

    name: str
    definition: Dashboard
    version: int
    """To be said when it is saved again."""
    is_draft: bool
    """`definition` is not what readers see."""
    is_published: bool
    """Readers see a version of it."""
    updated_at: int
    """Microseconds since 1970 UTC."""
    published_at: int | None


class ListedDashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A dashboard in a list."""

    name: str
    title: str
    version: int
    has_draft: bool
    is_published: bool
    updated_at: int
    published_at: int | None
    links: int
    """Read-only links that open it."""


class DashboardLink(msgspec.Struct, frozen=True):
    """A read-only link, without its token."""

    id: str
    created_at: int


class Dashboards:
    """Those of one project. Safe to use from several processes at once."""

    def __init__(self, place: MetadataPlace, project: str, clock: Clock) -> None:
        """Touch nothing yet."""
        self._place = place
        self._project = project
        self._clock = clock

    def list(self) -> tuple[ListedDashboard, ...]:
        """All of them, by title.

        Raises:
            Unavailable: metadata cannot be read now.
        """
        links = dict(
            self._place.rows(
                "SELECT name, count(*) FROM dashboard_links WHERE project = ? GROUP BY name",
                (self._project,),
            )
        )
        rows = self._place.rows(
            "SELECT name, title, version, draft IS NOT NULL, published IS NOT NULL, updated_at,"
            " published_at FROM dashboards WHERE project = ? ORDER BY title, name",
            (self._project,),
        )
        return tuple(
            ListedDashboard(
                name=row[0],
                title=row[1],
                version=row[2],
                has_draft=bool(row[3]),
                is_published=bool(row[4]),
                updated_at=row[5],
                published_at=row[6],
                links=links.get(row[0], 0),
            )
            for row in rows
        )

    def find(self, name: str, *, is_published: bool = False) -> KeptDashboard | None:
        """A dashboard: its draft if it has one, or what readers see; `None` if there is none.

        Raises:
            Unavailable: metadata cannot be read now.
        """
        rows = self._place.rows(
            f"SELECT {_COLUMNS} FROM dashboards WHERE project = ? AND name = ?",  # noqa: S608
            (self._project, name),
        )
        return _kept(rows[0], is_published=is_published) if rows else None

    def get(self, name: str) -> KeptDashboard:
        """The same; raises `Invalid` with the names there are."""
        found = self.find(name)
        if found is None:
            names = ", ".join(one.name for one in self.list()) or "none yet"
            raise Invalid(f"no dashboard {name!r}; there are: {names}")
        return found

    def save(self, name: str, given: Any, version: int | None = None) -> KeptDashboard:
        """Keep a draft; readers go on to see what was published.

        Args:
            name: Of the dashboard, new or not.
            given: The dashboard: JSON, what it holds, or a `Dashboard`.
            version: The one that was changed; 0 for a new one; `None` takes any.

        Raises:
            Invalid: with every mistake in `problems`.
            Conflict: it was changed since that version.
        """
        return self._write(name, given, version, is_published=False)

    def publish(self, name: str, version: int | None = None) -> KeptDashboard:
        """Let readers see the draft; raises as `save`."""
        kept = self.get(name)
        wanted = kept.version if version is None else version
        return self._write(name, kept.definition, wanted, is_published=True)

    def apply(self, name: str, given: Any, version: int | None = None) -> KeptDashboard:
        """Save and publish in one; raises as `save`."""
        return self._write(name, given, version, is_published=True)

    def discard(self, name: str) -> KeptDashboard:
        """Drop the draft, back to what is published.

        Raises:
            Invalid: there is no such dashboard, or it was never published.
        """
        found = self.find(name, is_published=True)
        if found is None:
            raise Invalid(f"it was never published, so there is nothing to go back to: {name}")
        return self.apply(name, found.definition)

    def remove(self, name: str) -> None:
        """Remove it with its links.

        Raises:
            Invalid: there is none.
        """
        self.get(name)
        from sqlalchemy import delete

        from footfall.metadata.database.tables import dashboard_links, dashboards

        with self._place.transaction(self._clock) as connection:
            for table in (dashboard_links, dashboards):
                connection.execute(
                    delete(table).where((table.c.project == self._project) & (table.c.name == name))
                )

    # Links

    def share(self, name: str) -> tuple[str, DashboardLink]:
        """A link's token, which is told this once, and what is kept of it.

        Raises:
            Invalid: there is no such dashboard, it was not published, or it has too many links.
        """
        if self.find(name, is_published=True) is None:
            self.get(name)
            raise Invalid(f"publish it first; a link shows what is published: {name}")
        if len(self.links(name)) >= LINKS_MAX:
            raise Invalid(f"a dashboard has at most {LINKS_MAX} links; remove some: {name}")
        from sqlalchemy import insert

        from footfall.metadata.database.tables import dashboard_links

        token, now = random_token(), self._clock.now_us()
        with self._place.transaction(self._clock) as connection:
            connection.execute(
                insert(dashboard_links).values(
                    token_hash=_hash(token), project=self._project, name=name, created_at=now
                )
            )
        return token, DashboardLink(_hash(token)[:LINK_ID_LENGTH], now)

    def links(self, name: str) -> tuple[DashboardLink, ...]:
        """Links that open it, oldest first."""
        rows = self._place.rows(
            "SELECT token_hash, created_at FROM dashboard_links WHERE project = ? AND name = ?"
            " ORDER BY created_at, token_hash",
            (self._project, name),
        )
        return tuple(DashboardLink(row[0][:LINK_ID_LENGTH], row[1]) for row in rows)

    def unshare(self, name: str, link_id: str | None = None) -> int:
        """Remove one link or all; they open nothing from now on. How many there were.

        Raises:
            Invalid: there is no such dashboard.
        """
        self.get(name)
        from sqlalchemy import delete, func

        from footfall.metadata.database.tables import dashboard_links

        table = dashboard_links
        chosen = (table.c.project == self._project) & (table.c.name == name)
        if link_id is not None:
            chosen &= func.substr(table.c.token_hash, 1, LINK_ID_LENGTH) == link_id
        with self._place.transaction(self._clock) as connection:
            return int(connection.execute(delete(table).where(chosen)).rowcount)

    def shared(self, token: str) -> KeptDashboard | None:
        """What the link of a token shows: the published dashboard; `None` if it opens nothing."""
        rows = self._place.rows(
            "SELECT name FROM dashboard_links WHERE token_hash = ? AND project = ?",
            (_hash(token), self._project),
        )
        return self.find(str(rows[0][0]), is_published=True) if rows else None

    def _write(
        self, name: str, given: Any, version: int | None, *, is_published: bool
    ) -> KeptDashboard:
        check_name(name)
        definition = read_dashboard(given)
        text = msgspec.json.encode(definition).decode()
        if len(text) > BYTES_MAX:
            raise Invalid(f"a dashboard has at most {BYTES_MAX} bytes of JSON; split it")
        from sqlalchemy import func, select

        from footfall.metadata.database.insert import insert
        from footfall.metadata.database.tables import dashboards

        now = self._clock.now_us()
        mine = dashboards.c.project == self._project
        with self._place.transaction(self._clock) as connection:
            columns = dashboards.c
            row = connection.execute(
                select(columns.version, columns.published, columns.published_at).where(
                    mine & (columns.name == name)
                )
            ).first()
            current = 0 if row is None else row.version
            if version is not None and version != current:
                raise Conflict(
                    "the dashboard was changed meanwhile; load it again, and make the change there:"
                    f" name={name} version={current}"
                )
            if row is None:
                count = select(func.count()).select_from(dashboards).where(mine)
                if connection.execute(count).scalar_one() >= DASHBOARDS_MAX:
                    raise Invalid(f"a project has at most {DASHBOARDS_MAX} dashboards; remove some")
            values = {
                "title": definition.title,
                "draft": None if is_published else text,
                "published": text if is_published else (row and row.published),
                "version": current + 1,
                "updated_at": now,
                "published_at": now if is_published else (row and row.published_at),
            }
            made = insert(connection, dashboards).values(project=self._project, name=name, **values)
            connection.execute(
                made.on_conflict_do_update(index_elements=["project", "name"], set_=values)
            )
        return self.get(name)


def _kept(row: tuple[Any, ...], *, is_published: bool) -> KeptDashboard | None:
    name, _, draft, published, version, updated_at, published_at = row
    text = published if is_published or draft is None else draft
    if text is None:
        return None
    return KeptDashboard(
        name=name,
        definition=msgspec.json.decode(text, type=Dashboard),
        version=version,
        is_draft=text is draft,
        is_published=published is not None,
        updated_at=updated_at,
        published_at=published_at,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
