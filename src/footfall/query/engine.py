"""The engine: DuckDB over the newest cut of one project, for statements that passed the guard.

One DuckDB in memory, opened once: it may read the project's data files and nothing else, its
configuration is locked, and each statement runs over views that are made anew when the cut has
changed. Parquet footers stay cached between statements (files of a lake never change).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from footfall.clock import US_PER_MS
from footfall.columns import SESSION_COLUMNS
from footfall.errors import Corrupt, Invalid, LimitReached, Unavailable
from footfall.home import Home
from footfall.lake.cut import Cut
from footfall.lake.store.options import Bucket
from footfall.query import guard
from footfall.query._errors import (
    ENGINE_ERRORS,
    FilesGone,
    first_paragraph,
    place_in,
    translate,
)
from footfall.query._quoting import literal, without_glob
from footfall.query.cuts.cut_files import (
    REVISIONS,
    CutFiles,
    CutReader,
    suffix_of,
    tail_name,
    view_names,
)
from footfall.query.cuts.cut_places import cut_place
from footfall.query.cuts.defined import DefinedViews
from footfall.query.cuts.views import (
    begun,
    events_view,
    plain_view,
    results_view,
    revisions_view,
    sessions_view,
)
from footfall.query.definitions import NO_DEFINITIONS, Definitions
from footfall.query.plans import PLAN_COLUMNS, explained, plan_table
from footfall.query.protocol import Column, Parameters
from footfall.settings import QuerySettings

_BATCH_ROWS: Final = 10_000
_ATTEMPTS_MAX: Final = 2


class Selection(msgspec.Struct, frozen=True):
    """Rows that a statement selected."""

    table: pa.Table
    columns: tuple[Column, ...]
    is_cut_off: bool
    """There were more rows or bytes than the limits."""
    cut_sequence: int
    cut_published_at: int


class Engine:
    """See the module's text. Threads may share it; their statements take turns."""

    def __init__(
        self,
        home: Home,
        project: str,
        settings: QuerySettings,
        bucket: Bucket | None = None,
        definitions: Definitions = NO_DEFINITIONS,
    ) -> None:
        """Open DuckDB; read no cut yet.

        `bucket` is where data files are, if not in the home; `definitions` what statements may
        name besides the cut's views, for as long as this engine lives.
        """
        self._settings = settings
        self._reader = CutReader(cut_place(home, project, bucket))
        self._connection = _connect(home, project, settings, bucket, definitions)
        self._defined = DefinedViews(self._connection, definitions)
        self._stamp = 0
        """How often a view of the cut was made."""
        self._lock = threading.Lock()
        self._names = view_names()
        self._shown: Cut | None = None
        self._registered: set[str] = set()
        self._texts: dict[str, str] = {}
        self._gone: dict[str, FilesGone] = {}
        """Views that cannot be made, since a data file is not there; the others can be read."""

    def run(
        self,
        sql: str,
        parameters: Parameters = (),
        *,
        rows_max: int | None = None,
        bytes_max: int | None = None,
    ) -> Selection:
        """Run one SELECT on the newest cut, or tell how it would be run: see `plans`.

        Args:
            sql: One statement; the guard decides. Behind `EXPLAIN`, its plan is the answer.
            parameters: Values for `?` or `$name`, bound and never part of the text.
            rows_max: Most rows to return; more are cut off.
            bytes_max: Most bytes of rows to return, counted as Arrow; more are cut off.

        Raises:
            Invalid: the statement or its parameters are wrong.
            LimitReached: it took more time or memory than the settings allow.
            Unavailable: the project has nothing to read yet, or DuckDB failed.
            Corrupt: files of the cut are damaged or missing.
        """
        with self._lock:
            self._names = (*self._reader.views(), *self._defined.names)
            explain, sql = explained(sql)
            text, used = self._guarded(guard.meant(sql, self._names), rows_max)
            for _ in range(_ATTEMPTS_MAX):
                with self._reader.opened() as made:
                    try:
                        self._show(made)
                        self._define(used)
                        if explain:
                            return self._explain(explain + text, parameters, made)
                        return self._select(text, parameters, made, rows_max, bytes_max)
                    except FilesGone as error:
                        gone = error
            raise Corrupt(
                "a data file of the lake is damaged or missing; footfall doctor --deep says which:"
                f" {first_paragraph(str(gone))}"
            ) from gone

    @contextlib.contextmanager
    def trusted(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, Cut]]:
        """The newest cut, for statements of the program's own, which need no guard.

        Nobody else's statement runs meanwhile, and the cut stays the same while the block runs.

        Raises:
            Unavailable: the project has nothing to read yet.
            Corrupt: files of the cut are damaged or missing.
            LimitReached: a statement took more time or memory than the settings allow.
        """
        with self._lock, self._reader.opened() as made:
            self._show(made)
            if self._gone:
                raise Corrupt(
                    "a data file of the lake is damaged or missing; footfall doctor --deep says"
                    f" which: {first_paragraph(str(next(iter(self._gone.values()))))}"
                )
            try:
                yield self._connection, made.cut
            except ENGINE_ERRORS as error:
                raise translate(error, self._settings) from error

    def definitions(self) -> dict[str, str]:
        """Name of each session definition of the newest cut, and of its view.

        Raises:
            Corrupt: the cut is damaged.
        """
        return self._reader.definitions()

    def close(self) -> None:
        """Free everything. Statements afterwards fail."""
        self._connection.close()

    def _define(self, used: frozenset[str]) -> None:
        try:
            self._defined.make(used, self._stamp, self._check)
        except ENGINE_ERRORS as error:
            raise self._told(error, "") from error

    def _guarded(self, sql: str, rows_max: int | None) -> tuple[str, frozenset[str]]:
        """The text to run: as given, or within a LIMIT that lets DuckDB stop or sort early.

        And which views it uses.

        What the guard passed alone is put between brackets, and the whole is guarded again, so no
        text runs that was not checked as it is.
        """
        used = self._check(sql)
        if rows_max is None:
            return sql, used
        limited = f"SELECT * FROM (\n{_without_semicolon(sql)}\n) LIMIT {int(rows_max) + 1}"  # noqa: S608
        self._check(limited)
        return limited, used

    def _check(self, sql: str) -> frozenset[str]:
        if len(sql) > guard.STATEMENT_BYTES_MAX or "\0" in sql:
            raise Invalid(
                "the statement is too long or has a zero character; send less:"
                f" length={len(sql)} length_max={guard.STATEMENT_BYTES_MAX}"
            )
        try:
            rows = self._connection.execute("SELECT json_serialize_sql($1)", [sql]).fetchall()
        except (*ENGINE_ERRORS, UnicodeError) as error:
            raise translate(error, self._settings) from error
        return guard.check(rows[0][0], self._names)

    def _show(self, made: CutFiles) -> None:
        """Make the views over `made`, if they are over another cut."""
        if self._shown == made.cut:
            return
        self._shown = None
        self._gone = {}
        try:
            for name in self._registered - made.tables.keys():
                self._connection.unregister(name)
            for name, table in made.tables.items():
                self._connection.register(name, table)
            self._registered = set(made.tables)
            for name, text in _views(made).items():
                if self._texts.get(name) != text:
                    self._make(name, text)
        except ENGINE_ERRORS as error:
            raise translate(error, self._settings) from error
        if not self._gone:
            self._shown = made.cut

    def _make(self, view: str, text: str) -> None:
        self._texts.pop(view, None)
        self._stamp += 1
        try:
            self._connection.execute(f"CREATE OR REPLACE VIEW {view} AS {text}")
        except ENGINE_ERRORS as error:
            found = translate(error, self._settings)
            if not isinstance(found, FilesGone):
                raise found from error
            self._connection.execute(f"DROP VIEW IF EXISTS {view}")
            self._gone[view] = found
            return
        self._texts[view] = text

    def _placed(
        self, error: BaseException, text: str, parameters: Parameters, lines_before: int
    ) -> Exception:
        """As `_told`, with the place that is wrong: only binding a text says it, not a relation."""
        found = self._told(error, text)
        if not isinstance(found, Invalid):
            return found
        explain = f"EXPLAIN\n{text}"
        try:
            self._connection.execute(explain, _values(parameters) or None)
        except ENGINE_ERRORS as again:
            place = place_in(str(again), explain, lines_before + 1)
            if place is not None:
                return Invalid(f"{found}: line={place[0]} column={place[1]}")
        return found

    def _told(self, error: BaseException, text: str) -> Exception:
        """The error to raise instead: a view that could not be made is missed by its name."""
        found = translate(error, self._settings)
        changed = self._defined.changed_file(str(error))
        if changed is not None and isinstance(found, Invalid | FilesGone):
            return Unavailable(
                "a file is not as it was when its table was crawled; take in what changed with"
                f" `footfall crawl run`, and ask again: file={changed}"
            )
        if isinstance(found, Invalid):
            missed = (gone for view, gone in self._gone.items() if view in text.lower())
            return next(missed, found)
        return found

    def _explain(self, text: str, parameters: Parameters, made: CutFiles) -> Selection:
        try:
            rows = self._connection.execute(text, _values(parameters) or None).fetchall()
        except ENGINE_ERRORS as error:
            raise self._told(error, "") from error
        except (TypeError, ValueError) as error:
            raise Invalid(f"a parameter has no form in SQL: {error}") from error
        table = plan_table(rows[0][1])
        return Selection(table, PLAN_COLUMNS, False, made.cut.sequence, made.cut.published_at)

    def _select(
        self,
        text: str,
        parameters: Parameters,
        made: CutFiles,
        rows_max: int | None,
        bytes_max: int | None,
    ) -> Selection:
        try:
            relation = self._connection.sql(text, params=_values(parameters) or None)
            names, types = _unique(relation.columns), [str(kind) for kind in relation.types]
            table, is_cut_off = _fetch(relation, rows_max, bytes_max)
        except ENGINE_ERRORS as error:
            raise self._placed(error, text, parameters, 0 if rows_max is None else 1) from error
        except (TypeError, ValueError) as error:
            raise Invalid(f"a parameter has no form in SQL: {error}") from error
        return Selection(
            table.rename_columns(names),
            tuple(Column(name, kind) for name, kind in zip(names, types, strict=True)),
            is_cut_off,
            made.cut.sequence,
            made.cut.published_at,
        )


