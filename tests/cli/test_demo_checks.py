"""The checks of demos can fail: what is missing, twice, or another is told, and nothing else."""

from __future__ import annotations

import email.message
import hashlib
import hmac
import http.server
import json
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from footfall.cli.demos.cooking import compared
from footfall.cli.demos.hook import SHOWN_MAX, Hook, serving
from footfall.cli.demos.page import Arrived
from footfall.cli.demos.short import short_sessions
from footfall.clock import SECOND
from footfall.home import Home
from footfall.testing.sim_clock import SimClock

Rows = list[dict[str, Any]]


class Said:
    """A project that answers what it was told to."""

    def __init__(self, **answers: Rows) -> None:
        self._answers = answers

    def sql(self, text: str, *_: object) -> Said:
        return Said(rows=self._answers.get(text) or self._answers["any"])

    def rows(self) -> Rows:
        return self._answers["rows"]


A, B = {"x": 1, "y": "a"}, {"x": 2, "y": "b"}


@pytest.mark.parametrize(
    ("files", "lake", "said"),
    [
        ([A, B], [B, A], ""),
        ([A], [A, B], "1 rows of the lake are not in the files, such as [(2, 'b')]"),
        ([A, B, B], [A, B], "1 the other way, such as [(2, 'b')]"),
    ],
)
def test_files_and_lake_differ_by_row_and_number(files: Rows, lake: Rows, said: str) -> None:
    """Order does not matter; a row too few or too many does."""
    found = compared(Said(files=files, lake=lake), "clicks", "files", "lake")
    assert (bool(found.differs), said in found.differs) == (bool(said), True)


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def delivery(secret: str, **changes: Any) -> tuple[bytes, email.message.Message]:
    firing = {"delivery_id": "d", "sequence": 1, "state": "firing", "at": "now", "title": "t"}
    body = json.dumps({"firings": [{**firing, "details": {"session_id": "s"}, **changes}]}).encode()
    headers = email.message.Message()
    headers["footfall-timestamp"] = "1"
    digest = hmac.new(secret.encode(), b"1." + body, hashlib.sha256).hexdigest()
    headers["footfall-signature"] = f"sha256={digest}"
    return body, headers


def test_the_log_has_each_firing_once(tmp_path: Path) -> None:
    """Deliveries come at least once, and what is withdrawn stands no more."""
    hook = Hook(tmp_path / "log", "secret", is_shown=False)
    assert not hook.take(*delivery("another"))
    assert not hook.log.exists()
    for _ in range(2):
        assert hook.take(*delivery("secret"))
    assert hook.log.read_text() == "now  t\n"
    session = [{"id": "s", "ended_at": moment(5)}]

    def differs(rows: Rows, began: int = 0) -> str:
        return short_sessions(Said(any=rows), hook, began * SECOND)[0].differs

    assert not differs(session)
    more = [
        *session,
        {"id": "later", "ended_at": moment(6)},
        {"id": "before the rule", "ended_at": moment(4)},
    ]
    assert differs(more).startswith("1 short sessions")
    assert "1 of those told" in differs(more[1:])
    assert hook.take(*delivery("secret", sequence=2, state="withdrawn"))
    assert hook.standing == []
    assert not differs(session, began=5), "none is told where none ended since"
    assert differs(session, began=4)


def test_a_terminal_is_not_flooded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A few lines at a time, and how many came else; the log has every one."""
    clock = SimClock()
    hook = Hook(tmp_path / "log", "secret", is_shown=True, clock=clock)
    hook.take(*delivery("secret", delivery_id="before"))
    hook.show()
    for number in range(SHOWN_MAX + 4):
        hook.take(*delivery("secret", delivery_id=f"d{number}", title=f"short {number}"))
    clock.advance(11 * SECOND)
    hook.take(*delivery("secret", delivery_id="later", title="short again"))
    told = [line.removeprefix("now  ") for line in capsys.readouterr().out.splitlines()]
    assert told == [
        *(f"short {n}" for n in range(SHOWN_MAX)),
        "… and 4 more, in log",
        "short again",
    ]
    assert len((tmp_path / "log").read_text().splitlines()) == SHOWN_MAX + 6


def test_a_page_that_goes_away_is_no_trouble(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody who closes a tab is shown a fault of the program."""
    asked, may_answer = threading.Event(), threading.Event()

    class Slow(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            may_answer.wait(30)
            raise BrokenPipeError

    ended: list[object] = []
    with serving(Slow) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert asked.wait(30)
            may_answer.set()
            ended.append(client.recv(1))
    assert ended == [b""]
    assert capsys.readouterr().err == ""


def test_what_arrived_is_closed_once_nobody_asks(tmp_path: Path) -> None:
    """The engine is one for all askers: it is closed behind the one that asks, and stays so."""
    steps: list[str] = []

    class Engine:
        def close(self) -> None:
            steps.append("closed")

    arrived = Arrived(Home(tmp_path))
    arrived._project = Engine()
    with arrived._lock:
        closing = threading.Thread(target=arrived.__exit__)
        closing.start()
        steps.append("answered")
    closing.join(30)
    assert steps == ["answered", "closed"]
    assert arrived.of("token") == []
