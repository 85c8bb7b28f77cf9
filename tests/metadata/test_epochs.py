"""Epochs: plans come before rows, each follows the one before, sums are kept."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from footfall.clock import SECOND
from footfall.errors import Conflict, Corrupt
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.metadata import Epoch, Metadata
from footfall.metadata.database import schema
from footfall.positions import Place, Positions
from footfall.settings import MetadataSettings
from footfall.testing import SimClock

START = 1_700_000_000 * SECOND
LEDGER = Ledger(requests=2, decoded=1, undecodable=1, records=3, events=2, dropped={"bot": 1})


@pytest.fixture
def clock() -> SimClock:
    return SimClock(START)


@pytest.fixture
def metadata(
    tmp_path: Path, clock: SimClock, settings: MetadataSettings | None
) -> Iterator[Metadata]:
    with contextlib.closing(Metadata.open(Home(tmp_path), clock, settings)) as metadata:
        yield metadata


def add(metadata: Metadata, clock: SimClock, count: int) -> None:
    """Plan and commit `count` epochs of ten requests, a second apart."""
    done = metadata.last_epochs("default", 1)
    first = done[0].epoch + 1 if done else 1
    for epoch in range(first, first + count):
        plan(metadata, epoch)
        clock.advance(SECOND)
        metadata.commit_epoch("default", epoch, LEDGER)


def plan(metadata: Metadata, epoch: int, text: str = "plan", log_from: int | None = None) -> None:
    metadata.plan_epoch(
        "default",
        epoch,
        log_from=Positions((10 * (epoch - 1) if log_from is None else log_from,)),
        log_to=Positions((10 * epoch,)),
        watermark=epoch,
        plan=f"{text} {epoch}",
    )


def test_epochs_are_planned_then_committed(metadata: Metadata, clock: SimClock) -> None:
    """A planned epoch is there for recovery before anything of it was written."""
    add(metadata, clock, 1)
    plan(metadata, 2)
    assert metadata.plans_after("default", 0) == ["plan 1", "plan 2"]
    assert metadata.plans_after("default", 1) == ["plan 2"]
    assert metadata.last_epochs("default") == [
        Epoch(2, Positions((10,)), Positions((20,)), 2, START + SECOND, None, None),
        Epoch(1, Positions(), Positions((10,)), 1, START, START + SECOND, LEDGER),
    ]
    assert metadata.last_epochs("default", 1)[0].epoch == 2
    assert metadata.last_epochs("other") == metadata.plans_after("other", 0) == []


def test_doing_it_again_changes_nothing(metadata: Metadata, clock: SimClock) -> None:
    """Recovery redoes what it cannot know was done."""
    add(metadata, clock, 1)
    plan(metadata, 1)
    metadata.commit_epoch("default", 1, LEDGER)
    assert metadata.ledger("default") == LEDGER


def test_other_result_of_a_redone_epoch_is_reported(metadata: Metadata, clock: SimClock) -> None:
    """An epoch is a function of its plan: two results mean that one of them is wrong."""
    add(metadata, clock, 1)
    with pytest.raises(Corrupt, match="another result"):
        metadata.commit_epoch("default", 1, Ledger())


def test_epochs_that_do_not_follow_are_refused(metadata: Metadata, clock: SimClock) -> None:
    """No gap, no overlap, no second plan: each would lose requests or double them."""
    with pytest.raises(Conflict):
        plan(metadata, 2)
    with pytest.raises(Conflict):
        plan(metadata, 1, log_from=5)
    plan(metadata, 1)
    with pytest.raises(Conflict):
        plan(metadata, 1, text="other plan")
    with pytest.raises(Conflict):
        plan(metadata, 2)
    with pytest.raises(Conflict):
        metadata.commit_epoch("default", 2, LEDGER)
    metadata.commit_epoch("default", 1, LEDGER)
    with pytest.raises(Conflict):
        plan(metadata, 2, log_from=11)
    with pytest.raises(Conflict):
        plan(metadata, 2, log_from=9)
    plan(metadata, 2)


def test_ledger_is_the_sum_and_survives_forgetting(metadata: Metadata, clock: SimClock) -> None:
    """Old plans may go, the account of each request ever acknowledged stays."""
    assert metadata.ledger("default") == Ledger()
    add(metadata, clock, 3)
    total = LEDGER + LEDGER + LEDGER
    assert metadata.ledger("default") == total
    assert metadata.forget_epochs("default", 99) == 2
    assert metadata.forget_epochs("other", 99) == 0
    assert metadata.ledger("default") == total
    add(metadata, clock, 1)
    assert metadata.ledger("default") == total + LEDGER
    assert [epoch.epoch for epoch in metadata.last_epochs("default")] == [4, 3]


def test_positions_at_a_time(metadata: Metadata, clock: SimClock) -> None:
    """Trimming by age needs the offset below which everything is older."""
    add(metadata, clock, 3)
    plan(metadata, 4)
    times = [START, START + 1, START + SECOND + 1, START + 9 * SECOND]
    assert [metadata.positions_at("default", time)[0] for time in times] == [0, 10, 20, 30]


def test_offsets_of_the_version_before_become_positions(tmp_path: Path) -> None:
    """Epochs, plans and poison notes of a log that had one partition and did not say so."""
    home = Home(tmp_path)
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parents[1] / "migrations"))
    config.set_main_option("path_separator", "os")
    engine = create_engine(f"sqlite:///{home.metadata_file}")
    plans = [
        {"epoch": 1, "log_from": 0, "log_to": 7, "quarantined": [3, 5], "more": {"kept": True}},
        {"epoch": 2, "log_from": 7, "log_to": 7, "quarantined": []},
    ]
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for plan in plans:
            connection.execute(
                text(
                    "INSERT INTO epochs (project, epoch, log_from, log_to, watermark, plan,"
                    " planned_at) VALUES ('default', :epoch, :log_from, :log_to, 9, :plan, 1)"
                ),
                {
                    "epoch": plan["epoch"],
                    "log_from": plan["log_from"],
                    "log_to": plan["log_to"],
                    "plan": json.dumps(plan),
                },
            )
        connection.execute(text("INSERT INTO quarantined VALUES ('default', 3, 1)"))
    engine.dispose()
    metadata = Metadata.open(home)
    seven = Positions((7,))
    found = [(one.epoch, one.log_from, one.log_to) for one in metadata.last_epochs("default")]
    assert found == [(2, seven, seven), (1, Positions(), seven)]
    assert metadata.quarantined("default") == (Place(0, 3),)
    first, second = map(json.loads, metadata.plans_after("default", 0))
    assert first == {
        "epoch": 1,
        "log_from": {"offsets": []},
        "log_to": {"offsets": [7]},
        "quarantined": [[0, 3], [0, 5]],
        "more": {"kept": True},
    }
    assert second["quarantined"] == []
    metadata.close()


def test_quarantined_requests_are_known_by_partition(metadata: Metadata) -> None:
    """The same offset in another partition is another request."""
    metadata.create_project("default")
    metadata.quarantine("default", [Place(1, 4), Place(0, 4), Place(1, 4), Place(1, 9)])
    assert metadata.quarantined("default") == (Place(0, 4), Place(1, 4), Place(1, 9))
    assert metadata.quarantined("default", Positions((5, 5))) == (Place(1, 9),)
