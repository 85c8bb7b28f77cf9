"""Bring an index to a newer cut: keep what has not changed, write anew what has.

The base stays as it is for as long as most of its rows are still those of the lake, which sums
over the rows say (`Source.prints`): whatever maintenance, retention, late events, repaired sessions
or an erasure did to them, by content and not by guess. All rows of those actors who have newer
rows, or whose bucket's sum is another one, are in the recent parts, and their older ones count no
more. So a row that is gone from the lake is gone from the next index, and no merge can go wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from footfall.explore.journeys.build import Plan, Values, index_of, recent_part
from footfall.explore.journeys.layout import Index, WhoseRows
from footfall.explore.journeys.source import NOBODY, PRINTS, Source

RECENT_MAX: Final = 1 / 4
"""Share of the base's rows that recent parts may have; with more, all is made anew."""


def freshened(source: Source, root: Path, name: str, index: Index, plan: Plan) -> Index | None:
    """Write the recent parts of a newer cut; `None` if the base should be made anew.

    Args:
        source: Rows of the cut.
        root: Directory of the project's index.
        name: Of its parts; no other index has it.
        index: The one before, whole.
        plan: As of its base.
    """
    values = Values(source, plan, index.columns)
    columns = values.columns
    if columns.keys() != index.columns.keys():
        return None
    base = [part for part in index.parts if not part.replaces]
    changed: dict[WhoseRows, list[int]] = {}
    for part in base:
        before, now = index.base.prints[part.per], source.prints(part.per, index.base.epoch)
        changed[part.per] = [
            one for one in before.keys() | now.keys() if before.get(one) != now.get(one)
        ]
        if NOBODY in changed[part.per] or len(changed[part.per]) > RECENT_MAX * PRINTS:
            return None
    recent = []
    for part in base:
        directory = f"{name}-{part.per}-r"
        buckets = sorted(changed[part.per])
        made = recent_part(source, root, directory, part, columns, plan, index.base, buckets)
        if made.rows > RECENT_MAX * part.rows:
            return None
        recent.append(made)
    return index_of(source.seen, index.base, values, [*base, *recent])
