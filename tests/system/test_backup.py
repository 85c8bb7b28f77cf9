"""A backup made under load, restored elsewhere: all that was acknowledged before is there, once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

import footfall
from footfall.home import Home
from footfall.lake.cut import read_cut
from tests.scale import scaled
from tests.system.tree import RetryingClient, Tree, running

BACKUPS = scaled(2, 15)


def _footfall(*arguments: str) -> str:
    command = [sys.executable, "-m", "footfall.cli.main", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600 * scaled(1, 10))
def test_restored_backup_of_a_busy_server_has_what_was_acknowledged(tmp_path: Path) -> None:
    """Epochs each second, checkpoints each second epoch, the log trimmed at once.

    After each backup one is restored, started, and counted: nothing acknowledged before the backup
    began is missing, nothing is twice, nothing is there that was never sent.
    """
    home, target = tmp_path / "home", tmp_path / "backup"
    keep_little = ("--set", "log.keep_age_min=1ms", "--set", "log.segment_bytes_max=16KiB")
    with running(home, "--no-studio", *keep_little) as tree:
        clients = [RetryingClient(tree, f"visitor-{n}", size) for n, size in enumerate((1, 3, 9))]
        for client in clients:
            client.start()
        for number in range(BACKUPS):
            time.sleep(3)
            before = [event for client in clients for event in list(client.acknowledged)]
            report = json.loads(_footfall("backup", str(target), "--home", str(home), "--json"))
            assert report["files"] > 20
            sent = {event for client in clients for event in list(client.acknowledged)}
            again = tmp_path / f"again-{number}"
            _footfall("restore", str(target), "--home", str(again))
            _check(again, before, sent)
            shutil.rmtree(again)
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(120)
    assert len(before) > 100
    # The log was really trimmed below a running backup.
    assert min(int(file.stem) for file in Home(home).log_dir("default").glob("*.db")) > 0


def _check(home: Path, acknowledged: list[str], sent: set[str]) -> None:
    tree = Tree(home, "--no-studio")
    tree.start()
    assert tree.stop() == 0, tree.errors()
    with footfall.open(home) as lake:
        rows = lake.sql("SELECT event_id FROM events").rows()
        lost = lake.sql(
            "SELECT count(*) AS n FROM events e LEFT JOIN sessions s USING (session_id)"
            " WHERE s.session_id IS NULL"
        ).rows()
    stored = [str(uuid.UUID(str(row["event_id"]))) for row in rows]
    assert len(stored) == len({*stored}), "doubled"
    assert {*acknowledged} <= {*stored}, "lost"
    # A request in the log whose client is not told yet: at most one of each client.
    assert len({*stored} - sent) <= 13
    assert lost == [{"n": 0}]
    cut = read_cut(Home(home).cut_file("default"))
    assert cut is not None
    assert cut.ledger.problems() == []
    assert cut.ledger.events == len(stored)
