"""The metadata of one installation, for everybody but the collector."""

from __future__ import annotations

import json
import sqlite3
import zoneinfo
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import msgspec
from sqlalchemy import Connection, Engine, Row, Table, select, update
from sqlalchemy.exc import DBAPIError

from footfall.clock import Clock, SystemClock, random_token
from footfall.errors import Closed, Conflict, Corrupt, Invalid
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.metadata.added import catalog_rows as _catalog
from footfall.metadata.added.catalog import Key
from footfall.metadata.added.definitions import DefinitionNotes
from footfall.metadata.added.query_rows import Queries
from footfall.metadata.database.insert import insert
from footfall.metadata.database.schema import open_engine
from footfall.metadata.database.tables import apps, projects, published, server_keys, write_ids
from footfall.metadata.keys.origins import normal_origin
from footfall.metadata.place import MetadataPlace, unavailable
from footfall.metadata.progress import epochs as _epochs
from footfall.metadata.progress import leases as _leases
from footfall.metadata.progress.epochs import Epoch
from footfall.metadata.progress.leases import Holder, Lease
from footfall.metadata.progress.published import PublishedProgress
from footfall.positions import Place, Positions
from footfall.project import (
    ID_PATTERN,
    SERVER_KEY_PREFIX,
    SERVER_KEY_SHOWN,
    WRITE_ID_PREFIX,
    App,
    ServerKey,
    WriteId,
    hash_server_key,
)
from footfall.settings import MetadataSettings

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Metadata:
    """Projects, apps, keys and epochs. Safe to use from several processes at once."""

    def __init__(self, engine: Engine, place: MetadataPlace, clock: Clock) -> None:
        """Use `open` instead."""
        self._engine: Engine | None = engine
        self._place = place
        self._clock = clock

    @classmethod
    def open(
        cls, home: Home, clock: Clock | None = None, settings: MetadataSettings | None = None
    ) -> Metadata:
        """Open the database, made or brought to this version's schema if need be.

        Args:
            home: Has it, unless the settings say otherwise.
            clock: The machine's by default.
            settings: Of the installation; without them it is the home's file.

        Raises:
            Invalid: a newer version of the program wrote it, or its driver is not installed.
            Unavailable: it cannot be opened now.
            Corrupt: it is damaged.
        """
        return cls.at(MetadataPlace.of(home, settings), clock or SystemClock())

    @classmethod
    def at(cls, place: MetadataPlace, clock: Clock) -> Metadata:
        """Open the database of a place; raises as `open`."""
        return cls(open_engine(place), place, clock)

    def close(self) -> None:
        """Close all connections; safe to call twice."""
        if self._engine is not None:
            self._engine.dispose()
        self._engine = None

    @property
    def queries(self) -> Queries:
        """Continuous queries of all projects."""
        return Queries(self._transaction)

    # Projects and apps

    def create_project(self, project: str) -> None:
        """Add a project; one that exists already is left as it is.

        Raises:
            Invalid: the id is not of the form of `ID_PATTERN`.
        """
        _check_id("project", project)
        with self._transaction() as connection:
            row = {"project": project, "created_at": self._clock.now_us()}
            connection.execute(insert(connection, projects).values(row).on_conflict_do_nothing())

    def projects(self) -> list[str]:
        """Ids of all projects, in order of creation."""
        with self._transaction() as connection:
            query = select(projects.c.project).order_by(projects.c.created_at, projects.c.project)
            return list(connection.execute(query).scalars())

    def create_app(self, app: App) -> WriteId:
        """Add an app to a project, with two write ids.

        One is the app's own id, for SDKs that send that; the other is random and returned.

        Raises:
            Invalid: an id, the time zone or an origin has the wrong form, or there is no such
                project.
            Conflict: the project has the app already, or its id is another app's write id.
        """
        _check_id("app", app.app_id)
        origins = _checked_origins(app)
        now = self._clock.now_us()
        random = WriteId(WRITE_ID_PREFIX + random_token(12), app.app_id, now)
        with self._transaction() as connection:
            if not connection.execute(select(projects).filter_by(project=app.project)).first():
                raise Invalid(f"there is no such project; create it first: project={app.project}")
            if _app_row(connection, app.project, app.app_id):
                raise Conflict(f"the project has this app already: app={app.app_id}")
            connection.execute(
                insert(connection, apps).values(
                    project=app.project,
                    app_id=app.app_id,
                    name=app.name,
                    time_zone=app.time_zone,
                    origins=json.dumps(origins),
                    created_at=now,
                )
            )
            for write_id in (WriteId(app.app_id, app.app_id, now), random):
                _insert_write_id(connection, app.project, write_id)
        return random

    def apps(self, project: str) -> list[App]:
        """Apps of a project, in order of creation."""
        with self._transaction() as connection:
            query = select(apps).filter_by(project=project)
            rows = connection.execute(query.order_by(apps.c.created_at, apps.c.app_id)).all()
        return [_app(row) for row in rows]

    def set_origins(self, project: str, app_id: str, origins: tuple[str, ...]) -> None:
        """Change whose pages may send for an app; the collector follows within a second.

        Raises:
            Invalid: there is no such app, or an origin has the wrong form.
        """
        with self._transaction() as connection:
            row = _app_row(connection, project, app_id)
            if row is None:
                raise Invalid(f"there is no such app: {project=} app={app_id}")
            app = App(project, app_id, row.name, row.time_zone, origins)
            origins = _checked_origins(app)
            connection.execute(
                update(apps)
                .where((apps.c.project == project) & (apps.c.app_id == app_id))
                .values(origins=json.dumps(origins))
            )

    # Keys

    def create_write_id(self, project: str, app_id: str, write_id: str | None = None) -> WriteId:
        """Add a write id to an app: the one given, else a random one.

        Raises:
            Invalid: it has the wrong form, or there is no such app.
            Conflict: it is taken, be it revoked.
        """
        text = write_id if write_id is not None else WRITE_ID_PREFIX + random_token(12)
        _check_id("write id", text)
        created = WriteId(text, app_id, self._clock.now_us())
        with self._transaction() as connection:
            _check_app_exists(connection, project, app_id)
            _insert_write_id(connection, project, created)
        return created

    def write_ids(self, project: str, app_id: str | None = None) -> list[WriteId]:
        """Write ids of an app, or of the whole project, in order of creation."""
        return [
            WriteId(row.write_id, row.app_id, row.created_at, row.revoked_at)
            for row in self._keys(write_ids, project, app_id)
        ]

    def revoke_write_id(self, write_id: str) -> None:
        """Refuse requests with this write id from now on; revoking twice is fine.

        Raises:
            Invalid: there is no such write id.
        """
        self._revoke(write_ids, "write_id", write_id, write_id)

    def create_server_key(self, project: str, app_id: str) -> tuple[str, ServerKey]:
        """Add a secret key to an app.

        Returns:
            The key itself, which is shown this once and kept nowhere, and what is kept of it.

        Raises:
            Invalid: there is no such app.
        """
        secret = SERVER_KEY_PREFIX + random_token(24)
        key = ServerKey(
            hash_server_key(secret), secret[:SERVER_KEY_SHOWN], app_id, self._clock.now_us()
        )
        with self._transaction() as connection:
            _check_app_exists(connection, project, app_id)
            connection.execute(
                insert(connection, server_keys).values(
                    key_hash=key.key_hash,
                    prefix=key.prefix,
                    project=project,
                    app_id=app_id,
                    created_at=key.created_at,
                )
            )
        return secret, key

    def server_keys(self, project: str, app_id: str | None = None) -> list[ServerKey]:
        """Server keys of an app, or of the whole project, in order of creation."""
        return [
            ServerKey(row.key_hash, row.prefix, row.app_id, row.created_at, row.revoked_at)
            for row in self._keys(server_keys, project, app_id)
        ]

    def revoke_server_key(self, key: str) -> None:
        """Refuse requests with this key from now on; revoking twice is fine.

        Args:
            key: Its hash, its first characters as shown, or the key itself.

        Raises:
            Invalid: no key or several keys match.
        """
        if key.startswith(SERVER_KEY_PREFIX) and len(key) > SERVER_KEY_SHOWN:
            self._revoke(server_keys, "key_hash", hash_server_key(key), key[:SERVER_KEY_SHOWN])
        else:
            column = "prefix" if key.startswith(SERVER_KEY_PREFIX) else "key_hash"
            self._revoke(server_keys, column, key, key)

    # The writer's lease

    def lease(self, project: str) -> Lease | None:
        """Who writes the project, or wrote it last; `None` if nobody ever did."""
        with self._transaction() as connection:
            return _leases.read(connection, project)

    def take_lease(self, project: str, seen: Lease | None, holder: Holder, above: int = 0) -> int:
        """Become the only writer; the new term. What comes under older ones is refused from now on.

        The term is higher than the last one, and than `above`.

        Raises:
            Conflict: the lease is not as it was `seen` any more: somebody renewed or took it.
        """
        with self._transaction() as connection:
            return _leases.take(connection, project, seen, holder, above, self._clock.now_us())

    def renew_lease(self, project: str, term: int) -> None:
        """Show that the holder of `term` lives.

        Raises:
            LeaseLost: a higher term was taken.
        """
        with self._transaction() as connection:
            _leases.renew(connection, project, term)

    def give_up_lease(self, project: str, term: int) -> None:
        """Let the next writer take over at once; nothing happens if it already did."""
        with self._transaction() as connection:
            _leases.give_up(connection, project, term)

    # For other machines

    @property
    def is_shared(self) -> bool:
        """Whether other machines may read it."""
        return not self._place.is_local

    def publish(self, project: str, progress: PublishedProgress, live: bytes) -> None:
        """Show how far the project is, unless a later epoch is shown: no promise, a picture."""
        values = {
            "epoch": progress.epoch,
            "at": progress.published_at,
            "progress": msgspec.json.encode(progress).decode(),
            "live": live.decode(),
        }
        with self._transaction() as connection:
            row = insert(connection, published).values(project=project, **values)
            connection.execute(
                row.on_conflict_do_update(
                    index_elements=["project"],
                    set_=values,
                    where=published.c.epoch <= progress.epoch,
                )
            )

    # The catalog

    def change_catalog(
        self, project: str, puts: Mapping[Key, str], removes: Iterable[Key], version: int | None
    ) -> int:
        """See `footfall.metadata.added.catalog.change_entries`."""
        with self._transaction() as connection:
            now = self._clock.now_us()
            return _catalog.change(connection, project, puts, removes, version, now)

    # Epochs

    def plan_epoch(
        self,
        project: str,
        epoch: int,
        *,
        log_from: Positions,
        log_to: Positions,
        watermark: int,
        plan: str,
        term: int = 0,
    ) -> None:
        """Write an epoch's plan, before anything else of the epoch is written.

        Planning the same again is fine. `term` is the writer's; 0 writes without a lease, which
        works while nobody ever took one.

        Raises:
            LeaseLost: a higher term was taken.
            Conflict: it does not follow the last epoch, or that one is not committed yet, or it
                was planned otherwise.
        """
        now = self._clock.now_us()
        with self._transaction() as connection:
            _leases.check(connection, project, term)
            _epochs.plan(connection, project, epoch, log_from, log_to, watermark, plan, now)

    def commit_epoch(self, project: str, epoch: int, ledger: Ledger, *, term: int = 0) -> None:
        """Note that every table has the epoch. Committing the same again is fine.

        Raises:
            LeaseLost: a higher term than `term` was taken.
            Conflict: it was not planned.
            Corrupt: it was committed with another ledger, which redoing it may never give.
        """
        with self._transaction() as connection:
            _leases.check(connection, project, term)
            _epochs.commit(connection, project, epoch, ledger, self._clock.now_us())

    def amend_plan(
        self,
        project: str,
        epoch: int,
        plan: str,
        *,
        log_to: Positions,
        watermark: int,
        term: int = 0,
    ) -> None:
        """Replace the plan of an epoch that no table has anything of.

        Raises:
            LeaseLost: a higher term than `term` was taken.
            Conflict: the epoch is committed, or was not planned.
        """
        with self._transaction() as connection:
            _leases.check(connection, project, term)
            _epochs.amend(connection, project, epoch, plan, log_to, watermark)

    def quarantine(self, project: str, places: Iterable[Place], *, term: int = 0) -> None:
        """Note requests that are never to be decoded, by their places in the log.

        Raises:
            LeaseLost: a higher term than `term` was taken.
        """
        with self._transaction() as connection:
            _leases.check(connection, project, term)
            _epochs.quarantine(connection, project, places, self._clock.now_us())

    def quarantined(self, project: str, start: Positions | None = None) -> tuple[Place, ...]:
        """Places of quarantined requests, those at or after `start`, by partition and offset."""
        with self._transaction() as connection:
            return _epochs.quarantined_from(connection, project, start or Positions())

    def plans_after(self, project: str, epoch: int) -> list[str]:
        """Plans of the epochs after `epoch`, committed or not, in order."""
        with self._transaction() as connection:
            return _epochs.plans_after(connection, project, epoch)

    def ledger(self, project: str) -> Ledger:
        """Sum over all committed epochs."""
        with self._transaction() as connection:
            return _epochs.ledger_total(connection, project)

    def positions_at(self, project: str, before_us: int) -> Positions:
        """Where the log goes on after the last committed epoch planned before `before_us`.

        All requests before it were received before `before_us`.
        """
        with self._transaction() as connection:
            return _epochs.positions_at(connection, project, before_us)

    def epoch_at(self, project: str, before_us: int) -> int:
        """Newest committed epoch planned before `before_us`; 0 for none."""
        with self._transaction() as connection:
            return _epochs.epoch_at(connection, project, before_us)

    def last_epochs(self, project: str, limit: int = 20) -> list[Epoch]:
        """The newest epochs, newest first."""
        with self._transaction() as connection:
            return _epochs.last(connection, project, limit)

    def epoch(self, project: str, epoch: int) -> Epoch | None:
        """One epoch, committed or not; `None` if it was not planned yet or was forgotten."""
        with self._transaction() as connection:
            return _epochs.one(connection, project, epoch)

    def first_epoch(self, project: str) -> int | None:
        """The oldest epoch that was not forgotten; none if none was planned."""
        with self._transaction() as connection:
            return _epochs.first(connection, project)

    def forget_epochs(self, project: str, before: int) -> int:
        """Remove epochs below `before`, never the newest committed one; how many there were.

        The sum of ledgers stays. Call it with the oldest epoch that a checkpoint may need.
        """
        with self._transaction() as connection:
            return _epochs.forget(connection, project, before)

    @property
    def definitions(self) -> DefinitionNotes:
        """Session definitions that were added while a project runs."""
        return DefinitionNotes(self._transaction, self._clock)

    def _keys(self, table: Table, project: str, app_id: str | None) -> list[Row[tuple[str, ...]]]:
        query = select(table).where(table.c.project == project)
        if app_id is not None:
            query = query.where(table.c.app_id == app_id)
        with self._transaction() as connection:
            return list(connection.execute(query.order_by(table.c.created_at, *table.primary_key)))

    def _revoke(self, table: Table, column: str, value: str, shown: str) -> None:
        with self._transaction() as connection:
            rows = connection.execute(select(table).where(table.c[column] == value)).all()
            if len(rows) != 1:
                found = "no key matches" if not rows else "several keys match; give the hash"
                raise Invalid(f"{found}: {column}={shown}")
            if rows[0].revoked_at is None:
                connection.execute(
                    update(table)
                    .where(table.c[column] == value)
                    .values(revoked_at=self._clock.now_us())
                )

    def transaction(self) -> AbstractContextManager[Connection]:
        """One transaction, for those who keep tables of their own here."""
        return self._transaction()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._engine is None:
            raise Closed("metadata was closed")
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            if getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _DAMAGE:
                raise Corrupt(
                    f"metadata is damaged; restore it from a backup: {error.orig}"
                ) from error
            raise unavailable(self._place, error.orig) from error


