"""The metadata of one installation, for everybody but the collector."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

import msgspec
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from footfall.clock import Clock, SystemClock
from footfall.errors import Closed, Corrupt
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.metadata.added import catalog_rows as _catalog
from footfall.metadata.added.catalog import Key
from footfall.metadata.added.definitions import DefinitionNotes
from footfall.metadata.added.query_rows import Queries
from footfall.metadata.database.insert import insert
from footfall.metadata.database.schema import open_engine
from footfall.metadata.database.tables import published
from footfall.metadata.keys import apps as _apps
from footfall.metadata.keys import credentials as _credentials
from footfall.metadata.place import MetadataPlace, unavailable
from footfall.metadata.progress import epochs as _epochs
from footfall.metadata.progress import leases as _leases
from footfall.metadata.progress.epochs import Epoch
from footfall.metadata.progress.leases import Holder, Lease
from footfall.metadata.progress.published import PublishedProgress
from footfall.positions import Place, Positions
from footfall.project import App, ServerKey, WriteId
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
        with self._transaction() as connection:
            _apps.create_project(connection, project, self._clock.now_us())

    def projects(self) -> list[str]:
        """Ids of all projects, in order of creation."""
        with self._transaction() as connection:
            return _apps.all_projects(connection)

    def create_app(self, app: App) -> WriteId:
        """Add an app to a project, with two write ids.

        One is the app's own id, for SDKs that send that; the other is random and returned.

        Raises:
            Invalid: an id, the time zone or an origin has the wrong form, or there is no such
                project.
            Conflict: the project has the app already, or its id is another app's write id.
        """
        with self._transaction() as connection:
            return _apps.create_app(connection, app, self._clock.now_us())

    def apps(self, project: str) -> list[App]:
        """Apps of a project, in order of creation."""
        with self._transaction() as connection:
            return _apps.apps_of(connection, project)

    def set_origins(self, project: str, app_id: str, origins: tuple[str, ...]) -> None:
        """Change whose pages may send for an app; the collector follows within a second.

        Raises:
            Invalid: there is no such app, or an origin has the wrong form.
        """
        with self._transaction() as connection:
            _apps.set_origins(connection, project, app_id, origins)

    # Keys

    def create_write_id(self, project: str, app_id: str, write_id: str | None = None) -> WriteId:
        """Add a write id to an app: the one given, else a random one.

        Raises:
            Invalid: it has the wrong form, or there is no such app.
            Conflict: it is taken, be it revoked.
        """
        now = self._clock.now_us()
        with self._transaction() as connection:
            return _credentials.create_write_id(connection, project, app_id, write_id, now)

    def write_ids(self, project: str, app_id: str | None = None) -> list[WriteId]:
        """Write ids of an app, or of the whole project, in order of creation."""
        with self._transaction() as connection:
            return _credentials.write_ids_of(connection, project, app_id)

    def revoke_write_id(self, write_id: str) -> None:
        """Refuse requests with this write id from now on; revoking twice is fine.

        Raises:
            Invalid: there is no such write id.
        """
        with self._transaction() as connection:
            _credentials.revoke_write_id(connection, write_id, self._clock.now_us())

    def create_server_key(self, project: str, app_id: str) -> tuple[str, ServerKey]:
        """Add a secret key to an app.

        Returns:
            The key itself, which is shown this once and kept nowhere, and what is kept of it.

        Raises:
            Invalid: there is no such app.
        """
        now = self._clock.now_us()
        with self._transaction() as connection:
            return _credentials.create_server_key(connection, project, app_id, now)

    def server_keys(self, project: str, app_id: str | None = None) -> list[ServerKey]:
        """Server keys of an app, or of the whole project, in order of creation."""
        with self._transaction() as connection:
            return _credentials.server_keys_of(connection, project, app_id)

    def revoke_server_key(self, key: str) -> None:
        """Refuse requests with this key from now on; revoking twice is fine.

        Args:
            key: Its hash, its first characters as shown, or the key itself.

        Raises:
            Invalid: no key or several keys match.
        """
        with self._transaction() as connection:
            _credentials.revoke_server_key(connection, key, self._clock.now_us())

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
        """Write and remove entries of a catalog: all or nothing.

        Args:
            project: Whose.
            puts: Entries as they shall be.
            removes: Keys that shall not be there; those that are not there already are fine.
            version: What the decision was made from; `None` if it does not matter.

        Returns:
            The new version.

        Raises:
            Conflict: something was changed since `version`; read again and decide anew.
        """
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
