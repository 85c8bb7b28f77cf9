"""A server key that was sent in public is refused, and is nowhere on disk afterwards."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

import footfall
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.request import decode_request
from tests.system.tree import Tree, running

SENTENCE = "this is a server key, a secret, sent as a write id"


def _ask(
    tree: Tree, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, str]:
    host = tree.collector_url().removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(host, timeout=60)) as connection:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, str(answer.headers) + answer.read().decode("latin-1")


@pytest.mark.slow
def test_server_key_is_nowhere_on_disk(tmp_path: Path) -> None:
    """Sent as a write id in every place there is, and elsewhere in requests that are taken.

    Looked for in every file of the home but the log's, in what log (without bodies) and lake say of
    themselves (both compress), in the answers, the metrics and what the processes print.
    """
    home = Home(tmp_path / "home")
    event = {"name": "page_view", "visitor_id": "v"}
    good = {"X-Write-Id": "web"}
    with running(home.root) as tree:
        with contextlib.closing(Metadata.open(home)) as metadata:
            key, _ = metadata.create_server_key("default", "web")
        encoded = "%66%73k%5F" + key[4:]
        user = "Basic " + base64.b64encode(f"\t{key}:".encode()).decode()
        body = json.dumps([event]).encode()
        refused = [
            ("POST", f"/v1/events?write_id={key}", {}),
            ("POST", f"/v1/events?write_id={encoded}", {}),
            ("POST", f"/v1/events?write_id=%20{key}", {}),
            ("POST", "/v1/events", {"X-Write-Id": key}),
            ("POST", "/v1/events", {"X-Write-Key": f'"{key}"'}),
            ("POST", "/v1/events", {"Authorization": f'Bearer "{key}"'}),
            ("POST", "/v1/events", {"Authorization": user}),
            ("GET", f"/v1/pixel.gif?name=page_view&write_id={key}", {}),
            ("POST", f"/collect?platform=Web&appId={key}", {}),
        ]
        said = ""
        for method, path, headers in refused:
            status, text = _ask(tree, method, path, headers, body)
            assert status == 403, (path, headers)
            assert SENTENCE in text
            said += text
        stray = {**good, "Referer": f"https://shop.example/?k={key}", "Cookie": f"k={key}"}
        taken = [
            ("POST", f"/v1/events?other={key}&again={encoded}", good, body),
            ("POST", f"/v1/events?other={quote('fsk_')}{key[4:20]}", good, body),
            ("POST", "/v1/events", stray, body),
            ("POST", f"/v1/events?write_id={key}", {"Authorization": f"Bearer {key}"}, body),
            ("POST", "/v1/events", good, json.dumps([{**event, "app_id": key}]).encode()),
            ("POST", "/v1/events", good, f'{{"name": "{key}", broken'.encode()),
            ("POST", "/collect?platform=Web&appId=web", {}, f'[{{"k":"{key}"}}]'.encode()),
            ("GET", f"/v1/pixel.gif?name=page_view&write_id=web&k={key}", {}, b""),
        ]
        for method, path, headers, sent in taken:
            status, text = _ask(tree, method, path, headers, sent)
            assert status == 200, (path, headers)
            said += text
        status, metrics = _ask(tree, "GET", "/metrics", {})
        assert 'outcome="secret_as_write_id",protocol="footfall"} 7.0' in metrics
        assert tree.stop() == 0, tree.errors()
    said += metrics + tree.errors() + (tmp_path / "serve.out").read_text()
    with contextlib.closing(SqliteLog.reader(home.log_dir("default"))) as log:
        records = [record for _, record in log.read(0, records_max=100, bytes_max=1 << 30)]
    assert len(records) == len(taken)
    logged = [msgspec.structs.replace(decode_request(record), body=b"") for record in records]
    with footfall.open(home.root) as lake:
        rows = [
            str(row)
            for table in ("events", "failed_events", "sessions")
            for row in lake.sql(f"SELECT * FROM {table}").rows()
        ]
    assert len([row for row in rows if "****" in row]) >= 3
    secret = key[12:28]
    assert secret not in said
    assert not [request for request in logged if secret in str(request)]
    assert not [row for row in rows if secret in row]
    kept = home.log_dir("default")  # bodies are there as they were sent, for their owner alone
    files = [path for path in home.root.rglob("*") if path.is_file() and path.parent != kept]
    assert len(files) > 15
    assert [path for path in files if secret.encode() in path.read_bytes()] == []


def test_key_in_what_doctor_prints(tmp_path: Path) -> None:
    """The list of keys tells them apart without telling them."""
    home = str(tmp_path / "home")
    run = [sys.executable, "-m", "footfall.cli.main", "key"]
    made = subprocess.run(
        [*run, "create", "web", "--server", "--home", home],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    key = next(word for word in made.stdout.split() if word.startswith("fsk_"))
    listed = subprocess.run(
        [*run, "list", "--home", home], capture_output=True, text=True, check=True, timeout=60
    )
    assert key[:12] in listed.stdout
    assert key[12:] not in listed.stdout
