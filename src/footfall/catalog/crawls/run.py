"""One run of a crawl: what is there now, against what was known.

Files that are as they were are not opened again. What a run found is decided here and written by
`store` in one transaction, so a run that dies half-way changed nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from footfall.catalog.crawls import layout
from footfall.catalog.crawls.inspect import Inspected
from footfall.catalog.crawls.listing import Found, Listing
from footfall.catalog.crawls.types import is_widened, merged
from footfall.catalog.entries import (
    COLUMNS_MAX,
    FAULTS_MAX,
    Column,
    ColumnChange,
    Crawl,
    CrawlReport,
    Declared,
    File,
    FileFault,
    Partition,
    Shape,
    Table,
    TableChange,
)

Inspect = Callable[[Sequence[tuple[str, Path]]], Iterator[Inspected]]
"""`Inspectors.inspect_all`."""
_TABLES_MAX: Final = 200
_COPY_NAME_MAX: Final = 150
"""Bytes of a file's name in that of its copy, which is longer; file systems take 255."""
_NO_FILES: Final = (
    "there are no files to read; names that begin with _ or . do not count. Tables come with the"
    " first run that finds some"
)


class Outcome(msgspec.Struct, frozen=True):
    """What a run comes to."""

    tables: tuple[Table, ...]
    by_folder: bool | None
    report: CrawlReport
    """Times are its caller's to fill in."""


