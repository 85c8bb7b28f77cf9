"""The catalog's answer is lost between two tables of an epoch: redone, the rows are equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyiceberg.exceptions import CommitStateUnknownException

from footfall.clock import SECOND
from footfall.errors import CommitUnknown
from tests.pipeline.harness import Bench
from tests.pipeline.test_pipeline import SETTINGS, _comparable, _restart, _traffic
from tests.scale import scaled

BATCHES = 3


class LostAnswer:
    """A catalog that loses the answer to the n-th commit, after making it or instead of it."""

    def __init__(self, catalog: Any, lost: int, *, has_committed: bool) -> None:
        self.count = 0
        self._commit = catalog.commit_table
        self._lost = lost
        self._has_committed = has_committed
        catalog.commit_table = self

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.count += 1
        if self.count != self._lost:
            return self._commit(*arguments, **named)
        if self._has_committed:
            self._commit(*arguments, **named)
        raise CommitStateUnknownException("no answer")


def _run(bench: Bench, lost: int, *, has_committed: bool) -> tuple[int, int]:
    """Let the pipeline work through the traffic; commits made, and how often it had to restart."""
    pipeline = bench.pipeline()
    answers = LostAnswer(pipeline._lake._catalog, lost, has_committed=has_committed)
    restarts = 0
    for requests in _traffic(3, BATCHES):
        bench.append(requests)
        for seconds in (0, 20):
            bench.clock.advance(seconds * SECOND)
            try:
                pipeline.step()
                if seconds == 20:
                    pipeline._take_commit(wait=True)
            except CommitUnknown:
                restarts += 1
                pipeline = _restart(bench, pipeline, seconds)
        bench.clock.advance(70 * SECOND)
    try:
        pipeline.finish()
    except CommitUnknown:
        restarts += 1
        pipeline = _restart(bench, pipeline, 20)
        pipeline.finish()
    return answers.count, restarts


@pytest.mark.slow
@pytest.mark.parametrize("has_committed", [True, False])
def test_lost_answer_to_any_commit_changes_nothing(tmp_path: Path, has_committed: bool) -> None:
    """For each commit of each table: the process ends with `CommitUnknown`, the next one looks."""
    whole = Bench(tmp_path / "whole", *SETTINGS)
    commits, restarts = _run(whole, 0, has_committed=False)
    assert (commits > 8, restarts) == (True, 0)
    expected = _comparable(whole.tables())
    for lost in range(1 + has_committed, commits + 1, scaled(4, 1)):
        bench = Bench(tmp_path / str(lost), *SETTINGS)
        assert _run(bench, lost, has_committed=has_committed)[1] == 1
        assert _comparable(bench.tables()) == expected, f"{lost=}"
