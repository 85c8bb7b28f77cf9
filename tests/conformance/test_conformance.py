"""Equal byte for byte: every row of every table, every column; epochs, watermarks, ledgers."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.runner.spark import SparkEngine
from tests.conformance.sides import Cluster, Embedded, epochs_of, moved, plans_of, rows_of
from tests.conformance.traffic import Batches, captured, generated
from tests.runner.test_spark import Borrowed
from tests.scale import scaled

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
OF_VISITORS = (
    'sessions.definitions={short={kind="step",step="30s"},'
    'cuts={kind="gap",gap="1m",cut_at_midnight=true,cut_on_campaign=true}}'
)


def both(
    directory: Path, spark: SparkEngine, servers: tuple[str, ...], batches: Batches, more: str
) -> Embedded:
    """Work the same requests off on both sides and hold them against each other."""
    one = Embedded(directory / "one", more)
    one.work_off(batches)
    project = "conformance"
    cluster = Cluster(directory / "cluster", project, *servers, more)
    cluster.engine = Borrowed(spark)
    places = cluster.spread(batches, seed=7)
    driver = cluster.driver()
    for plan in plans_of(one):
        driver.do(moved(plan, project, places))
    for mine, theirs in zip(rows_of(one, places=places), rows_of(cluster, project), strict=True):
        assert theirs == mine
    assert epochs_of(cluster, project) == epochs_of(one, places=places)
    driver.close()
    cluster.stop_consumers()
    cluster.log.close()
    one.log.close()
    return one


def has_everything(one: Embedded) -> None:
    """Or what was compared would prove less than it says."""
    found = {name: len(rows) for name, _, rows in rows_of(one)}
    del found["query_results"]  # no epoch writes it
    assert min(found.values()) > 0, found
    tables = one.tables()
    reasons = set(tables["failed_events"].column("reason").to_pylist())
    assert {"id_conflict", "not_json"} <= reasons, reasons


def test_a_cluster_has_the_rows_of_one_machine(
    tmp_path: Path, spark: SparkEngine, servers: tuple[str, ...]
) -> None:
    """Captured traffic of SDKs after made-up traffic that has all kinds of trouble."""
    batches = [*generated(1, scaled(4, 12)), *captured(scaled(1, 6))]
    has_everything(both(tmp_path, spark, servers, batches, OF_VISITORS))
