"""When each visitor comes: visits by number and time only, cheap enough for millions.

A visit is a stretch that is generated as one. It holds one session, or two that are a millisecond
more than the inactivity timeout apart. Between two visits of a visitor lies clearly more than the
timeout. What happens within a visit is drawn later (`footfall.recipes.shop._visit`), so a long run
holds no more than the visits going on at a time.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from footfall.clock import MINUTE, US_PER_MS
from footfall.recipes.shop._people import Visitor, meet
from footfall.recipes.shop._settings import ShopSettings

EVENTS_PER_VISIT: Final = 10
VISIT_EVENTS_MAX: Final = 50_000
"""Far below what cuts a session in two (`sessions.events_max`)."""
_MORE_EVENTS: Final = 1.5
"""By how much a visit exceeds what it was asked for, on average: steps of the walk are whole."""
_MARGIN_MS: Final = 10 * MINUTE // US_PER_MS
"""By how much a pause between visits is longer than the timeout, at least: more than any tolerance.
"""
_EDGE_SHARE: Final = 0.04


class Edge(enum.Enum):
    """A pause within the visit that tests the timeout to the millisecond."""

    NONE = 0
    EXACTLY_GAP = 1
    """Exactly the timeout: still the same session."""
    BEYOND_GAP = 2
    """A millisecond more: another session."""


class Visit(msgspec.Struct, frozen=True, gc=False, order=True):
    """One stretch of one visitor's activity; sorts by time."""

    start_ms: int
    visitor: int
    number: int
    """Of this visitor, from 0."""
    session_number: int
    """Of the first session in it, from 1."""
    span_ms: int
    """It ends no later than this after its start."""
    events: int
    edge: Edge = msgspec.field(default=Edge.NONE)


def schedule(settings: ShopSettings) -> list[Visit]:
    """All visits of all visitors, in order of their start."""
    weights = [meet(settings, number).weight for number in range(settings.visitors)]
    events_per_weight = settings.events / sum(weights)
    visits = [
        visit
        for number, weight in enumerate(weights)
        for visit in _visits(settings, number, max(1, round(weight * events_per_weight)))
    ]
    visits.sort(key=lambda visit: (visit.start_ms, visit.visitor))
    return visits


def _visits(settings: ShopSettings, number: int, events: int) -> Iterator[Visit]:
    rng = Random(f"{settings.seed}/{settings.name}/schedule/{number}")
    visitor = meet(settings, number)
    duration_ms = settings.duration_us // US_PER_MS
    pause_ms = settings.gap_ms + _MARGIN_MS
    # Half of the time is left for the visits themselves.
    visits_max = 1 + duration_ms // 2 // pause_ms
    sizes = _sizes(rng, events, visits_max)
    room_ms = duration_ms - (len(sizes) - 1) * pause_ms
    spans = _spans(rng, sizes, room_ms)
    edges = _edges(rng, settings, visitor, spans, room_ms)
    slack_ms = room_ms - sum(spans)
    starts = sorted(rng.randint(0, slack_ms) for _ in sizes)
    start_ms = settings.start_ms
    session_number = 1
    for position, (size, span, edge) in enumerate(zip(sizes, spans, edges, strict=True)):
        yield Visit(
            start_ms=start_ms + starts[position],
            visitor=number,
            number=position,
            session_number=session_number,
            span_ms=span,
            events=size,
            edge=edge,
        )
        start_ms += span + pause_ms
        session_number += 2 if edge is Edge.BEYOND_GAP else 1


def _sizes(rng: Random, events: int, visits_max: int) -> list[int]:
    """Split a visitor's events into visits of different size."""
    visits = min(max(1, round(events / EVENTS_PER_VISIT)), visits_max)
    shares = [rng.lognormvariate(0, 0.7) for _ in range(visits)]
    scale = events / sum(shares)
    return [min(max(1, round(share * scale - _MORE_EVENTS)), VISIT_EVENTS_MAX) for share in shares]


def _spans(rng: Random, sizes: list[int], room_ms: int) -> list[int]:
    """Time for each visit: half a minute for each event, less where there is no room."""
    wanted = [(30_000 + 20_000 * size) * rng.uniform(0.5, 1.5) for size in sizes]
    scale = min(1.0, 0.9 * room_ms / sum(wanted))
    return [int(span * scale) for span in wanted]


def _edges(
    rng: Random, settings: ShopSettings, visitor: Visitor, spans: list[int], room_ms: int
) -> list[Edge]:
    """Choose visits with a pause of about the timeout and lengthen their spans by it."""
    edges = []
    for position, span in enumerate(spans):
        edge = Edge.NONE
        is_roomy = room_ms - sum(spans) > 2 * settings.gap_ms and span > 2_000
        if is_roomy and not visitor.clock_is_wrong and rng.random() < _EDGE_SHARE:
            edge = rng.choice((Edge.EXACTLY_GAP, Edge.BEYOND_GAP))
            spans[position] += settings.gap_ms + 1
        edges.append(edge)
    return edges
