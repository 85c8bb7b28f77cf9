"""What people write for Athena, on the real engine: rows as Athena has them, or a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall.catalog.entries import QueryParameter
from footfall.errors import Invalid
from footfall.explore.access import Project
from tests.catalog.places import home_with_a_cut, lines, put

TIME = "timestamp '2026-11-29 10:05:00'"
URL = "'https://u:p@shop.example:80/a/b?c=d%20e&f=g#h'"
MAP = "map(ARRAY['a','b'], ARRAY[1,2])"

ATHENA: dict[str, list[Any]] = {
    "date_parse('29/Nov/2026:10:05:00', '%d/%b/%Y:%H:%i:%s') = " + TIME: [True],
    f"parse_datetime('2026-11-29 10:05', 'yyyy-MM-dd HH:mm') = {TIME}": [True],
    f"format_datetime({TIME}, 'yyyy-MM-dd''T''HH:mm')": ["2026-11-29T10:05"],
    f"date_format({TIME}, '%Y-%m-%d %H:%i')": ["2026-11-29 10:05"],
    "cast(from_unixtime(1764410400) AS varchar)": ["2025-11-29 10:00:00+00"],
    "to_unixtime(from_unixtime(1764410400.5))": [1764410400.5],
    f"date_trunc('hour', {TIME}) = timestamp '2026-11-29 10:00:00'": [True],
    "date_diff('day', date '2026-11-01', date '2026-11-29')": [28],
    "date_add('day', 3, date '2026-11-29') = date '2026-12-02'": [True],
    "date '2026-11-29' - interval '1' day = date '2026-11-28'": [True],
    f"year({TIME}) * 100 + month({TIME}), day_of_week({TIME}), week({TIME})": [202611, 7, 48],
    f"to_iso8601({TIME})": ["2026-11-29T10:05:00"],
    "from_iso8601_timestamp('2026-11-29T10:05:00Z') = timestamptz '2026-11-29 10:05:00+00'": [True],
    "cast(at_timezone(from_unixtime(1764410400), 'Asia/Tokyo') AS varchar)": [
        "2025-11-29 19:00:00"
    ],
    "cast(from_unixtime(1764410400) AT TIME ZONE 'Asia/Tokyo' AS varchar)": ["2025-11-29 19:00:00"],
    'json_extract_scalar(\'{"a":{"b":"c"}}\', \'$.a.b\')': ["c"],
    "json_array_length('[1,2]'), json_format(json_parse('{\"a\":1}'))": [2, '{"a":1}'],
    "cast(json_parse('[1,2]') AS array(integer))": [[1, 2]],
    "split_part('a/b/c', '/', 2), split('a,b', ',')[1]": ["b", "a"],
    r"regexp_extract('abc123', '([a-z]+)(\d+)', 2), regexp_like('a1', '\d')": ["123", True],
    "try_cast('x' AS integer), try(cast('x' AS integer))": [None, None],
    "if(1 < 0, 'a'), coalesce(NULL, 2), nullif(1, 1)": [None, 2, None],
    "element_at(ARRAY[1,2,3], -1), cardinality(ARRAY[1,2])": [3, 2],
    f"{MAP}['b'], map_keys({MAP}), cardinality({MAP})": [2, ["a", "b"], 2],
    "contains(ARRAY[1,2], 2), array_join(ARRAY['a','b'], '-')": [True, "a-b"],
    "filter(ARRAY[1,2,3], x -> x > 1), transform(ARRAY[1,2], x -> x * 2)": [[2, 3], [2, 4]],
    "reduce(ARRAY[1,2,3], 0, (s, x) -> s + x, s -> s * 10)": [60],
    "any_match(ARRAY[1,2], x -> x > 1), all_match(ARRAY[1,2], x -> x > 1)": [True, False],
    "none_match(ARRAY[1,2], x -> x > 2)": [True],
    "slice(ARRAY[1,2,3,4], 2, 2), sequence(1, 3), flatten(ARRAY[ARRAY[1],ARRAY[2]])": [
        [2, 3],
        [1, 2, 3],
        [1, 2],
    ],
    f"url_extract_host({URL}), url_extract_path({URL}), url_extract_protocol({URL})": [
        "shop.example",
        "/a/b",
        "https",
    ],
    f"url_extract_query({URL}), url_extract_parameter({URL}, 'c'), url_extract_fragment({URL})": [
        "c=d%20e&f=g",
        "d e",
        "h",
    ],
}
"""Expressions → their values."""
ROWS: dict[str, list[list[Any]]] = {
    "SELECT n FROM (SELECT ARRAY[1,2] AS a) t CROSS JOIN UNNEST(a) AS u(n) ORDER BY 1": [[1], [2]],
    "SELECT n, i FROM (SELECT ARRAY['a','b'] AS a) t CROSS JOIN UNNEST(a) WITH ORDINALITY"
    " AS u(n, i) ORDER BY i": [["a", 1], ["b", 2]],
    f"SELECT k, v FROM (SELECT {MAP} AS m) t CROSS JOIN UNNEST(m) AS u(k, v) ORDER BY k": [
        ["a", 1],
        ["b", 2],
    ],
    "SELECT a, b FROM UNNEST(ARRAY[1,2], ARRAY['x','y']) AS t(a, b) ORDER BY a": [
        [1, "x"],
        [2, "y"],
    ],
    "SELECT approx_distinct(a), count_if(a > 1), arbitrary(b), max_by(b, a), every(a > 0),"
    " map_agg(a, b) FROM (VALUES (1, 'x'), (2, 'x')) AS t(a, b)": [
        [2, 1, "x", "x", True, {1: "x", 2: "x"}]
    ],
    "SELECT approx_percentile(a, 0.5), array_agg(a ORDER BY a DESC)"
    " FROM (VALUES 1, 2, 3) AS t(a)": [[2, [3, 2, 1]]],
    "SELECT a, count(*) FROM (VALUES 1, 1) AS t(a) GROUP BY GROUPING SETS ((a), ()) ORDER BY 1"
    " OFFSET 1 LIMIT 1": [[None, 2]],
    'SELECT count(*) FROM "awsdatacatalog"."db"."ordered" WHERE name LIKE \'a%\'': [[1]],
}
"""Statements → their rows."""
UNTRANSLATED = {
    "SELECT word_stem('running')": "word_stem",
    "SELECT date_parse('2026', '%Y'), human_readable_seconds(3)": "human_readable_seconds",
    f"SELECT format_datetime({TIME}, 'GG')": "no form of a time has 'GG'",
    f"SELECT format_datetime({TIME}, name) FROM ordered": "write the form of a time as a text",
    "SELECT count(*) FROM no_table WHERE d > date_parse('2026', '%Y')": "no_table",
    "INSERT INTO ordered VALUES (1)": "SELECT",
    "CREATE TABLE t AS SELECT 1": "only views and external tables can be defined",
    "ALTER TABLE ordered ADD IF NOT EXISTS PARTITION (d='1') LOCATION 's3://x/'": "MSCK REPAIR",
    "CREATE EXTERNAL TABLE t (a int) STORED AS ORC LOCATION 's3://x/'": "orc is not read",
    "CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' LOCATION"
    " 's3://x/' TBLPROPERTIES ('skip.header.line.count'='2')": "skip.header.line.count is 0 or 1",
}
"""Statements → words of what is told."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    directory = tmp_path_factory.mktemp("athena")
    put(directory / "place", "ordered/a", lines([{"name": "ab"}, {"name": "b"}]))
    put(directory / "place", "other/a", lines([{"q": 1}]))
    with Project(home_with_a_cut(directory / "home").root) as project:
        project.crawls.add("shop", str(directory / "place"))
        yield project


