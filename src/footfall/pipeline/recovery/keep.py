"""When a checkpoint is written, and what of the log may go then."""

from __future__ import annotations

from footfall.clock import Clock
from footfall.log import Log
from footfall.metadata import Metadata
from footfall.pipeline._lease import WriterLease
from footfall.pipeline.consumers.consumers import Consumers
from footfall.pipeline.epoch.truth import Truth
from footfall.pipeline.recovery.checkpoint import Checkpoint, CheckpointNote, Checkpoints
from footfall.positions import Positions
from footfall.settings import Settings


class CheckpointKeeper:
    """Writes checkpoints of one project and trims its log."""

    def __init__(
        self,
        project: str,
        settings: Settings,
        log: Log,
        metadata: Metadata,
        checkpoints: Checkpoints,
        consumers: Consumers,
        clock: Clock,
        lease: WriterLease,
    ) -> None:
        """Nothing is due yet."""
        self._project = project
        self._settings = settings
        self._log = log
        self._metadata = metadata
        self._checkpoints = checkpoints
        self._consumers = consumers
        self._clock = clock
        self._lease = lease
        self._epochs_since = 0

    def after_epoch(self, truth: Truth, *, at_once: bool) -> None:
        """Write one every few epochs, or `at_once`."""
        self._epochs_since += 1
        if at_once or self._epochs_since >= self._settings.pipeline.checkpoint_epochs:
            self.write(truth)

    @property
    def is_behind(self) -> bool:
        """Whether there were epochs since the last one."""
        return self._epochs_since > 0

    def write(self, truth: Truth) -> None:
        """Make the truth durable; then trim the log.

        Raises:
            LeaseLost: another pipeline took over; nothing was written.
        """
        self._lease.check()
        note = CheckpointNote(truth.epoch, truth.log_to, truth.watermark)
        self._checkpoints.write(Checkpoint(note, truth.state, truth.duplicates))
        self._epochs_since = 0
        self._trim()

    def _trim(self) -> None:
        oldest = self._checkpoints.note(self._checkpoints.epochs()[0])
        trim(
            self._log,
            oldest.log_to,
            self._project,
            self._settings,
            self._metadata,
            self._consumers,
            self._clock,
        )


def trim(
    log: Log,
    kept: Positions,
    project: str,
    settings: Settings,
    metadata: Metadata,
    consumers: Consumers,
    clock: Clock,
) -> None:
    """Forget requests that no kept checkpoint and no consumer needs, old or too many bytes.

    `kept` is where the oldest state that is kept goes on to read.
    """
    wanted = metadata.positions_at(project, clock.now_us() - settings.log.keep_age_min)
    if settings.log.bytes_max is not None:
        wanted = wanted.maximum(log.positions_within(settings.log.bytes_max))
    needed = consumers.still_needed().positions
    if needed is not None:
        needed = needed.maximum(log.positions_within(settings.consumers.log_bytes_max))
        wanted = wanted.minimum(needed)
    log.trim(kept.minimum(wanted))
