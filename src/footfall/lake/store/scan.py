"""Data files as a Polars frame, whatever version wrote each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import polars as pl
import pyarrow as pa

_WIDENED: Final = pl.ScanCastOptions(integer_cast="upcast", float_cast="upcast")


def scan(files: Sequence[str], schema: pa.Schema, **where: Any) -> pl.LazyFrame:
    """Rows of `files` with the columns of `schema`; those that a file lacks are null.

    A file from before a column was added, or widened, is read beside those from after it. What a
    file has beyond `schema` is not read.

    Args:
        files: Parquet files of one table; at least one.
        schema: As between stages.
        where: What Polars needs to know of the store they are in; `Store.scan` gives it.
    """
    wanted = pl.DataFrame(pl.from_arrow(schema.empty_table())).schema
    return pl.scan_parquet(
        list(files),
        schema=wanted,
        glob=False,
        hive_partitioning=False,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=_WIDENED,
        **where,
    )
