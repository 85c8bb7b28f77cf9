"""DuckDB's way to a bucket: it has no client of its own for one, and reads through Arrow's.

Reads alone. Behind the guard DuckDB could still write where it may read (`COPY … TO`), and a worker
with a way to the bucket has keys that may write; so nothing here can.
"""

from __future__ import annotations

from typing import Any, NoReturn

from fsspec.implementations.arrow import ArrowFSWrapper

from footfall.lake.store.objects import file_system
from footfall.lake.store.options import S3Options


class BucketFiles(ArrowFSWrapper):  # type: ignore[misc]
    """Files of `s3://` addresses, for `register_filesystem`."""

    protocol = "s3"

    def __init__(self, options: S3Options) -> None:
        """Ask nothing yet."""
        super().__init__(file_system(options), skip_instance_cache=True)

    def open(self, path: str, mode: str = "rb", *arguments: Any, **named: Any) -> Any:
        """As in fsspec, for reading."""
        if mode != "rb":
            self._refuse()
        return super().open(path, mode, *arguments, **named)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise PermissionError("a statement reads; it changes no file")

    cp_file = mv = rm = rm_file = mkdir = makedirs = rmdir = touch = _refuse
