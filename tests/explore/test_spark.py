"""One meaning, several engines: each model's statement on a real Spark gives DuckDB's rows.

A part of `make test-full`: every statement is planned and run by Spark, which takes seconds each.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from footfall.explore.asking import compiled
from footfall.explore.kinds import KINDS
from footfall.explore.question.reading import read
from tests.explore.asked import NOW, Shop
from tests.explore.segments_shelf import segments_of_each_kind
from tests.explore.shops import common, known, shops
from tests.explore.test_segments_everywhere import RANGE, shop_rows

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [
    pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
WHERE = {
    "any": [
        {"field": "properties.price", "op": "between", "value": [1, 3]},
        {"field": "page_path", "op": "not_contains", "value": "b"},
        {"field": "session.entry_page", "op": "is", "value": "/s1"},
    ]
}
A, B = {"event": "a"}, {"event": "b"}
STEPS = [A, {"event": ["b", "c"], "where": WHERE}, {"event": "c"}]
BY = {"by": ["page_path", "properties.plan"], "top": 2}
PRICE = [{"measure": one, "of": "properties.price"} for one in ("sum", "median", "p90", "distinct")]
WALK = {"nodes": "events", "per": "visitor", "gap": "6h"}
LED = {"goal": {"event": "c"}, "window": "1d", "value": "properties.price"}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("events", {"series": [A, {"measure": "visitors"}, *PRICE], **BY, "compare": "previous"}),
    ("events", {"series": [{"measure": "sessions", "where": WHERE}], "granularity": "hour"}),
    ("funnel", {"steps": STEPS, "window": "6h", "granularity": "day", **BY}),
    ("funnel", {"steps": STEPS, "exclude": [{"event": "d"}], **BY, "by_step": "each"}),
    ("funnel", {"steps": STEPS, "order": "strict", "per": "session"}),
    ("funnel", {"steps": STEPS, "exclude": [{"event": "d"}], **BY, "step_times": True}),
    ("funnel", {"steps": STEPS, "order": "any", "per": "user", "window": "6h"}),
    ("retention", {"start": A, "back": B, "mode": "on_or_after", **BY}),
    ("retention", {"unit": "week", "periods": 2, "per": "user"}),
    ("path", {**WALK, "node": "a", "rules": [{"match": "b*", "label": "x"}], "top": 2}),
    ("path", {"nodes": "pages", "direction": "to", "where": WHERE}),
    ("path", {**WALK, **BY, "groups": 1}),
    ("lifecycle", {"active": A, "unit": "day", **BY}),
    ("lifecycle", {"unit": "week", "per": "user"}),
    *(
        ("attribution", {**LED, "touches": [A, B], "model": model})
        for model in ("first", "linear", "position", "time_decay", "markov")
    ),
    ("attribution", {"goal": B, "field": "session.entry_page", "model": "last"}),
    ("attribution", {**LED, "touches": [A, B], "model": "markov", **BY}),
    ("compare", {"variant": "properties.plan", "goal": B, "exposure": A, **BY}),
]
IN, OUT = ({"field": "segment", "op": op} for op in ("in", "not_in"))
OF_SEGMENTS: list[tuple[str, dict[str, Any]]] = [
    ("events", {"series": [{"measure": "visitors"}], "where": IN | {"value": ["often", "behind"]}}),
    ("funnel", {"steps": [A, B], "where": OUT | {"value": ["seldom"]}, "by": ["segment.listed"]}),
    ("retention", {"unit": "day", "where": IN | {"value": ["walked"]}}),
    ("path", {**WALK, "where": IN | {"value": ["behind"]}}),
    ("lifecycle", {"unit": "day", "where": OUT | {"value": ["often"]}}),
    ("attribution", {**LED, "touches": [A, B], "where": IN | {"value": ["seldom", "listed"]}}),
    ("compare", {"variant": "page_path", "goal": B, "where": OUT | {"value": ["listed"]}}),
]
"""Each model, and each form of a segment, once: Spark plans such a statement for many seconds."""


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    from pyspark.sql import SparkSession

    conf = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.log.level": "OFF",
        # Few rows: compiling each statement to Java takes a hundred times longer than running it.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
    }
    builder = SparkSession.builder.master("local[1]").appName("explore")
    for name, value in conf.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()


def as_spark_has_it(shop: Shop, spark: SparkSession, root: Path) -> None:
    """The same tables, from the same bytes; ids as text, as Spark has no UUID."""
    for name in ("events", "sessions"):
        table = shop.engine.run(f"SELECT * FROM {name}").table
        names = [one for one in table.column_names if one != "geo"]
        kinds = dict(shop_kinds(shop, name))
        shown = ", ".join(
            f'CAST("{one}" AS VARCHAR) AS "{one}"' if kinds[one] in ("UUID", "JSON") else f'"{one}"'
            for one in names
        )
        file = root / f"{name}.parquet"
        pq.write_table(shop.engine.run(f"SELECT {shown} FROM {name}").table, file)
        spark.read.parquet(str(file)).createOrReplaceTempView(name)


def shop_kinds(shop: Shop, name: str) -> list[tuple[str, str]]:
    rows = shop.engine.run(f"DESCRIBE {name}").table.to_pylist()
    return [(row["column_name"], row["column_type"]) for row in rows]


def plain(value: Any) -> Any:
    """A value as both engines can give it: Spark's literals with a point are decimals."""
    is_text = isinstance(value, str) or value is None
    return value if is_text else round(float(value), 6)


def sorted_rows(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted((tuple(map(plain, row)) for row in rows), key=repr)


@pytest.mark.timeout(1_200)
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(given_=shops())
def test_spark_gives_the_rows_of_duckdb(
    shop: Shop, spark: SparkSession, tmp_path_factory: Any, given_: tuple[str, list[dict[str, Any]]]
) -> None:
    """Windows, ties, calendars, percentiles and JSON mean the same there."""
    start, rows = given_
    shop.set(known(rows))
    as_spark_has_it(shop, spark, tmp_path_factory.mktemp("spark"))
    for model, asked in ASKED:
        demand_alike(shop, spark, model, common(start, 2) | asked)


@pytest.mark.timeout(1_200)
def test_a_segment_has_the_same_people_there(
    shop: Shop, spark: SparkSession, tmp_path: Path
) -> None:
    """Each form of a rule, lists, and segments of segments; as a filter of each model."""
    shop.set(known([*shop_rows()]))
    as_spark_has_it(shop, spark, tmp_path)
    for model, asked in OF_SEGMENTS:
        rows = demand_alike(shop, spark, model, {"range": RANGE} | asked)
        assert rows, model


def demand_alike(
    shop: Shop, spark: SparkSession, model: str, asked: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Both engines' rows, which are equal."""
    made = compiled(read(KINDS[model].question, asked), NOW, None, segments_of_each_kind())
    here = shop.engine.run(made.text(), made.values).table
    there = spark.sql(made.shown("spark")).collect()
    columns = [column.to_pylist() for column in here.columns]
    expected = sorted_rows(list(zip(*columns, strict=True)))
    assert sorted_rows([tuple(row) for row in there]) == expected, (model, asked)
    return expected
