"""Bucketed, the same requests and plans give the embedded pipeline's rows, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.test_pipeline import SETTINGS, _traffic
from tests.runner.harness import Bucketed, embedded, follow, ledgers, plans_of, rows, skewed
from tests.scale import scaled

RICH = 34
"""Traffic of this seed has everything, in four batches."""


@pytest.mark.parametrize("seed", range(scaled(1, 10)))
def test_rows_ids_sessions_overrides_and_ledgers_are_equal(seed: int, tmp_path: Path) -> None:
    """Late, twice, in conflict, broken, over epochs and partitions; in 1, 3 and 16 buckets."""
    whole = embedded(tmp_path / "whole", _traffic(RICH + seed, scaled(4, 8)), *SETTINGS, seed=seed)
    wanted, total = rows(whole), ledgers(whole)
    for buckets in (1, 3, 16):
        mine = Bucketed(
            tmp_path / str(buckets), *SETTINGS, f"runner.buckets={buckets}", log=whole.log
        )
        driver = mine.driver()
        follow(driver, plans_of(whole))
        assert rows(mine) == wanted
        assert ledgers(mine) == total
        driver.close()
    ledger = driver._truth.ledger
    assert ledger.problems() == []
    if seed == 0:  # or the others would prove less than they say
        assert min(ledger.events, ledger.failed, ledger.duplicates, ledger.undecodable) > 0
        assert min(len(wanted["sessions"]), len(wanted["session_overrides"])) > 0


def test_an_event_without_a_visitor_and_one_visitor_with_most_events(tmp_path: Path) -> None:
    """The first has no bucket by its visitor; the second's bucket has nearly all."""
    batches = skewed(3)
    whole = embedded(tmp_path / "whole", batches, *SETTINGS, seed=1)
    mine = Bucketed(tmp_path / "mine", *SETTINGS, "runner.buckets=3", log=whole.log)
    driver = mine.driver()
    follow(driver, plans_of(whole))
    assert rows(mine) == rows(whole)
    visitors = mine.tables()["events"].column("visitor_id").to_pylist()
    assert visitors.count("busy") > len(visitors) / 4
    assert None in visitors
    driver.close()


OF_VISITORS = (
    'sessions.definitions={short={kind="step",step="30s"},'
    'cuts={kind="gap",gap="1m",cut_at_midnight=true,cut_on_campaign=true,keep_alive=["click"]}}'
)
OF_OTHERS = (
    'sessions.definitions={site={kind="gap",gap="1m",key=["page_host"]},'
    'minute={kind="step",step="1m",key=["visitor_id","page_host"]}}'
)


@pytest.mark.parametrize("definitions", [OF_VISITORS, OF_OTHERS], ids=["visitors", "other keys"])
def test_every_definition_has_its_rows(definitions: str, tmp_path: Path) -> None:
    """Sessions with events of several visitors, too, each key's in buckets of its own."""
    settings = (*SETTINGS, definitions)
    whole = embedded(tmp_path / "whole", _traffic(RICH, 3), *settings, seed=2)
    mine = Bucketed(tmp_path / "mine", *settings, "runner.buckets=3", log=whole.log)
    driver = mine.driver()
    done = follow(driver, plans_of(whole))
    wanted = rows(whole)
    assert rows(mine) == wanted
    assert ledgers(mine) == ledgers(whole)
    made = mine.tables()["other_sessions"].column("definition").unique().to_pylist()
    assert len(made) == definitions.count("kind=")
    assert not any(one.was_whole for one in done)
    many = [key for key in done[-1].note.definitions if key != "site.1"]  # that has one host
    for key in many:
        parts = [driver._jobs._states.sessions(one.sessions[key]) for one in done[-1].note.parts]
        assert sum(len(part) > 0 for part in parts) > 1, f"one task has all of {key}"
    driver.close()
