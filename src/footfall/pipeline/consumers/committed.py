"""An epoch as a consumer reads it: from the lake, by its number.

Rows of an epoch are read back rather than handed over, also by a consumer that keeps up. So there
is one way, the same after a restart; nothing is held in memory for those who lag; and what a
consumer sees is what is in the lake. They stay as they were committed until
`footfall.changed-epoch` says otherwise (`footfall.lake.read.epochs`), which waits for consumers.
Rejected: doing the epoch again from plan and log, which needs the state before it as well; files of
rows for each consumer, which would be written twice for those who keep up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from footfall.errors import LimitReached
from footfall.lake import EpochRows, Lake
from footfall.ledger import Ledger
from footfall.metadata import Epoch, Metadata

if TYPE_CHECKING:
    import pyarrow as pa


class EpochLost(LimitReached):
    """Rows of the epoch are no longer as they were committed: it waited too long.

    Let it pass: `EpochConsumer.lost` is called next.
    """


class CommittedEpoch:
    """One epoch; rows are read when they are asked for."""

    def __init__(self, epoch: Epoch, rows: EpochRows) -> None:
        """Read nothing yet."""
        assert epoch.ledger is not None
        self.number = epoch.epoch
        """Counts from 1 without gaps."""
        self.log_from, self.log_to = epoch.log_from, epoch.log_to
        """Its requests: in each partition of the log the first one, and the first after them."""
        self.watermark = epoch.watermark
        """Microseconds: sessions whose end plus the gap was before it are closed in it."""
        self.planned_at = epoch.planned_at
        """Microseconds since 1970 UTC."""
        self.ledger: Ledger = epoch.ledger
        """What became of its requests and records."""
        self._rows = rows

    def rows(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows that the epoch gave `table`, as they were committed, in a stable order.

        The same whenever it is read. `sessions` are those closed in it, with `revision` 1, and
        those written anew because of late events, with a higher one; `session_changes` those that
        are no more.

        Args:
            table: `events`, `sessions`, `failed_events`, `session_overrides`, `session_changes`.
            columns: Which; all by default. Fewer are read faster.

        Raises:
            EpochLost: they are not as they were committed any more; let it pass.
            Corrupt: a data file is damaged; a person must look.
        """
        found = self._rows.read(table, self.number, columns)
        self._check()
        return found

    def files(self, table: str) -> tuple[str, ...]:
        """Data files that have rows of the epoch now, absolute paths; also other epochs' rows.

        Where `Needs.files` names them they stay.
        """
        found = self._rows.files(table, self.number)
        self._check()
        return tuple(found)

    def _check(self) -> None:
        """After reading: who changes rows says so before the first one changes."""
        if self._rows.changed_epoch() >= self.number:
            raise EpochLost(f"rows of the epoch have changed since; go on: epoch={self.number}")


class EpochReader:
    """Finds committed epochs by their number; for one thread."""

    def __init__(self, project: str, metadata: Metadata, open_lake: Callable[[], Lake]) -> None:
        """Open nothing yet."""
        self._project = project
        self._metadata = metadata
        self._open_lake = open_lake
        self._opened: EpochRows | None = None
        self._lake: Lake | None = None

    def close(self) -> None:
        """Give connections to the catalog back."""
        if self._lake is not None:
            self._lake.close()

    def epoch(self, number: int) -> CommittedEpoch:
        """One that is committed.

        Raises:
            EpochLost: it is known no more, or rows of it have changed.
        """
        epoch = self._metadata.epoch(self._project, number)
        if epoch is None or epoch.ledger is None or self.lost_to() >= number:
            raise EpochLost(f"the epoch was kept as long as it could; go on: epoch={number}")
        return CommittedEpoch(epoch, self._rows)

    def lost_to(self) -> int:
        """Last epoch that is lost for whoever was not given it yet; 0 for none."""
        first = self._metadata.first_epoch(self._project)
        return max(self._rows.changed_epoch(), 0 if first is None else first - 1)

    @property
    def _rows(self) -> EpochRows:
        if self._opened is None:
            self._lake = self._open_lake()
            self._opened = EpochRows(self._lake)
        return self._opened
