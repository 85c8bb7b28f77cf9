"""One cut, opened: the lists of its data files, and the rows of its Arrow files.

Once a cut is open its tail cannot vanish: its rows are in memory, or in files that are mapped. Its
plan files stay while it is in use (`_cut_places`), and what a plan file names is not removed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import pyarrow as pa

from footfall.columns import OWN_ID_MAX, Column
from footfall.columns.column import is_kind
from footfall.errors import Corrupt, Invalid, Unavailable
from footfall.event import conform
from footfall.lake import TableSpec, planned_tables, read_tables
from footfall.lake.cut import (
    HOT_FLAGS,
    SHOWN_SCHEMA,
    Cut,
    Plan,
)
from footfall.query.cuts.cut_places import CutPlace
from footfall.schema import arrow_schema
from footfall.session import OVERRIDE_SCHEMA, REMOVED_SCHEMA, SESSION_SCHEMA

REVISIONS: Final = "session_revisions"
"""View of what sessions were before late events changed or withdrew them."""
_ATTEMPTS_MAX = 5


def columns_of(spec: TableSpec, plan: Plan | None) -> tuple[Column, ...]:
    """What a view of a table shows: the definition's columns, then those that others added.

    A column of another engine whose type none of ours can have is left out.
    """
    planned = () if plan is None else plan.columns
    more = [column for column in planned if column.id > OWN_ID_MAX and is_kind(column.kind)]
    return (*spec.columns, *(Column(one.id, one.name, one.kind, "") for one in more))


def view_names() -> tuple[str, ...]:
    """Names that a statement may use, besides those of other definitions and continuous queries.

    They are `sessions_<name>` and `continuous_<name>`. Everything else in the catalog starts with
    an underscore.
    """
    return (*(spec.name for spec in read_tables()), REVISIONS)


def tail_name(table: str) -> str:
    """What the engine calls the rows of a table that the lake does not have yet."""
    return f"_{table}_tail"


class CutFiles(msgspec.Struct, frozen=True):
    """What the views are made from. Tables have UUIDs where the schemas have 16 bytes."""

    cut: Cut
    files: dict[str, tuple[str, ...]]
    """Table → paths of its data files."""
    columns: dict[str, tuple[Column, ...]]
    """Table → columns of its view, with their field ids in the data files."""
    tables: dict[str, pa.Table]
    """Name in the engine's catalog → rows; only those that have rows."""


