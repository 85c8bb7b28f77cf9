"""What the lake and the log have of epochs that were committed before: for filling in.

Rows are as they are now: what late events changed since is in them, and what retention took is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import msgspec
import pyarrow as pa

from footfall.clock import HOUR
from footfall.deliver.spans import Spans
from footfall.lake import EpochRows
from footfall.metadata import Metadata
from footfall.pipeline import CommittedEpoch
from footfall.positions import Positions

GROUP_ROWS_MAX: Final = 100_000
"""Of more than one epoch; they are in memory at once."""
EPOCHS_MAX: Final = 5_000
"""Of one group."""


class Group(msgspec.Struct, frozen=True):
    """Epochs that are filled in at once: of one hour, and not too many rows."""

    first: int
    last: int
    came_at: int
    """When the first request of its epochs came, or nearly, microseconds."""
    log_from: Positions = Positions()
    log_to: Positions = Positions()
    """Of requests: where they are in the log."""


class _Epoch(msgspec.Struct, frozen=True):
    number: int
    rows: int
    came_at: int
    log_from: Positions = Positions()
    log_to: Positions = Positions()


class PastRows:
    """The rows of a group, as sources ask an epoch for them."""

    def __init__(self, group: Group, rows: EpochRows) -> None:
        """Read nothing yet."""
        self.number, self.planned_at = group.last, group.came_at
        self.log_from, self.log_to = group.log_from, group.log_to
        self._first, self._rows = group.first, rows

    def rows(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """See `CommittedEpoch.rows`."""
        return self._rows.read_between(table, self._first, self.number, columns)


def past_rows(group: Group, rows: EpochRows) -> CommittedEpoch:
    """A group as what a source takes."""
    return cast("CommittedEpoch", PastRows(group, rows))


class Past:
    """The epochs of a project."""

    def __init__(self, rows: EpochRows, metadata: Metadata, project: str) -> None:
        """Look at them as they are now."""
        self._rows = rows
        known = metadata.last_epochs(project, 1 << 31)
        self._known = sorted((one for one in known if one.ledger), key=lambda one: one.epoch)
        self.newest = self._known[-1].epoch if self._known else 0
        """The last that is committed."""
        self._times: dict[int, int] | None = None

    def between(self, from_us: int | None, to_us: int | None) -> tuple[int, int]:
        """First and last epoch whose first request came from `from_us` on and before `to_us`."""
        first, last = 1, self.newest
        if from_us is None and to_us is None:
            return first, last
        times = self._came()
        if from_us is not None:
            first = min((n for n, at in times.items() if at >= from_us), default=self.newest + 1)
        if to_us is not None:
            last = max((n for n, at in times.items() if at < to_us), default=0)
        return first, last

    def of_table(self, table: str, spans: Spans) -> Iterator[Group]:
        """Groups of epochs that have rows in a table, and of those between them."""
        times = self._came()
        ordered = sorted(times)
        for first, last in spans:
            found = self._rows.spread(table, first, last)
            at = times[ordered[0]] if ordered else 0
            epochs = []
            for number, rows in found.select("epoch", "rows").iter_rows():
                at = times.get(number, at)
                epochs.append(_Epoch(number, rows, at))
            yield from _groups(first, last, epochs)

    def of_requests(self, spans: Spans) -> Iterator[Group]:
        """The same of requests, as far back as metadata knows where they are in the log."""
        for first, last in spans:
            epochs = [
                _Epoch(
                    one.epoch,
                    one.log_to.total - one.log_from.total,
                    one.planned_at,
                    one.log_from,
                    one.log_to,
                )
                for one in self._known
                if first <= one.epoch <= last
            ]
            if epochs:
                yield from _groups(epochs[0].number, last, epochs)

    def _came(self) -> dict[int, int]:
        """When the first request of each epoch came that has an event, or that is known still."""
        if self._times is None:
            found: dict[int, Any] = {}
            for table in ("failed_events", "events"):
                rows = self._rows.spread(table, 1, self.newest)
                for number, at in rows.select("epoch", "came_at").iter_rows():
                    found[number] = min(at, found.get(number, at))
            self._times = {one.epoch: one.planned_at for one in self._known} | found
        return self._times


def _groups(first: int, last: int, epochs: list[_Epoch]) -> Iterator[Group]:
    """Cut epochs into groups that together are `first` to `last`."""
    taken: list[_Epoch] = []
    rows = 0
    for one in epochs:
        is_other_hour = bool(taken) and one.came_at // HOUR != taken[0].came_at // HOUR
        is_full = rows + one.rows > GROUP_ROWS_MAX or len(taken) >= EPOCHS_MAX
        if taken and (is_other_hour or is_full):
            yield _group(first, taken[-1].number, taken)
            first, rows, taken = taken[-1].number + 1, 0, []
        taken.append(one)
        rows += one.rows
    if taken:
        yield _group(first, last, taken)


def _group(first: int, last: int, epochs: list[_Epoch]) -> Group:
    return Group(first, last, epochs[0].came_at, epochs[0].log_from, epochs[-1].log_to)
