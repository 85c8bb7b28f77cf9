"""What is in a file: its form, its columns with their types, and whether all of it can be read.

DuckDB reads the whole file once to find types and once as queries will, so what passes here can be
read where it lies. What does not is given to `repair`, and the readable part is looked at again.
"""

# ruff: noqa: S608 (text is made of quoted names, quoted paths and numbers)

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import duckdb
import msgspec
import pyarrow as pa

from footfall.catalog.crawls.forms.csv_head import CsvForm, Start, csv_shape, decoded, start_of
from footfall.catalog.crawls.forms.rows import CSV_FORM
from footfall.catalog.crawls.listing import Place
from footfall.catalog.crawls.others import HEAD_BYTES, is_json, nothing_in
from footfall.catalog.crawls.repair import inflated, repair
from footfall.catalog.crawls.types import common
from footfall.catalog.entries import COLUMNS_MAX, Column, Compression, FileFault, JsonForm, Shape
from footfall.catalog.texts import reader
from footfall.lake.store.options import SCHEME, S3Options
from footfall.query._quoting import literal, quoted

_MIXED_MAX: Final = 5
"""Columns of a file that are explained."""
_SHOWN_MAX: Final = 60


class _Mend(Exception):  # noqa: N818 (never leaves this module)
    """The engine would read the file, but not all of it."""


_ENGINE_ERRORS: Final = (duckdb.Error, pa.ArrowException, OSError, _Mend)
_ANOTHER: Final = re.compile(r"_\d+\Z")
"""How the engine ends the second of two names that differ in case only."""
_MOMENT: Final = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?"
_TYPED: Final = {
    "BIGINT": (
        r"regexp_full_match({0}, ' *-?(0|[1-9]\d{0,18}) *') AND TRY_CAST({0} AS BIGINT) IS NOT NULL"
    ),
    "HUGEINT": r"regexp_full_match({0}, ' *-?(0|[1-9]\d{0,37}) *')",
    "DOUBLE": r"regexp_full_match({0}, ' *-?(0|[1-9]\d{0,14})(\.\d+)?([eE][+-]?\d+)? *')",
    "BOOLEAN": "lower({0}) IN ('true', 'false')",
    "DATE": (r"regexp_full_match({0}, '\d{4}-\d\d-\d\d') AND TRY_CAST({0} AS DATE) IS NOT NULL"),
    "TIMESTAMP": (
        f"regexp_full_match({{0}}, '{_MOMENT}') AND TRY_CAST({{0}} AS TIMESTAMP) IS NOT NULL"
    ),
    "TIMESTAMP WITH TIME ZONE": (
        f"regexp_full_match({{0}}, '{_MOMENT} ?(Z|[+-]\\d\\d(:?\\d\\d)?)')"
        " AND TRY_CAST({0} AS TIMESTAMPTZ) IS NOT NULL"
    ),
}
"""Types of CSV's cells, tried in this order on every one: a leading zero makes it text. So do more
digits than a type has, as of numbers that are names."""


class Inspected(msgspec.Struct, frozen=True):
    """What a file has."""

    shape: Shape | None
    """`None`: nothing can be read."""
    columns: tuple[Column, ...] = ()
    rows: int = 0
    copy: str = ""
    faults: tuple[FileFault, ...] = ()
    faults_count: int = 0
    columns_count: int = 0
    """All that there are, if they are more than `columns`."""
    mixed: tuple[tuple[str, str], ...] = ()
    """Columns of text that are numbers for the most part, each with what is not."""


class Limits(msgspec.Struct, frozen=True):
    """See section `[catalog]` of the settings."""

    document_bytes: int
    repaired_bytes: int
    memory: int
    file_ms: int


