"""What consumers still need, for whoever trims the log, folds, drops days or removes files.

Each is asked through its position, running or not, installed or not. What is kept for one that
lags is bounded: epochs by `consumers.keep_age_max`, the log by `consumers.log_bytes_max` as well.
Beyond, the consumer is told which epochs it lost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from footfall.clock import Clock
from footfall.errors import Corrupt
from footfall.metadata import Metadata
from footfall.pipeline.consumers.notes import Needs, consumer_names, read_position
from footfall.positions import Positions
from footfall.settings import ConsumerSettings

NOTHING: Final = Needs(epoch=1 << 62)


def still_needed(
    directory: Path, metadata: Metadata, project: str, settings: ConsumerSettings, clock: Clock
) -> Needs:
    """The least that all consumers together need, within bounds; `NOTHING` if there are none.

    Args:
        directory: Where they have their positions. One that cannot be read needs everything, as
            long as anything is kept.
        metadata: Knows when epochs were planned.
        project: Whose.
        settings: The bounds.
        clock: Ages count to now.
    """
    before = clock.now_us() - settings.keep_age_max
    oldest = metadata.epoch_at(project, before) + 1
    oldest_positions = metadata.positions_at(project, before)
    epochs, files = [NOTHING.epoch], set[str]()
    positions: Positions | None = None
    for name in consumer_names(directory):
        needs = _needs_of(directory, name)
        epochs.append(max(needs.epoch, oldest))
        if needs.positions is not None:
            bounded = needs.positions.maximum(oldest_positions)
            positions = bounded if positions is None else positions.minimum(bounded)
        if needs.epoch >= oldest:
            files.update(needs.files)
    return Needs(min(epochs), positions, tuple(sorted(files)))


def _needs_of(directory: Path, name: str) -> Needs:
    try:
        position = read_position(directory, name)
    except Corrupt:
        return Needs(epoch=1)
    return position.needs if position is not None and position.is_durable else NOTHING
