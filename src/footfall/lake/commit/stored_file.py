"""A data file's entry as JSON: what a rewrite must remember of files that no commit names yet."""

from __future__ import annotations

import msgspec
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.typedef import Record


class StoredFile(msgspec.Struct, frozen=True):
    """The fields of an Iceberg data file that its manifest entry is made from."""

    file_path: str
    partition: tuple[int | None, ...]
    record_count: int
    file_size_in_bytes: int
    column_sizes: dict[int, int] | None = None
    value_counts: dict[int, int] | None = None
    null_value_counts: dict[int, int] | None = None
    nan_value_counts: dict[int, int] | None = None
    lower_bounds: dict[int, bytes] | None = None
    upper_bounds: dict[int, bytes] | None = None
    split_offsets: list[int] | None = None

    @classmethod
    def of(cls, file: DataFile) -> StoredFile:
        """Everything that `data_file` needs."""
        return cls(
            file_path=file.file_path,
            partition=tuple(file.partition[place] for place in range(len(file.partition))),
            record_count=file.record_count,
            file_size_in_bytes=file.file_size_in_bytes,
            column_sizes=file.column_sizes,
            value_counts=file.value_counts,
            null_value_counts=file.null_value_counts,
            nan_value_counts=file.nan_value_counts,
            lower_bounds=file.lower_bounds,
            upper_bounds=file.upper_bounds,
            split_offsets=file.split_offsets,
        )

    def data_file(self) -> DataFile:
        """As PyIceberg wants it."""
        return DataFile.from_args(
            content=DataFileContent.DATA,
            file_format=FileFormat.PARQUET,
            file_path=self.file_path,
            partition=Record(*self.partition),
            record_count=self.record_count,
            file_size_in_bytes=self.file_size_in_bytes,
            column_sizes=self.column_sizes,
            value_counts=self.value_counts,
            null_value_counts=self.null_value_counts,
            nan_value_counts=self.nan_value_counts,
            lower_bounds=self.lower_bounds,
            upper_bounds=self.upper_bounds,
            split_offsets=self.split_offsets,
            key_metadata=None,
            equality_ids=None,
            sort_order_id=None,
        )
