"""The path model over the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import PathCell, PathEnd
from footfall.explore.journeys.kernels import path as kernels
from footfall.explore.journeys.looking import Chunk, Looking, chunks_of
from footfall.explore.journeys.opened import Opened
from footfall.explore.journeys.source import EVENT
from footfall.explore.question.path import PathQuestion, Rule
from footfall.explore.question.reading import Scene
from footfall.settings import parse_duration

FIELDS: Final = {"events": EVENT, "pages": "page_path", "screens": "screen_name"}
_NAMES: Final = {"pages": "page_view", "screens": "screen_view"}
_NOWHERE: Final = -2
"""A node that no row has: no journey is ever there."""


class Walks:
    """Journeys of a question, chunk by chunk."""

    def __init__(self, opened: Opened, question: PathQuestion, scene: Scene) -> None:
        """Name the nodes."""
        self.opened, self.question = opened, question
        self._looking = Looking(question, (question.events,), opened.columns, scene.fields)
        self._field = FIELDS[question.nodes]
        self._span = scene.span
        values = opened.columns[self._field]
        titles = [_named(question.rules, one) for one in values]
        self.labels = sorted(set(titles), key=str.encode)
        at = {label: place for place, label in enumerate(self.labels)}
        node_of = np.array([-1, *[at[one] for one in titles]], np.int64)
        self._node_of = np.repeat(node_of, 2) if self._field == EVENT else node_of
        node = question.node
        self.anchor = -1 if node is None else at.get(node, _NOWHERE)
        self._gap = -1 if question.per == "session" else parse_duration(question.gap)
        self._is_event = self._only(_NAMES.get(question.nodes))

    def _only(self, name: str | None) -> NDArray[np.bool_] | None:
        if name is None:
            return None
        return np.repeat(np.array([False, *[one == name for one in self.opened.columns[EVENT]]]), 2)

    def scan(self, work: Any) -> list[Any]:
        """What `work` makes of each thread's chunks."""
        return self.opened.scan(chunks_of(self.opened.segments(self.question.per)), work)

    def of(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, NDArray[Any], NDArray[Any]]]:
        """Whose each journey is, and its steps."""
        question = self.question
        if self.anchor == _NOWHERE:
            return
        for one in chunks:
            bits, times = self._looking.bits(one), one.times
            is_node = (bits != 0) & (times >= self._span.start) & (times < self._span.end)
            if self._is_event is not None:
                is_node &= self._is_event[one.codes(EVENT)]
            nodes = np.where(is_node, self._node_of[one.codes(self._field)], -1)
            most = int((nodes >= 0).sum())
            whose = np.empty(most, np.int64)
            steps = np.empty((most, question.steps), np.int64)
            count = kernels.journeys(
                one.segment.offsets,
                one.first,
                one.last,
                nodes,
                times,
                self._gap,
                question.merge_repeats,
                question.direction == "to",
                self.anchor,
                whose,
                steps,
            )
            yield one, whose[:count], steps[:count]


def rows(opened: Opened, question: PathQuestion, scene: Scene) -> list[list[Any]]:
    """As `footfall.explore.models.path.statement`."""
    walks = Walks(opened, question, scene)
    shown, places = _shown(walks)
    rest = question.top
    shape = (question.steps, rest + 1)

    def work(chunks: Iterable[Chunk]) -> tuple[NDArray[Any], NDArray[Any]]:
        nodes, ways = np.zeros(shape, np.int64), np.zeros((*shape, rest + 2), np.int64)
        stamps = _Stamps(nodes, ways)
        for one, whose, steps in walks.of(chunks):
            stamps.renew(one)
            kernels.between(whose, steps, places, nodes, stamps[0], ways, stamps[1])
        return nodes, ways

    parts = walks.scan(work)
    nodes, ways = sum(one for one, _ in parts), sum(one for _, one in parts)

    def end(step: int, place: int) -> list[Any]:
        return [1, None] if place == rest else [0, walks.labels[shown[step][place]]]

    made: list[list[Any]] = []
    for step, here in zip(*np.nonzero(nodes), strict=True):
        made.append([int(step) + 1, *end(step, here), None, None, 0, int(nodes[step, here])])
    for step, here, onward in zip(*np.nonzero(ways), strict=True):
        after = [None, None] if onward == rest + 1 else end(step + 1, onward)
        number = int(ways[step, here, onward])
        made.append([int(step) + 1, *end(step, here), *after, int(onward == rest + 1), number])
    return made


