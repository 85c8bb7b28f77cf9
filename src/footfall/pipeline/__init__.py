"""The pipeline: from the log's head to the lake, each epoch exactly once; a cut each micro-batch.

Micro-batches are previewed (tail, cut, live snapshot); epochs are planned, computed from log and
plan, and committed. `run` is the process that `footfall serve` starts; `ingest` and `finish` are
the pure functions that any runner calls.
"""

from __future__ import annotations

from footfall.pipeline._checkpoint import checkpoint_epochs
from footfall.pipeline._epoch import EpochResult, Ingested, finish, ingest, join
from footfall.pipeline._maintain import MaintenanceReport, maintain
from footfall.pipeline._plan import EpochPlan, Rules
from footfall.pipeline._run import run

__all__ = [
    "EpochPlan",
    "EpochResult",
    "Ingested",
    "MaintenanceReport",
    "Rules",
    "checkpoint_epochs",
    "finish",
    "ingest",
    "join",
    "maintain",
    "run",
]
