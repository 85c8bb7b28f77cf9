"""Collectors to send to: one that answers as it is told, and the real one."""

from __future__ import annotations

import contextlib
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from footfall.client import DeliveryWarning
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.project import App
from footfall.settings import load_settings
from tests.collect.conftest import Running

Statuses = Callable[[int, list[dict[str, Any]]], int]


class Collector(ThreadingHTTPServer):
    """Answers with what it is told and keeps what came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: Statuses = lambda *_: 200
        self.requests: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.text = b'{"detail":"because"}'
        self.came = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def batches(self) -> list[list[dict[str, Any]]]:
        with self.came:
            return [body["events"] for _, body in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Collector

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()} | {"": self.path}
        with self.server.came:
            self.server.requests.append((headers, body))
            status = self.server.answer(len(self.server.requests), body["events"])
            self.server.came.notify_all()
        text = self.server.text if status >= 400 else b"{}"
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        del format, args


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long it waits between attempts is not what is tested."""
    monkeypatch.setattr("footfall.client._sender.RETRY_SECONDS_MIN", 0.01)
    monkeypatch.setattr("footfall.client._sender.RETRY_SECONDS_MAX", 0.02)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Of a project with one app, `web`."""
    home = Home(tmp_path / "home")
    home.root.mkdir()
    with contextlib.closing(Metadata.open(home)) as metadata:
        metadata.create_project("default")
        metadata.create_app(App("default", "web", "Web"))
    return home


@pytest.fixture
def server_key(home: Home) -> str:
    with contextlib.closing(Metadata.open(home)) as metadata:
        return metadata.create_server_key("default", "web")[0]


@pytest.fixture
def running(home: Home, server_key: str) -> Iterator[Running]:
    """The real collector."""
    del server_key  # made before it starts
    with contextlib.closing(Running(home, load_settings(overrides=["collector.port=0"]))) as it:
        yield it


def events_of(running: Running) -> list[dict[str, Any]]:
    """All events in its log, as they were sent."""
    return [event for record in running.records() for event in json.loads(record.body)["events"]]


@contextlib.contextmanager
def hearing() -> Iterator[list[str]]:
    """What is told meanwhile by `DeliveryWarning`, from any thread."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        heard: list[str] = []
        yield heard
    assert {entry.category for entry in caught} <= {DeliveryWarning}
    heard += [str(entry.message) for entry in caught]
