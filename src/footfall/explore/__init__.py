"""Explore: an analyst's questions, exact, with one meaning everywhere.

A question is a typed struct (`question`); a model makes one SELECT of it out of expressions, never
out of text (`models`, `compile`), which runs through the same guard, limits and cut as any other
(`footfall.query`); an answer is typed rows, each with a key that opens it to exactly the visitors,
users, sessions or events that it counted (`answer`). Meanings: docs/concepts/explore.md.

Nothing here reads a file or opens a connection: `asking` says what to run and makes the answer of
what came back, so the studio, a terminal and Python answer alike. Importing it loads no engine;
`access` is for Python and notebooks.
"""

from __future__ import annotations
