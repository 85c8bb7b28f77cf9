"""Rows of the state in narrow columns: some 200 bytes a session, in memory or in a mapped file.

Theory of operation. Most of what is known of a session is known of thousands of others too, or of
another of its own columns. So a column is stored as it is cheapest, and taken apart again for the
rows that somebody asks for, never as a whole:

    one value for all rows      in the note (JSON in the schema's metadata), no column at all
    numbers                     what is above the smallest, in 8, 16, 32 or 64 bits
    times within a session      what is above `started_at`; null for no such event
    texts                       codes of a dictionary, if it is small; else the texts
    ties                        codes: as `first_tie`, as `last_tie`, or one of a dictionary

Four rows, for example:

    started_at          1000 1003 1001 1007     base 1000, 8 bits    0 3 1 7
    entry_time          1005 1003 1002 1019     after `started_at`, base 0, 8 bits    5 0 1 12
    geo_country         DE DE FR DE             codes, 8 bits        0 0 1 0    of DE, FR
    pending_since       0 0 0 0                 in the note

Bytes are an uncompressed Arrow IPC file with one batch, so that a mapped file is read in place.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from footfall.sessionize.rows.columns import GROUPS, NO_TIME, StateColumns
from footfall.sessionize.rows.packing import Ints

_NOTE: Final = b"packed"
_ID_BYTES: Final = 16
_TIE_BYTES: Final = 28
_TIES: Final = tuple(group.tie_column for group in GROUPS)
_AS_FIRST, _AS_LAST = bytes(_TIE_BYTES), b"\xff" * _TIE_BYTES
"""Stand in the dictionary of ties for that of another column; found by place, not by value."""
_DISTINCT_SHARE: Final = 4
"""A dictionary pays if each of its texts stands for so many rows."""


class _Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a column is stored."""

    is_constant: bool = False
    value: int | bool | str | None = None
    """Of all rows."""
    base: int = 0


class Rows(Protocol):
    """Rows of a segment, however they are kept."""

    file: str | None
    columns: StateColumns

    def __len__(self) -> int: ...

    @property
    def nbytes(self) -> int:
        """Memory the rows take, in bytes; mapped files count as what they would take."""
        ...

    @property
    def ended(self) -> tuple[int, int]:
        """Smallest and largest end of the rows' sessions."""
        ...

    def series(self, name: str, rows: Ints) -> pl.Series:
        """One column of the rows at these places."""
        ...

    def with_columns(self, columns: StateColumns) -> Rows:
        """The same rows; `columns` has the same names."""
        ...

    def numbers(self, name: str) -> Ints:
        """One column of all rows, as integers."""
        ...

    def is_all(self, name: str, value: int) -> bool:
        """Whether every row of a column has this value."""
        ...

    def counts(self, name: str, rows: Ints) -> dict[str, int]:
        """How many of the rows at these places have each text of a column without nulls."""
        ...


def counts_of(texts: pl.Series) -> dict[str, int]:
    """How many there are of each text."""
    found: dict[str, int] = dict(texts.value_counts().iter_rows())
    return found


def ended_range(rows: Rows) -> tuple[int, int]:
    """First and last `ended_at` of rows; there are some."""
    ended = rows.numbers("ended_at")
    return int(ended.min()), int(ended.max())


