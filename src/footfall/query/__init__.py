"""Query: read-only SQL for people, over one cut of a project.

Each statement is one SELECT over the views `events`, `sessions` and `failed_events`, checked as
DuckDB's own parser reads it (`guard`), and sees one cut whole (`engine`). For a server it runs in a
process of its own that can be killed and that may only read (`worker`, `pool`), so an analyst's
statement never touches the pipeline; in Python, `footfall.open` runs it in the caller's process.

What is exported here imports neither DuckDB nor Arrow: a light process passes answers on as bytes.
"""

from __future__ import annotations

from footfall.query.pool import QueryPool, SqlRunner
from footfall.query.protocol import Answer, Column, Format, Parameters

__all__ = ["Answer", "Column", "Format", "Parameters", "QueryPool", "SqlRunner"]