def open_duckdb(settings: QuerySettings) -> duckdb.DuckDBPyConnection:
    """One in memory that loads nothing and spills nothing; what it may read is not locked yet."""
    return duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{settings.memory_max}B",
            "threads": str(settings.threads),
            "max_execution_time": str(max(1, settings.time_max // US_PER_MS)),
            # Nothing is spilled: a statement that needs more memory ends.
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "allow_unsigned_extensions": "false",
            "allow_extension_repositories": "forbidden",
            "allow_persistent_secrets": "false",
            # Python variables are not tables.
            "python_enable_replacements": "false",
            # A data file never changes under its name.
            "validate_external_file_cache": "NO_VALIDATION",
        },
    )


def _connect(
    home: Home,
    project: str,
    settings: QuerySettings,
    bucket: Bucket | None,
    definitions: Definitions,
) -> duckdb.DuckDBPyConnection:
    connection = open_duckdb(settings)
    directories = [f"{directory}/" for directory in data_dirs(home, project)]
    store = definitions.store if bucket is None else bucket.options
    if store is not None:
        from footfall.query.cuts.bucket_files import BucketFiles

        connection.register_filesystem(BucketFiles(store))
    if bucket is not None:
        directories.append(f"{bucket.location}/{project}/")
    # DuckDB compares both the pattern and the files that it finds by it with these.
    patterns = [without_glob(directory) for directory in directories]
    allowed = ", ".join(literal(directory) for directory in {*directories, *patterns})
    paths = ", ".join(map(literal, definitions.files))
    connection.execute(
        "SET TimeZone = 'UTC'; SET parquet_metadata_cache = true;"
        # ORDER BY … LIMIT up to this sorts the keys alone and fetches the other columns afterwards.
        " SET late_materialization_max_rows = 10000;"
        f" SET allowed_directories = [{allowed}]; SET allowed_paths = [{paths}];"
        " SET enable_external_access = false; SET lock_configuration = true"
    )
    return connection


