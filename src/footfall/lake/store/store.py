"""What the lake asks of a place for files; two kinds of place give it.

`LocalStore` is a directory: writes are synced in the order that a power cut demands. `ObjectStore`
is a bucket that speaks S3: a write is whole and durable when the store has answered. Paths are what
readers and cuts name: absolute ones of files, or `s3://bucket/key`.

A *note* is a small file that several may want to change. Who changes it says which one he has read,
and of two that have read the same, one is told `Conflict`. So notes, not clocks, decide who was
first: locks of an object store are made of them (`leases`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq


class Listed(msgspec.Struct, frozen=True):
    """A file that is there."""

    path: str
    size: int
    """Bytes."""


class Note(msgspec.Struct, frozen=True):
    """A note as it was read."""

    data: bytes
    tag: str
    """Differs between any two contents the note had one after the other."""


class Store(Protocol):
    """See the module's text. Every method may raise `Unavailable`: try again later."""

    root: str
    """Where everything lies; a path without a slash at its end."""

    def write(self, path: str, data: bytes) -> None:
        """Put a file there, or replace it: whole or not at all, durable when it returns."""

    def create(self, path: str, data: bytes) -> bool:
        """As `write`, unless something is there; of several at once, one is told `True`."""

    def read(self, path: str) -> bytes:
        """All bytes. Raises `FileNotFoundError`."""

    def size(self, path: str) -> int | None:
        """In bytes; none if it is not there."""

    def list(self, directory: str) -> Iterator[Listed]:
        """Every file below it, in any order; none if it is not there."""

    def delete(self, path: str) -> None:
        """Remove a file; one that is not there is as good as removed."""

    def read_note(self, path: str) -> Note | None:
        """What the note says, and its tag; none if it is not there."""

    def swap_note(self, path: str, data: bytes, tag: str | None) -> str:
        """Replace the note that has `tag`, or make one with `None`; the new tag.

        Raises:
            Conflict: it has another tag by now; read it again.
        """

    def age(self, path: str) -> float | None:
        """Seconds since it was written, by the store's clock alone; none if it is not there."""

    def parquet(self, path: str, *, is_checked: bool = False) -> pq.ParquetFile:
        """Open a Parquet file; with `is_checked` pages are held against their checksums."""

    def dataset(
        self, paths: Sequence[str], schema: pa.Schema, format_: ds.FileFormat
    ) -> ds.Dataset:
        """Rows of Parquet files, by Arrow."""

    def scan(self, paths: Sequence[str], schema: pa.Schema) -> pl.LazyFrame:
        """Rows of Parquet files, by Polars; see `footfall.lake.store.scan`."""
