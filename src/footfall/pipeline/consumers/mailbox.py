"""What waits for one consumer: bounded, in order, and never in the pipeline's way.

`put` takes microseconds, whatever the consumer does. Rows of micro-batches and of sessions that
closed are left out when too many wait, all at once, so that the consumer sees one hole. Of an epoch
only its number waits, of progress only the newest: nothing else can pile up.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Final, Literal

import msgspec

from footfall.pipeline.consumers.contract import MicroBatch, Progress, SessionsSeen
from footfall.positions import Positions

ITEMS_MAX: Final = 1000
"""Micro-batches, however small: three minutes of them at five a second."""


class Committed(msgspec.Struct, frozen=True):
    """An epoch is in the lake."""

    number: int
    log_to: Positions
    """In each partition of the log, the first request after it."""


Item = MicroBatch | SessionsSeen | Progress | Committed
_Rows = MicroBatch | SessionsSeen


class Mailbox:
    """Filled by the pipeline, emptied by the consumer's thread."""

    def __init__(self, bytes_max: int, committed: Committed) -> None:
        """Empty, after the epoch that is committed last; holds rows of `bytes_max` in memory."""
        self._bytes_max = bytes_max
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._bytes = 0
        self._doing: Literal["working", "waiting", "resting"] = "working"
        self.is_closed = False
        self.takes_batches = True
        """False: the consumer has no use for micro-batches, and none are kept for it."""
        self.takes_sessions = True
        """The same of sessions that closed."""
        self.batches_left_out = 0
        self.committed = committed
        """The newest epoch."""

    def put(self, item: Item) -> None:
        """Add one, or something newer in its place; never waits."""
        if isinstance(item, MicroBatch) and not self.takes_batches:
            return
        if isinstance(item, SessionsSeen) and not self.takes_sessions:
            return
        with self._changed:
            if isinstance(item, Committed):
                self.committed = item
            if isinstance(item, _Rows):
                self._bytes += _bytes(item)
            elif self._items and type(self._items[-1]) is type(item):
                self._items.pop()
            self._items.append(item)
            if self._bytes > self._bytes_max or len(self._items) > ITEMS_MAX:
                self._shed()
            self._changed.notify_all()

    def take(self) -> Item | None:
        """The next one, when it is there; `None` once it was closed. The one before is done."""
        with self._changed:
            self._doing = "waiting"
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._items or self.is_closed)
            if self.is_closed:
                return None
            self._doing = "working"
            item = self._items.popleft()
            if isinstance(item, _Rows):
                self._bytes -= _bytes(item)
            return item

    def rest(self, seconds: float) -> None:
        """Take nothing for so long, or until it is closed."""
        with self._changed:
            self._doing = "resting"
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.is_closed, seconds)
            self._doing = "working"

    def settle(self, seconds: float) -> bool:
        """Wait until all was taken and done, or the consumer rests; `False` if it takes longer."""
        with self._changed:
            return self._changed.wait_for(self._is_settled, seconds)

    def close(self) -> None:
        """Let the consumer's thread end."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()

    def _is_settled(self) -> bool:
        is_idle = self._doing == "waiting" and not self._items
        return self.is_closed or is_idle or self._doing == "resting"

    def _shed(self) -> None:
        """Keep the newest epoch and the newest progress, in their order."""
        batches = [item for item in self._items if isinstance(item, MicroBatch)]
        kept: dict[type, Item] = {}
        for item in self._items:
            if not isinstance(item, _Rows):
                kept.pop(type(item), None)
                kept[type(item)] = item
        self._items = deque(kept.values())
        self._bytes = 0
        self.batches_left_out += len(batches)


def _bytes(batch: _Rows) -> int:
    if isinstance(batch, SessionsSeen):
        return sum(int(seen.rows.nbytes) for seen in batch.definitions.values())
    return int(batch.events.nbytes + batch.failures.nbytes)
