"""Every column of every table, defined once: field id, name, type, meaning.

The stages' Arrow schemas (`footfall.event`, `footfall.session`), the lake's Iceberg schemas, the
views and docs/tables.md are made from these lists. What one row of a table is, and how its rows
lie: `footfall.lake.tables.specs`.
"""

from __future__ import annotations

from footfall.columns.column import (
    FIRST,
    OWN_ID_MAX,
    Column,
    Retired,
    added,
    check_columns,
    optional,
    required,
)
from footfall.columns.event import EVENT_COLUMNS
from footfall.columns.failed import FAILED_COLUMNS
from footfall.columns.result import RESULT_COLUMNS
from footfall.columns.session import (
    OTHER_SESSION_COLUMNS,
    OVERRIDE_COLUMNS,
    REMOVED_COLUMNS,
    SESSION_COLUMNS,
)

__all__ = [
    "EVENT_COLUMNS",
    "FAILED_COLUMNS",
    "FIRST",
    "OTHER_SESSION_COLUMNS",
    "OVERRIDE_COLUMNS",
    "OWN_ID_MAX",
    "REMOVED_COLUMNS",
    "RESULT_COLUMNS",
    "SESSION_COLUMNS",
    "Column",
    "Retired",
    "added",
    "check_columns",
    "optional",
    "required",
]