class Inspector:
    """Looks at files one after the other; not for several threads."""

    def __init__(
        self, place: Place, options: S3Options, limits: Limits, csv_form: CsvForm | None = None
    ) -> None:
        """Open an engine for a place."""
        self._place = place
        self._csv_form = csv_form or CsvForm()
        self._limits = limits
        self._problem = ""
        """What the engine said last of a file that it could not read."""
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{limits.memory}B",
                "threads": "1",
                "max_execution_time": str(limits.file_ms),
                "temp_directory": "",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
            },
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        if place.root.startswith(SCHEME):
            from footfall.query.cuts.bucket_files import BucketFiles

            self._connection.register_filesystem(BucketFiles(options))

    def close(self) -> None:
        """Free everything."""
        self._connection.close()

    def inspect(self, path: str, copy: Path) -> Inspected:
        """Look at a file.

        Args:
            path: Below the place.
            copy: Where the readable part goes, if there must be one; `.gz` at its end.
        """
        try:
            found = self._inspect(path, copy)
        except OSError as error:
            reason = f"it was taken away while it was read: {error.strerror or error}"
            return _unreadable(path, reason)
        if found.columns_count <= COLUMNS_MAX:
            return found
        reason = (
            f"it has {found.columns_count:,} columns; the first {COLUMNS_MAX:,} are read, as a"
            " table has no more"
        )
        return msgspec.structs.replace(
            found,
            faults=(*found.faults, FileFault(path, 0, reason)),
            faults_count=found.faults_count + 1,
        )

    def _inspect(self, path: str, copy: Path) -> Inspected:
        try:
            with self._place.open(path) as stream:
                raw = stream.read(HEAD_BYTES)
        except OSError as error:
            return _unreadable(path, f"it cannot be opened: {error.strerror or error}")
        compression = compression_of(raw)
        head = _inflated(raw, compression)
        if raw[:4] == b"PAR1":
            return self._parquet(path)
        if nothing := nothing_in(path, raw, head):
            return _unreadable(path, nothing)
        start = None
        if not is_json(path, head):
            start = _start(head, self._csv_form, raw)
            if start is None:
                return _unreadable(path, "it has no rows")
        as_it_is = self._as_it_is(path, head, compression, start)
        return as_it_is or self._repaired(path, start, compression, copy)

    def _as_it_is(
        self, path: str, head: bytes, compression: Compression, start: Start | None
    ) -> Inspected | None:
        """The file where it lies; `None` if not all of it can be read there."""
        address = f"{self._place.root}/{path}"
        if set("*?[") & set(address):
            return None
        found = self._read(address, head, compression, start)
        if found is None or not self._is_whole(path, found):
            return None
        return found if start is None else _told(path, found, start)

    def _parquet(self, path: str) -> Inspected:
        file = literal(f"{self._place.root}/{path}")
        if set("*?[") & set(file):
            return _unreadable(path, "a Parquet file's name must not contain *, ? or [")
        try:
            found = self._connection.execute(
                f"DESCRIBE SELECT * FROM read_parquet({file}, hive_partitioning = false)"
            ).fetchall()
            count = self._connection.execute(
                f"SELECT count(*) FROM read_parquet({file}, hive_partitioning = false)"
            ).fetchone()
        except _ENGINE_ERRORS as error:
            return _unreadable(path, f"it is no whole Parquet file: {_said(error)}")
        stored = tuple(Column(name, kind) for name, kind, *_ in found[:COLUMNS_MAX])
        shown = tuple(Column(one.name, common(one.type)) for one in stored)
        assert count is not None
        shape = Shape("parquet", "none", columns=stored)
        return Inspected(shape, shown, int(count[0]), columns_count=len(found))

    def _read(
        self, address: str, head: bytes, compression: Compression, start: Start | None
    ) -> Inspected | None:
        """The file as it is; `None` if some of it cannot be read so."""
        first = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
        try:
            if start is not None:
                shape = csv_shape(head, compression, start)
                return None if shape is None else self._csv(address, shape, start)
            if first == b"[":
                return self._json(address, compression, ("array",))
            return self._json(address, compression, ("newline_delimited", "unstructured"))
        except _ENGINE_ERRORS as error:
            self._problem = _said(error)
            return None

    def _json(self, address: str, compression: Compression, forms: Sequence[JsonForm]) -> Inspected:
        *tries, last = forms
        for form in tries:
            try:
                return self._json_of(address, Shape("json", compression, form))
            except _ENGINE_ERRORS:
                continue
        return self._json_of(address, Shape("json", compression, last))

    def _json_of(self, address: str, shape: Shape) -> Inspected:
        found = self._connection.execute(
            f"DESCRIBE SELECT * FROM read_json({literal(address)}, format = {literal(shape.form)},"
            f" compression = {literal(shape.compression)}, records = 'true', sample_size = -1,"
            " map_inference_threshold = -1, field_appearance_threshold = 0,"
            " hive_partitioning = false,"
            f" maximum_object_size = {int(self._limits.document_bytes)})"
        ).fetchall()
        columns = tuple(Column(name, _json_type(kind)) for name, kind, *_ in found[:COLUMNS_MAX])
        if not all(one.name for one in columns):
            raise _Mend
        typed = [Column(one.name, one.type or "VARCHAR") for one in columns]
        counts = ", ".join(f"count({quoted(one.name)})" for one in typed) or "0"
        endless = " OR ".join(_is_endless(one) for one in typed if "DOUBLE" in one.type) or "false"
        source = reader(shape, [address], typed, self._limits.document_bytes)
        counted = self._connection.execute(
            f"SELECT count(*), coalesce(bool_or({endless}), false), {counts} FROM {source}"
        ).fetchone()
        assert counted is not None
        rows, has_endless, *filled = counted
        empty = [one.name for one, n in zip(columns, filled, strict=False) if n == 0]
        if has_endless or _are_renamed(empty, {one.name for one in columns}):
            raise _Mend
        return Inspected(shape, columns, int(rows), columns_count=len(found))

    def _csv(self, address: str, shape: Shape, start: Start) -> Inspected:
        source = reader(shape, [address], shape.columns, self._limits.document_bytes)
        tests = [
            f"bool_and({test}) FILTER ({{0}} IS NOT NULL)".replace("{0}", quoted(column.name))
            for column in shape.columns
            for test in _TYPED.values()
        ]
        counted = self._connection.execute(
            f"SELECT count(*), {_no_rows(shape)}, {', '.join(tests)} FROM {source}"
        ).fetchone()
        assert counted is not None
        rows, has_no_rows, *answers = counted
        if has_no_rows or rows < start.rows:
            raise _Mend
        columns = []
        for at, column in enumerate(shape.columns):
            mine = answers[at * len(_TYPED) : (at + 1) * len(_TYPED)]
            if mine[0] is None:
                kind = ""
            else:
                fits = zip(_TYPED, mine, strict=True)
                kind = next((name for name, is_it in fits if is_it), "VARCHAR")
            columns.append(Column(column.name, kind))
        texts = [columns[at] for at in start.numbers if columns[at].type == "VARCHAR"]
        mixed = tuple((one.name, self._no_numbers(source, one)) for one in texts[:_MIXED_MAX])
        return Inspected(shape, tuple(columns), int(rows), mixed=mixed)

    def _no_numbers(self, source: str, column: Column) -> str:
        """What keeps a column from being one of numbers."""
        name = quoted(column.name)
        other = f"FILTER (NOT {_TYPED['DOUBLE'].replace('{0}', name)})"
        counted = self._connection.execute(
            f"SELECT count({name}), count({name}) {other}, any_value({name}) {other} FROM {source}"
        ).fetchone()
        assert counted is not None
        values, others, first = counted
        return f"{others:,} of {values:,} values are no numbers, as {str(first)[:_SHOWN_MAX]}"

    def _is_whole(self, path: str, found: Inspected) -> bool:
        """Whether the engine read all of it: behind a quote without an end it stops silently."""
        if found.shape is None or found.shape.format != "csv":
            return True
        with self._place.open(path) as stream:
            quotes = sum(piece.count(b'"') for piece in inflated(stream, found.shape.compression))
        return quotes % 2 == 0

    def _repaired(
        self, path: str, start: Start | None, compression: Compression, copy: Path
    ) -> Inspected:
        kept = repair(
            lambda: self._place.open(path),
            compression,
            copy,
            path,
            start=start,
            document_max=self._limits.document_bytes,
            copy_max=self._limits.repaired_bytes,
        )
        if kept.rows == 0:
            copy.unlink(missing_ok=True)
            nothing = (FileFault(path, 0, "it has no rows"),)
            return Inspected(None, (), 0, "", kept.faults or nothing, kept.faults_count or 1)
        try:
            with copy.open("rb") as stream:
                head = _inflated(stream.read(HEAD_BYTES), "gzip")
            again = None if start is None else start_of(decoded(head), CSV_FORM)
            found = self._read(str(copy), head, "gzip", again)
        except OSError as error:
            return _unreadable(path, f"its readable part cannot be kept: {error.strerror}")
        if found is None:
            copy.unlink(missing_ok=True)
            return _unreadable(
                path,
                "the query engine cannot read it, nor what could be mended; if it lacks memory,"
                f" raise catalog.memory_max: {self._problem}",
            )
        return msgspec.structs.replace(
            found, copy=str(copy), faults=kept.faults, faults_count=kept.faults_count
        )


