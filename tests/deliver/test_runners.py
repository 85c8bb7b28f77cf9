"""Whoever works on the epochs, the files have the same records: the pipeline, or a driver.

On Spark itself: `tests/runner/test_spark.py`. With requests on Kafka: `test_kinds.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from footfall.clock import SECOND
from footfall.log import LogSource, SqliteLog
from tests.deliver.bench import EVERYTHING, SETTINGS, Delivering, close_files, contents
from tests.pipeline.test_pipeline import _traffic
from tests.runner.harness import Bucketed, follow, plans_of
from tests.scale import scaled

OVERRIDES = (*SETTINGS, "runner.buckets=3", f"deliver.destinations={EVERYTHING}")


def test_a_driver_delivers_what_the_pipeline_delivers(tmp_path: Path) -> None:
    """The same plans, in buckets: requests, events, failed ones, sessions and their changes."""
    mine = Delivering(tmp_path, "{}", *OVERRIDES)
    pipeline = mine.pipeline()
    for requests in _traffic(71, scaled(6, 20)):
        mine.append(requests)
        pipeline.step()
        mine.clock.advance(90 * SECOND)
        pipeline.step()
        pipeline._take_commit(wait=True)
    close_files(pipeline, mine)
    mine.stop_consumers()
    expected = contents(mine.home)
    tables = {name: table.num_rows for name, table in mine.tables().items()}
    assert {name: len(found) for name, found in expected.items()} == {
        "requests": mine.segments.ends().total,
        "events": tables["events"],
        "failed": tables["failed_events"],
        "visits": tables["sessions"],
        "changes": tables["session_changes"],
    }
    assert all(expected.values())
    other = Bucketed(tmp_path / "other", *OVERRIDES, log=mine.segments)
    shutil.copytree(mine.home.log_dir("default"), other.home.log_dir("default"))
    other.log = SqliteLog.reader(other.home.log_dir("default"))
    other.source = LogSource.of(other.home, "default", other.settings.log)
    driver = other.driver()
    follow(driver, plans_of(mine))
    close_files(driver, other)
    driver.close()
    assert contents(other.home) == expected
