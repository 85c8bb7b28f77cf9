"""Compiled scans over rows that lie sorted by whose they are, and then by time.

Each kernel goes over the actors `first` to `last` of a segment: the rows of actor `a` are
`offsets[a]` up to `offsets[a + 1]`. What a question wants of a row is in `bits`, one bit for each
of its steps or series, 0 for rows that it does not look at. Where it wants names alone, funnels
look bits up by the code of a row's name, so that none are written down.
Arrays of rows are slices that begin with the first row of actor `first`.

They let go of Python's lock, so threads run them side by side, and are compiled once: `cache` says
where that is kept.
"""

from __future__ import annotations
