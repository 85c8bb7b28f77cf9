"""`footfall serve` as an operator sees it: parts come back, one server a home, nothing is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import footfall
from footfall.app import restart_delay
from footfall.machine.process import is_alive
from tests.system.tree import START_SECONDS, Tree, post_events, running

PARTS = ("collector", "worker", "studio")


def _wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _event(number: int) -> dict[str, object]:
    return {
        "name": "page_view",
        "visitor_id": "ada",
        "page": {"url": f"https://s.example/{number}"},
    }


@pytest.mark.slow
def test_parts_that_die_come_back(tmp_path: Path) -> None:
    """Each part is killed once; the others go on, and the next event is acknowledged and stored."""
    with running(tmp_path / "home") as tree:
        for number, part in enumerate(PARTS):
            before = tree.pid(part)
            tree.kill(part)
            _wait_until(lambda part=part, before=before: tree.pid(part) != before, part)
            assert post_events(tree.collector_url(), "web", [_event(number)]) == 200
        assert tree.stop() == 0
    with footfall.open(tmp_path / "home") as lake:
        paths = lake.sql("SELECT page_path FROM events ORDER BY 1").rows()
    assert [row["page_path"] for row in paths] == ["/0", "/1", "/2"]


@pytest.mark.slow
def test_second_server_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """Two supervisors would fight over readiness files; the first must not notice the second."""
    with running(tmp_path / "home", "--no-studio") as tree:
        pids = [tree.pid("collector"), tree.pid("worker")]
        command = [sys.executable, "-m", "footfall.cli.main", "serve"]
        second = subprocess.run(
            [*command, "--home", str(tree.home)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert second.stderr.startswith("footfall: another server runs in this home; stop it first")
        assert second.stderr.count("\n") == 1
        assert [tree.pid("collector"), tree.pid("worker")] == pids


@pytest.mark.slow
def test_children_end_with_a_killed_supervisor(tmp_path: Path) -> None:
    """SIGKILL of the supervisor alone leaves no orphan that would keep ports and locks."""
    tree = Tree(tmp_path / "home")
    tree.start()
    pids = [pid for pid in map(tree.pid, PARTS) if pid is not None]
    assert len(pids) == 3
    assert tree.process is not None
    # Ctrl-C reaches the supervisor alone; the kernel weighs all of one session against each other.
    assert list(map(os.getpgid, pids)) == pids
    assert {os.getsid(pid) for pid in pids} == {os.getsid(tree.process.pid)}
    tree.process.kill()
    tree.process.wait()
    _wait_until(lambda: not any(map(is_alive, pids)), "children live on")


@pytest.mark.slow
def test_wrong_settings_are_all_told_before_anything_starts(tmp_path: Path) -> None:
    """All mistakes at once, exit code 2, no traceback, no half-started tree."""
    command = [sys.executable, "-m", "footfall.cli.main", "serve", "--home", str(tmp_path / "home")]
    done = subprocess.run(
        [*command, "--set", "log.segment_bytes_max=5", "--set", "nonsense.x=1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "log.segment_bytes_max" in done.stderr
    assert "nonsense" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_part_that_keeps_ending_waits_longer_each_time_and_a_collector_never_long() -> None:
    """What ends at once at each start must not eat the machine; clients wait for the collector."""
    waits: dict[str, list[float]] = {}
    for part in PARTS:
        delay = 0.0
        for _ in range(8):
            delay = restart_delay(part, delay)
            waits.setdefault(part, []).append(delay)
    assert waits["worker"] == waits["studio"] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert waits["collector"] == [0.5, 1, 2, 2, 2, 2, 2, 2]
