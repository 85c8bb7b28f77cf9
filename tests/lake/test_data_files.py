"""Data files of ours: sorted, small, checked, and the same rows to every engine."""

from __future__ import annotations

import uuid
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import duckdb
import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from footfall.clock import DAY, SECOND
from footfall.event import UUID16, conform
from footfall.lake import TABLES, Lake
from footfall.lake.commit.data_files import DataFileWriter, in_order, write_sorted
from footfall.lake.location import local_path
from footfall.lake.tables.layout import COMPACTED, FRESH, FileShape
from footfall.testing.events import event_table

START = 20_000 * DAY
SMALL = msgspec.structs.replace(COMPACTED, row_group_rows=100, file_bytes=12_000)


def _table(tmp_path: Path, name: str = "events") -> Table:
    Lake(tmp_path / "lake", "default")
    catalog = SqlCatalog("footfall", uri=f"sqlite:///{tmp_path / 'lake' / 'catalog.db'}")
    return catalog.load_table(("default", name))


def _events(count: int, days: int = 3) -> pa.Table:
    """Some visitors over some days, in no order; some without a visitor."""
    chance = np.random.default_rng(5)
    return event_table(
        {
            "event_time": int(START + chance.integers(0, days * DAY)),
            "visitor_id": None if number % 50 == 0 else f"visitor-{chance.integers(0, 40):04}",
            "page_url": f"https://shop.example/{number % 9}",
            "properties": f'{{"number":{number}}}',
            "bot_reasons": ["list", "rate"] if number % 7 == 0 else [],
            "log_offset": number,
        }
        for number in range(count)
    )


def _write(table: Table, rows: pa.Table, shape: FileShape = SMALL) -> list[DataFile]:
    return write_sorted(table, "events", rows, shape, uuid.UUID(int=7))


def _path(file: DataFile) -> str:
    return str(local_path(file.file_path))


def _ids(column: pa.ChunkedArray) -> list[bytes]:
    storage = [chunk.storage if hasattr(chunk, "storage") else chunk for chunk in column.chunks]
    return pa.chunked_array(storage, UUID16).to_pylist()


