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
    from footfall.lake._catalog import catalog_problem, restore_catalog
    from footfall.lake._days import NO_DAYS, day_of, days_from
    from footfall.lake._history import LakeHistory, recent_events
    from footfall.lake._inspect import DamagedFile, inspect_data_files, readable_rows
    from footfall.lake._lake import Lake
    from footfall.lake._lookup import Footers
    from footfall.lake._lost import LostRows, lost_rows, replace_damaged
    from footfall.lake._maintenance import Maintenance
    from footfall.lake._overrides import resolve_overrides
    from footfall.lake._rebuild import EpochsUpTo
    from footfall.lake._retention import RetentionBound, dropped_rows, rows_by_epoch
    from footfall.lake._schemas import TABLES
    from footfall.lake._take_back import take_back
    from footfall.lake._waiting import waiting_events

__all__ = [
    "NO_DAYS",
    "TABLES",
    "DamagedFile",
    "EpochsUpTo",
    "Footers",
    "Lake",
    "LakeHistory",
    "LostRows",
    "Maintenance",
    "RetentionBound",
    "catalog_problem",
    "day_of",
    "days_from",
    "dropped_rows",
    "inspect_data_files",
    "lost_rows",
    "readable_rows",
    "recent_events",
    "replace_damaged",
    "resolve_overrides",
    "restore_catalog",
    "rows_by_epoch",
    "take_back",
    "waiting_events",
]

_PLACES = {
    "TABLES": "_schemas",
    "DamagedFile": "_inspect",
    "EpochsUpTo": "_rebuild",
    "Footers": "_lookup",
    "Lake": "_lake",
    "LakeHistory": "_history",
    "LostRows": "_lost",
    "Maintenance": "_maintenance",
    "RetentionBound": "_retention",
    "catalog_problem": "_catalog",
    "NO_DAYS": "_days",
    "day_of": "_days",
    "days_from": "_days",
    "dropped_rows": "_retention",
    "inspect_data_files": "_inspect",
    "lost_rows": "_lost",
    "readable_rows": "_inspect",
    "recent_events": "_history",
    "replace_damaged": "_lost",
    "resolve_overrides": "_overrides",
    "restore_catalog": "_catalog",
    "rows_by_epoch": "_retention",
    "take_back": "_take_back",
    "waiting_events": "_waiting",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
