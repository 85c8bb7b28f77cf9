"""The protocol of docs/extend/protocol.md, installed and used: HTTP in, events out."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from footfall.home import Home
from footfall.lake import Lake
from tests.extend.site import install
from tests.system.tree import Tree

PAGE = Path(__file__).parents[2] / "docs" / "extend" / "protocol.md"
BLOCKS = dict(re.findall(r'```\w+ title="([\w.]+)"\n(.*?)```', PAGE.read_text("utf-8"), re.DOTALL))
CAPTURES = Path(__file__).parents[1] / "captures"
ORIGIN = "https://www.shop.test"
VIEW = {
    "n": "pageview",
    "u": "https://www.shop.test/landing?utm_source=newsletter",
    "d": "shop.test",
    "r": "https://www.search.test/",
    "w": 1280,
    "h": 0,
    "p": {"app_build": "17"},
}


EXPECTED = [
    {
        "event_name": name,
        "app_id": "shop",
        "protocol": "plausible",
        "page_url": VIEW["u"],
        "page_referrer": VIEW["r"],
        "viewport_width": width,
        "properties": properties,
        "client_event_name": sent,
        "request_properties": about_request,
        "problems": problems,
        "log_offset": offset,
    }
    for offset, name, sent, width, properties, about_request, problems in (
        (0, "page_view", "pageview", 1280, '{"app_build":"17","h":0}', None, None),
        (1, "Signup", "Signup", 1280, '{"h":0,"plan":"pro"}', '{"query":{"try":"2"}}', None),
        (
            *(3, "page_view", "pageview", None, '{"app_build":"17","h":0,"w":"wide"}', None),
            ["wrong_type w"],
        ),
    )
]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def install_page(site: Path) -> None:
    """As its pyproject.toml says."""
    project = tomllib.loads(BLOCKS["pyproject.toml"])["project"]
    points = project["entry-points"]["footfall.protocols"]
    lines = "\n".join(f"{name} = {value}" for name, value in points.items())
    install(site, project["name"], lines, BLOCKS["plausible_protocol.py"])


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    """Footfall with the package, and the app of the page."""
    install_page(tmp_path / "site")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    home = tmp_path / "home"
    command = re.findall(r"^footfall (key create .*)$", PAGE.read_text("utf-8"), re.MULTILINE)[0]
    subprocess.run(
        [sys.executable, "-m", "footfall.cli.main", *command.split(), "--home", home],
        check=True,
        capture_output=True,
    )
    tree = Tree(home, "--no-studio", environ=environ)
    tree.start()
    yield tree
    if tree.process is not None and tree.process.poll() is None:
        tree.stop()


def send(tree: Tree, body: bytes, method: str = "POST", query: str = "", **headers: str) -> Answer:
    connection = http.client.HTTPConnection(tree.collector_url()[len("http://") :], timeout=30)
    with contextlib.closing(connection):
        sent = {"Origin": ORIGIN, "Content-Type": "text/plain"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/api/event{query}", body, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


def view(**changes: Any) -> bytes:
    return json.dumps({**VIEW, **changes}).encode()


def events(home: Path) -> list[dict[str, Any]]:
    columns = (
        *("event_name", "app_id", "protocol", "page_url", "page_referrer", "viewport_width"),
        *("properties", "client_event_name", "request_properties", "problems", "log_offset"),
    )
    rows = Lake(Home(home).lake_dir, "default").read("events", columns).to_pylist()
    return sorted(rows, key=lambda row: int(row["log_offset"]))


def failed(home: Path) -> list[tuple[str, str | None, str]]:
    columns = ("reason", "path", "part", "log_offset")
    rows = Lake(Home(home).lake_dir, "default").read("failed_events", columns).to_pylist()
    rows.sort(key=lambda row: int(row["log_offset"]))
    return [(row["reason"], row["path"], row["part"]) for row in rows]


@pytest.mark.timeout(600)
def test_the_page_works_from_request_to_event(tree: Tree) -> None:
    """What is promised to who writes one: CORS, answers, refusals, events, failures, bounds."""
    asked = {
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Headers": "traceparent",
    }
    preflight = send(tree, b"", "OPTIONS", **asked)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "traceparent" in preflight.headers["access-control-allow-headers"]
    taken = send(tree, view())
    assert (taken.status, taken.body) == (202, b"ok")
    assert taken.headers["access-control-allow-origin"] == ORIGIN
    signup = gzip.compress(view(n="Signup", p={"plan": "pro"}))
    assert send(tree, signup, query="?try=2").status == 202

    refusals = [
        send(tree, view(d=None)),
        send(tree, b"{"),
        send(tree, view(), Origin="https://evil.example"),
        send(tree, b"", "GET"),
        send(tree, b" " * (2 << 20)),
    ]
    assert [answer.status for answer in refusals] == [401, 401, 403, 405, 413]
    readable = ["access-control-allow-origin" in answer.headers for answer in refusals]
    assert readable == [True, True, False, True, True]

    deep = b'{"n":"deep","d":"shop.test","x":%b%b}' % (b"[" * 200, b"]" * 200)
    bomb = gzip.compress(b'{"n":"b","d":"shop.test","p":{}}' + b" " * (8 << 20), 9)
    for body in (view(n=None), view(w="wide"), view(d="nobody.test"), deep, bomb):
        assert send(tree, body).status == 202
    assert tree.stop() == 0, tree.errors()
    assert events(tree.home) == EXPECTED
    assert failed(tree.home) == [
        ("missing_field", "$.n", "record"),
        ("unknown_write_id", None, "request"),
        ("not_json", "$", "record"),
        ("body_too_large", None, "request"),
    ]


@pytest.mark.timeout(600)
def test_requests_of_a_package_that_was_removed_are_kept_with_a_reason(
    tree: Tree, tmp_path: Path
) -> None:
    """Also those in the log that nobody has decoded yet."""
    tree.kill("tree")
    offline = [sys.executable, "-m", "footfall.cli.main", "collector", "--home", str(tree.home)]
    offline += ["--set", "collector.port=0"]
    (tree.home / "run" / "collector.json").unlink()
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    collector = subprocess.Popen(offline, env=environ)
    while not (tree.home / "run" / "collector.json").exists():
        assert collector.poll() is None
        time.sleep(0.02)
    assert send(tree, view()).status == 202
    collector.terminate()
    assert collector.wait(60) == 0
    shutil.rmtree(tmp_path / "site")
    tree.start()
    assert send(tree, view()).status == 404
    assert tree.stop() == 0, tree.errors()
    assert events(tree.home) == []
    assert failed(tree.home) == [("unsupported", None, "request")]


def test_the_page_is_about_sixty_lines() -> None:
    """A protocol that takes more to explain is not a small thing to add."""
    lines = [line for line in BLOCKS["plausible_protocol.py"].splitlines() if line.strip()]
    assert len(lines) <= 65
