"""The pipeline: from the log's head to the lake, each epoch exactly once; a cut each micro-batch.

Micro-batches are previewed (tail, cut, live snapshot); epochs are planned, computed from log and
plan, and committed. `run` is the process that `footfall serve` starts; `prepare`, `admit` and
`finish` are the pure functions that any runner calls. `EpochConsumer` is what else works on each
epoch. The process that decodes ahead imports only what it needs: names are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from footfall.pipeline._catch_up import catch_up
    from footfall.pipeline._memory import keep_freed
    from footfall.pipeline._run import run
    from footfall.pipeline._trouble import Trouble, read_trouble, trouble_file
    from footfall.pipeline.consumers.committed import CommittedEpoch, EpochLost
    from footfall.pipeline.consumers.contract import (
        ConsumerPlace,
        DefinitionSeen,
        EpochConsumer,
        LostEpochs,
        MicroBatch,
        Progress,
        SessionCounts,
        SessionsSeen,
    )
    from footfall.pipeline.consumers.notes import Needs
    from footfall.pipeline.consumers.report import ConsumerReport, consumer_reports
    from footfall.pipeline.epoch.epoch import EpochResult, Ingested, admit, finish, join
    from footfall.pipeline.epoch.plan import EpochPlan, Rules
    from footfall.pipeline.epoch.prepare import Prepared, prepare
    from footfall.pipeline.maintenance.maintain import MaintenanceReport, maintain
    from footfall.pipeline.recovery.checkpoint import checkpoint_epochs
    from footfall.pipeline.recovery.mend import MendedTable, mend_lake
    from footfall.positions import Positions

__all__ = [
    "CommittedEpoch",
    "ConsumerPlace",
    "ConsumerReport",
    "DefinitionSeen",
    "EpochConsumer",
    "EpochLost",
    "EpochPlan",
    "EpochResult",
    "Ingested",
    "LostEpochs",
    "MaintenanceReport",
    "MendedTable",
    "MicroBatch",
    "Needs",
    "Positions",
    "Prepared",
    "Progress",
    "Rules",
    "SessionCounts",
    "SessionsSeen",
    "Trouble",
    "admit",
    "catch_up",
    "checkpoint_epochs",
    "consumer_reports",
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
    "CommittedEpoch": "consumers.committed",
    "ConsumerPlace": "consumers.contract",
    "ConsumerReport": "consumers.report",
    "DefinitionSeen": "consumers.contract",
    "EpochConsumer": "consumers.contract",
    "EpochLost": "consumers.committed",
    "LostEpochs": "consumers.contract",
    "MicroBatch": "consumers.contract",
    "Needs": "consumers.notes",
    "Positions": "consumers.notes",
    "Progress": "consumers.contract",
    "SessionCounts": "consumers.contract",
    "SessionsSeen": "consumers.contract",
    "consumer_reports": "consumers.report",
    "EpochPlan": "epoch.plan",
    "EpochResult": "epoch.epoch",
    "Ingested": "epoch.epoch",
    "MaintenanceReport": "maintenance.maintain",
    "MendedTable": "recovery.mend",
    "Prepared": "epoch.prepare",
    "Rules": "epoch.plan",
    "Trouble": "_trouble",
    "admit": "epoch.epoch",
    "catch_up": "_catch_up",
    "checkpoint_epochs": "recovery.checkpoint",
    "finish": "epoch.epoch",
    "join": "epoch.epoch",
    "keep_freed": "_memory",
    "maintain": "maintenance.maintain",
    "mend_lake": "recovery.mend",
    "prepare": "epoch.prepare",
    "read_trouble": "_trouble",
    "run": "_run",
    "trouble_file": "_trouble",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
