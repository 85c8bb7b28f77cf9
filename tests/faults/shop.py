"""A server with retrying clients, some of whose events come late; and whether promises are kept."""

from __future__ import annotations

import collections
import http.client
import json
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import footfall
from footfall.cli.operating.doctor import checks
from footfall.clock import SECOND
from footfall.home import Home
from footfall.lake.cut import read_cut
from footfall.settings import load_settings
from footfall.signin import fresh_link
from tests.faults.faults import Faults
from tests.sessionize import oracle
from tests.system.tree import FAST, RetryingClient, Tree

GAP_SECONDS = 2
SETTINGS = (
    *("--set", "log.segment_bytes_max=16KiB"),
    *("--set", "log.keep_age_min=5s"),
    *("--set", f"sessions.gap={GAP_SECONDS}s"),
    *("--set", "sessions.hot_age=2s"),
    *("--set", "pipeline.watermark_lag=1s"),
    *("--set", "lake.tail_grace=3s"),
    *("--set", "lake.merge_runs=2"),
    *("--set", "lake.fold_rows=1"),
    *("--set", "lake.snapshots_max=2"),
    *("--set", "lake.file_grace=1s"),
    # Maintenance is started by who wants it: after a death the worker waits a minute.
    *("--set", "lake.maintain_epochs=1000000"),
)
LATE_SECONDS = (0, 0, 0, 0, 0, 1, 4, 15)
VISIT_SECONDS = 4
WAIT_SECONDS = 90


class LateClient(RetryingClient):
    """Visitors come in turns, for a few seconds each, and few events fall between their visits.

    So there are many sessions, and what comes late makes sessions that ended longer, or one of two.
    """

    def __init__(self, tree: Tree, number: int) -> None:
        super().__init__(tree, f"visitor-{number}", 3)
        self.pause_seconds = 0.005  # a moment may be the fortieth call of its kind
        self._chance = random.Random(number)  # noqa: S311 (seeded on purpose)

    def _event(self) -> dict[str, Any]:
        event = super()._event()
        event["timestamp"] -= 1000 * self._chance.choice(LATE_SECONDS)
        turn = event["timestamp"] // (1000 * VISIT_SECONDS)
        is_stray = self._chance.random() < 0.03
        event["visitor_id"] += f"-{(turn + is_stray) % 3}"
        time.sleep(0.01)
        return event


class Shop:
    """The server, and everything it ever acknowledged."""

    def __init__(self, directory: Path, faults: Faults) -> None:
        self.faults = faults
        self.home = directory / "home"
        self.tree = Tree(self.home, *SETTINGS, environ=faults.environ)
        self.acknowledged: list[str] = []
        self._clients: list[LateClient] = []
        self._cookies: dict[str, str] = {}

    @contextmanager
    def sending(self) -> Iterator[list[LateClient]]:
        """Clients send while the block runs; after it all that they sent is acknowledged."""
        clients = [LateClient(self.tree, number) for number in range(2)]
        self._clients = clients
        for client in clients:
            client.start()
        yield clients
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(WAIT_SECONDS)
            assert not client.is_alive(), f"never acknowledged\n{self.tree.errors()}"
            self.acknowledged += client.acknowledged

    def look(self) -> int | None:
        """Ask the studio for its live numbers, as its page does; the status, `None` without one."""
        try:
            url = json.loads((self.home / "run" / "studio.json").read_bytes())["url"]
            if url not in self._cookies:  # its name has the port, which is another after a kill
                link = fresh_link(Home(self.home), load_settings())
                answer = _get(url, "/open?" + link.partition("?")[2], {})
                self._cookies[url] = answer.headers["Set-Cookie"].partition(";")[0]
            return _get(url, "/api/live", {"Cookie": self._cookies[url]}).status
        except (OSError, http.client.HTTPException):
            return None

    def maintain(self) -> subprocess.CompletedProcess[str]:
        """Run maintenance once."""
        command = [sys.executable, "-m", "footfall.cli.main", "maintain", "--home", str(self.home)]
        return subprocess.run(
            [*command, *FAST, *SETTINGS],
            env=self.faults.environ,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )

    def wait_until_whole(self) -> None:
        """Until readers have everything acknowledged, once, in the sessions it belongs to."""
        deadline = time.monotonic() + WAIT_SECONDS
        while problems := find_problems(self.home, self.acknowledged):
            assert time.monotonic() < deadline, f"{problems}\n{self.tree.errors()}"
            time.sleep(0.3)

    def wait_until_pages_open(self) -> None:
        """Until the studio answers."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (status := self.look()) != 200:
            assert time.monotonic() < deadline, f"{status}\n{self.tree.errors()}"
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the server; everything is in the lake then, and in order."""
        assert self.tree.stop() == 0, self.tree.errors()
        assert find_problems(self.home, self.acknowledged) == []
        found = [check for check in checks(Home(self.home), "default") if check.state == "broken"]
        assert found == []

    def end(self) -> None:
        """Kill whatever still runs; a test that failed leaves nothing behind."""
        self.faults.disarm()
        for client in self._clients:
            client.give_up()
        process = self.tree.process
        if process is not None and process.poll() is None:
            self.tree.kill("tree")


def _get(url: str, target: str, headers: dict[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        response.read()
        return response
    finally:
        connection.close()


def find_problems(directory: Path, acknowledged: Collection[str]) -> list[str]:
    """What readers do not have yet of what they must.

    Raises:
        AssertionError: they see what they must never see: an event twice, or one that nobody sent.
    """
    cut = read_cut(Home(directory).cut_file("default"))
    if cut is None:
        return ["no cut"]
    with footfall.open(directory) as lake:
        events = lake.sql(
            "SELECT event_id, app_id, visitor_id, session_id, epoch_us(event_time) AS event_time,"
            " epoch_us(received_at) AS received_at, request_id, request_index FROM events"
        ).rows()
        sessions = lake.sql("SELECT session_id, events FROM sessions").rows()
    ids = collections.Counter(str(uuid.UUID(str(row["event_id"]))) for row in events)
    doubled = [event for event, count in ids.items() if count > 1]
    assert doubled == [], "events are there twice"
    strangers = ids.keys() - set(acknowledged)
    assert not strangers, f"{len(strangers)} events that nobody sent"
    lost = set(acknowledged) - ids.keys()
    problems = [f"{len(lost)} of {len(acknowledged)} acknowledged events lack"] if lost else []
    problems += cut.ledger.problems()
    if cut.ledger.events != len(events):
        problems.append(f"the ledger says {cut.ledger.events} events, there are {len(events)}")
    if _defined(events) != {str(row["session_id"]): row["events"] for row in sessions}:
        problems.append("sessions differ from their definition")
    if any(row["session_id"] is None for row in events):
        problems.append("events without a session")
    return problems


def _defined(events: list[dict[str, Any]]) -> dict[str, int]:
    """Sessions by id, and how many events each has; events get the id they must have."""
    found = {}
    for mine in oracle.sessions(events, GAP_SECONDS * SECOND, 1 << 62, 1 << 62):
        first = mine[0]
        number = oracle.session_id(first["app_id"], first["visitor_id"], first["event_time"])
        session_id = str(uuid.UUID(bytes=number))
        found[session_id] = len(mine)
    return found