def _rows(project: Project, sql: str) -> list[list[Any]]:
    """Values; maps as dictionaries."""
    table = project.sql(sql).arrow()
    return [list(row.values()) for row in table.to_pylist(maps_as_pydicts="lossy")]


def test_functions_of_athena(project: Project) -> None:
    """Each with the value that Athena gives: whoever brings statements along need not mend them."""
    found = {text: _rows(project, f"SELECT {text}") for text in ATHENA}
    assert found == {text: [values] for text, values in ATHENA.items()}


@pytest.mark.parametrize("sql", ROWS)
def test_statements_of_athena(project: Project, sql: str) -> None:
    """Those with more than expressions."""
    assert _rows(project, sql) == ROWS[sql]


def test_what_is_not_translated_is_told(project: Project) -> None:
    """One sentence with the word that is not known; never the engine's words for another text."""
    for sql, said in UNTRANSLATED.items():
        with pytest.raises(Invalid) as caught:
            project.sql(sql)
        assert said in str(caught.value), sql
        assert "\n" not in str(caught.value)


def test_external_tables_as_they_are_declared(project: Project, tmp_path: Path) -> None:
    """Types of partitions, a first line that is a row, a sign between cells; the seeds' words."""
    put(tmp_path, "clicks/2026/11/a", b"mobile|like\ncomputer|5\n")
    put(tmp_path, "clicks/2026/x/b", b"tablet|7")
    made = project.sql(
        "CREATE EXTERNAL TABLE IF NOT EXISTS `default`.`clicks_json`"
        " (device string COMMENT 'which', seconds int) COMMENT 'of a shop'"
        " PARTITIONED BY (year string, month int)\n"
        "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'\n"
        "WITH SERDEPROPERTIES ('separatorChar' = '|', 'quoteChar' = '\"')\n"
        f"STORED AS TEXTFILE LOCATION 'file://{tmp_path}/clicks/'\n"
        "TBLPROPERTIES ('classification'='csv', 'has_encrypted_data'='false')"
    ).rows()
    assert made == [{"result": "the table clicks_json was made: 2 files, 3 rows"}]
    assert _rows(project, "SELECT * FROM clicks_json WHERE year = '2026' ORDER BY device") == [
        ["computer", 5, "2026", 11],
        ["mobile", None, "2026", 11],
        ["tablet", 7, "2026", None],
    ]
    described = {row["column_name"]: row["column_type"] for row in _described(project)}
    assert described == {
        "device": "VARCHAR",
        "seconds": "BIGINT",
        "year": "VARCHAR",
        "month": "BIGINT",
    }
    project.sql("DROP TABLE clicks_json")


