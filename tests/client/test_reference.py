"""docs/python-client.md: its examples run, and it names what there is."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import httpx
import pytest
from flask import Flask

import footfall.client
from footfall.client import Client, ClientStatistics
from footfall.client._event import FIELDS
from tests.client.conftest import events_of
from tests.client.test_ways_to_send import ROOT, blocks
from tests.collect.conftest import Running

PYTHON = [code for language, code in blocks("python-client.md") if language == "python"]
HEADERS = {"cookie": "footfall_visitor=v-17", "user-agent": "Mozilla/5.0"}


def run(code: str, running: Running, server_key: str) -> dict[str, Any]:
    """Run an example as it stands, but for address and key."""
    code = code.replace("http://127.0.0.1:7700", running.url).replace("fsk_…", server_key)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, "python-client.md", "exec"), names)  # noqa: S102 (ours)
    return names


async def _post(app: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app, client=("203.0.113.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        return await client.post("/orders", headers=HEADERS)


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_each_example_runs(running: Running, server_key: str, number: int) -> None:
    """Copied, it works: what it tracks is in the log; web applications answer and track."""
    names = run(PYTHON[number], running, server_key)
    app = names.get("app")
    if isinstance(app, Flask):
        environ = {"REMOTE_ADDR": "203.0.113.9"}
        browser = app.test_client()
        browser.set_cookie("footfall_visitor", "v-17", domain="localhost")
        answer = browser.post("/orders", environ_base=environ)
        assert answer.get_json() == {"ordered": True}
    elif app is not None:
        assert asyncio.run(_post(app)).json() == {"ordered": True}
    client = names.get("client")
    if client is None:
        return
    client.close()
    (event,) = events_of(running)
    assert event["value"] in (59.9, "59.90")
    if app is not None:
        assert event["ip"] == "203.0.113.9"
        assert event["visitor_id"] == "v-17"
        assert event["page"]["url"].endswith("/orders")


def test_both_frameworks_are_among_the_examples() -> None:
    """So that the test above tests them."""
    assert sum("flask" in code for code in PYTHON) == 1
    assert sum("fastapi" in code for code in PYTHON) == 1


def test_the_reference_names_all_there_is() -> None:
    """Every public name, argument, default, field and count."""
    text = (ROOT / "docs" / "python-client.md").read_text("utf-8")
    names = {*footfall.client.__all__, *FIELDS, *ClientStatistics.__dataclass_fields__}
    names -= {"ClientStatistics"}
    names |= {name for name, _ in inspect.getmembers(Client) if not name.startswith("_")}
    names -= {"is_server"}
    assert {name for name in names if name not in text} == set()
    for name, argument in inspect.signature(Client).parameters.items():
        if name == "clock":
            continue
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        if argument.default not in (None, inspect.Parameter.empty):
            assert row.split("|")[2].strip().replace(" ", "") == f"{argument.default:g}"
