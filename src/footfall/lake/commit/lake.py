"""The lake of one project: create its tables, take an epoch once, swap files, list a snapshot's.

An epoch reaches a table in one Iceberg commit that appends its rows *and* sets the table property
`footfall.epoch`. Whether an epoch is in, that property says, after each reload (`landing`). A
snapshot's summary could not carry the number: compaction hides it and expiry removes it.

Beside the epoch stands `footfall.term`, the highest term of a writer's lease that the table has
seen; a writer with a lower one is refused. A commit fails if the table has another *snapshot* than
the one it was made from (a change of properties alone goes unnoticed: tested), so a new term is
stamped together with a snapshot that adds nothing: it fails whoever has looked already, and the
next look sees the term.

Maintenance *replaces* named data files by others that hold the same rows. It conflicts with a
concurrent append only in the catalog, whose loser reloads and looks whether what it wanted to
replace is still there; an append is never lost, and nothing is replaced twice.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.update.snapshot import ExpireSnapshots

from footfall.clock import Clock, SystemClock, uuid7
from footfall.columns import Column
from footfall.errors import LeaseLost
from footfall.home import make_directory
from footfall.lake.commit.create import (
    KEPT_PROPERTIES,
    comment_of,
    create_missing,
)
from footfall.lake.commit.data_files import DataFileWriter, write_sorted
from footfall.lake.commit.elsewhere import WrittenFiles, checked, order_of
from footfall.lake.commit.expiry import expired
from footfall.lake.commit.landing import land
from footfall.lake.commit.plans import TablePlan
from footfall.lake.cut import Plan
from footfall.lake.location import check_location, table_locations
from footfall.lake.place import LakePlace
from footfall.lake.read.planning import SnapshotFiles, data_files
from footfall.lake.store.catalog import reading_catalog
from footfall.lake.store.catalogs import reaching
from footfall.lake.store.damage import naming
from footfall.lake.tables.days import Days, append, overwrite
from footfall.lake.tables.evolve import SchemaChange, evolved
from footfall.lake.tables.layout import COMPACTED, FRESH
from footfall.lake.tables.schemas import from_lake, stage_schema
from footfall.lake.tables.specs import TABLES

EPOCH_PROPERTY: Final = "footfall.epoch"
TERM_PROPERTY: Final = "footfall.term"
FOLDED_PROPERTY: Final = "footfall.folded-epoch"
CHANGED_PROPERTY: Final = "footfall.changed-epoch"


class Lake:
    """Iceberg tables of one project (its namespace), wherever their files and catalog are."""

    def __init__(self, place: LakePlace | Path, project: str, clock: Clock | None = None) -> None:
        """Open or create the catalog and the project's tables at `place`.

        Args:
            place: Where; a path is a directory with everything in it.
            project: The tables' namespace.
            clock: For names and ages.

        Raises:
            Invalid: the lake was moved there; `footfall upgrade` registers it anew. Or its place
                needs other settings, or a package more.
            Corrupt: its catalog is damaged.
            Unavailable: its catalog or its object store does not answer.
        """
        if isinstance(place, Path):
            place = LakePlace.local(place)
        directory = place.directory
        make_directory(directory)
        if place.has_local_catalog:
            check_location(directory)
        self._place = place
        self._directory = directory
        self.project = project
        self._clock = clock or SystemClock()
        self.store = place.store
        self.locks = place.locks(project, self._clock)
        self._files = {name: SnapshotFiles() for name in TABLES}
        self._term = 0
        self._tables: dict[str, Table] = {}
        self._plans = {name: TablePlan(name, self._files[name]) for name in TABLES}
        if place.has_local_catalog:
            is_complete = {(project, name) for name in TABLES} <= table_locations(directory).keys()
            with contextlib.nullcontext() if is_complete else self.locks.creating():
                with reading_catalog(directory):
                    self._catalog = place.open_catalog()
                self._create()
        else:
            with self.locks.creating():
                self._catalog = place.open_catalog()
                self._create()

    def close(self) -> None:
        """Give connections to the catalog back; the lake is not used afterwards."""
        self._catalog.close()

    def epoch(self, table: str) -> int:
        """Last epoch that `table` holds; 0 for none."""
        return _epoch_of(self._reload(table))

    def folded_epoch(self, table: str) -> int:
        """Epoch up to which overrides or removals are part of `table`'s rows; 0 for none."""
        return int(self._reload(table).properties.get(FOLDED_PROPERTY, "0"))

    def changed_epoch(self) -> int:
        """Epoch up to which rows may not be as they were committed, or be gone; 0 for none."""
        return int(self._reload("events").properties.get(CHANGED_PROPERTY, "0"))

    def change_up_to(self, epoch: int) -> None:
        """Let rows of epochs up to `epoch` be changed from now on; call it before the first is.

        Compaction changes none.

        Raises:
            Conflict, CommitUnknown: as `commit`; call again, before anything is changed.
        """
        if self.changed_epoch() < epoch:
            self.replace("events", (), (), {CHANGED_PROPERTY: str(epoch)})

    def write_as(self, term: int) -> None:
        """Write under the lease of `term` from now on: each epoch's commit carries it.

        A `Lake` that was not told a term commits epochs as 0: only where nobody ever had a lease.
        """
        self._term = term

    def term(self) -> int:
        """Highest term that any table has seen; 0 for none."""
        return max(_term_of(self._reload(table)) for table in TABLES)

    def fence(self) -> None:
        """Make every table refuse epochs of lower terms, before anything is committed.

        Needed when the writer before may still live; costs each table a snapshot without rows.

        Raises:
            LeaseLost: a table has seen a higher term; stop.
            Conflict: as `commit`.
            CommitUnknown: as `commit`.
        """

        def stage(transaction: Transaction) -> None:
            with transaction.update_snapshot().fast_append():
                pass
            transaction.set_properties({TERM_PROPERTY: str(self._term)})

        with self.locks.committing():
            for table in TABLES:
                self._land(table, self._is_newer, stage)

    def evolve(
        self, more: Mapping[str, Sequence[Column]] | None = None, *, as_pipeline: bool = True
    ) -> list[str]:
        """Give every table the columns, types and comments of its definition; see `tables.evolve`.

        Rows with a new column are refused before. Safe to call again, and to die in: each table is
        changed in one commit.

        Args:
            more: Columns that plug-ins add, by table (`footfall.columns.added`).
            as_pipeline: Under the writer's lease; otherwise the caller knows that no pipeline runs.

        Returns:
            Tables that were changed.

        Raises:
            Invalid: a table differs in a way that no data would survive; no table is changed, and
                the message says what to do.
            LeaseLost: a table has seen a higher term; stop.
            Conflict, CommitUnknown: as `commit`; call again.
        """
        for table in TABLES:
            self._wanted_schema(self._reload(table), table, more)
        with self.locks.committing():
            return [table for table in TABLES if self._evolve(table, more, as_pipeline=as_pipeline)]

    def _evolve(
        self, table: str, more: Mapping[str, Sequence[Column]] | None, *, as_pipeline: bool
    ) -> bool:
        wanted: Schema | None = None
        comment = comment_of(TABLES[table])

        def is_wanted(current: Table) -> bool:
            nonlocal wanted
            if as_pipeline:
                self._is_newer(current)
            wanted = self._wanted_schema(current, table, more)
            return wanted is not None or not comment.items() <= current.properties.items()

        def stage(transaction: Transaction) -> None:
            if wanted is not None:
                SchemaChange(transaction, wanted).commit()
            transaction.set_properties(comment)

        return self._land(table, is_wanted, stage) is not None

    def _wanted_schema(
        self, current: Table, table: str, more: Mapping[str, Sequence[Column]] | None
    ) -> Schema | None:
        added = (more or {}).get(table, ())
        return evolved(current.schema(), current.metadata.last_column_id, TABLES[table], added)

    def refuse_staged(self) -> None:
        """Make every commit fail that was made against the tables as they are now.

        Raises:
            Conflict, CommitUnknown: as `commit`; call again.
        """

        def stage(transaction: Transaction) -> None:
            with transaction.update_snapshot().fast_append():
                pass

        for table in TABLES:
            self._land(table, lambda _: True, stage)

    def write_order(self, table: str, first_day: int | None = None) -> bytes:
        """What data files that another process writes must be, for `write_elsewhere`.

        Hold `locks.committing` from here to the commit: files that nobody committed for long are
        garbage.

        Args:
            table: One of `TABLES`.
            first_day: First day (since 1970) that gets files of its own; none: every day does.
        """
        return order_of(self._reload(table), table, first_day).encode()

    def commit(
        self,
        table: str,
        rows: pa.Table | Sequence[WrittenFiles],
        epoch: int,
        days: Days | None = None,
    ) -> bool:
        """Append `rows` as `epoch`, once: `False` if the table has this or a later epoch already.

        Data files are written first, once; only the small metadata commit is tried again. No rows,
        no commit: redoing an epoch gives the same nothing.

        Args:
            table: One of `TABLES`.
            rows: As the stages see them; any order. Or what other processes wrote of them.
            epoch: Counts from 1.
            days: Days that get files of their own; rows of the others wait, see
                `footfall.lake.tables.days`. `None`: every day.

        Raises:
            Invalid: written files are not as `write_order` says; write them again.
            LeaseLost: the table has seen a higher term; stop.
            Conflict: other writers won `COMMIT_ATTEMPTS_MAX` times in a row; try the epoch again.
            CommitUnknown: the catalog did not say; call again, it looks before it writes.
        """
        if _is_empty(rows) or self.epoch(table) >= epoch:
            return False
        with self.locks.committing():
            if isinstance(rows, pa.Table):
                files = self.write_files(table, rows, self.new_id(), days)
            else:
                files = checked(self._reload(table), table, rows, epoch, self.store)
            before = self._plans[table].known

            def stage(transaction: Transaction) -> None:
                append(transaction, table, files)
                transaction.set_properties(
                    {EPOCH_PROPERTY: str(epoch), TERM_PROPERTY: str(self._term)}
                )

            def is_wanted(current: Table) -> bool:
                self._is_newer(current)
                return _epoch_of(current) < epoch

            committed = self._land(table, is_wanted, stage)
            if committed is not None:
                self._plans[table].extend(committed, before, files)
            return committed is not None

    def replace(
        self,
        table: str,
        remove: Sequence[DataFile],
        add: Sequence[DataFile],
        properties: Mapping[str, str] | None = None,
        *,
        as_pipeline: bool = False,
    ) -> bool:
        """Swap data files of the newest snapshot for others, all or none; `footfall.epoch` stays.

        Rows appended meanwhile stay as well.

        Args:
            table: One of `TABLES`.
            remove: Files to take out; none, to set `properties` alone.
            add: Durable files to put in. What they hold is the caller's promise.
            properties: Table properties to set in the same commit.
            as_pipeline: Refuse if the table has seen a higher term; do not wait for those who
                commit. The caller holds `locks.committing`.

        Returns:
            `False`, and nothing changed, if one of `remove` is not in the table any more: someone
            replaced it, perhaps an earlier attempt of this call.

        Raises:
            LeaseLost: as `commit`, with `as_pipeline`.
            Conflict: as `commit`; the files are still good, try again.
            CommitUnknown: as `commit`.
        """
        wanted = {file.file_path for file in remove}

        def is_wanted(current: Table) -> bool:
            if as_pipeline:
                self._is_newer(current)
            return wanted <= self._files[table].named(current).keys()

        def stage(transaction: Transaction) -> None:
            if remove or add:
                overwrite(transaction, table, remove, add)
            if properties:
                transaction.set_properties(dict(properties))

        lock = contextlib.nullcontext() if as_pipeline else self.locks.maintaining(self._clock)
        with lock:
            return self._land(table, is_wanted, stage) is not None

    def _land(
        self,
        table: str,
        is_wanted: Callable[[Table], bool],
        stage: Callable[[Transaction], None],
    ) -> Table | None:
        """See `landing.land`."""
        return land(table, self._reload, is_wanted, stage, self._place, self.locks.check)

    def _is_newer(self, current: Table) -> bool:
        """Whether the table has seen only lower terms than ours.

        Raises:
            LeaseLost: it has seen a higher one.
        """
        seen = _term_of(current)
        if seen > self._term:
            raise LeaseLost(
                "another pipeline has taken this project over; this one stops and writes nothing"
                f" more: table={current.name()[-1]} term={self._term} now={seen}"
            )
        return seen < self._term

    def plan(self, table: str) -> Plan:
        """Data files of the newest snapshot.

        A commit of ours only adds its files to the plan before it; after another's, manifests that
        were not seen before are read, at about a millisecond a file.
        """
        return self._plans[table].of(self._reload(table))

    def data_files(self, table: str) -> list[DataFile]:
        """What Iceberg knows of each data file of the newest snapshot."""
        current = self._reload(table)
        return data_files(current, current.current_snapshot())

    def read(self, table: str, columns: tuple[str, ...] | None = None) -> pa.Table:
        """All rows of a small table, as the stages see them; for large ones use the files.

        Args:
            table: One of `TABLES`.
            columns: Which; none: those of its definition, null where it lacks one yet, and then
                those that others added.
        """
        ours = TABLES[table].schema
        with self.locks.reading(), naming(f"a data file of {table}"):
            current = self._reload(table)
            there = stage_schema(current.schema())
            others = [field for field in there if field.name not in ours.names]
            schema = pa.schema([*ours, *others])
            if columns is not None:
                schema = pa.schema([schema.field(name) for name in columns])
            selected = tuple(name for name in schema.names if name in there.names)
            return from_lake(current.scan(selected_fields=selected).to_arrow(), schema)

    def schema(self, table: str) -> pa.Schema:
        """All columns that the table has, as between stages: for whoever rewrites its rows.

        May be more than its definition says (plug-ins add columns), and less before `evolve`.
        """
        return stage_schema(self._reload(table).schema())

    def table(self, table: str) -> Table:
        """The newest metadata."""
        return self._reload(table)

    def expire(self, table: str, count_max: int, age_max: int) -> int:
        """Forget snapshots beyond the newest `count_max`, or older than `age_max` (microseconds).

        Their files stay until they are swept. Also gives a table made by an older version the
        properties that ours have.

        Returns:
            How many were forgotten.

        Raises:
            Conflict, CommitUnknown: as `commit`; call again.
        """
        forgotten: list[int] = []

        def is_wanted(current: Table) -> bool:
            head = current.metadata.current_snapshot_id
            now = self._clock.now_us()
            forgotten[:] = expired(current.metadata.snapshots, head, now, count_max, age_max)
            has_ours = KEPT_PROPERTIES.items() <= current.properties.items()
            return bool(forgotten) or not has_ours

        def stage(transaction: Transaction) -> None:
            transaction.set_properties(KEPT_PROPERTIES)
            if forgotten:
                ExpireSnapshots(transaction).by_ids(forgotten).commit()

        with self.locks.maintaining(self._clock):
            return 0 if self._land(table, is_wanted, stage) is None else len(forgotten)

    def new_id(self) -> uuid.UUID:
        """A UUIDv7, for names of files."""
        return uuid.UUID(bytes=uuid7(self._clock.now_us()))

    def write_files(
        self, table: str, rows: pa.Table, name: uuid.UUID, days: Days | None = None
    ) -> list[DataFile]:
        """Write durable data files for a commit to name.

        Args:
            table: One of `TABLES`.
            rows: As the stages see them; any order.
            name: Goes into the files' names; never the same twice.
            days: As for `commit`.
        """
        return write_sorted(self._tables[table], table, rows, FRESH, name, days)

    def writer(self, table: str, name: uuid.UUID, days: Days | None = None) -> DataFileWriter:
        """Writes rewritten data files, of rows that come in order; `name` as in `write_files`."""
        return DataFileWriter(self._tables[table], table, COMPACTED, name, days)

    def _reload(self, table: str) -> Table:
        with self._reading(), naming(lambda: self._metadata_file(table)):
            if table in self._tables:
                self._tables[table] = self._tables[table].refresh()
            else:
                self._tables[table] = self._catalog.load_table((self.project, table))
        return self._tables[table]

    def _reading(self) -> contextlib.AbstractContextManager[None]:
        if self._place.has_local_catalog:
            return reading_catalog(self._directory)
        return reaching(self._place.catalog)

    def _metadata_file(self, table: str) -> str:
        location = None
        if self._place.has_local_catalog:
            location = table_locations(self._directory).get((self.project, table))
        return location or f"newest metadata of {table}"

    def _create(self) -> None:
        with contextlib.ExitStack() as undone:
            undone.callback(self.close)
            create_missing(self._catalog, self._place, self.project, self._reload)
            undone.pop_all()


def _is_empty(rows: pa.Table | Sequence[WrittenFiles]) -> bool:
    if isinstance(rows, pa.Table):
        return bool(rows.num_rows == 0)
    return not any(written.files for written in rows)


def _epoch_of(table: Table) -> int:
    return int(table.properties.get(EPOCH_PROPERTY, "0"))


def _term_of(table: Table) -> int:
    return int(table.properties.get(TERM_PROPERTY, "0"))