def _described(project: Project) -> list[dict[str, Any]]:
    return project.sql("DESCRIBE clicks_json").rows()


def test_lists_of_values(project: Project) -> None:
    """`IN :names`, with and without parentheses; text of commas or a list; bound, never SQL."""
    sql = "SELECT name FROM ordered WHERE name IN :names AND name NOT IN (:without) ORDER BY 1"
    told = [
        QueryParameter("names", is_list=True),
        QueryParameter("without", is_list=True, default=()),
    ]
    project.queries.save("some", sql, told)
    run = project.queries.run
    assert run("some", names="b, ab, c").rows() == [{"name": "ab"}, {"name": "b"}]
    assert run("some", names=["ab", "b"], without=["b"]).rows() == [{"name": "ab"}]
    assert run("some", names='"b\'); --",ab').rows() == [{"name": "ab"}]
    project.queries.save(
        "sizes",
        "SELECT len(:sizes) AS n, 2 IN :sizes AS has",
        [QueryParameter("sizes", "integer", (1, 2), is_list=True)],
    )
    assert run("sizes").rows() == [{"n": 2, "has": True}]
    for wrong in ("1,x", [1, None], [[1]], ["1"] * 1_001):
        with pytest.raises(Invalid, match="sizes"):
            run("sizes", sizes=wrong)
    with pytest.raises(Invalid, match="several between commas"):
        run("some")
