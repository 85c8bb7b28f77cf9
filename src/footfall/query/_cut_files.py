"""One cut, opened: the lists of its data files, and its Arrow files mapped into memory.

A mapped file stays readable when it is removed, so once a cut is open its tail cannot vanish; the
data files stay for `lake.tail_grace`, which is longer than a statement may run.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pyarrow as pa
from pyarrow import ipc

from footfall.errors import Corrupt, Unavailable
from footfall.event import EVENT_SCHEMA, FAILED_SCHEMA, conform
from footfall.home import Home
from footfall.lake.cut import HOT_SCHEMA, OVERRIDE_SCHEMA, REMOVED_SCHEMA, Cut, read_cut, read_plan

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

    def read(self) -> CutFiles:
        """The newest cut.

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
            try:
                return self._open(cut)
            except FileNotFoundError as error:
                missing = error  # the cut was replaced long ago; a newer one is there
            except (pa.ArrowInvalid, msgspec.DecodeError) as error:
                raise Corrupt(
                    f"a file of the cut is damaged; restart the server to rebuild it: {error}"
                ) from error
        raise Corrupt(
            f"a file of the cut is missing; restart the server to rebuild it: {missing.filename}"
        )

    def _open(self, cut: Cut) -> CutFiles:
        plans = {
            name: self._plans.get(name)
            or read_plan(cut, table, self._home.tail_dir(self._project)).files
            for table, name in cut.plans.items()
        }
        parts: dict[str, tuple[Sequence[str], pa.Schema]] = {
            "_events_tail": (cut.tail.get("events", ()), EVENT_SCHEMA),
            "_failed_tail": (cut.tail.get("failed_events", ()), FAILED_SCHEMA),
            "_hot": (cut.hot, HOT_SCHEMA),
            "_overrides": ((cut.overrides,) if cut.overrides else (), OVERRIDE_SCHEMA),
            "_removed": ((cut.removed,) if cut.removed else (), REMOVED_SCHEMA),
        }
        names = {name for files, _ in parts.values() for name in files}
        self._mapped = {name: self._mapped[name] for name in names & self._mapped.keys()}
        tables = {}
        for name, (files, schema) in parts.items():
            rows = [self._map(file, schema) for file in files]
            if any(part.num_rows for part in rows):
                tables[name] = pa.concat_tables(rows)
        self._plans = plans
        return CutFiles(cut, {table: plans[name] for table, name in cut.plans.items()}, tables)

    def _map(self, name: str, schema: pa.Schema) -> pa.Table:
        if name not in self._mapped:
            with pa.memory_map(str(self._home.tail_dir(self._project) / name)) as source:
                table = ipc.open_file(source).read_all()
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