def _no_rows(shape: Shape) -> str:
    """Whether some row is the head once more, or has NULs or an end of file in place of text."""
    first = quoted(shape.columns[0].name)
    tests = [f"(trim({first}, '\0\x1a') = '' AND {first} <> '')"]
    if shape.has_header and len(shape.columns) > 1:
        alike = (f"lower(trim({quoted(c.name)})) = {literal(c.name)}" for c in shape.columns)
        tests.append(f"({' AND '.join(alike)})")
    return f"coalesce(bool_or({' OR '.join(tests)}), false)"


def _is_endless(column: Column) -> str:
    """Whether some number is NaN or infinite, which JSON does not have."""
    if column.type == "DOUBLE":
        return f"NOT isfinite({quoted(column.name)})"
    return rf"regexp_matches({quoted(column.name)}::VARCHAR, '\b(nan|inf)\b')"


def _are_renamed(empty: Sequence[str], names: set[str]) -> bool:
    """Whether a key is read under another name, as nothing: `A_1`, if there is `a` and no `A`."""
    lower = {name.lower() for name in names}
    keys = [_ANOTHER.sub("", name) for name in empty if _ANOTHER.search(name)]
    return any(key not in names and key.lower() in lower for key in keys)


def compression_of(head: bytes) -> Compression:
    """By the first bytes, whatever the file is called."""
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    return "zstd" if head[:4] == b"\x28\xb5\x2f\xfd" else "none"


