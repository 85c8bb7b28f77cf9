"""An acknowledged event is in the lake exactly once, whatever is killed and whenever."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

import footfall
from footfall.home import Home
from footfall.lake.cut import read_cut
from tests.scale import scaled
from tests.system.tree import RetryingClient, Tree

KILLS = scaled(8, 200)
TARGETS = ("collector", "worker", "tree", "supervisor", "worker", "collector")


@pytest.mark.slow
@pytest.mark.timeout(scaled(600, 3000))
def test_kill_at_seeded_points_loses_and_doubles_nothing(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """SIGKILL of collector, pipeline, supervisor and whole tree while clients retry.

    Points are seeded; a failure names the seed and the kill. Clients retry until they are
    acknowledged, so the same event often arrives twice.
    """
    seed = 20261124
    chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
    tree = Tree(tmp_path / "home", "--no-studio")
    tree.start()
    clients = [RetryingClient(tree, f"visitor-{n}", size) for n, size in enumerate((1, 1, 7))]
    for client in clients:
        client.start()
    for kill in range(KILLS):
        time.sleep(chance.uniform(0.05, 1.6))
        target = TARGETS[kill % len(TARGETS)]
        tree.kill(target)
        if target in ("tree", "supervisor"):
            tree.start()  # at once: what the supervisor left may be ending yet
    time.sleep(1)
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(120)
        assert not client.is_alive(), f"client was never acknowledged: {seed=}\n{tree.errors()}"
    tree.wait_until_all_run()
    assert tree.stop() == 0, tree.errors()
    acknowledged = [event for client in clients for event in client.acknowledged]
    _check(tmp_path / "home", acknowledged, seed)
    record_property(f"kills by SIGKILL, seed {seed}", KILLS)
    record_property("acknowledged events found once", len(acknowledged))


def _check(home: Path, acknowledged: list[str], seed: int) -> None:
    lake = footfall.open(home)
    stored = [
        str(uuid.UUID(str(row["event_id"])))
        for row in lake.sql("SELECT event_id FROM events").rows()
    ]
    assert len(acknowledged) > 50, f"too little was sent to prove anything: {seed=}"
    assert sorted(stored) == sorted(acknowledged), f"lost or doubled: {seed=}"
    cut = read_cut(Home(home).cut_file("default"))
    assert cut is not None
    ledger = cut.ledger
    assert ledger.problems() == []
    assert ledger.events == len(stored)
    broken = lake.sql(
        "SELECT count(*) AS n FROM events e LEFT JOIN sessions s USING (session_id)"
        " WHERE s.session_id IS NULL OR e.event_time < s.started_at OR e.event_time > s.ended_at"
    ).rows()
    assert broken == [{"n": 0}]
    counted = lake.sql("SELECT sum(events)::BIGINT AS n FROM sessions").rows()
    assert counted == [{"n": len(stored)}]
