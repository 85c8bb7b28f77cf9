"""Epochs that some destination has not got whole yet, as they were given."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from footfall.pipeline import CommittedEpoch
from footfall.positions import Positions


class Epochs:
    """In order of their numbers; their rows stay in the lake."""

    def __init__(self, first: int) -> None:
        """None yet; the first to come is `first`, or a later one."""
        self._kept: OrderedDict[int, CommittedEpoch] = OrderedDict()
        self.newest = first - 1
        """The last that was given, or is lost."""
        self.log_to: Positions | None = None
        """Where the requests of the newest end; none before any was given."""

    def add(self, epoch: CommittedEpoch) -> None:
        """The next one."""
        self._kept[epoch.number] = epoch
        self.newest, self.log_to = epoch.number, epoch.log_to

    def skip_to(self, last: int) -> None:
        """Those up to `last` will never come."""
        self.drop_before(last + 1)
        self.newest = max(self.newest, last)

    @property
    def oldest(self) -> int:
        """The first that can still be read, or that comes next."""
        return next(iter(self._kept), self.newest + 1)

    def get(self, number: int) -> CommittedEpoch | None:
        """One of them; none if it was never given, or dropped."""
        return self._kept.get(number)

    def after(self, number: int) -> Iterator[CommittedEpoch]:
        """All after `number`."""
        return (self._kept[one] for one in range(number + 1, self.newest + 1) if one in self._kept)

    def drop_before(self, number: int) -> None:
        """Nobody needs those before it."""
        while self._kept and next(iter(self._kept)) < number:
            self._kept.popitem(last=False)
