"""The shell's part of a first hour: start, send, look, ask, stop; each step with what is seen."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import FOOTFALL, SECONDS_MAX, run

PORTS = ("--set", "collector.port=0", "--set", "studio.port=0")


class _Server:
    """`footfall serve` in a directory of its own, its streams in files as under a service."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.out, self.errors = directory / "out", directory / "errors"
        with self.out.open("wb") as out, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [str(FOOTFALL), "serve", *PORTS], cwd=directory, stdout=out, stderr=errors
            )

    def said(self) -> str:
        """What stands on standard output once it is ready."""
        deadline = time.monotonic() + SECONDS_MAX
        while "\ndata " not in self.out.read_text():
            assert self.process.poll() is None, self.errors.read_text()
            assert time.monotonic() < deadline, self.errors.read_text()
            time.sleep(0.05)
        return self.out.read_text()

    def stop(self) -> int:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS_MAX)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[_Server]:
    started = _Server(tmp_path)
    try:
        started.said()
        yield started
    finally:
        if started.process.poll() is None:
            started.stop()


@pytest.mark.slow
def test_from_start_to_answer(server: _Server) -> None:
    """One story, in the order of docs/first-steps.md.

    Standard error, which is a service's journal, says what each start and stop waits for.
    """
    directory = server.directory
    lines = server.said().splitlines()
    collector = lines[0].split()[1]
    home = directory / "footfall-data"
    assert lines[1] == f"           {collector}/collect for AWS Clickstream SDKs"
    assert re.fullmatch(r"studio     http://127\.0\.0\.1:\d+/open\?token=\w+", lines[2])
    assert lines[3] == "           opens once; another: footfall studio link"
    assert lines[4] == f"data       {home}"
    assert max(len(line) for line in lines if str(home) not in line) <= 80

    sent = run("send", "signup", "--write-id", "web", "--visitor", "ada", "--url", collector)
    assert (sent.stdout, sent.stderr) == ("acknowledged: 1\n", "")

    deadline = time.monotonic() + SECONDS_MAX
    while (counted := run("tables", cwd=directory).stdout.split("\n"))[0].split()[:2] != [
        "events",
        "1",
    ]:
        assert time.monotonic() < deadline, counted
    assert counted[0].endswith("an accepted event, in the lake or not committed yet")

    asked = run(
        "sql", "SELECT event_name, visitor_id FROM events", "--format", "csv", cwd=directory
    )
    assert asked.stdout == '"event_name","visitor_id"\n"signup","ada"\n'

    state = run("status", cwd=directory)
    assert (state.returncode, state.stderr) == (0, "")
    assert state.stdout.splitlines()[0] == f"collector  running  {collector}"

    second = run("serve", cwd=directory)
    assert (second.returncode, second.stderr) == (
        1,
        f"footfall: another server runs in this home; stop it first: {home}/run\n",
    )

    assert server.stop() == 0
    listed = run("project", "list", cwd=directory).stdout.splitlines()
    assert listed[0] == "default: in the lake 1 events, 0 failed; 1 requests"
    assert re.fullmatch(r"  web                write ids: fw_\w+ web", listed[1])
    assert server.errors.read_text().splitlines() == [
        f"footfall: making a new home in {home} …",
        "footfall: starting the collector …",
        "footfall: starting the worker …",
        "footfall: starting the studio …",
        "footfall: stopping; what was acknowledged goes to the lake first …",
    ]
