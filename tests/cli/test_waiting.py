"""What is waited for is said at once, leaves nothing behind, and ends."""

from __future__ import annotations

import io
import os
import pty
import socket
import subprocess
from pathlib import Path

import pytest

from footfall.cli.running import sending as _sending
from footfall.cli.running.sending import wait_for_collector
from footfall.cli.terminal.waiting import NEWS_SECONDS, Waiting, waiting
from footfall.clock import SECOND
from footfall.errors import Unavailable
from footfall.testing import SimClock
from tests.cli.shell import FOOTFALL, SECONDS_MAX, run_here

SMALL = ("--rate", "5", "--duration", "2s", "--users", "3")


def test_without_a_terminal_each_wait_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Logs of a service show where a start hangs; news of the same wait come now and then only."""
    clock = SimClock()
    with waiting(clock) as wait:
        wait.for_("starting the collector")
        for number in range(100):
            clock.advance(SECOND)
            wait.news(f"the lake has {number} of 100 requests")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [
        "footfall: starting the collector …",
        "footfall: the lake has 9 of 100 requests …",
    ]
    assert len(lines) == 1 + 100 / NEWS_SECONDS


def test_nobody_listening_is_told_at_once_and_given_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sending into nothing for an hour looked like working; here every try is counted."""
    tries = []
    monkeypatch.setattr(_sending, "_connect", lambda *place: tries.append(place) or "refused")
    with pytest.raises(Unavailable, match="start it with: footfall serve"):
        wait_for_collector("http://127.0.0.1:7700", SimClock(), seconds_max=2.0)
    assert set(tries) == {("127.0.0.1", 7700)}
    assert len(tries) == 1 + 2.0 / 0.25
    said = "footfall: waiting up to 2 s for a collector at http://127.0.0.1:7700: refused …\n"
    assert capsys.readouterr().err == said


def test_somebody_listening_is_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said where nothing is to be said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        wait_for_collector(f"http://127.0.0.1:{server.getsockname()[1]}")
    assert capsys.readouterr().err == ""


def test_a_collector_that_goes_away_ends_the_sending() -> None:
    """After a minute in which nothing was acknowledged, with what was."""
    clock = SimClock()
    patience = _sending._Patience("http://x", clock)
    patience.look(3, None)
    clock.advance(50 * SECOND)
    patience.look(4, "answered 503")
    clock.advance(60 * SECOND)
    patience.look(4, "answered 503")
    clock.advance(SECOND)
    with pytest.raises(Unavailable, match="4 requests were acknowledged, last answer: answered 50"):
        patience.look(4, "answered 503")


def test_generate_says_what_it_does(tmp_path: Path) -> None:
    """Making traffic of days takes a while before the first byte."""
    done = run_here("generate", "--out", "x.jsonl", *SMALL, cwd=tmp_path)
    lines = done.stderr.splitlines()
    assert lines[0] == "footfall: making the traffic of a shop …"
    assert lines[1].startswith("footfall: writing ")
    assert (done.returncode, len(lines)) == (0, 2)


def test_a_terminal_has_a_spinner_and_then_nothing_of_it(tmp_path: Path) -> None:
    """Drawn on one line, which is erased; what stays on the screen is the answer."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(
        [str(FOOTFALL), "generate", "--out", "x.jsonl", *SMALL],
        cwd=tmp_path,
        env=environ,
        stdout=theirs,
        stderr=theirs,
        stdin=theirs,
    )
    os.close(theirs)
    drawn = io.BytesIO()
    try:
        while data := os.read(ours, 65536):
            drawn.write(data)
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(ours)
    assert process.wait(SECONDS_MAX) == 0
    text = drawn.getvalue().decode()
    assert "writing " in text
    assert "footfall: " not in text
    erased, _, left = text.rpartition("\x1b[2K")
    assert "…" in erased
    assert "…" not in left
    assert "sessions of 3 visitors" in left


def test_waiting_without_a_status_may_be_used_by_itself() -> None:
    """`send_requests` has a bar on terminals, and lines elsewhere."""
    wait = Waiting(None, SimClock())
    wait.news("not yet")
