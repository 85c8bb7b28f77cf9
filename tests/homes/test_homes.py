"""A home of any version before this one opens, has everything once, and goes on working."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

import footfall
from footfall.home import Home
from footfall.lake.cut import read_cut
from footfall.upgrade import FORMAT, needs_upgrade, read_format
from tests.homes.kept import unpack, versions
from tests.system.tree import post_events, running

ROWS = """
SELECT event_id, event_name, visitor_id, epoch_us(event_time) AS event_time, session_id
FROM events WHERE app_id <> 'after' ORDER BY ALL
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", versions())
def test_home_of_an_earlier_version_opens(version: str, tmp_path: Path) -> None:
    """It was killed within an epoch and lies at another path now.

    What was sent (each id, each count) is the independent witness; the rows that the old version
    itself came to are the second: same events, same times, same sessions.
    """
    home = tmp_path / "home"
    held = unpack(version, home)
    assert needs_upgrade(Home(home))
    with running(home, "--no-studio") as tree:
        new = {"name": "page_view", "visitor_id": "new", "event_id": str(uuid.uuid4())}
        assert post_events(tree.collector_url(), "web", [new]) == 200
        assert tree.stop() == 0, tree.errors()
    _check_ledger(home, held)
    with footfall.open(home) as lake:
        rows = [list(row.values()) for row in lake.sql(ROWS).rows()]
    assert [row for row in rows if row[2] != "new"] == held["rows"]
    assert sum(row[2] == "new" for row in rows) == 1
    own = sorted(row[0] for row in rows if row[0] in {*held["own_events"]})
    assert own == held["own_events"]
    assert len(rows) == len(own) + held["aws_events"] + 1
    assert read_format(Home(home)) == FORMAT
    assert not needs_upgrade(Home(home))
    assert _doctor(home) == []


def _check_ledger(home: Path, held: dict[str, Any]) -> None:
    cut = read_cut(Home(home).cut_file("default"))
    assert cut is not None
    ledger = cut.ledger
    assert ledger.problems() == []
    assert (ledger.requests, ledger.records) == (held["requests"] + 1, held["records"] + 1)
    assert (ledger.failed, ledger.undecodable) == (held["failed"], held["undecodable"])
    assert ledger.duplicates == held["duplicates"]


def _doctor(home: Path) -> list[str]:
    command = [sys.executable, "-m", "footfall.cli.main", "doctor", "--json", "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    checks = json.loads(done.stdout)
    return [f"{c['name']}: {c['message']}" for c in checks if c["state"] == "broken"]