def _start(head: bytes, form: CsvForm, raw: bytes) -> Start | None:
    """Where rows begin, from the first bytes with and without their compression."""
    return start_of(decoded(head), form, is_cut=max(len(head), len(raw)) >= HEAD_BYTES)


def _told(path: str, found: Inspected, start: Start) -> Inspected:
    """With what is said of the lines above the rows."""
    if not start.told:
        return found
    faults = (FileFault(path, start.line, start.told),)
    return msgspec.structs.replace(found, faults=faults, faults_count=1)


def _json_type(kind: str) -> str:
    """Types of mixed values are `JSON` to DuckDB; as text they are what they were.

    So are times of day: `04:25` is as often minutes and seconds, and after `52:50` in another file
    it would be text anyway.
    """
    return "VARCHAR" if kind in ("JSON", "TIME") else common(kind).replace("JSON", "VARCHAR")


def _inflated(raw: bytes, compression: Compression) -> bytes:
    """What can be had of the first bytes."""
    if compression == "none":
        return raw
    if compression == "gzip":
        try:
            return zlib.decompressobj(31).decompress(raw, HEAD_BYTES)
        except zlib.error:
            return b""
    try:
        with pa.CompressedInputStream(pa.BufferReader(raw), "zstd") as stream:
            return _first(lambda: stream.read(HEAD_BYTES))
    except (OSError, pa.ArrowException):
        return b""


def _first(read: Callable[[], bytes]) -> bytes:
    """Pieces until one fails: the rest of the file is not there."""
    found = b""
    try:
        while len(found) < HEAD_BYTES and (piece := read()):
            found += piece
    except OSError:
        pass
    return found


def _said(error: Exception) -> str:
    text = " ".join(str(error).split("\n\n", 1)[0].split())
    return text.partition(": ")[2][:200] or text[:200]


def _unreadable(path: str, reason: str) -> Inspected:
    return Inspected(None, faults=(FileFault(path, 0, reason),), faults_count=1)
