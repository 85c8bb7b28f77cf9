"""Files of every source, in every format and compression, say to foreign readers what the lake has.

Read by Polars, DuckDB, PyArrow, and Python's own `csv` and `json`, each with next to nothing said.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet
import pytest
import zstandard

from footfall.clock import MINUTE, SECOND
from footfall.continuous.consumer import make as make_continuous
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.request import decode_request
from footfall.settings import QueryDefinition
from tests.deliver.bench import AGE, Delivering, destinations, files_below, objects
from tests.pipeline.harness import event, request

Rows = list[dict[str, Any]]
BY_NAME: Final = 'SELECT event_name AS name, count(*) AS n FROM "window" GROUP BY event_name'
UGLY: Final = 'a "quoted", name\nof two lines é'
SOURCES: Final = {
    "requests": {"source": "requests"},
    "visits": {"source": "sessions", "settle": "0s"},
    "results": {"source": "query_results"},
}
FORMATS: Final = ("jsonl", "json", "csv", "parquet")
COMPRESSIONS: Final = ("none", "gzip", "zstd")
JSON_COLUMNS: Final = {"answer", "headers"}
OPENED: Final[dict[str, Callable[[bytes], bytes]]] = {
    ".gz": gzip.decompress,
    ".zst": lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data),
}


def _destinations() -> str:
    """Each source in each format; the compression goes round, so each format has each."""
    found = {}
    for at, (name, source) in enumerate(SOURCES.items()):
        for place, form in enumerate(FORMATS):
            compression = COMPRESSIONS[(at + place) % 3]
            found[f"{name}-{form}"] = {**source, "format": form, "compression": compression, **AGE}
    return destinations(**found)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Delivering:
    """Visitors that come back, some late, so that sessions have a second revision."""
    made = Delivering(tmp_path_factory.mktemp("readers"), _destinations())
    made.consumers["continuous"] = make_continuous
    pipeline, metadata = made.pipeline(), Metadata.open(made.home)
    metadata.queries.put("default", "names", QueryDefinition(BY_NAME, "1m"), 50)
    metadata.close()
    for turn in range(4):
        now = made.clock.now_us()
        at = [now, now + SECOND, now - 3 * MINUTE // 2]
        sent = [
            request(10 * turn + n, [event(f"{UGLY} {n % 2}", one, 10 * turn + n)], now)
            for n, one in enumerate(at)
        ]
        bad = request(10 * turn + 5, [], now, body=b"\xff\xfe no text")
        made.epoch(pipeline, [*sent, bad], seconds=120)
        pipeline.finish()
    for _ in range(4):
        made.clock.advance(15 * MINUTE)
        pipeline.finish()
        made.look(pipeline)
    made.stop_consumers()
    return made


def _lake(bench: Delivering) -> dict[str, Rows]:
    tables = bench.tables()
    written = tables["query_results"].to_pylist()
    ripe = max(row["epoch"] for row in written)
    return {
        "requests": _log(bench),
        "visits": tables["sessions"].to_pylist(),
        "results": [row for row in written if row["epoch"] < ripe],
    }


def _log(bench: Delivering) -> Rows:
    """What requests must keep, from the log itself."""
    log = SqliteLog.reader(bench.home.log_dir("default"))
    found = []
    for offset, record in log.read(0, records_max=1_000, bytes_max=1 << 20):
        one = decode_request(record)
        found.append(
            {
                "log_offset": offset,
                "method": one.method,
                "path": one.path,
                "body_bytes": one.body_bytes,
                "received_at": datetime.fromtimestamp(one.received_at / SECOND, UTC),
            }
        )
    log.close()
    return found


def _plain_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_json(one) for key, one in value.items() if one is not None}
    return [_plain_json(one) for one in value] if isinstance(value, list) else value


def _said(name: str, value: Any) -> str | None:
    """The value as text, whatever type a reader guessed."""
    if name in JSON_COLUMNS and value is not None:
        found = json.loads(value) if isinstance(value, str) else value
        return json.dumps(_plain_json(found), sort_keys=True)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes):
        digits = value.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value in (None, "") else str(value)


def _seen(rows: Rows, columns: list[str]) -> list[tuple[Any, ...]]:
    return sorted(tuple(str(_said(column, row.get(column))) for column in columns) for row in rows)


def _polars(file: Path, data: bytes, form: str) -> Rows:
    if form == "parquet":
        return pl.read_parquet(file).to_dicts()
    if form == "csv":
        return pl.read_csv(file, infer_schema=False).to_dicts()
    return pl.read_ndjson(io.BytesIO(data), infer_schema_length=None).to_dicts()


def _duckdb(file: Path, data: bytes, form: str) -> Rows:
    del data
    call = {"parquet": "read_parquet(?)", "csv": "read_csv(?, all_varchar = true, header = true)"}
    with duckdb.connect(config={"threads": "1"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(
            f"SELECT * FROM {call.get(form, 'read_json(?)')}",
            [str(file)],
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _pyarrow(file: Path, data: bytes, form: str) -> Rows:
    if form == "parquet":
        return pa.parquet.read_table(file).to_pylist()
    if form == "csv":
        parse = pa.csv.ParseOptions(newlines_in_values=True)
        return pa.csv.read_csv(io.BytesIO(data), parse_options=parse).to_pylist()
    return pa.json.read_json(io.BytesIO(data)).to_pylist()


def _python(file: Path, data: bytes, form: str) -> Rows:
    del file
    if form == "csv":
        return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))
    if form == "json":
        return list(objects(data.decode()))
    return [json.loads(line) for line in data.decode().splitlines()]


READERS: Final = {
    "polars": (_polars, {"jsonl", "csv", "parquet"}),
    "duckdb": (_duckdb, set(FORMATS)),
    "pyarrow": (_pyarrow, {"jsonl", "csv", "parquet"}),
    "python": (_python, {"jsonl", "json", "csv"}),
}
"""What reads a file, and which formats it reads."""


@pytest.mark.parametrize("source", SOURCES)
def test_foreign_readers_find_what_the_lake_has(bench: Delivering, source: str) -> None:
    """Every record with every value, one of each; sessions in each revision."""
    expected = _lake(bench)[source]
    columns = sorted(expected[0])
    wanted = _seen(expected, columns)
    assert len(wanted) == len(set(wanted)) >= 4
    if source == "visits":
        assert max(row["revision"] for row in expected) > 1
    for form in FORMATS:
        files = files_below(bench.home.root / "delivered" / f"{source}-{form}")
        for reader, (read, formats) in READERS.items():
            if form in formats:
                found = [row for file in files for row in read(file, _opened(file), form)]
                assert _seen(found, columns) == wanted, (form, reader)


def _opened(file: Path) -> bytes:
    return OPENED.get(file.suffix, bytes)(file.read_bytes())
