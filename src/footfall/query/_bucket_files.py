"""DuckDB's way to a bucket: it has no client of its own for one, and reads through Arrow's."""

from __future__ import annotations

from fsspec.implementations.arrow import ArrowFSWrapper

from footfall.lake.store.objects import file_system
from footfall.lake.store.options import S3Options


class BucketFiles(ArrowFSWrapper):  # type: ignore[misc]
    """Files of `s3://` addresses, for `register_filesystem`."""

    protocol = "s3"

    def __init__(self, options: S3Options) -> None:
        """Ask nothing yet."""
        super().__init__(file_system(options), skip_instance_cache=True)
