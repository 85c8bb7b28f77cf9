"""`footfall generate`: files that can be read back, sending that ends with the right status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from footfall.cli.running.generate import generate
from footfall.clock import HOUR, SECOND, SystemClock
from footfall.errors import Invalid
from footfall.recipes.traffic import decode_line
from footfall.recipes.truth import GroundTruth

SMALL = ("--rate", "20", "--duration", "2s", "--users", "10", "--seed", "3")


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(generate)
    return CliRunner().invoke(app, [*SMALL, *arguments])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 200
    paths: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.paths.append(self.path)
        self.send_response(self.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        del format, args


@pytest.fixture
def collector() -> Iterator[tuple[str, type[_Handler]]]:
    handler = type("Handler", (_Handler,), {"paths": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", handler
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_holds_the_requests_that_the_truth_counts(tmp_path: Path) -> None:
    """A file is sent later, perhaps elsewhere; its truth must be about it and nothing else."""
    out, truth_file = tmp_path / "requests.jsonl", tmp_path / "truth.json"
    result = run("--out", str(out), "--truth", str(truth_file), "--json")
    assert result.exit_code == 0, result.output
    requests = [decode_line(line) for line in out.read_bytes().splitlines()]
    truth = msgspec.json.decode(truth_file.read_bytes(), type=GroundTruth)
    summary = json.loads(result.stdout)
    assert len(requests) == truth.ledger.requests == summary["written"]
    assert summary["truth"]["sessions"] == truth.sessions == 10


def test_standard_output_holds_nothing_but_requests() -> None:
    """It is piped into programs; sums for people go to standard error."""
    result = run("--out", "-")
    assert result.exit_code == 0
    assert all(decode_line(line) for line in result.stdout_bytes.splitlines())
    assert "sessions of 10 visitors" in result.stderr


def test_a_backlog_reaches_into_the_past(tmp_path: Path) -> None:
    """`--backlog 3h`: events of three hours, all of them sent from now on."""
    now_us = SystemClock().now_us()
    out = tmp_path / "requests.jsonl"
    assert run("--out", str(out), "--backlog", "3h").exit_code == 0
    requests = [decode_line(line) for line in out.read_bytes().splitlines()]
    assert all(request.send_at_us >= now_us for request in requests)
    stamps = [
        event["timestamp"] * 1_000
        for request in requests
        if request.path == "/collect" and request.body.startswith(b"[")
        for event in json.loads(request.body)
        if isinstance(event.get("timestamp"), int)
    ]
    assert min(stamp for stamp in stamps if stamp > now_us - 4 * HOUR) < now_us - HOUR


def test_everything_is_sent_and_the_answer_counts_it(
    collector: tuple[str, type[_Handler]],
) -> None:
    """Status 0 means: every request was acknowledged."""
    url, handler = collector
    result = run("--url", url, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["sent"]["acknowledged"] == len(handler.paths)
    assert len(handler.paths) == summary["truth"]["ledger"]["requests"]
    assert {path.partition("?")[0] for path in handler.paths} == {"/collect", "/v1/events"}
    assert 1 <= summary["sent"]["seconds"] <= 20


def test_refused_requests_make_it_fail(collector: tuple[str, type[_Handler]]) -> None:
    """A script must notice that the write id was wrong."""
    url, handler = collector
    handler.status = 403
    result = run("--url", url)
    assert result.exit_code == 1
    assert f"{len(handler.paths)} × 403" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "say either where to send to"),
        (("--url", "http://127.0.0.1:1", "--out", "x"), "say either where to send to"),
        (("--out", "-", "--duration", "soon"), "--duration: a whole number and a unit"),
        (("--out", "-", "--backlog", "3"), "--backlog: a whole number and a unit"),
        (("--url", "localhost:7700"), "not an address to send to"),
    ],
)
def test_wrong_arguments_are_one_sentence(arguments: tuple[str, ...], said: str) -> None:
    """`main.run` prints the error's text; a traceback helps nobody."""
    result = run(*arguments)
    assert isinstance(result.exception, Invalid)
    assert said in str(result.exception)


def test_small_runs_end_soon() -> None:
    """The run above is two seconds of traffic: nothing may be planned for much later."""
    result = run("--out", "-")
    times = [decode_line(line).send_at_us for line in result.stdout_bytes.splitlines()]
    assert max(times) - min(times) < 10 * SECOND
