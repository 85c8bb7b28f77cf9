"""Any value comes back equal from files of every format, by whoever reads them.

Read by Python's own `csv` and `json`, by PyArrow, by DuckDB as it comes, and as a crawl reads them.
"""

from __future__ import annotations

import csv
import decimal
import io
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.catalog.crawls.inspect import Inspector, Limits
from footfall.catalog.crawls.listing import LocalPlace
from footfall.catalog.texts import reader
from footfall.deliver.making import Making
from footfall.lake.store.options import S3Options
from footfall.settings import DestinationSettings
from tests.deliver.bench import objects
from tests.scale import scaled

SCHEMA = pa.schema(
    {
        "text": pa.string(),
        "picked": pa.string(),
        "number": pa.int64(),
        "share": pa.float64(),
        "value": pa.decimal128(18, 6),
        "at": pa.timestamp("us", tz="UTC"),
        "flag": pa.bool_(),
        "properties": pa.string(),
    }
)
COLUMNS = {name: name for name in SCHEMA.names if name != "picked"} | {"picked": "properties.k"}
UGLY = st.text(
    st.one_of(
        st.sampled_from("\",;\n\r\t\0 \\{}[]'null\u202e\u2028\x85\ufeff\x1f\x7f/u"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=12,
)
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    UGLY,
)
NESTED = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(UGLY, inner, max_size=3)),
    max_leaves=6,
)
ROW = st.fixed_dictionaries(
    {
        "text": st.none() | UGLY,
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | st.floats(),
        "value": st.none() | st.decimals("-999999999999", "999999999999", places=6),
        "at": st.none()
        | st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        "flag": st.none() | st.booleans(),
        "properties": st.dictionaries(st.just("k") | UGLY, NESTED, max_size=4),
    }
)
ANCHOR: dict[str, Any] = {
    "text": "no number, no time",
    "number": -1,
    "share": 0.5,
    "value": decimal.Decimal("0.500000"),
    "at": datetime(2026, 9, 21, 14, 13, 20, 5, UTC),
    "flag": True,
    "properties": {"k": "no number either"},
}
"""A row by which a reader that guesses types finds texts to be texts."""


class Case(NamedTuple):
    """What was written, and the files."""

    rows: list[dict[str, Any]]
    files: dict[str, bytes]


def _written(rows: list[dict[str, Any]], directory: Path) -> dict[str, bytes]:
    """The same rows in each format."""
    texts = [{**row, "properties": json.dumps(row["properties"])} for row in rows]
    table = pa.Table.from_pylist(texts, SCHEMA)
    files = {}
    for form in ("jsonl", "json", "csv", "parquet"):
        destination = DestinationSettings("events", format=form, columns=COLUMNS)  # type: ignore[arg-type]
        making = Making(directory, destination)
        making.append(making.encode(table), table.num_rows)
        making.finish()
        files[form] = making.file.read()
        (directory / f"rows.{form}").write_bytes(files[form])
        making.close()
    return files


