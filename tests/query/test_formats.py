"""An answer says the same in every format, exactly."""

from __future__ import annotations

import io

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import Invalid
from footfall.query.engine import Engine
from footfall.query.formats import render
from footfall.query.protocol import Format

EVERY_TYPE = """
SELECT * FROM (VALUES (1), (2)) n(n), (
    SELECT TIMESTAMPTZ '2024-10-04 12:00:00.000001+00' AS instant,
        TIMESTAMP '2024-10-04 12:00:00' AS wall, DATE '2024-10-04' AS day,
        TIME '23:59:59.5' AS time,
        12.340000::DECIMAL(18, 6) AS money, sum(9007199254740993::BIGINT) AS big, 0.1::DOUBLE AS f,
        'nan'::DOUBLE AS nan, true AS b, 'é"<,' || chr(10) AS text, 'x'::BLOB AS bytes,
        uuid '00000000-0000-0000-0000-000000000001' AS id, NULL AS nothing,
        INTERVAL '1 month 2 days 3.5 seconds' AS span, 'a'::ENUM('a', 'b') AS choice,
        '{"k": 1}'::JSON AS json, [DATE '2024-10-04', NULL] AS days,
        {'m': 1.50::DECIMAL(4, 2), 'l': [TIMESTAMPTZ '2024-10-04 12:00:00+00']} AS nested,
        MAP {'k': 1.5::DECIMAL(4, 2)} AS map, [1, 2]::INTEGER[2] AS fixed)
WHERE n = 2
"""

AS_JSON = {
    "n": 2,
    "instant": "2024-10-04T12:00:00.000001Z",
    "wall": "2024-10-04T12:00:00.000000",
    "day": "2024-10-04",
    "time": "23:59:59.500000",
    "money": "12.340000",
    "big": 9007199254740993,
    "f": 0.1,
    "nan": None,
    "b": True,
    "text": 'é"<,\n',
    "bytes": "eA==",
    "id": "00000000-0000-0000-0000-000000000001",
    "nothing": None,
    "span": "P1M2DT3.5S",
    "choice": "a",
    "json": '{"k": 1}',
    "days": ["2024-10-04", None],
    "nested": {"m": "1.50", "l": ["2024-10-04T12:00:00.000000Z"]},
    "map": [{"key": "k", "value": "1.50"}],
    "fixed": [1, 2],
}

AS_CSV = (
    '2,"2024-10-04T12:00:00.000001Z","2024-10-04T12:00:00.000000","2024-10-04","23:59:59.500000",'
    '12.340000,9007199254740993,0.1,nan,true,"é""<,\n","eA==",'
    '"00000000-0000-0000-0000-000000000001",,"P1M2DT3.5S","a",'
    '"{""k"": 1}","[""2024-10-04"",null]",'
    '"{""m"":""1.50"",""l"":[""2024-10-04T12:00:00.000000Z""]}",'
    '"[{""key"":""k"",""value"":""1.50""}]","[1,2]"\n'
)


def test_json_says_every_type_exactly(engine: Engine) -> None:
    """Programs parse this: instants in UTC, money as text, whole numbers as numbers."""
    table = engine.run(EVERY_TYPE, rows_max=10).table
    assert msgspec.json.decode(render(table, "json")) == [AS_JSON]
    assert msgspec.json.decode(render(table, "rows")) == [list(AS_JSON.values())]


def test_csv_says_every_type_exactly(engine: Engine) -> None:
    """As in JSON; an empty field is null and "" is an empty text."""
    table = engine.run(EVERY_TYPE, rows_max=10).table
    head, _, body = render(table, "csv").decode().partition("\n")
    assert head == ",".join(f'"{name}"' for name in AS_JSON)
    assert body == AS_CSV
    rows = engine.run("SELECT '' AS empty, NULL::VARCHAR AS nothing").table
    assert render(rows, "csv") == b'"empty","nothing"\n"",\n'


def test_parquet_and_arrow_keep_types(engine: Engine) -> None:
    """Frames get decimals and instants as such; Parquet has no intervals, they are text there."""
    table = engine.run(EVERY_TYPE, rows_max=10).table
    arrow = pa.ipc.open_stream(render(table, "arrow")).read_all()
    parquet = pq.read_table(io.BytesIO(render(table, "parquet")))
    same = [name for name in AS_JSON if name not in ("nothing", "span", "choice", "nan")]
    assert arrow.select(same).equals(table.select(same))
    assert parquet.select([*same[:11]]).equals(table.select(same[:11]))
    assert parquet.column("span").to_pylist() == ["P1M2DT3.5S"]
    assert arrow.schema.field("nothing").type == pa.string()
    assert arrow.schema.field("choice").type == pa.string()


@pytest.mark.parametrize("format_", ["rows", "json", "csv", "parquet", "arrow"])
def test_no_rows_are_an_answer_too(engine: Engine, format_: Format) -> None:
    """Nothing found is not an error, and has its columns where the format has columns."""
    table = engine.run("FROM events WHERE false", rows_max=10).table
    assert render(table, format_)


def test_types_without_a_form_say_what_to_do(engine: Engine) -> None:
    """One clear sentence instead of bytes nobody can read."""
    table = engine.run("SELECT 12345678901234567890::BIGNUM AS n").table
    with pytest.raises(Invalid, match="cast it to VARCHAR"):
        render(table, "json")


@given(st.lists(st.text() | st.none(), min_size=1))
def test_text_is_text(values: list[str | None]) -> None:
    """Whatever a visitor sent comes out of JSON as it was."""
    clean = [v if v is None else v.encode("utf-8", "replace").decode() for v in values]
    table = pa.table({"v": pa.array(clean, pa.string())})
    assert msgspec.json.decode(render(table, "rows")) == [[value] for value in clean]


def test_parts_of_nested_columns_are_their_own(engine: Engine) -> None:
    """Slices share their values' memory: each row still gets only its own."""
    sql = "SELECT i, [i, i + 1] AS l, MAP {i: i} AS m FROM range(5000) t(i) WHERE i % 2 = 1"
    rows = msgspec.json.decode(render(engine.run(sql).table.slice(3, 2400), "rows"))
    assert rows == [
        [i, [i, i + 1], [{"key": i, "value": i}]] for i in range(7, 7 + 2 * 2400, 2) if i < 5000
    ]
