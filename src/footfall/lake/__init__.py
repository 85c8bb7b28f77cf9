"""The lake: Apache Iceberg tables that any engine reads, each epoch in them exactly once.

`Lake` commits epochs and lists files; `footfall.lake.cut` is the consistent view that readers use;
`LakeHistory` looks up a visitor's older events for a repair; `Maintenance` compacts and cleans up
beside them. Local files and directories are synced before the catalog moves. Readers import only
`footfall.lake.cut`, which is light: the other names are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.lake._history import LakeHistory, recent_events
    from footfall.lake._lake import Lake
    from footfall.lake._maintenance import Maintenance
    from footfall.lake._rebuild import EpochsUpTo
    from footfall.lake._schemas import TABLES

__all__ = ["TABLES", "EpochsUpTo", "Lake", "LakeHistory", "Maintenance", "recent_events"]


def __getattr__(name: str) -> Any:
    if name == "Lake":
        from footfall.lake._lake import Lake

        return Lake
    if name == "Maintenance":
        from footfall.lake._maintenance import Maintenance

        return Maintenance
    if name == "TABLES":
        from footfall.lake._schemas import TABLES

        return TABLES
    if name == "EpochsUpTo":
        from footfall.lake._rebuild import EpochsUpTo

        return EpochsUpTo
    if name == "LakeHistory":
        from footfall.lake._history import LakeHistory

        return LakeHistory
    if name == "recent_events":
        from footfall.lake._history import recent_events

        return recent_events
    raise AttributeError(name)