def _number(value: float | None) -> float | None:
    """JSON knows no infinity, and nothing that is not a number."""
    return value if value is not None and math.isfinite(value) else None


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    """What a JSON reader should find, without what is null."""
    at = row["at"]
    found = {
        **row,
        "share": _number(row["share"]),
        "value": None if row["value"] is None else float(row["value"]),
        "at": None if at is None else at.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0"),
        "picked": row["properties"].get("k"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """What a reader without JSON should find: what is no text in JSON is its JSON."""
    picked = row["properties"].get("k")
    text = picked if isinstance(picked, str) or picked is None else json.dumps(picked)
    return {**row, "properties": json.dumps(row["properties"]), "picked": text}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="module")
def inspector(directory: Path) -> Iterator[Inspector]:
    made = Inspector(
        LocalPlace(str(directory)),
        S3Options("", "", "", ""),
        Limits(32 << 20, 64 << 20, 512 << 20, 60_000),
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": "1"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


@settings(
    max_examples=scaled(15, 2_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(ROW, max_size=6))
def test_every_value_comes_back(
    directory: Path,
    inspector: Inspector,
    engine: duckdb.DuckDBPyConnection,
    rows: list[dict[str, Any]],
) -> None:
    """Quotes, line ends, NUL, huge and no numbers, nested JSON: none breaks a row or its value."""
    case = Case([*rows, ANCHOR], _written([*rows, ANCHOR], directory))
    _json_is_equal(case)
    _csv_is_equal(case)
    _parquet_is_equal(case)
    _engine_is_equal(case, directory, engine)
    _crawl_is_equal(case, directory, inspector, engine)


def _json_is_equal(case: Case) -> None:
    expected = [_typed(row) for row in case.rows]
    lines = case.files["jsonl"].decode().split("\n")
    assert lines.pop() == ""
    for found in ([json.loads(line) for line in lines], list(objects(case.files["json"].decode()))):
        assert [{k: v for k, v in one.items() if v is not None} for one in found] == expected


def _csv_is_equal(case: Case) -> None:
    text = case.files["csv"].decode()
    found = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    expected = [_flat(row) for row in case.rows]
    assert [one["text"] for one in found] == [row["text"] or "" for row in expected]
    for name in ("properties", "picked"):
        assert [one[name] for one in found] == [row[name] or "" for row in expected]
    read = {
        "number": int,
        "share": float,
        "value": decimal.Decimal,
        "at": datetime.fromisoformat,
        "flag": {"true": True, "false": False}.__getitem__,
    }
    for name, parse in read.items():
        values = [None if one[name] == "" else parse(one[name]) for one in found]  # type: ignore[operator]
        assert _comparable(values) == _comparable([row[name] for row in case.rows])


def _parquet_is_equal(case: Case) -> None:
    found = pq.read_table(io.BytesIO(case.files["parquet"])).to_pylist()
    expected = [_flat(row) for row in case.rows]
    for name in COLUMNS:
        assert _comparable([one[name] for one in found]) == _comparable(
            [row[name] for row in expected]
        )


def _engine_is_equal(case: Case, directory: Path, engine: duckdb.DuckDBPyConnection) -> None:
    """DuckDB with nothing said but that cells are text."""
    file = str(directory / "rows.csv")
    found = engine.execute(
        "SELECT text, picked FROM read_csv(?, all_varchar = true, header = true, delim = ',',"
        " quote = '\"', escape = '\"', strict_mode = true)",
        [file],
    ).fetchall()
    expected = [_flat(row) for row in case.rows]
    assert [[one or "" for one in row] for row in found] == [
        [row["text"] or "", row["picked"] or ""] for row in expected
    ]
    for form in ("jsonl", "json"):
        found = engine.execute(
            "SELECT text, number FROM read_json(?, columns = {text: 'VARCHAR', number: 'BIGINT'},"
            " format = 'auto')",
            [str(directory / f"rows.{form}")],
        ).fetchall()
        assert found == [(row["text"], row["number"]) for row in case.rows]


def _crawl_is_equal(
    case: Case, directory: Path, inspector: Inspector, engine: duckdb.DuckDBPyConnection
) -> None:
    """Nothing is repaired or told, and texts, numbers and times are what they were."""
    for form in case.files:
        seen = inspector.inspect(f"rows.{form}", directory / "copies" / "rows.gz")
        assert (seen.faults, seen.rows, seen.copy) == ((), len(case.rows), ""), form
        shape = seen.shape
        assert shape is not None
        columns = shape.columns if form in ("csv", "parquet") else seen.columns
        source = reader(shape, [str(directory / f"rows.{form}")], columns, 32 << 20)
        wanted = 'text, picked::VARCHAR, number::BIGINT, "at"::TIMESTAMPTZ, flag::BOOLEAN'
        found = engine.execute(f"SELECT {wanted} FROM {source}").fetchall()
        assert [(row[0] or "", *row[2:]) for row in found] == [
            (row["text"] or "", row["number"], row["at"], row["flag"]) for row in case.rows
        ], form
        assert [_said(row[1], one) for row, one in zip(found, case.rows, strict=True)] == [
            row["properties"].get("k") for row in case.rows
        ], form


def _said(text: str | None, row: dict[str, Any]) -> Any:
    """The value that a text stands for, where no text was written: engines write JSON their way."""
    value = row["properties"].get("k")
    if isinstance(value, str):
        return text or ""
    return None if text in (None, "") else json.loads(text)


def _comparable(values: list[Any]) -> list[Any]:
    """By value, and what is no number is itself."""
    return ["nan" if isinstance(one, float) and math.isnan(one) else one for one in values]
