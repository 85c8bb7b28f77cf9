"""A request that ends the pipeline is put aside by itself; everything else goes on, exactly."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.home import Home
from footfall.lake import Lake
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline import EpochPlan
from footfall.positions import Place
from footfall.request import encode_request
from footfall.settings import load_settings
from footfall.upgrade import upgrade
from tests.pipeline.harness import START_US, event, request
from tests.pipeline.plug_in import PROTOCOL, install
from tests.scale import IS_FULL, scaled
from tests.system.tree import RetryingClient, Tree

COUNT = 60
HOSTILE = scaled(24, COUNT)
"""Of a plug-in that fails everything."""
SLOW = (0, 9, 18, 27, 36, 45, 59) if IS_FULL else (9, 59)
POISON = {7: "exit", 20: "segfault", 33: "memory", 44: "slow", 50: "hang"}
SETTINGS = ("pipeline.memory_max=512MiB", "pipeline.batch_time_max=3s")
WAIT_SECONDS = 400


def _fill(home: Home, words: dict[int, str], count: int = COUNT) -> None:
    """A log with requests for the plug-in, before anything runs."""
    with contextlib.closing(Metadata.open(home)) as metadata:
        metadata.create_project("default")
    upgrade(home)
    made = [
        msgspec.structs.replace(
            request(number, [event(f"v{number % 9}", START_US, number)], START_US + number),
            protocol=PROTOCOL,
            headers=(("referer", words.get(number, "")),),
        )
        for number in range(count)
    ]
    with contextlib.closing(SqliteLog.writer(home.log_dir("default"), load_settings().log)) as log:
        log.append([encode_request(one) for one in made])


def _footfall(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "footfall.cli.main", *arguments, "--home", str(home.root)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tree]:
    """With the plug-in; nothing of it runs on after a test that failed."""
    with_plug_in = {**os.environ, "PYTHONPATH": str(install(tmp_path / "site"))}
    wanted = (*SETTINGS, *getattr(request, "param", ()))
    arguments = [text for setting in wanted for text in ("--set", setting)]
    made = Tree(tmp_path / "home", "--no-studio", *arguments, environ=with_plug_in)
    yield made
    made.kill("tree")


def _wait_for(tree: Tree, words: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while words not in tree.errors():
        assert time.monotonic() < deadline, tree.errors()
        time.sleep(0.1)


def _failed(home: Home) -> list[dict[str, Any]]:
    columns = ("log_offset", "reason", "part", "payload")
    table = Lake(home.lake_dir, "default").read("failed_events", columns)
    return sorted(table.to_pylist(), key=lambda row: int(row["log_offset"]))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_requests_that_end_the_pipeline_are_quarantined(tree: Tree) -> None:
    """A plug-in exits, crashes, eats memory, hangs: failed events, and all others are events.

    Meanwhile the collector acknowledges; afterwards an epoch redone from its plan gives equal rows.
    """
    home = Home(tree.home)
    _fill(home, POISON)
    subprocess.run(
        [sys.executable, "-m", "footfall.cli.main", "key", "create", "web", "--home", home.root],
        check=True,
        capture_output=True,
    )
    tree.start()
    client = RetryingClient(tree, "visitor", 1)
    client.start()
    _wait_for(tree, "they are failed events now, with reason poison: offsets 7, 20, 33, 44, 50")
    client.stopping.set()
    client.join(120)
    tree.wait_until_all_run()
    assert tree.stop() == 0, tree.errors()
    assert len(client.acknowledged) > 20
    failed = _failed(home)
    assert [(row["log_offset"], row["reason"], row["part"]) for row in failed] == [
        (offset, "poison", "request") for offset in POISON
    ]
    assert all(b'"events"' in row["payload"] for row in failed)
    _check(home, len(client.acknowledged))
    _check_shown(home)
    _check_redone(home, tree)
    _check(home, len(client.acknowledged))


def _check(home: Home, acknowledged: int) -> None:
    rows = Lake(home.lake_dir, "default").read("events", ("log_offset", "epoch"))
    offsets = rows.column("log_offset").to_pylist()
    assert sorted(offsets)[: COUNT - len(POISON)] == [n for n in range(COUNT) if n not in POISON]
    assert len(set(offsets)) == len(offsets)
    with contextlib.closing(Metadata.open(home)) as metadata:
        ledger = metadata.ledger("default")
        plans = metadata.plans_after("default", 0)
        assert metadata.quarantined("default") == tuple(Place(0, offset) for offset in POISON)
    assert ledger.problems() == []
    assert (ledger.undecodable, ledger.events) == (len(POISON), len(offsets))
    assert ledger.events >= COUNT - len(POISON) + acknowledged
    planned = [msgspec.json.decode(plan, type=EpochPlan).quarantined for plan in plans]
    assert [place.offset for places in planned for place in places] == list(POISON)


def _check_shown(home: Home) -> None:
    """The operator sees it in both places."""
    status = json.loads(_footfall(home, "status", "--json").stdout)
    (said,) = (p for p in status["problems"] if "5 requests of the last 7 days ended" in p)
    assert "offset 50 (request 0000" in said
    assert "protocol poisonous, app shop, " in said
    doctor = json.loads(_footfall(home, "doctor", "--json").stdout)
    states = {check["name"]: check["state"] for check in doctor}
    assert "offset 50 (request 0000" in next(c["message"] for c in doctor if c["name"] == "poison")
    assert states["poison"] == "attention"
    assert "broken" not in states.values()


def _check_redone(home: Home, tree: Tree) -> None:
    """Without checkpoints every epoch is redone from its plan; its ledger must be the same."""
    for checkpoint in home.state_dir("default").glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    tree.start()
    assert tree.stop() == 0, tree.errors()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("tree", [("pipeline.poison_requests_max=3",)], indirect=True, ids=[""])
def test_plug_in_that_fails_everything_stops_nothing(tree: Tree) -> None:
    """Hostile requests, three in a round, a slow one, and good traffic between them.

    All are failed events, all good ones are events, and no process has to be started by hand.
    """
    home = Home(tree.home)
    _fill(home, {**dict.fromkeys(range(HOSTILE), "exit"), HOSTILE // 2: "slow"}, HOSTILE)
    subprocess.run(
        [sys.executable, "-m", "footfall.cli.main", "key", "create", "web", "--home", home.root],
        check=True,
        capture_output=True,
    )
    tree.start()
    client = RetryingClient(tree, "visitor", 1)
    client.start()
    _wait_for(tree, "there are more than one round finds")
    _wait_for(tree, f"put aside: offset {HOSTILE - 1} ")
    before = len(client.acknowledged)
    while len(client.acknowledged) < before + 5:
        time.sleep(0.05)
    client.stopping.set()
    client.join(120)
    tree.wait_until_all_run()
    assert tree.stop() == 0, tree.errors()
    assert "Traceback" not in tree.errors()
    assert [(row["log_offset"], row["reason"]) for row in _failed(home)] == [
        (offset, "poison") for offset in range(HOSTILE)
    ]
    events = Lake(home.lake_dir, "default").read("events", ("log_offset",)).num_rows
    assert events >= len(client.acknowledged)
    with contextlib.closing(Metadata.open(home)) as metadata:
        assert metadata.ledger("default").problems() == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_burst_of_slow_requests_costs_time_and_no_process(tree: Tree) -> None:
    """Some that never end, as anybody can send them to a bad decoder: put aside one by one."""
    home = Home(tree.home)
    slow = dict.fromkeys(SLOW, "slow")
    _fill(home, slow)
    tree.start()
    _wait_for(tree, f"put aside: offset {COUNT - 1} ")
    assert tree.stop() == 0, tree.errors()
    assert [row["log_offset"] for row in _failed(home)] == list(slow)
    rows = Lake(home.lake_dir, "default").read("events", ("log_offset",))
    good = [offset for offset in range(COUNT) if offset not in slow]
    assert sorted(rows.column("log_offset").to_pylist()) == good
    assert "worker ended" not in tree.errors()
    assert "was halved; trying" in tree.errors()
    attempts = json.loads((home.state_dir("default") / "attempts.json").read_bytes())
    assert (attempts["deaths"], attempts["searches"]) == (0, 0)