def test_files_hold_their_day_in_order_and_no_more_than_their_size(tmp_path: Path) -> None:
    """Files of a day are ranges of visitors: a look-up opens one of them, a merge reads along."""
    rows = _events(3_000)
    files = _write(_table(tmp_path), rows)
    ranges: dict[int, list[tuple[str, str]]] = {}
    seen = 0
    for file in files:
        found = pq.read_table(_path(file), columns=["visitor_id", "event_time", "log_offset"])
        days = {int(time.timestamp()) // (DAY // SECOND) for time in _times(found)}
        assert days == {file.partition[0]}
        order = [
            (visitor is None, visitor or "", time)
            for visitor, time in zip(
                found.column("visitor_id").to_pylist(), _times(found), strict=True
            )
        ]
        assert order == sorted(order)
        named = [visitor for missing, visitor, _ in order if not missing]
        ranges.setdefault(file.partition[0], []).append((named[0], named[-1]))
        seen += found.num_rows
        assert file.record_count == found.num_rows
        assert file.file_size_in_bytes == Path(_path(file)).stat().st_size
        assert max(_row_groups(_path(file))) <= SMALL.row_group_rows
        assert file.split_offsets[-1] < SMALL.file_bytes  # the last row group began below it
    assert seen == rows.num_rows
    assert len(files) > len(ranges) == 3
    for found_ranges in ranges.values():
        for (_, last), (first, _) in pairwise(found_ranges):
            assert last <= first


@pytest.mark.parametrize("name", sorted(TABLES))
def test_order_is_that_of_arrow_whatever_the_pieces(name: str) -> None:
    """Texts are sorted by numbers that stand for them: those must sort as the texts do."""
    chance = np.random.default_rng(7)
    texts = ["", "a", "b", "B", "ab", "é", "z\U0001f600", "z\uffff", None]

    def values(kind: pa.DataType, count: int) -> pa.Array:
        if kind == pa.string():
            return pa.array([texts[at] for at in chance.integers(0, len(texts), count)], kind)
        if kind == UUID16:
            return pa.array([bytes([at]) * 16 for at in chance.integers(0, 256, count)], kind)
        numbers = chance.integers(-3, 3, count)
        return pa.array(numbers, pa.int64(), mask=numbers == 2).cast(kind)

    kinds = [TABLES[name].schema.field(column).type for column in TABLES[name].sort]
    pieces = [
        pa.table([values(kind, count) for kind in kinds], names=list(TABLES[name].sort))
        for count in (1, 500, 0, 300)
    ]
    rows = pa.concat_tables(pieces)
    expected = rows.sort_by([(column, "ascending") for column in TABLES[name].sort])
    assert in_order(name, rows).combine_chunks().equals(expected.combine_chunks())


def _times(table: pa.Table) -> list[datetime]:
    times: list[datetime] = table.column("event_time").to_pylist()
    return times


def test_manifests_hold_the_bounds_that_prune(tmp_path: Path) -> None:
    """Iceberg's own planning must leave out files of other visitors, and none of this one's."""
    table, rows = _table(tmp_path), _events(3_000)
    files = _write(table, rows)
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        for file in files:
            append.append_data_file(file)
    wanted = "visitor-0007"
    tasks = list(table.scan(row_filter=f"visitor_id == '{wanted}'").plan_files())
    assert 0 < len(tasks) < len(files) / 2
    found = table.scan(row_filter=f"visitor_id == '{wanted}'").to_arrow()
    mine = rows.filter(pa.compute.equal(rows.column("visitor_id"), wanted))
    assert sorted(_ids(found.column("event_id"))) == sorted(_ids(mine.column("event_id")))
    bounded = {table.schema().find_field(name).field_id for name in TABLES["events"].bounded}
    for file in files:
        assert set(file.lower_bounds) == set(file.upper_bounds)
        assert set(file.lower_bounds) <= bounded


@pytest.mark.parametrize("shape", [FRESH, SMALL], ids=["fresh", "compacted"])
def test_every_engine_reads_the_same_rows(tmp_path: Path, shape: FileShape) -> None:
    """Encodings, field ids and UUIDs are those of the format: PyIceberg, DuckDB, Polars agree."""
    table, rows = _table(tmp_path), _events(500)
    files = _write(table, rows, shape)
    with table.transaction() as transaction, transaction.update_snapshot().fast_append() as append:
        for file in files:
            append.append_data_file(file)
    paths = [_path(file) for file in files]
    columns = ["log_offset", "visitor_id", "properties", "page_url", "bot_reasons", "event_time"]
    expected = rows.sort_by("log_offset").select(columns).to_pylist()
    by_iceberg = table.scan().to_arrow().sort_by("log_offset")
    assert by_iceberg.select(columns).to_pylist() == expected
    by_polars = pl.scan_parquet(paths).sort("log_offset").collect()
    assert by_polars.select(columns).to_dicts() == expected
    query = "SELECT * FROM read_parquet($1) ORDER BY log_offset"
    by_duckdb = duckdb.sql(query, params=[paths]).to_arrow_table()
    in_utc = by_duckdb.set_column(
        by_duckdb.column_names.index("event_time"),
        "event_time",
        by_duckdb.column("event_time").cast(pa.timestamp("us", "UTC")),
    )
    assert in_utc.select(columns).to_pylist() == expected
    ids = rows.sort_by("log_offset").column("event_id").to_pylist()
    assert by_polars["event_id"].to_list() == ids
    assert _ids(by_iceberg.column("event_id")) == ids
    text = duckdb.execute(f"SELECT event_id::VARCHAR FROM ({query})", [paths]).fetchall()
    assert [uuid.UUID(value).bytes for (value,) in text] == ids
    for path in paths:
        fields = pq.ParquetFile(path).schema_arrow
        for field in fields:
            found = int(field.metadata[b"PARQUET:field_id"])
            assert found == table.schema().find_field(field.name).field_id


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """Pages carry checksums: a rotten disk is an error that names the file, not a wrong number."""
    (file,) = _write(_table(tmp_path), _events(50, days=1), FRESH)
    path = Path(_path(file))
    column = pq.read_metadata(path).row_group(0).column(0)
    data = bytearray(path.read_bytes())
    data[column.data_page_offset + column.total_compressed_size // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(OSError, match="CRC"):
        pq.read_table(path, columns=["event_id"], page_checksum_verification=True)


def test_rows_that_come_bit_by_bit_make_the_same_files(tmp_path: Path) -> None:
    """A merge hands over a stretch at a time and must not end a row group with each."""
    table = _table(tmp_path)
    rows = _events(1_000, days=1).sort_by(
        [(column, "ascending") for column in TABLES["events"].sort]
    )
    whole = _write(table, rows)
    with DataFileWriter(table, "events", SMALL, uuid.UUID(int=8)) as writer:
        for start in range(0, rows.num_rows, 37):
            writer.write(rows.slice(start, 37))
    shapes = [[_row_groups(_path(file)) for file in files] for files in (whole, writer.files)]
    assert len(whole) > 1
    assert shapes[0] == shapes[1]
    for one, other in zip(whole, writer.files, strict=True):
        assert pq.read_table(_path(one)).equals(pq.read_table(_path(other)))


def _row_groups(path: str) -> list[int]:
    metadata = pq.read_metadata(path)
    return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]


def test_a_column_the_stages_do_not_give_is_null(tmp_path: Path) -> None:
    """Rows of before a column existed are written beside newer ones."""
    rows = _events(10, days=1).drop_columns(["items", "ip"])
    (file,) = _write(_table(tmp_path), rows, FRESH)
    found = pq.read_table(_path(file), columns=["items", "ip"])
    assert found.column("items").null_count == found.column("ip").null_count == 10
    assert conform(rows, TABLES["events"].schema).num_rows == 10
