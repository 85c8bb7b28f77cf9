"""The SQL page's questions, over real query workers and a cut."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from footfall.errors import Corrupt
from footfall.lake.tables import specs
from footfall.query import QueryPool
from footfall.studio.api.sql.tables import read_tables
from tests.query.cuts import query_settings, sample
from tests.studio.fakes import FakeAnswer, FakeShop, SqlColumn, studio


@pytest.fixture
def asking(shop: FakeShop, assets: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    cut = sample(tmp_path / "cut")
    pool = QueryPool(cut.home, cut.project, query_settings(rows_max=3))
    with studio(shop, assets, sql=pool) as running, httpx.Client(base_url=running.url) as client:
        assert client.get(running.link).status_code == 303
        yield client
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def test_tables_with_types_and_meanings(asking: httpx.Client) -> None:
    """Somebody who has never seen the project finds what there is and what it means."""
    tables = asking.get("/api/sql/tables", timeout=60).json()["tables"]
    told = {table["name"]: table["row_is"] for table in tables}
    assert told.pop("session_revisions") == "what a session was when it was written, each time"
    assert told == {spec.name: spec.row_is for spec in specs.read_tables()}
    for table in tables:
        if table["name"] == "session_revisions":  # a view of what two tables keep
            continue
        assert table["problem"] is None
        assert {column["name"] for column in table["columns"]} >= {
            one.name for one in specs.TABLES[table["name"]].columns
        }
    events = {column["name"]: column for column in tables[0]["columns"]}
    assert tables[0]["name"] == "events"
    assert events["event_time"] == {
        "name": "event_time",
        "type": "TIMESTAMP WITH TIME ZONE",
        "meaning": "When it happened, derived from the three; sessions and days go by it.",
    }


def test_csv_has_the_rows_of_the_answer(asking: httpx.Client) -> None:
    """The file and the table on the page are the same, and both say that they are cut off."""
    question = {"sql": "SELECT event_name AS n, 1.5::DECIMAL(9, 2) AS d FROM events ORDER BY ALL"}
    answer = asking.post("/api/sql", json=question, timeout=60).json()
    file = asking.post("/api/sql/csv", json=question, timeout=60)
    header, *rows = csv.reader(io.StringIO(file.text))
    assert header == [column["name"] for column in answer["columns"]] == ["n", "d"]
    assert rows == answer["rows"]
    assert len(rows) == 3
    assert (answer["is_cut_off"], file.headers["footfall-cut-off"]) == (True, "true")


class Damaged:
    """Answers for two tables, of which one cannot be read."""

    async def run(self, sql: str, *_: object, **__: object) -> FakeAnswer:
        if sql == "SHOW TABLES":
            return FakeAnswer((SqlColumn("name", "VARCHAR"),), b'[["od\\"d"], ["sessions"]]')
        if sql == 'DESCRIBE "od""d"':
            return FakeAnswer((), b'[["id", "UUID", "YES"]]')
        assert sql == 'DESCRIBE "sessions"'
        raise Corrupt("a data file is missing")


def test_a_damaged_table_hides_no_other() -> None:
    """When one table's files are gone, the page still shows what can be asked."""
    odd, damaged = asyncio.run(read_tables(Damaged())).tables
    assert [(column.name, column.type, column.meaning) for column in odd.columns] == [
        ("id", "UUID", "")
    ]
    assert (damaged.columns, damaged.problem) == ((), "a data file is missing")
