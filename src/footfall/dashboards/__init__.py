"""Dashboards: pages of charts that are data.

A dashboard is JSON (`definition`): sheets of tiles on a grid, each with a query, a kind of chart
and what is drawn as what; a range of time and filters for all of them. `reading` takes what was
written and tells every mistake at once, each with its path. `storage` keeps drafts, published
versions and read-only links in metadata. `statements` makes the SQL of a tile, and of the rows that
one of its segments counted; `running` runs both. The studio's editor, JSON files, the command line
and Python (`access`) all make the same thing.
"""

from __future__ import annotations