class Run:
    """One run; see the module's text."""

    def __init__(
        self,
        crawl: Crawl,
        known: Sequence[Table],
        taken: frozenset[str],
        copies: Path,
        inspect: Inspect,
    ) -> None:
        """Look at nothing yet.

        Args:
            crawl: Whose.
            known: Its tables as the last run left them.
            taken: Names that others have.
            copies: Directory for what cannot be read where it lies.
            inspect: Looks into files below the crawl's place.
        """
        self._crawl = crawl
        self._known = {table.folder: table for table in known}
        self._taken = set(taken)
        self._copies = copies
        self._inspect = inspect
        self._inspected: dict[str, Inspected] = {}
        self._notes: list[str] = []
        self._changes: list[ColumnChange] = []
        self._faults: list[FileFault] = []
        self._faults_count = 0
        self._read = self._bytes = 0

    def of(self, listing: Listing) -> Outcome:
        """What the files that are there make of the tables."""
        found = listing.files
        self._notes += listing.notes
        if not found:
            self._notes.append(_NO_FILES)
        self._look_at_changed(found)
        by_folder, folders = self._folders(found)
        tables, changes = [], []
        for folder, files in folders.items():
            table, change = self._table(folder, files)
            if table is not None and change is not None:
                tables.append(table)
                changes.append(change)
        report = CrawlReport(
            0,
            0,
            len(found),
            self._read,
            self._bytes,
            tuple(changes),
            tuple(self._changes[:FAULTS_MAX]),
            tuple(self._faults[:FAULTS_MAX]),
            self._faults_count,
            tuple(self._notes),
        )
        return Outcome(tuple(tables), by_folder, report)

    def _folders(self, found: Sequence[Found]) -> tuple[bool | None, dict[str, list[Found]]]:
        """Files by the table's folder, their paths below it."""
        by_first = layout.folders_of(file.path for file in found)
        by_folder = self._crawl.by_folder
        if self._crawl.declared is not None:
            by_folder = False
        if by_folder is None and found:
            by_folder = self._decide(by_first, {file.path: file for file in found})
        if not by_folder:
            # A table that has lost its last file stays, with its columns and no rows.
            return by_folder, {"": list(found)} if found or "" in self._known else {}
        folders: dict[str, list[Found]] = {folder: [] for folder in self._known}
        for file in found:
            folder, slash, rest = file.path.partition("/")
            here = msgspec.structs.replace(file, path=rest) if slash else file
            folders.setdefault(folder if slash else "", []).append(here)
        if len(folders) > _TABLES_MAX:
            self._notes.append(
                f"the place has {len(folders)} folders; only the first {_TABLES_MAX} are tables"
            )
        return True, dict(sorted(folders.items())[:_TABLES_MAX])

    def _decide(self, by_first: Mapping[str, list[str]], found: Mapping[str, Found]) -> bool:
        """Whether first-level folders are tables of their own."""
        if set(by_first) == {""} or layout.are_partitions(by_first):
            return False
        columns = {
            folder: {
                column.name for path in paths for column in self._look("", found[path]).columns
            }
            for folder, paths in by_first.items()
        }
        return not layout.are_like(columns)

    def _look(self, folder: str, file: Found) -> Inspected:
        path = f"{folder}/{file.path}" if folder else file.path
        if path not in self._inspected:  # it is known, and its place's form is decided anew
            whole = msgspec.structs.replace(file, path=path)
            self._look_at([whole])
        return self._inspected[path]

    def _look_at_changed(self, found: Sequence[Found]) -> None:
        """Files that are new or changed, all together."""
        known = {
            f"{table.folder}/{file.path}" if table.folder else file.path: (file.size, file.stamp)
            for table in self._known.values()
            for file in table.files
        }
        self._look_at([one for one in found if known.get(one.path) != (one.size, one.stamp)])

    def _look_at(self, files: Sequence[Found]) -> None:
        inspected = self._inspect([(one.path, self._copy_of(one)) for one in files])
        for file, seen in zip(files, inspected, strict=True):
            self._inspected[file.path] = seen
            self._read += 1
            self._bytes += file.size

    def _copy_of(self, file: Found) -> Path:
        """Where the readable part of a file goes, if it must be kept."""
        text = f"{file.path}\0{file.size}\0{file.stamp}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        folders, slash, name = file.path.rpartition("/")
        short = name.encode()[:_COPY_NAME_MAX].decode(errors="ignore")
        return self._copies / f"{folders}{slash}{short}.{digest}.gz"

    def _table(
        self, folder: str, found: Sequence[Found]
    ) -> tuple[Table | None, TableChange | None]:
        known = self._known.get(folder)
        was = {} if known is None else {file.path: file for file in known.files}
        files: list[File] = []
        shapes = [] if known is None else list(known.shapes)
        columns = [] if known is None else list(known.columns)
        faults = []
        fresh = 0
        kept_faults = () if known is None else known.faults
        if known is None and self._crawl.declared is not None:
            columns = list(self._crawl.declared.columns)
        name = self._name(folder) if known is None else known.name
        for one in found:
            before = was.get(one.path)
            if before is not None and (before.size, before.stamp) == (one.size, one.stamp):
                files.append(before)
                faults += [fault for fault in kept_faults if fault.file == one.path]
                continue
            fresh += 1
            inspected = self._declared(self._look(folder, one))
            mine = _below(folder, inspected.faults)
            faults += mine
            self._faults += inspected.faults
            self._faults_count += inspected.faults_count
            shape = -1
            if inspected.shape is not None:
                if self._crawl.declared is None:
                    self._note_mixed(name, one.path, columns, inspected)
                    columns = self._merge(name, one.path, columns, inspected.columns, known)
                shape = _number(shapes, _spelled(inspected, columns))
            files.append(File(one.path, one.size, one.stamp, shape, inspected.rows, inspected.copy))
        if not columns and known is None:
            return None, None
        root = f"{self._crawl.place}/{folder}" if folder else self._crawl.place
        table = Table(
            name,
            self._crawl.name,
            root,
            folder,
            tuple(columns),
            self._partitions(files, columns, known),
            tuple(shapes),
            tuple(files),
            tuple(faults[:FAULTS_MAX]),
            len(faults),
        )
        gone = len(was.keys() - {file.path for file in files})
        before_partitions = {layout.partition_of(path) for path in was}
        now = {layout.partition_of(file.path) for file in files if file.shape >= 0}
        change = TableChange(
            name,
            known is None,
            len(files),
            fresh,
            gone,
            sum(file.rows for file in files),
            tuple(sorted(now - before_partitions - {""})[:FAULTS_MAX]),
        )
        return table, change

    def _name(self, folder: str) -> str:
        wanted = layout.table_name(folder or self._crawl.name)
        name = wanted
        if name in self._taken:
            name = layout.table_name(f"{self._crawl.name}_{wanted}")
            self._notes.append(f"there is a {wanted} already; this one is called {name}")
        number = 2
        while name in self._taken:
            name, number = f"{name.rstrip('0123456789_')}_{number}", number + 1
        self._taken.add(name)
        return name

    def _partitions(
        self, files: Sequence[File], columns: Sequence[Column], known: Table | None
    ) -> tuple[Partition, ...]:
        declared = () if self._crawl.declared is None else self._crawl.declared.partitions
        before = tuple(Partition(one.name, one.name, one.type) for one in declared)
        if known is not None:
            before = known.partitions
        found = layout.partitions_of((file.path for file in files if file.shape >= 0), before)
        taken = {column.name.lower() for column in columns}
        named = []
        for one in found:
            name = one.name
            while name in taken:
                name = f"{name}_folder"
            taken.add(name)
            named.append(msgspec.structs.replace(one, name=name))
        return tuple(named)

    def _merge(
        self,
        table: str,
        file: str,
        columns: Sequence[Column],
        more: Sequence[Column],
        known: Table | None,
    ) -> list[Column]:
        """Columns with those of another file; what changed is noted."""
        kinds = {column.name: column for column in columns}
        by_lower = {name.lower(): name for name in kinds}
        if by_lower and more and not by_lower.keys() & {one.name.lower() for one in more}:
            self._note_unlike(table, file)
        for column in more:
            name = by_lower.get(column.name.lower())
            if name is None:
                if len(kinds) >= COLUMNS_MAX:
                    self._note_full(table, column.name, file)
                    continue
                kinds[column.name] = column
                by_lower[column.name.lower()] = column.name
                if known is not None or columns:
                    self._changes.append(ColumnChange(table, column.name, "", column.type, file))
                continue
            was = kinds[name].type
            now = merged(was, column.type)
            if now != was:
                is_conflict = not is_widened(was, now)
                if was:
                    self._changes.append(ColumnChange(table, name, was, now, file, is_conflict))
                kinds[name] = Column(name, now, kinds[name].comment)
            elif was == "VARCHAR" and column.type not in ("", "VARCHAR"):
                self._note_text(table, name, column.type, file)
        return list(kinds.values())

    def _note_mixed(
        self, table: str, file: str, columns: Sequence[Column], inspected: Inspected
    ) -> None:
        """Told once: why a column is text that looks like one of numbers."""
        texts = {column.name for column in columns if column.type == "VARCHAR"}
        self._notes += [
            f"{table}.{column} is text: in {file} {others}"
            for column, others in inspected.mixed
            if column not in texts
        ]

    def _note_unlike(self, table: str, file: str) -> None:
        """Told once: a file that may be no data of the table."""
        said = f"{table} has files without a column in common, which may be no data of it"
        if not any(note.startswith(said) for note in self._notes):
            self._notes.append(f"{said}; the first: {file}")

    def _note_full(self, table: str, column: str, file: str) -> None:
        """Told once: the table has as many columns as one may have."""
        said = f"{table} has {COLUMNS_MAX:,} columns and takes no more; left out"
        if not any(note.startswith(said) for note in self._notes):
            self._notes.append(f"{said}, among others, {column} of {file}")

    def _note_text(self, table: str, column: str, kind: str, file: str) -> None:
        """Told once: a column is text, and some file has something else for it."""
        if not any(
            (one.table, one.column) == (table, column) and one.is_conflict for one in self._changes
        ):
            self._changes.append(
                ColumnChange(table, column, kind, "VARCHAR", file, is_conflict=True)
            )

    def _declared(self, inspected: Inspected) -> Inspected:
        """As the files of an external table are read: cells have the names that were declared."""
        declared, shape = self._crawl.declared, inspected.shape
        if declared is None or shape is None or shape.format == "parquet":
            return inspected
        if shape.format == "json":
            own = msgspec.structs.replace(shape, columns=inspected.columns)
            return msgspec.structs.replace(inspected, shape=own)
        return msgspec.structs.replace(inspected, shape=_declared_shape(declared, shape))


def _declared_shape(declared: Declared, shape: Shape) -> Shape:
    names = [column.name for column in declared.columns]
    names += [f"column_{at}" for at in range(len(names), len(shape.columns))]
    columns = tuple(Column(name, "VARCHAR") for name in names[: len(shape.columns)])
    return msgspec.structs.replace(shape, columns=columns)


def _spelled(inspected: Inspected, columns: Sequence[Column]) -> Shape:
    """How the file is read; keys that it spells in another case than the table are named."""
    shape = inspected.shape
    assert shape is not None
    if shape.format != "json" or shape.columns:
        return shape
    names = {column.name for column in columns}
    lower = {name.lower() for name in names}
    others = [
        one for one in inspected.columns if one.name not in names and one.name.lower() in lower
    ]
    return msgspec.structs.replace(shape, columns=inspected.columns) if others else shape


def _number(shapes: list[Shape], shape: Shape) -> int:
    if shape not in shapes:
        shapes.append(shape)
    return shapes.index(shape)


def _below(folder: str, faults: Sequence[FileFault]) -> list[FileFault]:
    prefix = f"{folder}/" if folder else ""
    return [msgspec.structs.replace(one, file=one.file.removeprefix(prefix)) for one in faults]