def members(opened: Opened, question: PathQuestion, scene: Scene, cell: PathCell) -> list[str]:
    """As `footfall.explore.models.path.members`."""
    walks = Walks(opened, question, scene)
    shown, places = _shown(walks)
    step = cell.step - 1
    at = {label: node for node, label in enumerate(walks.labels)}

    def place_of(step: int, end: PathEnd) -> int:
        node = at.get(end.label or "", -1)
        is_shown = node in shown[step]
        return question.top if end.is_rest else shown[step].index(node) if is_shown else _NOWHERE

    def work(chunks: Iterable[Chunk]) -> list[NDArray[Any]]:
        made = []
        for one, whose, steps in walks.of(chunks):
            here = _placed(places[step], steps[:, step])
            kept = here == place_of(step, cell.at)
            if cell.is_end:
                kept &= steps[:, step + 1] < 0
            elif cell.after is not None:
                onward = _placed(places[step + 1], steps[:, step + 1])
                kept &= onward == place_of(step + 1, cell.after)
            actor = np.unique(whose[kept])
            made.append(np.stack([np.full(len(actor), one.number), actor]))
        return made

    found = [part for several in walks.scan(work) for part in several]
    segment, actor = np.concatenate(found or [np.empty((2, 0), np.int64)], axis=1)
    return opened.names(question.per, question.app, segment, actor)


class _Stamps(list[NDArray[Any]]):
    """Who was counted last, for arrays of counts."""

    def __init__(self, *counts: NDArray[Any]) -> None:
        super().__init__(np.full(one.shape, -1, np.int64) for one in counts)
        self._segment = -1

    def renew(self, chunk: Chunk) -> None:
        """Actors of another segment have the same numbers, and are others."""
        if chunk.number != self._segment:
            self._segment = chunk.number
            for one in self:
                one[:] = -1


def _shown(walks: Walks) -> tuple[list[list[int]], NDArray[Any]]:
    """Nodes that are shown of each step, best first; and for each node its place among them."""
    question = walks.question
    shape = (question.steps, max(1, len(walks.labels)))

    def work(chunks: Iterable[Chunk]) -> NDArray[Any]:
        counts = np.zeros(shape, np.int64)
        stamps = _Stamps(counts)
        for one, whose, steps in walks.of(chunks):
            stamps.renew(one)
            kernels.at_steps(whose, steps, counts, stamps[0])
        return counts

    counts = sum(walks.scan(work))
    places = np.full(shape, question.top, np.int64)
    shown: list[list[int]] = []
    for step in range(question.steps):
        # Labels are in order of their names, and the sort keeps it among as many.
        best = np.argsort(-counts[step], kind="stable")[: question.top]
        shown.append([int(node) for node in best if counts[step, node]])
        places[step, shown[-1]] = np.arange(len(shown[-1]))
    return shown, places


def _placed(places: NDArray[Any], nodes: NDArray[Any]) -> NDArray[Any]:
    return np.where(nodes < 0, -1, places[nodes])


def _named(rules: Sequence[Rule], name: str) -> str:
    """The node of a name, by the first rule that matches."""
    for rule in rules:
        bare = rule.match.strip("*")
        starts, ends = rule.match.endswith("*"), rule.match.startswith("*")
        is_match = (
            bare in name
            if starts and ends
            else name.startswith(bare)
            if starts
            else name.endswith(bare)
            if ends
            else name == bare
        )
        if is_match:
            return rule.title
    return name
