"""The file that is being made: in a file without a name, which a death takes along.

Nothing of it need survive: the rows are in the lake and the log until a file is where it belongs.
The same rows, given in the same pieces, make the same bytes.
"""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, Protocol, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from footfall.deliver.shape import names_of, plain, shape
from footfall.deliver.texts import csv_header, csv_lines, json_objects
from footfall.settings import DestinationSettings

_GZIP: Final = zlib.MAX_WBITS | 16
_ROW_GROUP_BYTES: Final = 16 << 20
_CODECS: Final = {"none": "NONE", "gzip": "GZIP", "zstd": "ZSTD"}


class Encoded(NamedTuple):
    """Rows as a file will have them."""

    rows: pl.Series | pa.Table
    ends: np.ndarray[Any, np.dtype[np.int64]]
    """Bytes up to the end of each row, before compression."""

    def rows_within(self, bytes_max: int) -> int:
        """How many rows to take so that they reach `bytes_max`, or all that there are."""
        return min(int(np.searchsorted(self.ends, bytes_max)) + 1, len(self.ends))


class _Body(Protocol):
    def write(self, rows: Any) -> None: ...
    def finish(self) -> None: ...


class Making:
    """One file of a destination; closed by `close`, whatever becomes of it."""

    def __init__(self, directory: Path, destination: DestinationSettings) -> None:
        """Begin with nothing; `directory` has room for the file."""
        self._file = cast("BinaryIO", tempfile.TemporaryFile(dir=directory))  # noqa: SIM115 (closed by `close`)
        self._destination = destination
        self._body: _Body | None = None
        self._schema: pa.Schema | None = None
        self.records = 0
        self.bytes = 0
        """Before compression."""

    def takes(self, schema: pa.Schema) -> bool:
        """Whether rows of this schema can follow those it has: a table may get columns."""
        return self._schema is None or self._schema == schema

    def encode(self, table: pa.Table) -> Encoded:
        """Rows as the file will have them; they are not in it yet.

        Raises:
            Invalid: the destination names a column that the source has not.
        """
        destination = self._destination
        self._schema = table.schema
        shaped = shape(table, destination)
        if destination.format == "parquet":
            rows = plain(shaped).to_arrow(compat_level=pl.CompatLevel.oldest())
            each = np.arange(1, rows.num_rows + 1, dtype=np.int64)
            return Encoded(rows, each * rows.nbytes // max(1, rows.num_rows))
        if destination.format == "csv":
            texts = csv_lines(shaped)
        else:
            texts = json_objects(shaped)
            texts = texts + "\n" if destination.format == "jsonl" else texts
        return Encoded(texts, np.cumsum(texts.str.len_bytes().to_numpy(), dtype=np.int64))

    def append(self, encoded: Encoded, rows: int) -> None:
        """Take the first `rows` of what `encode` gave."""
        if not rows:
            return
        if self._body is None:
            self._body = self._begin(encoded)
        self._body.write(encoded.rows[:rows])
        self.records += rows
        self.bytes += int(encoded.ends[rows - 1])

    def finish(self) -> int:
        """Its last bytes; how many there are in all."""
        if self._body is not None:
            self._body.finish()
            self._body = None
        self._file.flush()
        return self._file.seek(0, 2)

    @property
    def file(self) -> BinaryIO:
        """All bytes from the beginning, once it is finished."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Let go of it, finished or not."""
        if isinstance(self._body, _Parquet):
            self._body.abandon()
        self._file.close()

    def _begin(self, encoded: Encoded) -> _Body:
        destination = self._destination
        if destination.format == "parquet":
            return _Parquet(self._file, cast("pa.Table", encoded.rows).schema, destination)
        body = _Text(self._file, destination)
        if destination.format == "csv" and destination.header and self._schema is not None:
            body.write_text(csv_header(names_of(self._schema, destination)))
        return body


class _Text:
    def __init__(self, file: BinaryIO, destination: DestinationSettings) -> None:
        self._file = file
        self._compressor: Any = None
        if destination.compression == "gzip":
            self._compressor = zlib.compressobj(wbits=_GZIP)
        elif destination.compression == "zstd":
            self._compressor = zstandard.ZstdCompressor().compressobj()

    def write(self, rows: pl.Series) -> None:
        self.write_text(rows.str.join("")[0])

    def write_text(self, text: str) -> None:
        data = text.encode()
        self._file.write(data if self._compressor is None else self._compressor.compress(data))

    def finish(self) -> None:
        if self._compressor is not None:
            self._file.write(self._compressor.flush())


class _Parquet:
    """Row groups of some size, not one for each epoch."""

    def __init__(self, file: BinaryIO, schema: pa.Schema, destination: DestinationSettings) -> None:
        codec = _CODECS[destination.compression]
        self._writer = pq.ParquetWriter(file, schema, compression=codec)
        self._waiting: list[pa.Table] = []

    def write(self, rows: pa.Table) -> None:
        self._waiting.append(rows)
        if sum(one.nbytes for one in self._waiting) >= _ROW_GROUP_BYTES:
            self._write()

    def finish(self) -> None:
        self._write()
        self._writer.close()

    def abandon(self) -> None:
        """Its writer would write its end later, into a file that is closed."""
        self._writer.close()

    def _write(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting))
            self._waiting = []
