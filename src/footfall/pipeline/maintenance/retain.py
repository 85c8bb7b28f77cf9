"""How far back an epoch to come can look, and so what retention must leave."""

from __future__ import annotations

from typing import Final

from footfall.clock import HOUR
from footfall.errors import Corrupt
from footfall.lake import RetentionBound
from footfall.metadata import Metadata
from footfall.pipeline.epoch.plan import Rules, decode_plan
from footfall.pipeline.recovery.checkpoint import Checkpoints
from footfall.sessionize import Definitions
from footfall.settings import SessionSettings, Settings

_SLACK: Final = HOUR
"""The collector's clock may be set back, and hours of ids are forgotten as a whole."""


def retention_bound(
    metadata: Metadata,
    project: str,
    checkpoints: Checkpoints,
    settings: Settings,
    consumed_from: int,
) -> RetentionBound | None:
    """What a start from the oldest kept checkpoint needs; `None`: not known, so drop nothing.

    Files with rows of epochs from `consumed_from` on stay as well: consumers still need them.

    An epoch after it has events received after its watermark, and takes none that is older than
    its plan's `clock.event_age_trusted_max`, which `Rules.of` lowers where old days go. From there
    a repair looks back as far as a chain of activity goes: `length_max` twice. A repair that waits
    looks back as far from the oldest session that waits.
    """
    epochs = checkpoints.epochs()
    if not epochs:
        return None
    try:
        note = checkpoints.note(epochs[0])
        waiting = [checkpoints.oldest_pending(epoch) for epoch in epochs]
    except Corrupt:
        return None  # set aside at the next start, and another is the oldest
    rules = [Rules.of(settings)]
    rules += [decode_plan(text).rules for text in metadata.plans_after(project, note.epoch)]
    floor = note.watermark - max(rule.clock.event_age_trusted_max for rule in rules) - _SLACK
    floor = min([floor, *(time for time in waiting if time is not None)])
    horizon = max(rule.duplicates.horizon for rule in rules)
    known = metadata.first_epoch(project)
    return RetentionBound(
        epoch=min(note.epoch, consumed_from - 1),
        now=note.watermark,
        floor=floor - max(_reach(rule.sessions) for rule in rules),
        received=note.watermark - horizon - _SLACK,
        known_from=note.epoch + 1 if known is None else known,
    )


def _reach(sessions: SessionSettings) -> int:
    return max(definition.reach for definition in Definitions.of(sessions))
