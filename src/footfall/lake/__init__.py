"""The lake: Apache Iceberg tables that any engine reads, each epoch in them exactly once.

`Lake` commits epochs and lists files; `footfall.lake.cut` is the consistent view that readers use;
`LakeHistory` looks up a visitor's older events for a repair; `Maintenance` compacts and cleans up
beside them. Local files and directories are synced before the catalog moves. Readers import only
`footfall.lake.cut`, which is light: the other names are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.lake.buckets import buckets_of
    from footfall.lake.commit.elsewhere import WrittenFiles, write_elsewhere
    from footfall.lake.commit.lake import Lake
    from footfall.lake.maintenance.maintenance import Maintenance
    from footfall.lake.maintenance.retention import RetentionBound, dropped_rows, rows_by_epoch
    from footfall.lake.maintenance.waiting import waiting_events
    from footfall.lake.place import LakePlace
    from footfall.lake.read.epochs import EpochRows
    from footfall.lake.read.history import LakeHistory, recent_events
    from footfall.lake.read.lookup import Footers
    from footfall.lake.read.overrides import resolve_overrides
    from footfall.lake.recovery.catalog import catalog_problem, restore_catalog
    from footfall.lake.recovery.inspect import DamagedFile, inspect_data_files, readable_rows
    from footfall.lake.recovery.lost import LostRows, lost_rows, replace_damaged
    from footfall.lake.recovery.past import EpochsUpTo
    from footfall.lake.recovery.take_back import take_back
    from footfall.lake.tables.days import NO_DAYS, day_of, days_from
    from footfall.lake.tables.specs import TABLES, TableSpec, planned_tables, read_tables

__all__ = [
    "NO_DAYS",
    "TABLES",
    "DamagedFile",
    "EpochRows",
    "EpochsUpTo",
    "Footers",
    "Lake",
    "LakeHistory",
    "LakePlace",
    "LostRows",
    "Maintenance",
    "RetentionBound",
    "TableSpec",
    "WrittenFiles",
    "buckets_of",
    "catalog_problem",
    "day_of",
    "days_from",
    "dropped_rows",
    "inspect_data_files",
    "lost_rows",
    "planned_tables",
    "read_tables",
    "readable_rows",
    "recent_events",
    "replace_damaged",
    "resolve_overrides",
    "restore_catalog",
    "rows_by_epoch",
    "take_back",
    "waiting_events",
    "write_elsewhere",
]

_PLACES = {
    "TABLES": "tables.specs",
    "TableSpec": "tables.specs",
    "planned_tables": "tables.specs",
    "read_tables": "tables.specs",
    "DamagedFile": "recovery.inspect",
    "EpochRows": "read.epochs",
    "EpochsUpTo": "recovery.past",
    "Footers": "read.lookup",
    "Lake": "commit.lake",
    "LakeHistory": "read.history",
    "LakePlace": "place",
    "LostRows": "recovery.lost",
    "Maintenance": "maintenance.maintenance",
    "RetentionBound": "maintenance.retention",
    "buckets_of": "buckets",
    "catalog_problem": "recovery.catalog",
    "NO_DAYS": "tables.days",
    "day_of": "tables.days",
    "days_from": "tables.days",
    "dropped_rows": "maintenance.retention",
    "inspect_data_files": "recovery.inspect",
    "lost_rows": "recovery.lost",
    "readable_rows": "recovery.inspect",
    "recent_events": "read.history",
    "replace_damaged": "recovery.lost",
    "resolve_overrides": "read.overrides",
    "restore_catalog": "recovery.catalog",
    "rows_by_epoch": "maintenance.retention",
    "take_back": "recovery.take_back",
    "WrittenFiles": "commit.elsewhere",
    "waiting_events": "maintenance.waiting",
    "write_elsewhere": "commit.elsewhere",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
