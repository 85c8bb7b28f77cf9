"""What is late after its session was delivered: the crawl's table shows it once, the newest."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from footfall.clock import DAY, HOUR, SECOND, SystemClock
from footfall.explore.access import Project
from footfall.metadata import Metadata
from footfall.recipes.systems.beer_shop import BeerSettings, beer_shop
from footfall.testing.sim_clock import SimClock
from tests.deliver.bench import Delivering, destinations
from tests.pipeline.harness import event, request

ASKED = "SELECT user_id, events, beginnavigation, duration_sec, revision FROM {} ORDER BY 1, 5"


def test_a_session_that_changed_after_its_delivery_is_there_once(tmp_path: Path) -> None:
    """With the recipe's own columns: revision 1 is in a file, then comes what was late."""
    recipe = beer_shop(BeerSettings(), "", "http://127.0.0.1:1", "secret").settings
    told = dict(recipe["deliver"]["destinations"]["aggregated"])
    del told["place"]
    bench = Delivering(
        tmp_path,
        destinations(aggregated=told),
        "sessions.definitions={beer={kind='step',step='30s',key=['user_id','device_id']}}",
    )
    noon = _today() + 12 * HOUR
    bench.clock = SimClock(noon)
    with closing(Metadata.open(bench.home, bench.clock)) as metadata:
        metadata.create_project("default")
    pipeline = bench.pipeline()

    def click(number: int, user: str, second: int, name: str) -> Any:
        at = noon + second * SECOND
        sent = event("visitor", at, number, user_id=user, device_id="mobile", name=name)
        return request(number, [sent], bench.clock.now_us())

    bench.clock.advance(20 * SECOND)
    bench.epoch(pipeline, [click(1, "60", 5, "beer_cart"), click(2, "70", 6, "beer_cart")])
    for _ in range(8):
        bench.epoch(pipeline, [], 60)
    with Project(bench.home.root) as project:
        project.crawls.add("beer", str(bench.home.root / "delivered"))
        first = _rows(project, "aggregated")
        assert first == [("60", 1, "beer_cart", 0, 1), ("70", 1, "beer_cart", 0, 1)]
        bench.epoch(pipeline, [click(3, "60", 2, "beer_products")])
        for _ in range(8):
            bench.epoch(pipeline, [], 60)
        pipeline.finish()
        project.crawls.run("beer")
        late = ("60", 2, "beer_products", 3, 2)
        assert _rows(project, "aggregated_revisions") == [first[0], late, first[1]]
        assert _rows(project, "aggregated") == [late, first[1]]
        today = _rows(project, "clicks_today")
    assert noon != _today() + 12 * HOUR or today == [late, first[1]]  # midnight may pass meanwhile
    pipeline.close()
    assert len(bench.files("aggregated")) == 2


def _today() -> int:
    return SystemClock().now_us() // DAY * DAY


def _rows(project: Project, table: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in project.sql(ASKED.format(table)).rows()]
