"""Where the pipeline is a runner, epochs come without previews: results are the same."""

from __future__ import annotations

from pathlib import Path

import footfall
from footfall.clock import MINUTE, SECOND
from footfall.settings import QueryDefinition
from footfall.testing.memory_log import MemoryLog
from tests.continuous.test_consumer import BY_NAME, run
from tests.pipeline.harness import START_US, event, request
from tests.runner.harness import Bucketed


def test_results_of_a_runner(tmp_path: Path) -> None:
    """The consumer that comes with Footfall runs there, and its results are in the next cut."""
    settings = ("runner.buckets=2", "sessions.gap=1m", "pipeline.epoch_age_max=10s")
    bench = Bucketed(tmp_path, *settings, log=MemoryLog())
    run(
        bench,
        {
            "names": QueryDefinition(BY_NAME, "1m"),
            "closed": QueryDefinition(
                'SELECT visitor_id, events FROM "window"', "session gap", "sessions"
            ),
        },
    )
    driver = bench.driver()
    at = START_US // MINUTE * MINUTE
    bench.append([request(1, [event("v", at + one * SECOND, one) for one in range(3)], START_US)])
    for _ in range(3):
        driver.finish()
        bench.clock.advance(5 * MINUTE)
        driver.step()
        assert driver.consumers.settle(60)
    driver.step()
    driver.close()
    with footfall.open(tmp_path) as project:
        found = {one.query: list(one.rows) for one in project.continuous.results()}
    assert found == {
        "names": [{"name": "page_view", "n": 3}],
        "closed": [{"visitor_id": "v", "events": 3}],
    }
