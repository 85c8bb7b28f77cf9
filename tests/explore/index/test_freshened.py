"""An index that was brought from an older cut to a newer one equals the models, too.

The tests of the models again; this shop's index was made of a cut before, when some of the rows
were not there, some were others (another page, visitor, session, as repairs and erasures leave
them), and some were there that are gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from footfall.explore.journeys import freshen
from footfall.explore.journeys.layout import publish, read_index
from footfall.explore.journeys.source import opened
from footfall.explore.question import EventsQuestion
from footfall.explore.question.reading import read
from footfall.testing.events import NOON_US, uuid_of
from tests.explore import test_models
from tests.explore.index.again import again
from tests.explore.index.shop import FIELDS, PLAN, IndexedShop

test_events = again(test_models.test_events, 3)
test_funnel = again(test_models.test_funnel, 3)

ROWS = [
    {"event_time": NOON_US + n, "event_name": "a", "page_path": "/a", "visitor_id": f"w{n}"}
    for n in range(12)
]
GONE = {"event_name": "a", "app_id": "shop", "visitor_id": "v1", "user_id": "u1", "session": "s1"}


class FreshenedShop(IndexedShop):
    """See the module's text. Of every four rows one is new, one was different."""

    freshened = 0

    def set(self, rows: Any) -> list[dict[str, Any]]:
        newest = [
            {**row, "epoch": 2 if place % 4 == 1 else 1, "request_id": uuid_of(f"row {place}")}
            for place, row in enumerate(rows)
        ]
        before = [row for row in newest if row["epoch"] == 1]
        before = [self._other(row) if place % 3 == 1 else row for place, row in enumerate(before)]
        times = [row["event_time"] for row in before]
        before += [{**GONE, "event_time": max(times), "epoch": 1}]
        self.base_epoch = 1
        super().set(before)
        complete = super(IndexedShop, self).set(newest)
        self._freshen()
        return complete

    def _other(self, row: dict[str, Any]) -> dict[str, Any]:
        if row.get("visitor_id", "v1") is None:
            return row  # where nobody's rows changed, all is made anew
        return {**row, "page_path": "/b", "visitor_id": "v9", "session": "s9"}

    def _freshen(self) -> None:
        index = read_index(self.root)
        assert index is not None
        self._made += 1
        with opened(self.engine, FIELDS) as source:
            made = freshen.freshened(source, self.root, f"t{self._made}", index, PLAN)
            if made is not None:
                FreshenedShop.freshened += 1
                publish(self.root, made)
        if made is None:
            self.bring_up()


def test_rows_that_came_or_changed_or_went(shop: FreshenedShop) -> None:
    """Each is counted as it is now: some are new, some had another page and visitor, one went."""
    freshened, by_index = FreshenedShop.freshened, shop.ways["index"]
    shop.set(ROWS)
    assert FreshenedShop.freshened == freshened + 1
    series = [{"measure": "events"}, {"measure": "visitors"}]
    given = {"start": "2024-10-04", "end": "2024-10-04"}
    asked = {"series": series, "by": ["page_path"], "range": given}
    rows = shop.answer(read(EventsQuestion, asked)).rows
    assert {row.value for row in rows if row.bucket is None and row.value} == {12}
    assert shop.ways["index"] > by_index


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FreshenedShop]:
    """Recent parts may be as large as they like here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(freshen, "RECENT_MAX", 1_000)
        made = FreshenedShop(tmp_path_factory.mktemp("freshened") / "home")
        yield made
        made.engine.close()
