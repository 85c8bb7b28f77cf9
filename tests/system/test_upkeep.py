"""The lake of a running server looks after itself, with commits all the while."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

import footfall
from tests.system.tree import START_SECONDS, post_events, running

SETTINGS = (
    *("--set", "lake.maintain_epochs=3"),
    *("--set", "lake.merge_runs=2"),
    "--no-studio",
)


def _report(home: Path) -> dict[str, Any]:
    try:
        file = home / "state" / "default" / "maintenance" / "report.json"
        return dict(json.loads(file.read_text()))
    except FileNotFoundError:
        return {}


@pytest.mark.slow
def test_running_server_compacts_its_lake(tmp_path: Path) -> None:
    """Nobody asks for it: the worker's child merges files beside epochs, and no row is lost."""
    home, sent = tmp_path / "home", 0
    with running(home, *SETTINGS) as tree:
        deadline = time.monotonic() + 2 * START_SECONDS
        while not _report(home).get("rewrites"):
            assert time.monotonic() < deadline, tree.errors()
            event = {"name": "page_view", "visitor_id": "ada", "event_id": f"event-{sent}"}
            assert post_events(tree.collector_url(), "web", [event]) == 200
            sent += 1
            time.sleep(0.2)
        assert tree.stop() == 0
    report = _report(home)
    assert (report["error"], report["files_rewritten"] >= 2) == (None, True)
    with footfall.open(home) as lake:
        rows = lake.sql("SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM events").rows()
    assert rows == [{"n": sent, "ids": sent}]
