"""Session definitions over all history: define one, see what it would change, switch to it.

`define` notes a definition; the running pipeline begins with it at the end of an epoch. `fill` then
computes the sessions that ended before, in a process of its own, from the lake: after it the
definition's table is what the definition says of all events. `differences` compares two, `switch`
makes one the default for readers. docs/concepts/redefine.md has the whole.
"""

from __future__ import annotations

from footfall.redefine.defining import Listed, define, drop, listed, switch
from footfall.redefine.diff import Difference, Kpis, Sample, differences
from footfall.redefine.filling import Filled, fill

__all__ = [
    "Difference",
    "Filled",
    "Kpis",
    "Listed",
    "Sample",
    "define",
    "differences",
    "drop",
    "fill",
    "listed",
    "switch",
]
