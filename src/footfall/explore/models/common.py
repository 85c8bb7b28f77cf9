"""What answers of all models are made with."""

from __future__ import annotations

from typing import Any

from footfall.explore.answer import Bucket
from footfall.explore.found import Found
from footfall.explore.question.common import Common
from footfall.explore.question.ranges import Grid
from footfall.explore.question.reading import Scene


def about(question: Common, scene: Scene, found: Found) -> dict[str, Any]:
    """The fields of `footfall.explore.answer.About`."""
    return {
        "start": scene.calendar.text_of(scene.span.start),
        "end": scene.calendar.text_of(scene.span.end),
        "by": question.by,
        "notes": found.notes,
        "sql": found.sql,
        "cut_sequence": found.cut_sequence,
        "cut_published_at": found.cut_published_at,
        "segments": found.segments,
        "segments_at": found.segments_at,
        "way": found.way,
    }


def buckets_of(scene: Scene, grid: Grid, published: int) -> tuple[Bucket, ...]:
    """A grid for people."""
    text_of = scene.calendar.text_of
    return tuple(
        Bucket(text_of(start), text_of(end), end <= published)
        for start, end in zip(grid.bounds, grid.bounds[1:], strict=False)
    )
