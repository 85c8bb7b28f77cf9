"""Segments in memory, for tests of what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from footfall.explore.answer import EventsCell, Group, key_of
from footfall.explore.segments.definition import Segment
from footfall.explore.segments.kept import KeptSegment
from footfall.explore.segments.reading import read_segment


class MemoryShelf:
    """Whatever was put."""

    def __init__(self) -> None:
        self._kept: dict[str, KeptSegment] = {}
        self._ids: dict[str, tuple[str, ...]] = {}

    def put(self, name: str, definition: Segment, ids: Sequence[str] | None = None) -> None:
        version = self._kept[name].version + 1 if name in self._kept else 1
        self._ids[name] = tuple(ids or ())
        self._kept[name] = KeptSegment(
            name=name,
            title=name,
            version=version,
            definition=definition,
            listed=None if ids is None else len(ids),
            every="day",
            made_at=0,
            changed_at=0,
        )

    def find(self, name: str) -> KeptSegment | None:
        return self._kept.get(name)

    def ids(self, name: str) -> tuple[str, ...]:
        return self._ids[name]

    def names(self) -> frozenset[str]:
        return frozenset(self._kept)


def segments_of_each_kind() -> MemoryShelf:
    """Every form of a rule, a list, and segments that are made of others."""
    shelf = MemoryShelf()
    after = {"event": "a", "which": "first", "within": "6h"}
    path = {"field": "session.entry_page", "op": "is", "value": "/s1"}
    between = {"op": "between", "value": 1, "to": 3}
    rules: dict[str, Any] = {
        "often": {"did": {"event": ["a", "b"], "times": between, "after": after}},
        "seldom": {"did": {"event": "b", "times": {"op": "lte", "value": 3}}},
        "walked": {
            "any": [
                {"sequence": {"steps": ["a", {"event": "b"}], "window": "2h", "order": "any"}},
                {"all": [{"has": path}, {"none": [{"segment": "listed"}]}, {"segment": "seldom"}]},
            ]
        },
        "behind": {
            "behind": {
                "model": "events",
                "question": {"series": [{"event": "c", "measure": "visitors"}], "range": DAYS},
                "cell": CELL,
            }
        },
    }
    shelf.put("listed", Segment(app="shop"), ["v1", "it's"])
    for name, rule in rules.items():
        shelf.put(name, read_segment({"rule": rule}))
    return shelf


DAYS: Final = {"start": "2024-10-01", "end": "2024-11-30"}
_SPAN: Final = (1_727_740_800_000_000, 1_733_011_200_000_000)
CELL: Final = key_of(EventsCell(_SPAN, 0, False, None, Group()))
