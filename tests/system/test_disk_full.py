"""A full disk costs time: the collector refuses, the pipeline waits, both go on by themselves."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.system.test_crash import _check
from tests.system.tree import RetryingClient, Tree

WAIT_SECONDS = 120


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB."""
    place = tmp_path / "home"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        assert os.environ.get("CI") != "true", f"needs to mount: {mounted.stderr}"
        pytest.skip(f"needs to mount a small file system: {mounted.stderr}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _fill(file: Path) -> None:
    """Take every byte that is left, again and again: what is freed meanwhile is taken, too."""
    with file.open("ab", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    ballast.write(bytes(size))


def _until(claim: Callable[[], bool], tree: Tree) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not claim():
        assert time.monotonic() < deadline, tree.errors()
        time.sleep(0.05)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_full_disk_is_waited_out(small_disk: Path, request: pytest.FixtureRequest) -> None:
    """Twice full and back under retrying clients: every acknowledged event is there once.

    The pipeline stays the same process, says what it waits for, and counts no death.
    """
    home = small_disk
    tree = Tree(home, "--no-studio")
    request.addfinalizer(lambda: tree.kill("tree"))
    tree.start()
    clients = [RetryingClient(tree, f"visitor-{n}", size) for n, size in enumerate((1, 5))]
    for client in clients:
        client.start()
    worker = tree.pid("worker")
    for round_ in range(1, 3):
        acknowledged = sum(len(client.acknowledged) for client in clients)
        _until(lambda: sum(len(c.acknowledged) for c in clients) > acknowledged + 50, tree)  # noqa: B023 (called at once)
        ballast = small_disk / "ballast"

        def is_told(ballast: Path = ballast, round_: int = round_) -> bool:
            _fill(ballast)
            return tree.errors().count("footfall: the disk is full; free some space") >= round_

        _until(is_told, tree)
        _fill(ballast)
        ballast.unlink()
        after = sum(len(client.acknowledged) for client in clients)
        _until(lambda: sum(len(c.acknowledged) for c in clients) > after + 50, tree)  # noqa: B023 (called at once)
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(120)
        assert not client.is_alive(), tree.errors()
    assert tree.pid("worker") == worker, tree.errors()
    deaths = json.loads((home / "state" / "default" / "attempts.json").read_bytes())["deaths"]
    assert tree.stop() == 0, tree.errors()
    assert deaths == 0
    _check(home, [event for client in clients for event in client.acknowledged], 0)
