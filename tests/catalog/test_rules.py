"""What needs no file and no engine: which files are which table, types, statements, parameters."""

from __future__ import annotations

import pytest

from footfall.catalog.asking.athena import duckdb_text
from footfall.catalog.asking.parameters import bound, parameters_of
from footfall.catalog.crawls import layout
from footfall.catalog.crawls.types import merged
from footfall.catalog.entries import Partition, QueryParameter
from footfall.catalog.statements import CreateTable, CreateView, Drop, Repair, is_definition, parse
from footfall.errors import Invalid

SEED_VIEW = """CREATE OR REPLACE VIEW clicks_today AS
SELECT
*
FROM "aggregated"
WHERE
cast(partition_0 as integer)=year(current_date) and
cast(partition_2 as integer)=day(current_date) ;"""


@pytest.mark.parametrize(
    ("left", "right", "both"),
    [
        ("BIGINT", "BIGINT", "BIGINT"),
        ("", "DATE", "DATE"),
        ("BIGINT", "HUGEINT", "HUGEINT"),
        ("BIGINT", "DOUBLE", "DOUBLE"),
        ("DECIMAL(9,2)", "BIGINT", "DOUBLE"),
        ("DATE", "TIMESTAMP", "TIMESTAMP"),
        ("BIGINT", "VARCHAR", "VARCHAR"),
        ("BOOLEAN", "BIGINT", "VARCHAR"),
        ("BIGINT[]", "DOUBLE[]", "DOUBLE[]"),
        ("STRUCT(a BIGINT)", "STRUCT(a DOUBLE, b VARCHAR)", 'STRUCT("a" DOUBLE, "b" VARCHAR)'),
        ("STRUCT(a BIGINT)", "BIGINT[]", "VARCHAR"),
    ],
)
def test_one_type_for_values_of_both(left: str, right: str, both: str) -> None:
    """The narrowest that loses nothing, whichever file came first."""
    assert merged(left, right) == both
    assert merged(right, left) == both


def test_folders_are_tables_or_partitions() -> None:
    """As people who know Glue expect."""
    assert layout.are_partitions(["2025", "2026"])
    assert layout.are_partitions(["year=2026", "year=2025"])
    assert not layout.are_partitions(["rawdata", "aggregated"])
    like = {"a": {"x", "y", "z"}, "b": {"x", "y", "z"}}
    assert layout.are_like(like)
    assert not layout.are_like({**like, "c": {"q"}})
    plain = layout.partitions_of(["2026/11/29/10/f"])
    assert [one.name for one in plain] == [f"partition_{at}" for at in range(4)]
    both = layout.partitions_of(["Year=2026/m=1/f", "x/m=2/f"], plain[:1])
    assert [one.key for one in both] == ["partition_0", "m", "year"]
    where = layout.folders_with("x/m=2/f", both)
    assert where == (layout.Folder(0, False), layout.Folder(1, True), layout.Folder(-1, False))
    named = (Partition("y", "y", "BIGINT"), Partition("m", "m", "BIGINT"))
    assert layout.partitions_of(["2026/11/f", "m=11/y=2026/f"], named) == named
    assert [one.depth for one in layout.folders_with("m=11/y=2026/f", named)] == [1, 0]
    assert [one.depth for one in layout.folders_with("2026/11/f", named)] == [0, 1]
    assert [layout.table_name(text) for text in ("Raw-Data.v2", "2026", "ä")] == [
        "raw_data_v2",
        "t_2026",
        "t",
    ]


def test_statements_that_define() -> None:
    """The seed's own, with everything that Athena's users write around them."""
    view = parse(f"-- mine\n{SEED_VIEW}")
    assert isinstance(view, CreateView)
    assert (view.name, view.is_replacing) == ("clicks_today", True)
    assert view.sql.startswith("SELECT\n*")
    assert view.sql.endswith("day(current_date)")
    assert parse('DROP VIEW IF EXISTS "db"."V";') == Drop("view", "v", True)
    assert parse("msck repair table db.t") == Repair("t")
    table = parse(
        "CREATE EXTERNAL TABLE IF NOT EXISTS db.clicks (a string COMMENT 'who', n int, t timestamp)"
        " PARTITIONED BY (year string) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'"
        " STORED AS TEXTFILE LOCATION 's3://b/x/' TBLPROPERTIES ('skip.header.line.count'='1')"
    )
    assert isinstance(table, CreateTable)
    assert [(c.name, c.type, c.comment) for c in table.declared.columns] == [
        ("a", "VARCHAR", "who"),
        ("n", "BIGINT", ""),
        ("t", "TIMESTAMP", ""),
    ]
    assert (table.name, table.place, table.is_lenient) == ("clicks", "s3://b/x/", True)
    assert (table.declared.delimiter, table.declared.header_lines) == ("\t", 1)
    for other in ("CREATE TABLE t AS SELECT 1", "DROP SCHEMA x", "ALTER TABLE t ADD x int"):
        with pytest.raises(Invalid, match="only views and external tables"):
            parse(other)
    assert [is_definition(sql) for sql in ("/* drop */ SELECT 1", " drop view v")] == [False, True]


def test_athena_is_read_when_duckdb_differs() -> None:
    """Names of catalog and database are left out; functions are the engine's."""
    assert duckdb_text('SELECT * FROM "AwsDataCatalog"."db"."t" LIMIT 10') == (
        'SELECT * FROM "t" LIMIT 10'
    )
    assert "STRFTIME" in str(duckdb_text("SELECT date_format(t, '%Y') FROM x"))
    assert duckdb_text("DROP TABLE t") is None
    assert duckdb_text("SELECT 1; SELECT 2") is None


def test_parameters_are_bound_and_typed() -> None:
    """Nothing that somebody gives becomes a part of the statement."""
    sql = "SELECT ':a', x::DATE /* :b */ FROM t WHERE a = :a AND b > $b -- $c\n"
    told = parameters_of(sql, [QueryParameter("b", "integer", 3)])
    assert [(one.name, one.type) for one in told] == [("a", "text"), ("b", "integer")]
    text, values = bound(sql, told, {"a": "'; DROP"})
    assert text == (
        "SELECT ':a', x::DATE /* :b */ FROM t WHERE a = CAST($a AS VARCHAR) AND"
        " b > CAST($b AS BIGINT) -- $c\n"
    )
    assert values == {"a": "'; DROP", "b": 3}
    with pytest.raises(Invalid) as caught:
        bound(sql, told, {"b": "x", "c": 1})
    assert [problem.split()[0] for problem in caught.value.problems] == ["a", "b", "c"]
    with pytest.raises(Invalid, match="no such parameter"):
        parameters_of("SELECT 1", [QueryParameter("a")])
    with pytest.raises(Invalid, match="a date such as"):
        parameters_of("SELECT :d", [QueryParameter("d", "date", "tomorrow")])
