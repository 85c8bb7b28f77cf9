"""Each role alone, as a container or a unit runs it: health, readiness, a clean stop."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import footfall
from tests.system.tree import START_SECONDS, post_events

VERB = (sys.executable, "-m", "footfall.cli.main")


class Role:
    """One verb in the foreground, in the home that all share."""

    def __init__(self, home: Path, name: str, *settings: str) -> None:
        self.name = name
        self._ready_file = home / "run" / f"{name}.json"
        arguments = [part for setting in settings for part in ("--set", setting)]
        self._error_file = home.parent / f"{name}.err"
        with self._error_file.open("w") as stream:
            self.process = subprocess.Popen(
                [*VERB, name, "--home", str(home), *arguments],
                stdout=subprocess.DEVNULL,
                stderr=stream,
            )

    @property
    def url(self) -> str:
        """Where it says that it listens."""
        until(self._has_said, self)
        return str(json.loads(self._ready_file.read_bytes())["url"])

    def _has_said(self) -> bool:
        assert self.process.poll() is None, self.errors()
        try:
            return bool(json.loads(self._ready_file.read_bytes())["pid"] == self.process.pid)
        except (FileNotFoundError, ValueError):
            return False

    def errors(self) -> str:
        return self._error_file.read_text()[-3000:]

    def ask(self, path: str) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def is_ready(self) -> bool:
        return self.ask("/ready") == (200, {"status": "ready"})

    def stop(self) -> int:
        """The status with which SIGTERM ends it."""
        self.process.terminate()
        return self.process.wait(START_SECONDS)


def until(condition: Callable[[], bool], role: Role) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{role.name}: {role.errors()}"
        time.sleep(0.05)


@contextmanager
def started(home: Path, name: str, *settings: str) -> Iterator[Role]:
    role = Role(home, name, *settings)
    try:
        yield role
    finally:
        if role.process.poll() is None:
            role.process.kill()
            role.process.wait()


@pytest.mark.slow
def test_each_role_runs_alone_and_says_how_it_is(tmp_path: Path) -> None:
    """In any order, under any supervisor; what one lacks of another it says, and stays."""
    home = tmp_path / "home"
    create = (*VERB, "key", "create", "web", "--home", str(home), "--quiet")
    subprocess.run(create, check=True)
    with ExitStack() as stack:
        studio = stack.enter_context(started(home, "studio", "studio.port=0"))
        assert studio.ask("/health") == (200, {"status": "alive"})
        status, problem = studio.ask("/ready")
        assert (status, problem["detail"]) == (
            503,
            "no cut was published yet; is a worker running?",
        )

        collector = stack.enter_context(started(home, "collector", "collector.port=0"))
        assert collector.ask("/health") == (200, {"status": "alive"})
        assert collector.is_ready()
        event = {"name": "page_view", "visitor_id": "ada", "page": {"url": "https://s.example/"}}
        assert post_events(collector.url, "web", [event]) == 200

        health = "pipeline.health_address=127.0.0.1:0"
        worker = stack.enter_context(started(home, "worker", health))
        assert worker.ask("/health") == (200, {"status": "alive"})
        until(worker.is_ready, worker)
        until(studio.is_ready, studio)
        second = subprocess.run(
            [*VERB, "worker", "--home", str(home)], capture_output=True, text=True, check=False
        )
        assert (second.returncode != 0, "another pipeline" in second.stderr) == (True, True)

        assert post_events(collector.url, "web", [event]) == 200
        assert [role.stop() for role in (collector, worker, studio)] == [0, 0, 0]
    with footfall.open(home) as lake:
        assert lake.sql("SELECT count(*) AS n FROM events").rows() == [{"n": 2}]


def test_a_runner_that_is_not_installed_is_told(tmp_path: Path) -> None:
    """One sentence that says what to install, before anything is opened."""
    home = tmp_path / "home"
    subprocess.run((*VERB, "key", "create", "web", "--home", str(home), "--quiet"), check=True)
    hidden = "import sys; sys.modules['pyspark'] = None; from footfall.cli.main import run"
    arguments = ["worker", "--home", str(home), "--runner", "spark"]
    done = subprocess.run(
        [sys.executable, "-c", f"{hidden}; run()", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "needs PySpark; install it: pip install 'footfall[spark]'" in done.stderr
    assert "Traceback" not in done.stderr
