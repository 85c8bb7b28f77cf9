"""What docs say about sending holds: every way to give a key, and every text to copy."""

from __future__ import annotations

import base64
import http.client
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import footfall
from tests.collect.conftest import Running
from tests.query.cuts import CutWriter

ROOT = Path(__file__).resolve().parents[2]
SNIPPETS = ROOT / "src" / "footfall" / "studio" / "api" / "apps" / "snippet_texts"
BODY = b'{"name": "x", "write_id": "web", "key": "web"}'
EXAMPLE = {"{endpoint}": "http://127.0.0.1:7700", "{write_id}": "web", "{collect_path}": "/collect"}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def post(running: Running, headers: dict[str, str], query: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request("POST", "/v1/events" + query, BODY, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def ways(key: str) -> list[tuple[dict[str, str], str]]:
    """As the table in docs/formats/events-api.md has them, the first counts."""
    return [
        ({"Authorization": f"Bearer {key}"}, ""),
        ({"Authorization": basic(key, "")}, ""),
        ({"X-Write-Id": key}, ""),
        ({"X-Write-Key": key}, ""),
        ({}, f"?write_id={key}"),
    ]


@pytest.mark.parametrize("way", range(5))
def test_each_way_to_give_a_write_id_is_taken(running: Running, way: int) -> None:
    """Documented, so it must work."""
    headers, query = ways("web")[way]
    status, body = post(running, headers, query)
    assert status == 200
    assert b"quarantined" not in body
    ((app_id, trusted),) = [(r.app_id, r.trusted) for r in running.records()]
    assert (app_id, trusted) == ("web", False)


@pytest.mark.parametrize("way", range(5))
def test_a_server_key_counts_in_authorization_alone(
    running: Running, server_key: str, way: int
) -> None:
    """Elsewhere it is in logs or pages, where it is no secret."""
    headers, query = ways(server_key)[way]
    status, body = post(running, headers, query)
    if "Authorization" in headers:
        assert status == 200
        assert [record.trusted for record in running.records()] == [True]
    else:
        assert status == 403
        assert b"secret_as_write_id" in body


def test_basic_takes_a_server_key_from_either_place(running: Running, server_key: str) -> None:
    """SDKs differ in where they put it."""
    assert post(running, {"Authorization": basic("web", server_key)})[0] == 200
    assert post(running, {"Authorization": basic(server_key, "web")})[0] == 200
    assert post(running, {"Authorization": basic("web", "other")})[0] == 200
    assert [(r.app_id, r.trusted) for r in running.records()] == [
        ("web", True),
        ("web", True),
        ("web", False),
    ]


PAIRS = [
    (first, second) for second in range(5) for first in range(second) if (first, second) != (0, 1)
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_of_two_the_first_of_the_table_counts(running: Running, first: int, second: int) -> None:
    """An unknown id in the first place is kept as unknown although the second is known."""
    headers, query = ways("web")[second]
    wrong_headers, _ = ways("wbe")[first]
    status, body = post(running, {**headers, **wrong_headers}, query)
    assert (status, b'"quarantined":true' in body) == (200, True)
    ((app_id, credential),) = [(r.app_id, r.credential) for r in running.records()]
    assert (app_id, credential) == (None, "wbe")


def test_without_a_key_or_with_one_in_the_body_it_is_401(running: Running) -> None:
    """The body is not read before it is known who sends."""
    status, body = post(running, {})
    assert status == 401
    assert b"no_key" in body


def test_the_table_names_these_ways() -> None:
    """In this order."""
    text = (ROOT / "docs" / "formats" / "events-api.md").read_text("utf-8")
    table = text.partition("## Who sends")[2].partition("## Body")[0]
    assert len(re.findall(r"^\| (?!where|---)", table, re.MULTILINE)) == 5
    order = ["bearer", "basic", "X-Write-Id", "X-Write-Key", "?write_id="]
    assert sorted(order, key=table.index) == order


def blocks(page: str) -> list[tuple[str, str]]:
    """Language and text of a page's code."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found: list[Any] = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(language, code.strip("\n")) for language, code in found]


@pytest.mark.parametrize("file", sorted(SNIPPETS.glob("*.txt")), ids=lambda file: file.stem)
def test_the_page_shows_what_the_studio_shows(file: Path) -> None:
    """One text to copy, wherever it is found; if it differs, copy the file's into the page."""
    text = file.read_text("utf-8").strip("\n")
    for placeholder, value in EXAMPLE.items():
        text = text.replace(placeholder, value)
    assert text in [code for _, code in blocks("send.md")]


SHELL = [code for language, code in blocks("send.md") if language == "sh"]
CURLS = [code for code in SHELL if code.startswith("curl")]
QUERIES = [
    sql for code in SHELL for sql in re.findall(r'^footfall sql "(.*)"$', code, re.MULTILINE)
]


@pytest.mark.parametrize("command", CURLS)
def test_each_curl_works_as_it_stands(running: Running, server_key: str, command: str) -> None:
    """Copied into a shell, but for address and key."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    command = command.replace("http://127.0.0.1:7700", running.url).replace("fsk_…", server_key)
    shell = ["sh", "-c", command.replace("curl ", "curl --noproxy '*' -sS --fail ", 1)]
    done = subprocess.run(shell, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert b"quarantined" not in done.stdout
    ((app_id, trusted),) = [(r.app_id, r.trusted) for r in running.records()]
    assert (app_id, trusted) == ("web", "Bearer" in command)


def test_the_pages_python_works(running: Running) -> None:
    """The same text as the studio's."""
    ((_, code),) = [block for block in blocks("send.md") if block[0] == "python"]
    code = code.replace("http://127.0.0.1:7700", running.url)
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
    assert [record.app_id for record in running.records()] == ["web"]


def test_the_pages_queries_run(tmp_path: Path) -> None:
    """Their columns are there."""
    assert len(QUERIES) == 2
    CutWriter(tmp_path).publish()
    with footfall.open(tmp_path) as lake:
        assert [lake.sql(sql).arrow().num_rows for sql in QUERIES] == [0, 0]
