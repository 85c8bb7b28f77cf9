"""`footfall send`: what a person types or pipes arrives, and mistakes are one sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from footfall.cli.running.send import send
from footfall.errors import Invalid


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status = 200
    events: list[dict[str, Any]]
    keys: list[str]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.events.extend(body["events"])
        self.keys.append(self.headers.get("authorization") or self.headers["x-write-id"])
        self.send_response(self.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        del format, args


@pytest.fixture
def collector() -> Iterator[tuple[str, type[_Handler]]]:
    handler = type("Handler", (_Handler,), {"events": [], "keys": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", handler
    server.shutdown()
    server.server_close()
    thread.join()


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    app = typer.Typer()
    app.command()(send)
    return CliRunner().invoke(app, list(arguments), input=stdin)


def test_one_event_from_arguments(collector: tuple[str, type[_Handler]]) -> None:
    """Numbers and true stay what they are; a plain word needs no quotes."""
    url, handler = collector
    result = run(
        "signup", "--url", url, "--write-id", "web", "--visitor", "v1", "--user", "u1",
        "--page", "https://a.example/", "-p", "plan=pro", "-p", "seats=3", "-p", "trial=true",
    )  # fmt: skip
    assert (result.exit_code, result.stdout) == (0, "acknowledged: 1\n")
    (event,) = handler.events
    del event["event_id"], event["timestamp"]
    assert event == {
        "name": "signup",
        "visitor_id": "v1",
        "user_id": "u1",
        "page": {"url": "https://a.example/"},
        "properties": {"plan": "pro", "seats": 3, "trial": True},
    }


def test_many_events_from_a_pipe(collector: tuple[str, type[_Handler]]) -> None:
    """Ids and times that are given are kept: an import can be repeated without doubling."""
    url, handler = collector
    lines = "\n".join(
        json.dumps({"name": "tick", "event_id": f"e{number}", "timestamp": "2026-01-02T03:04:05Z"})
        for number in range(250)
    )
    result = run("--url", url, "--key", "fsk_1", "--json", stdin=f"{lines}\n\n")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["sent"] == 250
    assert [event["event_id"] for event in handler.events] == [f"e{n}" for n in range(250)]
    assert {event["timestamp"] for event in handler.events} == {"2026-01-02T03:04:05.000Z"}
    assert set(handler.keys) == {"Bearer fsk_1"}


@pytest.mark.parametrize(
    ("line", "properties"),
    [
        (b'\xef\xbb\xbf{"name":"t"}', None),
        (b'{"name":"t","x":"\\ud83d"}', {"x": "\ufffd"}),
        (
            b'{"name":"t","properties":{"x":"a\\udc00b","y":"\\ud83d\\ude00"}}',
            {"x": "a\ufffdb", "y": "😀"},
        ),
        (b'{"name":"t","plan":1,"properties":{"x":2}}', {"plan": 1, "x": 2}),
        (b'{"name":"t","x":NaN}', {"x": "NaN"}),
    ],
)
def test_what_the_api_takes_is_sent(
    collector: tuple[str, type[_Handler]], line: bytes, properties: object
) -> None:
    """A byte order mark, half an emoji, NaN, a field of one's own: no reason to stop an import."""
    url, handler = collector
    result = run("--url", url, "--write-id", "web", stdin=line)
    assert (result.exit_code, result.stdout) == (0, "acknowledged: 1\n")
    (event,) = handler.events
    assert (event["name"], event.get("properties")) == ("t", properties)


def test_a_refusal_is_told_and_fails(collector: tuple[str, type[_Handler]]) -> None:
    """Status 1 and the reason, for scripts and people."""
    url, handler = collector
    handler.status = 403
    result = run("x", "--url", url, "--write-id", "nobody")
    assert result.exit_code == 1
    assert result.stderr == "footfall: 1 events were not taken: answered 403\n"


def test_nobody_there_is_told_in_time() -> None:
    """It tries for `--timeout` and not for ever."""
    result = run("x", "--url", "http://127.0.0.1:9", "--write-id", "web", "--timeout", "0.2")
    assert result.exit_code == 1
    assert "1 events were not taken: ConnectionRefusedError" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("x",), None, "give either write_id (public) or key (secret), not both"),
        (("x", "--write-id", "w", "-p", "plan"), None, "write a property as name=value"),
        (("--write-id", "w"), "{", "line 1 is no JSON object"),
        (("--write-id", "w"), "\n[1]", "line 2 is no JSON object"),
        (("--write-id", "w"), '{"visitor_id": "v"}', "line 1 has no name"),
        (
            ("--write-id", "w"),
            b'{"name":"t","visitor_id":"caf\xe9"}',
            "line 1 is no JSON object: not valid UTF-8 at byte 29",
        ),
        (("--write-id", "w"), b"\n\xff\xfe{\x00", "line 2 is no JSON object: not valid UTF-8"),
        (("--write-id", "w"), '{"name":"t","x":' + "[" * 5000, "line 1 is no JSON object: "),
        (
            ("--write-id", "w"),
            '{"name":"t","x":' + "[" * 5000 + "]" * 5000 + "}",
            "nested more than 64",
        ),
        (("--write-id", "w"), '{"name":"t","x":nil}', "line 1 is no JSON object: "),
        (("--write-id", "w"), '{"name":"a"}\n{"name":"t","page":"x"}', "line 2: page is a dict"),
        (("caf\udce9", "--write-id", "w"), None, "an argument is not valid UTF-8: 'caf\\udce9'"),
        (("x", "--write-id", "w", "-p", "a=\udce9"), None, "an argument is not valid UTF-8"),
        (("--write-id", "w"), '{"name": "a", "timestamp": "soon"}', "line 1: timestamp: "),
    ],
)
def test_mistakes_are_one_sentence(
    arguments: tuple[str, ...], stdin: str | bytes | None, said: str
) -> None:
    """Each says what to write instead, and in which line."""
    result = run("--url", "http://127.0.0.1:9", "--timeout", "0.1", *arguments, stdin=stdin)
    assert isinstance(result.exception, Invalid)
    assert said in str(result.exception)