class Packed:
    """Rows with columns `StateColumns.packed`; immutable."""

    def __init__(
        self, batch: pa.RecordBatch, columns: StateColumns, file: str | None = None
    ) -> None:
        """Read `batch`, which `pack` or `from_bytes` made."""
        self._batch = batch
        self.columns = columns
        self._notes = msgspec.json.decode(batch.schema.metadata[_NOTE], type=dict[str, _Column])
        self.file = file
        """Name of the file that holds it, once it is written."""

    def __len__(self) -> int:
        return int(self._batch.num_rows)

    @property
    def nbytes(self) -> int:
        """Bytes of its columns, wherever they are."""
        return int(self._batch.get_total_buffer_size())

    def with_columns(self, columns: StateColumns) -> Packed:
        """See `Rows.with_columns`."""
        return Packed(self._batch, columns, self.file)

    @cached_property
    def ended(self) -> tuple[int, int]:
        """First and last `ended_at`."""
        return ended_range(self)

    def numbers(self, name: str) -> Ints:
        """A column of numbers that is neither nullable nor a time of a group, whole."""
        note = self._notes[name]
        if note.is_constant:
            return np.full(len(self), note.value, np.int64)
        found: Ints = self._batch.column(name).to_numpy().astype(np.int64)
        found += np.int64(note.base)
        return found

    def is_all(self, name: str, value: int) -> bool:
        """Whether all rows have this number, known without looking at them."""
        note = self._notes[name]
        return note.is_constant and note.value == value

    def counts(self, name: str, rows: Ints) -> dict[str, int]:
        """How often each text is among some rows; no text is made of what is one for all."""
        note = self._notes[name]
        if note.is_constant:
            return {str(note.value): len(rows)} if len(rows) else {}
        return counts_of(self.series(name, rows))

    def series(self, name: str, rows: Ints) -> pl.Series:
        """One column of some rows, as in `StateColumns.schema`."""
        kind, note = self.columns.schema[name], self._notes[name]
        if note.is_constant:
            return pl.Series(name, [note.value], kind).new_from_index(0, len(rows))
        if name in _TIES:
            return pl.Series(name, pl.from_arrow(self._ties(name, rows)), kind)
        stored = self._batch.column(name)
        if kind in (pl.Int64, pl.Boolean):
            return self._numbers_of(name, stored, note.base, rows)
        taken = stored.take(pa.array(rows))
        if pa.types.is_dictionary(taken.type):
            taken = taken.dictionary.take(taken.indices)
        return pl.Series(name, pl.from_arrow(taken)).cast(kind)

    def to_bytes(self) -> pa.Buffer:
        """All of it, for a file."""
        sink = pa.BufferOutputStream()
        with ipc.new_file(sink, self._batch.schema) as writer:
            writer.write_batch(self._batch)
        return sink.getvalue()

    @classmethod
    def from_bytes(cls, data: pa.Buffer, file: str, columns: StateColumns) -> Packed:
        """Inverse of `to_bytes`; `data` is read in place.

        Raises:
            ValueError, pa.ArrowInvalid: `data` is something else.
        """
        batch = ipc.open_file(data).get_batch(0)
        stored = msgspec.json.decode((batch.schema.metadata or {}).get(_NOTE, b"{}"))
        if set(stored) != set(columns.packed):
            raise ValueError("not rows of a session state of this version")
        return cls(batch, columns, file)

    def _numbers_of(self, name: str, stored: pa.Array, base: int, rows: Ints) -> pl.Series:
        """Inverse of `_packed_numbers`, for some rows.

        A null among times within a session stands for the number that means no time (`NO_TIME`),
        since code that compares times wants a number; among others a null is a null.
        """
        missing = None
        if stored.null_count:
            stored = stored.take(pa.array(rows))
            missing = stored.is_null().to_numpy(zero_copy_only=False)
            values = stored.fill_null(0).to_numpy().astype(np.int64)
        else:
            values = stored.to_numpy()[rows].astype(np.int64)
        values += np.int64(base)
        if name in self.columns.relative:
            values += self.series("started_at", rows).to_numpy()
            if missing is not None:
                values[missing] = NO_TIME[name]
                missing = None
        found = pl.Series(name, values)
        if missing is not None:
            found = found.zip_with(pl.Series(~missing), pl.Series([None], dtype=pl.Int64))
        return found.cast(self.columns.schema[name])

    def _ties(self, name: str, rows: Ints) -> pa.Array:
        """Inverse of `_packed_ties`, for some rows.

        Rows whose code stands for another column get places after the dictionary, in the order in
        which that column's values are put there. Codes 0 2 0, with dictionary [-, -, X] and A, B, C
        as first ties: places 3 2 4 among [-, -, X, A, C].
        """
        stored = self._batch.column(name)
        if not pa.types.is_dictionary(stored.type):
            return stored.take(pa.array(rows))
        taken = stored.take(pa.array(rows))
        codes = taken.indices
        parts = [stored.dictionary]
        place = codes.fill_null(0).to_numpy().astype(np.int64)
        for code, other in ((0, "first_tie"), (1, "last_tie")):
            same = np.flatnonzero((place == code) & codes.is_valid().to_numpy(zero_copy_only=False))
            if len(same):
                place[same] = sum(map(len, parts)) + np.arange(len(same))
                parts.append(self._ties(other, rows[same]))
        return pa.concat_arrays(parts).take(
            pa.array(place, mask=codes.is_null().to_numpy(zero_copy_only=False))
        )


