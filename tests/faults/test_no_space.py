"""No space left for one kind of file at a time: what cannot be written waits, and then goes on.

A disk without bytes refuses to write; one without inodes, to make files. Both happen here, also
while gigabytes are free, as with a quota or a file system of its own below the home.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from footfall.home import Home
from footfall.lake.cut import read_cut
from tests.faults.faults import Operation, Rule
from tests.faults.shop import WAIT_SECONDS, Shop
from tests.scale import IS_FULL, scaled
from tests.system.tree import post_events

SHORTAGES: dict[str, tuple[Operation, ...]] = {"bytes": ("write",), "inodes": ("create", "mkdir")}


class Kind(NamedTuple):
    """Files of one kind, and the directory that a person must make room in."""

    name: str
    pattern: str
    place: str
    process: str = "worker"
    shortages: tuple[str, ...] = tuple(SHORTAGES)

    def rules(self, shortage: str) -> list[Rule]:
        """There is no space for them; who tries whether the directory has some finds none."""
        wants = SHORTAGES[shortage]
        files = [Rule("full", self.process, want, f"*/home/{self.pattern}") for want in wants]
        return [*files, Rule("full", "*", "write", f"*/home/{self.place}#*")]


KINDS = (
    Kind("data file", "lake/default/*.parquet", "lake/"),
    Kind("manifest", "lake/default/*.avro", "lake/"),
    Kind("table metadata", "lake/default/*.metadata.json", "lake/"),
    Kind("catalog", "lake/catalog.db*", "lake/"),
    # Its files are there from the start to the end: it never needs an inode.
    Kind("metadata database", "metadata.db*", "", shortages=("bytes",)),
    Kind("tail", "tail/default/*", "tail/default/"),
    Kind("checkpoint", "state/default/.checkpoint-*", "state/default/"),
    Kind("ids for duplicate removal", "state/default/duplicates/*", "state/default/"),
)
LOG = Kind("log", "log/default/*", "log/default/", "collector")
MERGED = Kind("merged data file", "lake/default/*.parquet", "lake/", "maintain")

ALL = tuple((kind, shortage) for kind in KINDS for shortage in kind.shortages)
CASES = (
    ALL
    if IS_FULL
    else tuple(
        (kind, kind.shortages[number % len(kind.shortages)]) for number, kind in enumerate(KINDS)
    )
)
"""In `make test` each kind has one of its shortages."""
LOOKS = scaled(1, 2)
"""How often the pipeline finds no space before there is some."""


@pytest.mark.slow
@pytest.mark.timeout(scaled(600, 1200))
def test_pipeline_waits_for_space(
    shop: Shop, record_property: Callable[[str, object], None]
) -> None:
    """It says so and where in one line, looks again, goes on as the same process, without death.

    Meanwhile events are acknowledged, and in the end readers have each of them once.
    """
    worker = shop.tree.pid("worker")
    for kind, shortage in CASES:
        with shop.sending():
            told = _told(shop, kind)
            shop.faults.arm(kind.rules(shortage))
            _until(lambda: _told(shop, kind) >= told + LOOKS, f"{kind} {shortage}", shop)  # noqa: B023 (called at once)
            shop.faults.disarm()
            epoch = _epoch(shop)
            _until(lambda: _epoch(shop) > epoch, f"after {kind} {shortage}", shop)  # noqa: B023 (called at once)
    shop.wait_until_whole()
    assert shop.tree.pid("worker") == worker, shop.tree.errors()
    deaths = json.loads((shop.home / "state/default/attempts.json").read_bytes())["deaths"]
    assert deaths == 0
    shop.stop()
    told = (shop.home.parent / "serve.err").read_text().splitlines()
    assert [line for line in told if not line.startswith("footfall: ")] == []
    record_property("files without space, kinds and shortages", len(CASES))
    record_property("acknowledged events found once", len(shop.acknowledged))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_collector_and_maintenance_without_space(shop: Shop) -> None:
    """503 while the log finds no space; maintenance ends with a sentence, and the next one works.

    `footfall doctor` names the directory that needs room, and finds nothing afterwards.
    """
    collector = shop.tree.pid("collector")
    for shortage in SHORTAGES:
        with shop.sending() as clients:
            _until(lambda: sum(len(c.acknowledged) for c in clients) > 30, "sends", shop)
            shop.faults.arm(LOG.rules(shortage))
            _until(lambda: _is_refused(shop), f"{LOG} {shortage}", shop)
            if shortage == "bytes":
                _check_doctor(shop, shop.home / "log/default")
            shop.faults.disarm()
    shop.wait_until_whole()
    assert shop.tree.pid("collector") == collector, shop.tree.errors()
    shop.faults.arm(MERGED.rules("bytes"))
    done = shop.maintain()
    assert done.returncode == 1
    assert done.stderr.startswith("footfall: the disk is full; free some space")
    assert done.stderr.count("\n") == 1
    shop.faults.disarm()
    done = shop.maintain()
    assert done.returncode == 0, done.stderr
    shop.wait_until_whole()
    shop.stop()
    assert _doctor(shop).returncode == 0


def _is_refused(shop: Shop) -> bool:
    """Whether the collector refuses now; an event without a name is kept by nobody."""
    return post_events(shop.tree.collector_url(), "web", []) == 503


def _check_doctor(shop: Shop, place: Path) -> None:
    done = _doctor(shop)
    line = next(line for line in done.stdout.splitlines() if " disk " in line)
    assert done.returncode == 1
    assert line.startswith("BROKEN")
    assert "no space left" in line
    assert line.endswith(str(place))


def _doctor(shop: Shop) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "footfall.cli.main", "doctor", "--home", str(shop.home)]
    return subprocess.run(
        command,
        env=shop.faults.environ,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )


def _told(shop: Shop, kind: Kind) -> int:
    """How often the pipeline said that there is no space where files of this kind lie."""
    place = str(shop.home / kind.place).rstrip("/")
    told = f"footfall: the disk is full; free some space in {place},"
    return (shop.home.parent / "serve.err").read_text().count(told)


def _epoch(shop: Shop) -> int:
    cut = read_cut(Home(shop.home).cut_file("default"))
    return 0 if cut is None else cut.epoch


def _until(claim: Callable[[], bool], what: str, shop: Shop) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not claim():
        assert time.monotonic() < deadline, f"{what}\n{shop.tree.errors()}"
        time.sleep(0.05)