class CutReader:
    """Opens the newest cut of a project; keeps the files of the last one open for the next."""

    def __init__(self, place: CutPlace) -> None:
        """Read nothing yet."""
        self._place = place
        self._mapped: dict[str, pa.Table] = {}
        self._plans: dict[str, Plan] = {}

    def views(self) -> tuple[str, ...]:
        """Names that a statement on the newest cut may use.

        Raises:
            Corrupt: the cut is damaged.
        """
        cut = self._place.newest()
        if cut is None:
            return view_names()
        others = sorted(set(self.definitions().values()) - {"sessions"})
        queries = [f"continuous_{name}" for name, one in sorted(cut.queries.items()) if one.columns]
        return (*view_names(), *others, *queries)

    def definitions(self) -> dict[str, str]:
        """Name of each session definition of the newest cut, and of its view.

        Raises:
            Corrupt: the cut is damaged.
        """
        cut = self._place.newest()
        if cut is None:
            return {}
        return {
            name: "sessions" if name == cut.names else f"sessions_{name}" for name in cut.sessions
        }

    @contextlib.contextmanager
    def opened(self) -> Iterator[CutFiles]:
        """The newest cut, whose files all stay while the block runs.

        Raises:
            Unavailable: the project has none yet.
            Corrupt: the cut, or a file that it names, is damaged or gone.
        """
        for _ in range(_ATTEMPTS_MAX):
            cut = self._place.newest()
            if cut is None:
                raise Unavailable(
                    "there is nothing to read yet; start `footfall serve` once:"
                    f" {self._place.where}"
                )
            with contextlib.ExitStack() as held:
                try:
                    made = self._open(cut, held)
                except FileNotFoundError as error:
                    missing = error  # the cut was replaced long ago; a newer one is there
                    continue
                yield made
                return
        raise Corrupt(
            f"a file of the cut is missing; restart the server to rebuild it: {missing.filename}"
        )

    def _open(self, cut: Cut, held: contextlib.ExitStack) -> CutFiles:
        plans = {}
        for name in cut.plans.values():
            plans[name] = self._place.plan(name, self._plans.get(name), held)
        by_table = {table: plans[name] for table, name in cut.plans.items()}
        columns = {one.name: columns_of(one, by_table.get(one.name)) for one in planned_tables()}
        parts = _parts(cut, columns)
        names = cut.tail_files()
        self._mapped = {name: self._mapped[name] for name in names & self._mapped.keys()}
        tables = {}
        for name, (files, schema) in parts.items():
            rows = [self._map(file, schema) for file in files]
            if any(part.num_rows for part in rows):
                tables[name] = pa.concat_tables(rows)
        for name, sessions in cut.sessions.items():
            if sessions.shown is not None:
                kept_table = f"_kept{suffix_of(cut, name)}"
                kept = self._shown(tables.get(kept_table), sessions.shown)
                tables[kept_table] = kept
        self._plans = plans
        return CutFiles(
            cut, {table: plan.files for table, plan in by_table.items()}, columns, tables
        )

    def _shown(self, kept: pa.Table | None, file: str) -> pa.Table:
        shown = self._map(file, SHOWN_SCHEMA).column("is_shown")
        if kept is None or kept.num_rows != len(shown):
            raise Corrupt(
                f"files of the cut do not fit; restart the server to rebuild it: shown={file}"
            )
        return kept.append_column("is_shown", shown)

    def _map(self, name: str, schema: pa.Schema) -> pa.Table:
        known = self._mapped.get(name)
        if known is None or known.column_names != schema.names:
            path = self._place.path(name)
            try:
                table = self._place.rows(name)
            except pa.ArrowInvalid as error:
                raise Corrupt(
                    f"a file of the cut is damaged; restart the server to rebuild it: {path=}"
                ) from error
            if not set(table.column_names) <= set(schema.names):
                raise Invalid(
                    "the server writes columns that this program does not know; run the version"
                    f" that the server runs: {path=}"
                )
            self._mapped[name] = _with_uuids(conform(table, schema))
        return self._mapped[name]


def _parts(
    cut: Cut, columns: dict[str, tuple[Column, ...]]
) -> dict[str, tuple[Sequence[str], pa.Schema]]:
    """Name in the engine's catalog → Arrow files of the cut, and what columns they have.

    A file that lacks one is from before it was added: null.
    """
    schemas = {table: arrow_schema(shown) for table, shown in columns.items()}
    found: dict[str, tuple[Sequence[str], pa.Schema]] = {
        **{tail_name(table): (cut.tail.get(table, ()), schemas[table]) for table in columns},
        "_overrides": ((cut.overrides,) if cut.overrides else (), OVERRIDE_SCHEMA),
        "_removed": ((cut.removed,) if cut.removed else (), REMOVED_SCHEMA),
    }
    for name, sessions in cut.sessions.items():
        suffix = suffix_of(cut, name)
        shown = SESSION_SCHEMA if suffix else schemas["sessions"]
        found[f"_hot{suffix}"] = sessions.hot, pa.schema([*shown, *HOT_FLAGS])
        found[f"_kept{suffix}"] = sessions.kept, shown
    return found


def suffix_of(cut: Cut, definition: str) -> str:
    """What names of a definition's tables end in; the default's are plain."""
    return "" if definition == cut.default else f"_{definition}"


def _with_uuids(table: pa.Table) -> pa.Table:
    columns = []
    for field in table.schema:
        column = table.column(field.name)
        if field.type == pa.binary(16):
            chunks = [pa.ExtensionArray.from_storage(pa.uuid(), part) for part in column.chunks]
            column = pa.chunked_array(chunks, type=pa.uuid())
        columns.append(column)
    return pa.table(columns, names=table.column_names)
