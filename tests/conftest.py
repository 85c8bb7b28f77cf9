"""What holds for all tests, and the servers that they share.

With CI=true nothing may be left out: a skipped test has failed, with the reason of its skip.
"""

from __future__ import annotations

import collections
import gc
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.servers.kafka import kafka_broker
from tests.servers.postgres import postgres_server
from tests.servers.rest_catalog import rest_catalog
from tests.servers.s3 import bucket, s3_server

__all__ = ["bucket", "kafka_broker", "postgres_server", "rest_catalog", "s3_server"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped although CI=true: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Garbage is collected afterwards, and then without a look at what stays to the end.

    Looking through modules that are being loaded, again and again, took a third of the time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


SECONDS = {"slow": 15, "browser": 4}
"""What a test of a kind takes, roughly."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take longest first, or one core would work off the last of them alone."""
    long: collections.Counter[Path] = collections.Counter()
    for item in items:
        kinds = [kind for kind in SECONDS if item.get_closest_marker(kind)]
        long[item.path] += max((SECONDS[kind] for kind in kinds), default=0)
    items.sort(key=lambda item: -long[item.path])


@pytest.fixture(autouse=True, scope="module")
def no_consumers_left() -> Iterator[None]:
    """Hundreds of threads with engines of their own would be idle beside later tests."""
    yield
    if harness := sys.modules.get("tests.pipeline.harness"):
        harness.stop_all_consumers()


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    """The file mask of most systems: a verb that is run in this process narrows it for good."""
    before = os.umask(0o022)
    yield
    os.umask(before)
