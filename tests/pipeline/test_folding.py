"""Folding beside the pipeline: readers see the same, restarts and redone epochs too."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from footfall.clock import MINUTE, SECOND
from footfall.lake import Lake
from footfall.pipeline import maintain
from footfall.query.engine import Engine
from tests.pipeline.harness import START_US, Bench, event, request
from tests.scale import scaled

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=1",
    "sessions.gap=5m",
    "sessions.hot_age=10m",
    "lake.fold_rows=1",
    "lake.merge_runs=3",
)
EVENTS = "SELECT event_id, session_id FROM events ORDER BY event_id"
SESSIONS = (
    "SELECT session_id, revision, events, started_at, ended_at FROM sessions ORDER BY session_id"
)


class Killed(Exception):  # noqa: N818
    """The process died here."""


def _batches(seed: int, count: int) -> list[list[Any]]:
    """Visitors whose late events join, extend and rename sessions that are long closed."""
    chance = random.Random(seed)  # noqa: S311
    made, number = [], 0
    for batch in range(count):
        now = START_US + batch * 4 * MINUTE
        events = []
        for _ in range(6):
            late = chance.choice([0, 0, 4, 9, 14, 33, 55]) * MINUTE
            events.append(event(f"v{chance.randrange(3)}", now - late, number))
            number += 1
        made.append([request(batch, events, now)])
    return made


def _run(bench: Bench, batches: list[list[Any]]) -> None:
    pipeline = bench.pipeline()
    for requests in batches:
        bench.append(requests)
        pipeline.step()
        bench.clock.advance(4 * MINUTE)
        pipeline.step()
    pipeline.finish()


def _seen(bench: Bench) -> list[Any]:
    """What statements see of the newest cut."""
    engine = Engine(bench.home, "default", bench.settings.query)
    try:
        return [engine.run(sql).table.to_pylist() for sql in (EVENTS, SESSIONS)]
    finally:
        engine.close()


def _notes(bench: Bench) -> int:
    lake = Lake(bench.home.lake_dir, "default")
    return sum(lake.read(name).num_rows for name in ("session_overrides", "session_changes"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(scaled(1, 12)))
def test_folded_lake_shows_the_same(tmp_path: Path, seed: int) -> None:
    """Over restarts, with later renames on top of folded ones, before and after each new cut."""
    folded, plain = Bench(tmp_path / "a", *SETTINGS), Bench(tmp_path / "b", *SETTINGS)
    batches = _batches(seed, scaled(16, 24))
    total = 0
    for first in range(0, len(batches), 8):
        for bench in (folded, plain):
            _run(bench, batches[first : first + 8])
        total += maintain(folded.home, folded.settings, "default", clock=folded.clock).notes_folded
        assert _seen(folded) == _seen(plain)
        for bench in (folded, plain):
            bench.pipeline().finish()
        assert _seen(folded) == _seen(plain)
    assert total
    assert _notes(folded) < _notes(plain)
    revisions = Lake(folded.home.lake_dir, "default").plan("sessions").rows
    assert revisions < Lake(plain.home.lake_dir, "default").plan("sessions").rows


@pytest.mark.slow
def test_death_anywhere_in_folding_shows_nothing(tmp_path: Path) -> None:
    """Killed between any two steps: readers, a restarted pipeline and the next fold go on."""
    bench = Bench(tmp_path, *SETTINGS)
    _run(bench, _batches(3, 12))
    expected = _seen(bench)
    die_at, finished = 0, False
    while not finished:
        die_at += scaled(7, 1)
        count = [0]

        def dying(real: Any, count: list[int] = count, die_at: int = die_at) -> Any:
            def call(*arguments: Any, **named: Any) -> Any:
                count[0] += 1
                if count[0] == die_at:
                    raise Killed
                return real(*arguments, **named)

            return call

        with (
            mock.patch.object(Lake, "replace", dying(Lake.replace)),
            mock.patch.object(Lake, "writer", dying(Lake.writer)),
        ):
            try:
                maintain(bench.home, bench.settings, "default", clock=bench.clock)
                finished = True
            except Killed:
                pass
        assert _seen(bench) == expected
        bench.pipeline().finish()
        assert _seen(bench) == expected
        bench.clock.advance(SECOND)
    assert _notes(bench) == 0
