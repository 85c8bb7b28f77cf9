"""Where a start begins: the newest checkpoint that can be used, else the lake itself.

A checkpoint can be used if it is whole and the log still has everything after it. One that is
damaged is set aside under another name, for a person to look at, and the one before it is taken:
the log is trimmed only below the oldest that is kept. If none is left and the log was trimmed, the
state after the last committed epoch is made from the lake: sessions from its events, ids for
duplicate removal from theirs. If nothing was trimmed yet, all epochs are done again from the first,
and every table refuses what it has. The same way out is taken when the log is damaged where epochs
are that the lake has already, and in turns with the others when processes keep dying here (`Way`).
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from footfall.clock import HOUR
from footfall.duplicates import DuplicateIndex
from footfall.errors import Corrupt
from footfall.lake import EpochsUpTo, Lake
from footfall.metadata import Metadata
from footfall.pipeline.epoch.definitions import definitions_of
from footfall.pipeline.epoch.plan import EpochPlan, decode_plan
from footfall.pipeline.recovery.checkpoint import Checkpoint, CheckpointNote, Checkpoints
from footfall.positions import Positions
from footfall.sessionize import SessionStates, key_of


class Way(enum.Enum):
    """Where to begin: the first unless processes keep dying of it."""

    NEWEST = "the newest checkpoint"
    BEFORE = "the checkpoint before the newest"
    LAKE = "without checkpoints, from the lake"


def starting_point(
    project: str,
    checkpoints: Checkpoints,
    lake: Lake,
    metadata: Metadata,
    log_start: Positions,
    way: Way = Way.NEWEST,
) -> Checkpoint | None:
    """The state to begin with; `None` to begin with nothing, at the log's first request.

    Args:
        project: Whose.
        checkpoints: Damaged ones are set aside.
        lake: What it has of epochs after the last one that was marked committed does not count.
        metadata: Has the epochs' plans.
        log_start: The oldest requests that the log keeps.
        way: Checkpoints that it passes over stay as they are.
    """
    epochs = checkpoints.epochs()[::-1]
    if way is Way.BEFORE:
        epochs = epochs[1:]
    elif way is Way.LAKE:
        epochs = []
    for epoch in epochs:
        try:
            checkpoint = checkpoints.read(epoch)
        except Corrupt as error:
            tell(f"{error}; set aside as {checkpoints.set_aside(epoch)}")
            continue
        if log_start <= checkpoint.note.log_to:
            return checkpoint
    if log_start == Positions() and way is not Way.LAKE:
        return None
    return from_lake(project, lake, metadata, checkpoints.duplicates)


def from_lake(project: str, lake: Lake, metadata: Metadata, directory: Path) -> Checkpoint | None:
    """The state after the last committed epoch; `None` if there is none yet.

    Ids for duplicate removal go to files in `directory`.
    """
    plan = last_committed(metadata, project)
    if plan is None:
        return None
    tell(f"state is rebuilt from the lake: epoch={plan.epoch}")
    return rebuild(lake, plan, directory)


def rebuild(lake: Lake, plan: EpochPlan, directory: Path) -> Checkpoint:
    """The state after `plan.epoch`, from the lake alone.

    Reads the events of sessions that are hot, whole chains of them, and of all events received
    within the horizon their ids and what fingerprints are made of. Ids go to files in `directory`.
    """
    with lake.locks.reading():
        states = rebuilt_states(lake, plan)
        duplicates = DuplicateIndex.rebuild(
            rebuilt_ids(lake, plan), directory, plan.epoch, plan.watermark, plan.rules.duplicates
        )
    note = CheckpointNote(plan.epoch, plan.log_to, plan.watermark)
    return Checkpoint(note, states, duplicates, is_rebuilt=True)


def rebuilt_states(lake: Lake, plan: EpochPlan) -> SessionStates:
    """States of the plan's definitions after it; the caller holds `lake.locks.reading`."""
    past = EpochsUpTo(lake, plan.epoch)
    default, *others = definitions_of(plan)
    states = {key_of(default): default.remade(past, plan.watermark)}
    for one in others:
        mine = past.of(one.name, one.version, one.key)
        states[key_of(one)] = one.remade(mine, plan.watermark)
    return SessionStates(states)


def rebuilt_ids(lake: Lake, plan: EpochPlan) -> Iterator[pa.Table]:
    """What duplicate removal has to know after it, some events at a time; likewise."""
    horizon = plan.rules.duplicates.horizon
    since = (plan.watermark - horizon) // HOUR * HOUR  # hours are forgotten as a whole
    return EpochsUpTo(lake, plan.epoch).ids(since)


def tell(sentence: str) -> None:
    """Say on standard error what was found and done; once a start."""
    sys.stderr.write(f"footfall: {sentence}\n")


def last_committed(metadata: Metadata, project: str) -> EpochPlan | None:
    """Plan of the last epoch marked committed; at most one after it is not."""
    for epoch in metadata.last_epochs(project, 2):
        if epoch.committed_at is not None:
            return decode_plan(metadata.plans_after(project, epoch.epoch - 1)[0])
    return None