def _insert_write_id(connection: Connection, project: str, write_id: WriteId) -> None:
    row = connection.execute(select(write_ids).filter_by(write_id=write_id.write_id)).first()
    if row is not None:
        raise Conflict(
            f"write id is taken; choose another: write_id={write_id.write_id}"
            f" project={row.project} app={row.app_id}"
        )
    connection.execute(
        insert(connection, write_ids).values(
            write_id=write_id.write_id,
            project=project,
            app_id=write_id.app_id,
            created_at=write_id.created_at,
        )
    )


def _app_row(connection: Connection, project: str, app_id: str) -> Row[tuple[str, ...]] | None:
    return connection.execute(select(apps).filter_by(project=project, app_id=app_id)).first()


def _check_app_exists(connection: Connection, project: str, app_id: str) -> None:
    if _app_row(connection, project, app_id) is None:
        raise Invalid(f"there is no such app; create it first: {project=} app={app_id}")


def _app(row: Row[tuple[str, ...]]) -> App:
    return App(row.project, row.app_id, row.name, row.time_zone, tuple(json.loads(row.origins)))


def _check_id(what: str, text: str) -> None:
    if not ID_PATTERN.fullmatch(text):
        raise Invalid(
            f"{what} id has letters, digits, _ . - and at most 64 of them, first a letter or digit:"
            f" {text!r}"
        )


def _checked_origins(app: App) -> tuple[str, ...]:
    """The app's origins as browsers send them; all mistakes of the app are told at once."""
    problems = []
    if app.time_zone not in zoneinfo.available_timezones():
        problems.append(f"time zone is an IANA name such as Europe/Berlin, not {app.time_zone!r}")
    origins: dict[str, None] = {}
    for origin in app.origins:
        try:
            origins[normal_origin(origin)] = None
        except Invalid as error:
            problems.append(str(error))
    if problems:
        raise Invalid("app has mistakes; mend them:", tuple(problems))
    return tuple(origins)