def data_dirs(home: Home, project: str) -> list[Path]:
    """Where the project's data files lie: as the home is spelled, and where it really is."""
    return sorted({home.lake_dir.absolute() / project, home.lake_dir.resolve() / project})


def _views(made: CutFiles) -> dict[str, str]:
    found = {name: _view(name, made) for name in view_names() if name != REVISIONS}
    found[REVISIONS] = _revisions_view(made)
    for name in made.cut.sessions.keys() - {made.cut.names}:
        found[f"sessions_{name}"] = _sessions_view(made, name)
    for name, query in made.cut.queries.items():
        if query.columns:
            found[f"continuous_{name}"] = results_view(name, query.version, query.columns)
    return found


def _view(name: str, made: CutFiles) -> str:
    files, columns, tables = made.files.get(name, ()), made.columns[name], made.tables
    cut = made.cut
    has_tail = tail_name(name) in tables
    if name == "events":
        return events_view(
            files,
            columns,
            has_tail=has_tail,
            has_overrides="_overrides" in tables,
            epoch=cut.epoch,
            shown=None if cut.names == cut.default else _sessions_view(made, cut.names),
            users=None if cut.user_gap is None else (_sessions_view(made, cut.names), cut.user_gap),
        )
    if name == "sessions":
        return _sessions_view(made, cut.names)
    return plain_view(name, files, columns, has_tail=has_tail)