def pack(rows: int, column: Callable[[str], pl.Series], columns: StateColumns) -> Packed:
    """Make rows of columns, which are asked for one by one and let go.

    Args:
        rows: How many there are.
        column: Gives a column, as in `columns.schema`.
        columns: Says which there are.
    """
    arrays: dict[str, pa.Array] = {}
    notes: dict[str, _Column] = {}
    started = column("started_at").to_numpy()
    first, last = (_fixed(column(name), _TIE_BYTES) for name in ("first_tie", "last_tie"))
    for name in columns.packed:
        if name == "first_tie":
            packed = first, _Column()
        elif name in _TIES:
            own = last if name == "last_tie" else _fixed(column(name), _TIE_BYTES)
            packed = _packed_ties(own, first, None if name == "last_tie" else last)
        elif name == "session_id":
            packed = _fixed(column(name), _ID_BYTES), _Column()
        elif columns.schema[name] == pl.String:
            packed = _packed_texts(column(name), is_plain=name == "visitor_id")
        else:
            base = started if name in columns.relative else None
            packed = _packed_numbers(column(name), base, NO_TIME.get(name))
        array, notes[name] = packed
        if array is not None:
            arrays[name] = array
    schema = pa.schema(
        [(name, array.type) for name, array in arrays.items()],
        metadata={_NOTE: msgspec.json.encode(notes)},
    )
    batch = pa.RecordBatch.from_arrays(list(arrays.values()), schema=schema)
    assert batch.num_rows == rows
    return Packed(batch, columns)


def _packed_numbers(
    values: pl.Series, started: Ints | None, no_time: int | None
) -> tuple[pa.Array | None, _Column]:
    """Numbers above the smallest; if `started` is given, what they are after it.

    1000 1003 1001 make base 1000 and 0 3 1, in the narrowest integers that hold 3; 1005 1003 1002
    after `started` 1000 1003 1001 make base 0 and 5 0 1. Numbers that are all one go into the note;
    not so what is after `started`, for one distance is many times.
    """
    numbers = values.fill_null(0).cast(pl.Int64).to_numpy()
    missing = values.is_null().to_numpy()
    if started is not None:
        missing = numbers == no_time
        if missing.all():
            return None, _Column(is_constant=True, value=no_time)
        numbers = np.where(missing, 0, numbers - started)
    known = numbers[~missing]
    if not len(known):
        return None, _Column(is_constant=True)
    base, most = int(known.min()), int(known.max())
    if base == most and len(known) == len(numbers) and started is None:
        value = bool(base) if values.dtype == pl.Boolean else base
        return None, _Column(is_constant=True, value=value)
    kind = np.min_scalar_type(most - base)
    stored = (numbers - np.int64(base)).astype(kind)
    return pa.array(stored, mask=missing if missing.any() else None), _Column(base=base)


def _packed_texts(texts: pl.Series, *, is_plain: bool) -> tuple[pa.Array | None, _Column]:
    plain = _arrow(texts, pa.string())
    if is_plain:
        return plain, _Column()
    encoded = plain.dictionary_encode()
    distinct = len(encoded.dictionary)
    if distinct == 0:
        return None, _Column(is_constant=True)
    if distinct == 1 and not plain.null_count:
        return None, _Column(is_constant=True, value=encoded.dictionary[0].as_py())
    if distinct * _DISTINCT_SHARE > len(plain):
        return plain, _Column()
    return _narrow(encoded.indices, encoded.dictionary), _Column()


def _packed_ties(
    own: pa.Array, first: pa.Array, last: pa.Array | None
) -> tuple[pa.Array | None, _Column]:
    """Codes for ties that are also those of another column; nothing where there is none.

    In most sessions the event that is the entry is also the first, and a tie is 28 bytes. With
    first ties A C E, last ties B D F, and

        own A D X    codes 0 1 2    dictionary [-, -, X]

    Places 0 and 1 of the dictionary stand for the other columns, whatever is written there. A tie
    that is the first and the last has code 0, written later.
    """
    if own.null_count == len(own):
        return None, _Column(is_constant=True)
    code = np.full(len(own), -1)
    for number, other in ((1, last), (0, first)):
        if other is not None:
            code[pc.equal(own, other).fill_null(False).to_numpy(zero_copy_only=False)] = number
    missing = own.is_null().to_numpy(zero_copy_only=False)
    others = np.flatnonzero((code < 0) & ~missing)
    code[others] = 2 + np.arange(len(others))
    code[missing] = 0
    dictionary = pa.concat_arrays(
        [pa.array([_AS_FIRST, _AS_LAST], own.type), own.take(pa.array(others))]
    )
    return _narrow(pa.array(code, mask=missing), dictionary), _Column()


def _narrow(indices: pa.Array, dictionary: pa.Array) -> pa.DictionaryArray:
    kind: npt.DTypeLike = np.min_scalar_type(max(len(dictionary) - 1, 0))
    return pa.DictionaryArray.from_arrays(indices.cast(pa.from_numpy_dtype(kind)), dictionary)


def _fixed(values: pl.Series, width: int) -> pa.Array:
    return _arrow(values, pa.binary(width))


def _arrow(values: pl.Series, kind: pa.DataType) -> pa.Array:
    found: Any = values.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(kind)
    return found
