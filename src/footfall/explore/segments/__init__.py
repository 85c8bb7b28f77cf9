"""Segments: named groups of visitors or users, by what they did, had, or by a list of their ids.

A segment is data (`definition`), read with every mistake at once (`reading`) and kept in versions
in metadata (`storage`). `compiling` makes one SELECT of ids of it, of expressions and never of
text; `using` finds those that a question names, and refuses one that is part of itself. So a filter
on a segment is a join with exactly the ids that the segment has as of the answer's own cut and
moment: nothing is copied and nothing is stale. `asking` sizes, lists and overlaps them; `saving`
makes one of a number that was opened; `refreshing` notes sizes over time. Meanings:
docs/concepts/segments.md.
"""

from __future__ import annotations
