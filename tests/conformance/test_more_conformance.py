"""More traffic, and definitions with other keys: a part of `make test-full` only."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.runner.spark import SparkEngine
from tests.conformance.test_conformance import OF_VISITORS, both, has_everything
from tests.conformance.traffic import generated

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1_800),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
OF_OTHERS = (
    'sessions.definitions={site={kind="gap",gap="1m",key=["page_host"]},'
    'minute={kind="step",step="1m",key=["visitor_id","page_host"]}}'
)


@pytest.mark.parametrize("seed", range(2, 6))
@pytest.mark.parametrize("definitions", [OF_VISITORS, OF_OTHERS], ids=["visitors", "other keys"])
def test_so_it_is_with_other_traffic_and_other_definitions(
    seed: int, definitions: str, tmp_path: Path, spark: SparkEngine, servers: tuple[str, ...]
) -> None:
    """Sessions with events of several visitors, too."""
    has_everything(both(tmp_path, spark, servers, generated(seed, 8), definitions))
