"""What a tile shows, as a file to keep."""

from __future__ import annotations

import asyncio
import io
from typing import Any, Final

import msgspec

from footfall.dashboards.definition import ReportQuery, Tile
from footfall.dashboards.running import (
    Scene,
    TileData,
    data_of,
    statement_of,
)
from footfall.errors import Invalid
from footfall.query import SqlRunner

_KINDS: Final = {"BIGINT": "int64", "DOUBLE": "float64", "BOOLEAN": "bool_"}


async def parquet_of(tile: Tile, scene: Scene, runner: SqlRunner) -> tuple[bytes, bool]:
    """The tile's answer as a Parquet file, and whether there was more than fits.

    It has the types that the answer has, and all rows up to `query.rows_max`, not only those that
    a tile draws.

    Raises:
        Invalid: the tile, a filter or its statement is wrong.
        FootfallError: what the runner raises.
    """
    if tile.query is None:
        raise Invalid("a text has no numbers; there is no file of it")
    if isinstance(tile.query, ReportQuery):
        data = await data_of(tile, scene, runner)
        return await asyncio.to_thread(_of_report, data), data.is_cut_off
    made, _ = await statement_of(tile.query, scene, runner)
    found = await runner.run(made.sql, made.values, format="parquet")
    return found.body, found.is_cut_off


def _of_report(data: TileData) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: list[list[Any]] = msgspec.json.decode(data.rows)
    columns = {}
    for place, column in enumerate(data.columns):
        values = [row[place] for row in rows]
        if column.type == "TIMESTAMP":
            columns[column.name] = pa.array(values, pa.string()).cast(pa.timestamp("us"))
        else:
            kind = getattr(pa, _KINDS.get(column.type, "string"))()
            columns[column.name] = pa.array(values, kind)
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd")
    return sink.getvalue()
