"""Segments in memory, for tests of what they mean."""

from __future__ import annotations

from collections.abc import Sequence

from footfall.explore.segments.definition import Segment
from footfall.explore.segments.kept import KeptSegment


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
