"""Session definitions over all history: define one, see what it would change, switch to it.

`define` notes a definition; the running pipeline begins with it at the end of an epoch.
`filling.fill` then computes the sessions that ended before, in a process of its own, from the lake:
after it the definition's table is what the definition says of all events. `comparing` compares two,
`switch` makes one the default for readers. docs/concepts/redefine.md has the whole.

What is exported here is light, for the studio: Arrow comes with `filling`.
"""

from __future__ import annotations

from footfall.redefine.defining import define, drop, listed, switch
from footfall.redefine.diff import (
    SAMPLES_MAX,
    Comparing,
    Difference,
    EntryPage,
    Kpis,
    Question,
    Sample,
    SampleSession,
    comparing,
)
from footfall.redefine.listing import Listed, listing

__all__ = [
    "SAMPLES_MAX",
    "Comparing",
    "Difference",
    "EntryPage",
    "Kpis",
    "Listed",
    "Question",
    "Sample",
    "SampleSession",
    "comparing",
    "define",
    "drop",
    "listed",
    "listing",
    "switch",
]
