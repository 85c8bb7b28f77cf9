"""Limits that count over all visitors, or all ids, hold over all buckets as they do over one."""

from __future__ import annotations

from pathlib import Path

import pytest

import footfall.pipeline.epoch.epoch as epochs
import footfall.sessionize.rows.close as closing
from tests.pipeline.test_pipeline import SETTINGS, _traffic
from tests.runner.harness import (
    Bucketed,
    embedded,
    follow,
    hourly,
    ledgers,
    plans_of,
    rows,
)
from tests.scale import scaled

LIMITS = ["written", "sessions.repair_visitors_max=1", "sessions.repair_events_max=2"]


@pytest.mark.parametrize("limit", LIMITS[: scaled(1, 3)])
def test_an_epoch_that_reaches_one_is_done_in_one_piece(
    limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is first among all visitors no bucket knows: rows would depend on how many there are."""
    settings = SETTINGS
    if limit == "written":
        monkeypatch.setattr(closing, "WRITTEN_MAX", 2)
        monkeypatch.setattr(epochs, "WRITTEN_MAX", 2)
    else:
        settings = (*SETTINGS, limit, "sessions.hot_age=1m")
    whole = embedded(tmp_path / "whole", _traffic(41, scaled(4, 8)), *settings, seed=1)
    mine = Bucketed(tmp_path / "mine", *settings, "runner.buckets=3", log=whole.log)
    driver = mine.driver()
    done = follow(driver, plans_of(whole))
    assert rows(mine) == rows(whole)
    assert any(one.was_whole for one in done)
    assert not all(one.was_whole for one in done)
    driver.close()


def test_sessions_beyond_the_most_are_let_go_over_all_buckets(tmp_path: Path) -> None:
    """Those that ended first of all; which ones decides whether a late event waits for a repair."""
    settings = (*SETTINGS, "sessions.hot_max=2")
    whole = embedded(tmp_path / "whole", _traffic(43, scaled(5, 8)), *settings, seed=1)
    mine = Bucketed(tmp_path / "mine", *settings, "runner.buckets=3", log=whole.log)
    driver = mine.driver()
    follow(driver, plans_of(whole))
    assert rows(mine) == rows(whole)
    age = driver._settings.sessions.hot_age + driver._settings.sessions.gap
    assert driver._note.floors["gap.1"] > driver._note.watermark - age
    driver.close()


def test_ids_beyond_the_most_are_forgotten_over_all_buckets(tmp_path: Path) -> None:
    """The oldest hours of all; an id that one bucket still knew would be a duplicate there."""
    settings = (*SETTINGS, "duplicates.ids_max=12")
    whole = embedded(tmp_path / "whole", hourly(4), *settings, seed=1)
    mine = Bucketed(tmp_path / "mine", *settings, "runner.buckets=3", log=whole.log)
    driver = mine.driver()
    follow(driver, plans_of(whole))
    assert rows(mine) == rows(whole)
    assert ledgers(mine) == ledgers(whole)
    assert driver._note.ids_from > 0
    assert driver._truth.ledger.duplicates > 0
    assert driver._truth.ledger.events > 4 * 8  # some were kept again
    driver.close()
