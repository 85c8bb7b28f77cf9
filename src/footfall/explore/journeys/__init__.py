"""The journey index: rows sorted by whose they are and by time, scanned by compiled kernels.

A cache of one cut, so deleting it costs time and nothing else. It answers those questions that it
has all of (`questions`, `holds`), with the rows that the model's own statement would have found, so
everything beyond is the same code; what it has not goes to SQL. `build` makes it, `freshen` brings
it to the next cut, `layout` is what lies on disk; docs/concepts/journey-index.md.
"""

from __future__ import annotations