def _sessions_view(made: CutFiles, name: str) -> str:
    cut, tables, suffix = made.cut, made.tables, suffix_of(made.cut, name)
    of_cut = cut.sessions.get(name)
    is_default = name == cut.default
    text = sessions_view(
        made.files.get("sessions" if is_default else "other_sessions", ()),
        made.columns["sessions"] if is_default else SESSION_COLUMNS,
        suffix=suffix,
        definition=None if is_default or of_cut is None else (name, of_cut.version),
        has_hot=f"_hot{suffix}" in tables,
        has_kept=f"_kept{suffix}" in tables,
        has_removed="_removed" in tables,
        closed_before=0 if of_cut is None else of_cut.closed_before,
    )
    return text if is_default else begun(text)


def _revisions_view(made: CutFiles) -> str:
    """Of all definitions, the default's first; before the first cut that names one, of none."""
    parts = []
    for name, of_cut in made.cut.sessions.items():
        is_default = name == made.cut.default
        text = revisions_view(
            name,
            made.files.get("sessions" if is_default else "other_sessions", ()),
            SESSION_COLUMNS,
            definition=None if is_default else (name, of_cut.version),
            has_removed="_removed" in made.tables,
        )
        parts.append(text if is_default else begun(text))
    none = revisions_view("", (), SESSION_COLUMNS, definition=None, has_removed=False)
    return " UNION ALL ".join(parts or [none])


def _without_semicolon(sql: str) -> str:
    """`sql`, which is one statement, without a semicolon at its end."""
    data = sql.encode()
    ends = [
        place
        for place, kind in duckdb.tokenize(sql)
        if str(kind).endswith("operator") and data[place : place + 1] == b";"
    ]
    return data[: ends[0]].decode() if ends else sql


def _fetch(
    relation: duckdb.DuckDBPyRelation, rows_max: int | None, bytes_max: int | None
) -> tuple[pa.Table, bool]:
    """Rows up to the limits, and whether there were more."""
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    with relation.to_arrow_reader(_BATCH_ROWS) as reader:
        for batch in reader:
            rows += batch.num_rows
            size += batch.nbytes
            if bytes_max is not None and size > bytes_max:
                return _cut_off(batches, reader.schema, bytes_max), True
            batches.append(batch)
            if rows_max is not None and rows > rows_max:
                break
        table = pa.Table.from_batches(batches, schema=reader.schema)
    return (table, False) if rows_max is None else (table.slice(0, rows_max), rows > rows_max)


def _cut_off(batches: list[pa.RecordBatch], schema: pa.Schema, bytes_max: int) -> pa.Table:
    if not batches:
        raise LimitReached(
            "the answer's rows are too long; select fewer columns, or raise"
            f" query.answer_bytes_max: bytes_max={bytes_max}"
        )
    return pa.Table.from_batches(batches, schema=schema)


def _values(parameters: Parameters) -> dict[str, Any] | list[Any]:
    return dict(parameters) if isinstance(parameters, Mapping) else list(parameters)


def _unique(names: list[str]) -> list[str]:
    """Names that no two columns share, whatever their case: `a`, `a_2`."""
    taken: set[str] = set()
    unique = []
    for name in names:
        candidate, number = name, 2
        while candidate.lower() in taken:
            candidate, number = f"{name}_{number}", number + 1
        taken.add(candidate.lower())
        unique.append(candidate)
    return unique
