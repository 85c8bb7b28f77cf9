"""One cut, opened: the lists of its data files, and its Arrow files mapped into memory.

A mapped file stays readable when it is removed, so once a cut is open its tail cannot vanish. Its
plan files are held while it is in use, and what a plan file names is not removed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa
from pyarrow import ipc

from footfall.errors import Corrupt, Unavailable
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA, conform
from footfall.home import Home
from footfall.lake.cut import (
    HOT_SCHEMA,
    OVERRIDE_SCHEMA,
    REMOVED_SCHEMA,
    SHOWN_SCHEMA,
    Cut,
    HeldPlan,
    read_cut,
)
from footfall.session import SESSION_SCHEMA

_ATTEMPTS_MAX = 5


class CutFiles(msgspec.Struct, frozen=True):
    """What the views are made from. Tables have UUIDs where the schemas have 16 bytes."""

    cut: Cut
    files: dict[str, tuple[str, ...]]
    """Table → paths of its data files."""
    tables: dict[str, pa.Table]
    """Name in the engine's catalog → rows; only those that have rows."""


class CutReader:
    """Opens the newest cut of a project; keeps the files of the last one open for the next."""

    def __init__(self, home: Home, project: str) -> None:
        """Read nothing yet."""
        self._home = home
        self._project = project
        self._mapped: dict[str, pa.Table] = {}
        self._plans: dict[str, tuple[str, ...]] = {}

    @contextlib.contextmanager
    def opened(self) -> Iterator[CutFiles]:
        """The newest cut, whose files all stay while the block runs.

        Raises:
            Unavailable: the project has none yet.
            Corrupt: the cut, or a file that it names, is damaged or gone.
        """
        for _ in range(_ATTEMPTS_MAX):
            cut = read_cut(self._home.cut_file(self._project))
            if cut is None:
                raise Unavailable(
                    "there is nothing to read yet; start `footfall serve` once:"
                    f" project={self._project} home={self._home.root}"
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
            plan = HeldPlan(self._home.tail_dir(self._project) / name)
            held.callback(plan.release)
            known = self._plans.get(name)
            plans[name] = plan.read().files if known is None else known
        parts: dict[str, tuple[Sequence[str], pa.Schema]] = {
            "_events_tail": (cut.tail.get("events", ()), EVENT_SCHEMA),
            "_failed_tail": (cut.tail.get("failed_events", ()), FAILED_SCHEMA),
            "_hot": (cut.hot, HOT_SCHEMA),
            "_kept": (cut.kept, SESSION_SCHEMA),
            "_overrides": ((cut.overrides,) if cut.overrides else (), OVERRIDE_SCHEMA),
            "_removed": ((cut.removed,) if cut.removed else (), REMOVED_SCHEMA),
        }
        names = {name for files, _ in parts.values() for name in files}
        names |= {name for name in [cut.shown] if name is not None}
        self._mapped = {name: self._mapped[name] for name in names & self._mapped.keys()}
        tables = {}
        for name, (files, schema) in parts.items():
            rows = [self._map(file, schema) for file in files]
            if any(part.num_rows for part in rows):
                tables[name] = pa.concat_tables(rows)
        if cut.shown is not None:
            shown = self._map(cut.shown, SHOWN_SCHEMA).column("is_shown")
            kept = tables.get("_kept")
            if kept is None or kept.num_rows != len(shown):
                raise Corrupt(
                    "files of the cut do not fit; restart the server to rebuild it:"
                    f" shown={cut.shown}"
                )
            tables["_kept"] = kept.append_column("is_shown", shown)
        self._plans = plans
        return CutFiles(cut, {table: plans[name] for table, name in cut.plans.items()}, tables)

    def _map(self, name: str, schema: pa.Schema) -> pa.Table:
        if name not in self._mapped:
            path = self._home.tail_dir(self._project) / name
            try:
                with pa.memory_map(str(path)) as source:
                    table = ipc.open_file(source).read_all()
            except pa.ArrowInvalid as error:
                raise Corrupt(
                    f"a file of the cut is damaged; restart the server to rebuild it: {path=!s}"
                ) from error
            known = [column for column in schema.names if column in table.column_names]
            self._mapped[name] = _with_uuids(conform(table.select(known), schema))
        return self._mapped[name]


def _with_uuids(table: pa.Table) -> pa.Table:
    columns = []
    for field in table.schema:
        column = table.column(field.name)
        if field.type == pa.binary(16):
            chunks = [pa.ExtensionArray.from_storage(pa.uuid(), part) for part in column.chunks]
            column = pa.chunked_array(chunks, type=pa.uuid())
        columns.append(column)
    return pa.table(columns, names=table.column_names)
