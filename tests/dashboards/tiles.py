"""A studio over the shop's cut, and what its tiles answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from footfall.home import Home
from footfall.query import QueryPool
from tests.dashboards.shop import RANGE, shop_cut
from tests.query.cuts import query_settings
from tests.studio.fakes import FakeShop, studio


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    root = tmp_path_factory.mktemp("dashboards")
    cut = shop_cut(root / "cut")
    pool = QueryPool(cut.home, cut.project, query_settings())
    with (
        studio(FakeShop(Home(root / "home")), sql=pool) as running,
        httpx.Client(base_url=running.url, timeout=60) as found,
    ):
        assert found.get(running.link).status_code == 303
        yield found
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def shown(client: httpx.Client, tile: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post("/api/tiles", json={"tile": tile, "range": RANGE, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def behind(client: httpx.Client, tile: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post("/api/tiles/rows", json={"tile": tile, "range": RANGE, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def parts(data: dict[str, Any], row: list[Any]) -> list[dict[str, Any]]:
    """The segment that a row is: its values of x and colour."""
    named = [data["roles"]["x"], data["roles"]["colour"]]
    values = dict(zip([column["name"] for column in data["columns"]], row, strict=True))
    return [{"column": name, "value": values[name]} for name in named if name]
