"""The path model over the index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from footfall.explore.answer import PathCell, PathEnd
from footfall.explore.journeys.inside import looking_at
from footfall.explore.journeys.kernels import path as kernels
from footfall.explore.journeys.looking import Chunk, chunks_of
from footfall.explore.journeys.opened import Opened, total
from footfall.explore.journeys.source import EVENT
from footfall.explore.question.common import Selector
from footfall.explore.question.path import PathQuestion, Rule
from footfall.explore.question.reading import Scene
from footfall.settings import parse_duration

FIELDS: Final = {"events": EVENT, "pages": "page_path", "screens": "screen_name"}
_NAMES: Final = {"pages": "page_view", "screens": "screen_view"}
_NO_CELL: Final = (-1, -1, -1)
_NOWHERE: Final = -2
"""A node that no row has: no journey is ever there."""


class Walks:
    """Goes through the journeys of a question."""

    def __init__(self, opened: Opened, question: PathQuestion, scene: Scene) -> None:
        """Name the nodes."""
        self.opened, self.question = opened, question
        self._looking = looking_at(question, (_meant(question),), opened.columns, scene)
        self._field = FIELDS[question.nodes]
        values = opened.columns[self._field]
        titles = [_named(question.rules, one) for one in values]
        self.labels = sorted(set(titles), key=str.encode)
        at = {label: place for place, label in enumerate(self.labels)}
        node_of = np.array([-1, *[at[one] for one in titles]], np.int32)
        self._node_of = np.repeat(node_of, 2) if self._field == EVENT else node_of
        self._anchor = -1 if question.node is None else at.get(question.node, _NOWHERE)
        gap = -1 if question.per == "session" else parse_duration(question.gap)
        self._span = np.array([scene.span.start, scene.span.end, gap])

    def counted(
        self, places: NDArray[Any], rest: int, cell: tuple[int, int, int] = _NO_CELL
    ) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[Any]]]:
        """How many were where, and went on to where; and who was in a cell, segment and actor.

        Args:
            places: For each step and node its place.
            rest: The last place; -1: only who was where is counted, and every node has a place.
            cell: Step and place, counted from 0, and the place they went on to, or -1.
        """
        steps = len(places)
        size = places.shape[1] if rest < 0 else rest + 1
        links = 0 if rest < 0 else steps
        segments = self.opened.segments(self.question.per)
        chunks = [] if self._anchor == _NOWHERE else chunks_of(segments)

        def work(mine: Iterable[Chunk]) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[Any]]]:
            here = np.zeros((steps, size, 2), np.int64)
            ways = np.zeros((links, size, size + 1, 2), np.int64)
            number, found = -1, []
            for one in mine:
                if one.number != number:
                    # Actors of another segment have the same numbers, and are others.
                    here[..., 1] = ways[..., 1] = number = -1
                    number = one.number
                is_in = self._count(one, places, here, ways, np.array(cell))
                actor = np.flatnonzero(is_in) + one.first
                found.append(np.stack([np.full(len(actor), one.number), actor]))
            return here[..., 0], ways[..., 0], found

        parts = self.opened.scan(chunks, work)
        who = [one for _, _, several in parts for one in several]
        return total(one for one, _, _ in parts), total(one for _, one, _ in parts), who

    def _count(
        self,
        chunk: Chunk,
        places: NDArray[Any],
        here: NDArray[Any],
        ways: NDArray[Any],
        cell: NDArray[Any],
    ) -> NDArray[Any]:
        bits, question = self._looking.bits(chunk), self.question
        nodes = np.empty(len(bits), np.int32)
        kernels.nodes_of(bits, chunk.codes(self._field), self._node_of, nodes)
        is_in = np.zeros(chunk.last - chunk.first, np.bool_)
        kernels.count(
            chunk.segment.offsets,
            chunk.first,
            chunk.last,
            nodes,
            chunk.times,
            self._span,
            question.merge_repeats,
            question.direction == "to",
            self._anchor,
            places,
            here,
            ways,
            cell,
            is_in,
        )
        return is_in

    def shown(self) -> tuple[list[list[int]], NDArray[Any]]:
        """Nodes that are shown of each step, best first; and for each node its place among them."""
        steps, top, count = self.question.steps, self.question.top, max(1, len(self.labels))
        places = np.tile(np.arange(count), (steps, 1))
        if count <= top:
            return [list(range(len(self.labels)))] * steps, places
        counts, _, _ = self.counted(places, -1)
        places = np.full((steps, count), top, np.int64)
        shown: list[list[int]] = []
        for step in range(steps):
            # Labels are in order of their names, and the sort keeps it among as many.
            best = np.argsort(-counts[step], kind="stable")[:top]
            shown.append([int(node) for node in best if counts[step, node]])
            places[step, shown[-1]] = np.arange(len(shown[-1]))
        return shown, places


def _meant(question: PathQuestion) -> Selector:
    """Which events have a node: pages are of page views alone."""
    name, given = _NAMES.get(question.nodes), question.events
    if name is None:
        return given
    is_meant = given.names is None or name in given.names
    return msgspec.structs.replace(given, event=(name,) if is_meant else ())


def rows(opened: Opened, question: PathQuestion, scene: Scene) -> list[list[Any]]:
    """As `footfall.explore.models.path.statement`."""
    walks = Walks(opened, question, scene)
    shown, places = walks.shown()
    nodes, ways, _ = walks.counted(places, question.top)
    rest = question.top

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
    shown, places = walks.shown()
    step = cell.step - 1
    at = {label: node for node, label in enumerate(walks.labels)}

    def place_of(step: int, end: PathEnd) -> int:
        node = at.get(end.label or "", -1)
        is_shown = node in shown[step]
        return question.top if end.is_rest else shown[step].index(node) if is_shown else _NOWHERE

    onward = question.top + 1 if cell.is_end else -1
    if cell.after is not None:
        onward = place_of(step + 1, cell.after)
    _, _, who = walks.counted(places, question.top, (step, place_of(step, cell.at), onward))
    segment, actor = np.concatenate(who or [np.empty((2, 0), np.int64)], axis=1)
    return opened.names(question.per, question.app, segment, actor)


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
