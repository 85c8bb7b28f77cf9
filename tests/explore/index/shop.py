"""A shop whose questions are answered twice: by the index, and by the model's own statement."""

from __future__ import annotations

from typing import Any

from footfall.explore.asking import Ask, Asked
from footfall.explore.found import Found
from footfall.explore.journeys.kernels.cache import keep_in
from tests.explore.asked import Shop
from tests.explore.index.compiled import KERNELS

keep_in(KERNELS)

from footfall.explore.journeys import kernels  # noqa: E402
from footfall.explore.journeys.build import Plan, build  # noqa: E402
from footfall.explore.journeys.index import JourneyIndex, lacks  # noqa: E402
from footfall.explore.journeys.layout import publish, read_index  # noqa: E402
from footfall.explore.journeys.source import opened  # noqa: E402
from footfall.explore.journeys.warm import warm_up  # noqa: E402

__all__ = ["IndexedShop", "lacks", "read_index", "signatures", "warm_up"]
FIELDS = (
    "page_path",
    "screen_name",
    "user_id",
    "properties.price",
    "properties.plan",
    "session.entry_page",
)
PLAN = Plan(fields=FIELDS, values_max=1_000, memory_max=2_400)
"""So few bytes that already some events are several buckets."""


class IndexedShop(Shop):
    """See the module's text. `ways` counts what was answered how."""

    def __init__(self, root: Any) -> None:
        super().__init__(root)
        self.root = self.writer.home.root / "index"
        self.index = JourneyIndex(
            self.root, self.writer.home.cut_file("default"), age_max=0, threads=2
        )
        self.ways = {"index": 0, "sql": 0}
        self._made = 0
        self.base_epoch = 0

    def set(self, rows: Any) -> list[dict[str, Any]]:
        complete = super().set(rows)
        self.bring_up()
        return complete

    def bring_up(self) -> None:
        """Make the index of the newest cut."""
        self._made += 1
        with opened(self.engine, FIELDS) as source:
            name = f"t{self._made}"
            publish(self.root, build(source, self.root, name, PLAN, epoch=self.base_epoch))

    def found(self, ask: Ask) -> Found:
        by_sql = super().found(ask)
        if ask.asked is None:
            return by_sql
        found = self.index.found(ask.asked)
        self.ways["sql" if found is None else "index"] += 1
        if found is None:
            self._demand_reason(ask.asked)
            return by_sql
        assert in_order(found.rows) == in_order(by_sql.rows)
        assert found.cut_sequence == by_sql.cut_sequence
        return found

    def _demand_reason(self, asked: Any) -> None:
        index = read_index(self.root)
        assert index is not None
        assert isinstance(asked, Asked)
        is_listed = asked.cell is not None and hasattr(asked.cell, "series")
        assert is_listed or lacks(asked.question, index.columns, asked.scene.segments)


def in_order(rows: list[list[Any]]) -> list[str]:
    """Rows that are equal whatever type their numbers have."""
    return sorted(
        repr([one if isinstance(one, str | None) else float(one) for one in row]) for row in rows
    )


def signatures() -> dict[str, list[Any]]:
    """For which types each kernel is compiled so far."""
    modules = (
        kernels.events,
        kernels.funnel,
        kernels.lifecycle,
        kernels.path,
        kernels.retention,
        kernels.rows,
    )
    return {
        f"{module.__name__}.{name}": list(one.signatures)
        for module in modules
        for name, one in vars(module).items()
        if hasattr(one, "signatures")
    }
