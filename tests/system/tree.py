"""A real `footfall serve` in a directory of its own, and clients that retry as SDKs do."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from footfall.machine.process import is_alive

FAST = (
    "--set", "pipeline.epoch_age_max=1s",
    "--set", "pipeline.micro_batch_interval=50ms",
    "--set", "pipeline.checkpoint_epochs=2",
    "--set", "collector.port=0",
    "--set", "studio.port=0",
)  # fmt: skip
START_SECONDS = 180
"""A deadline and no expectation: a busy machine that upgrades a home first needs its time."""


class Tree:
    """One process tree; may be started again in the same home after a kill."""

    def __init__(
        self, home: Path, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self._arguments = arguments
        self._environ = environ
        self.process: subprocess.Popen[bytes] | None = None
        self.addresses: dict[str, Any] = {}

    def start(self) -> None:
        command = [sys.executable, "-m", "footfall.cli.main", "serve", "--json"]
        command += ["--home", str(self.home), *FAST, *self._arguments]
        out = (self.home.parent / "serve.out").open("wb")
        errors = (self.home.parent / "serve.err").open("ab")
        with out, errors:
            self.process = subprocess.Popen(command, stdout=out, stderr=errors, env=self._environ)
        self.addresses = self._wait_for_addresses()

    def _wait_for_addresses(self) -> dict[str, Any]:
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            text = (self.home.parent / "serve.out").read_text()
            if text.rstrip().endswith("}"):
                return dict(json.loads(text))
            assert self.process.poll() is None, self.errors()
            time.sleep(0.02)
        raise AssertionError(f"not started in {START_SECONDS} s: {self.errors()}")

    def errors(self) -> str:
        return (self.home.parent / "serve.err").read_text()[-4000:]

    def pid(self, part: str) -> int | None:
        """Process id that the part itself wrote when it became ready."""
        try:
            return int(json.loads((self.home / "run" / f"{part}.json").read_text())["pid"])
        except (FileNotFoundError, ValueError):
            return None

    def collector_url(self) -> str:
        """Where the collector listens now: a restarted one has another port."""
        try:
            return str(json.loads((self.home / "run" / "collector.json").read_text())["url"])
        except (FileNotFoundError, ValueError):
            return "http://127.0.0.1:9"

    def kill(self, part: str) -> None:
        """SIGKILL one part, the supervisor, or with `tree` everything at once."""
        parts = {"tree": ("collector", "worker", "studio"), "supervisor": ()}
        names = parts.get(part, (part,))
        if part in parts and self.process is not None:
            self.process.kill()
            self.process.wait()
        for name in names:
            pid = self.pid(name)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def wait_until_all_run(self) -> None:
        """Until every part that was killed is back."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            pids = [self.pid("collector"), self.pid("worker")]
            if all(pid is not None and is_alive(pid) for pid in pids):
                return
            time.sleep(0.05)
        raise AssertionError(f"parts did not come back: {self.errors()}")

    def stop(self) -> int:
        """SIGTERM and wait: everything acknowledged is in the lake afterwards."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(START_SECONDS)


@contextmanager
def running(home: Path, *arguments: str) -> Iterator[Tree]:
    """A started tree that is stopped, or killed, at the end."""
    tree = Tree(home, *arguments)
    tree.start()
    try:
        yield tree
    finally:
        if tree.process is not None and tree.process.poll() is None:
            tree.stop()


def post_events(url: str, write_id: str, events: list[dict[str, Any]], timeout: float = 5) -> int:
    """One POST to /v1/events; the status."""
    host = url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=timeout)
    try:
        body = json.dumps({"events": events}).encode()
        headers = {"X-Write-Id": write_id, "Content-Type": "application/json"}
        connection.request("POST", "/v1/events", body, headers)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


class RetryingClient(threading.Thread):
    """Sends numbered events until told to stop, each until it is acknowledged: at least once."""

    def __init__(self, tree: Tree, name: str, events_per_request: int) -> None:
        super().__init__(daemon=True)
        self._tree = tree
        self._visitor = name
        self._size = events_per_request
        self.stopping = threading.Event()
        self._has_given_up = threading.Event()
        self.acknowledged: list[str] = []
        self.attempts = 0
        self.pause_seconds = 0.02
        """After each request; what follows from more of them is more work for the same proof."""

    def run(self) -> None:
        while not self.stopping.is_set():
            events = [self._event() for _ in range(self._size)]
            while not self._send(events):
                if self._has_given_up.is_set():
                    return
                time.sleep(0.05)
            self.acknowledged.extend(event["event_id"] for event in events)
            time.sleep(self.pause_seconds)

    def give_up(self) -> None:
        """End even if nothing answers any more; what was sent last may be kept or not."""
        self.stopping.set()
        self._has_given_up.set()

    def _event(self) -> dict[str, Any]:
        return {
            "event_id": str(uuid.uuid4()),
            "name": "page_view",
            "timestamp": int(time.time() * 1000),
            "visitor_id": self._visitor,
            "page": {"url": f"https://shop.example/{self._visitor}"},
        }

    def _send(self, events: list[dict[str, Any]]) -> bool:
        self.attempts += 1
        try:
            return post_events(self._tree.collector_url(), "web", events) == 200
        except (OSError, http.client.HTTPException):
            return False
