"""The pipeline: from the log's head to the lake, each epoch exactly once; a cut each micro-batch.

Micro-batches are previewed (tail, cut, live snapshot); epochs are planned, computed from log and
plan, and committed. `run` is the process that `footfall serve` starts; `prepare`, `admit` and
`finish` are the pure functions that any runner calls. The process that decodes ahead imports only
what it needs: names are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.pipeline._catch_up import catch_up
    from footfall.pipeline._checkpoint import checkpoint_epochs
    from footfall.pipeline._epoch import EpochResult, Ingested, admit, finish, join
    from footfall.pipeline._maintain import MaintenanceReport, maintain
    from footfall.pipeline._memory import keep_freed
    from footfall.pipeline._mend import MendedTable, mend_lake
    from footfall.pipeline._plan import EpochPlan, Rules
    from footfall.pipeline._prepare import Prepared, prepare
    from footfall.pipeline._run import run
    from footfall.pipeline._trouble import Trouble, read_trouble, trouble_file

__all__ = [
    "EpochPlan",
    "EpochResult",
    "Ingested",
    "MaintenanceReport",
    "MendedTable",
    "Prepared",
    "Rules",
    "Trouble",
    "admit",
    "catch_up",
    "checkpoint_epochs",
    "finish",
    "join",
    "keep_freed",
    "maintain",
    "mend_lake",
    "prepare",
    "read_trouble",
    "run",
    "trouble_file",
]

_PLACES = {
    "EpochPlan": "_plan",
    "EpochResult": "_epoch",
    "Ingested": "_epoch",
    "MaintenanceReport": "_maintain",
    "MendedTable": "_mend",
    "Prepared": "_prepare",
    "Rules": "_plan",
    "Trouble": "_trouble",
    "admit": "_epoch",
    "catch_up": "_catch_up",
    "checkpoint_epochs": "_checkpoint",
    "finish": "_epoch",
    "join": "_epoch",
    "keep_freed": "_memory",
    "maintain": "_maintain",
    "mend_lake": "_mend",
    "prepare": "_prepare",
    "read_trouble": "_trouble",
    "run": "_run",
    "trouble_file": "_trouble",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
