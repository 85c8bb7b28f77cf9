"""Micro-batches of a partition of the log, each read, weighed and decoded in its time.

Decoding is pure, so what takes too long is given up and tried again with less (`_narrow`); one
request that takes too long alone, twice if it came alone, is put aside at once and fails. Nothing
ends for it. Only what never comes back to Python ends the process; `_poison` says what then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from footfall.clock import SECOND
from footfall.errors import Unavailable
from footfall.log import Log
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.epoch.prepare import Prepared, prepare
from footfall.pipeline.feed.requests import of_protocols, read_request, read_requests
from footfall.pipeline.poison.bounds import Late
from footfall.pipeline.poison.narrow import Narrowing, Noted
from footfall.pipeline.poison.poison import PoisonWatch
from footfall.positions import Place, Slice
from footfall.request import LoggedRequest
from footfall.settings import PipelineSettings


class Batches:
    """A partition under one plan's rules, from left to right."""

    def __init__(
        self,
        log: Log,
        partition: int,
        settings: PipelineSettings,
        rules: Rules,
        poison: PoisonWatch,
        put_aside: Callable[[LoggedRequest], None],
        quarantined: Iterable[int] = (),
        left_out: tuple[str, ...] = (),
    ) -> None:
        """Read nothing yet.

        Args:
            log: To read.
            partition: Which of its partitions.
            settings: Bounds of a micro-batch.
            rules: The plan's.
            poison: Counts deaths, has the clock.
            put_aside: Notes durably that a request is not to be decoded.
            quarantined: The partition's offsets of those that are not.
            left_out: Protocols of which none is.
        """
        self._log = log
        self._partition = partition
        self._settings = settings
        self._rules = rules
        self._poison = poison
        self._put_aside = put_aside
        self.quarantined = set(quarantined)
        """Grows with what takes too long."""
        self._left_out = left_out
        self._narrowing: Narrowing | None = None

    @property
    def requests_max(self) -> int:
        """Most requests of a micro-batch now: fewer after deaths."""
        return max(1, self._settings.micro_batch_requests_max >> self._poison.halvings)

    @property
    def is_narrowed(self) -> bool:
        """Whether some took too long a moment ago, so that others are tried in small batches."""
        return self._narrowing is not None

    def next(self, start: int, end: int) -> Prepared | None:
        """A micro-batch of offsets from `start` on and before `end`; `None` if nothing is there.

        Raises:
            Corrupt: as `read_requests`.
            Unavailable: the log's disk is too slow to read one record.
        """
        while True:
            stop = self._stop(start, end)
            at: list[LoggedRequest] = []
            with self._poison.working([self._slice(start, stop)]):
                try:
                    found = self._prepared(start, stop, at)
                except Late:
                    pass
                else:
                    if self._narrowing is not None and found is not None:
                        self._narrowing.passed(found.requests.stop)
                    return found
            self._narrow(start, stop, at)

    def _slice(self, start: int, stop: int) -> Slice:
        return Slice(self._partition, start, stop)

    def _stop(self, start: int, end: int) -> int:
        known = self._narrowing
        if known is not None and known.start == start and not known.is_over:
            return known.next[1]
        self._narrowing = None
        return min(end, start + self.requests_max)

    def _prepared(self, start: int, stop: int, at: list[LoggedRequest]) -> Prepared | None:
        """Requests [start, stop) or the first of them; the one that is decoded is put in `at`."""

        def work() -> Prepared | None:
            requests = read_requests(
                self._log,
                Place(self._partition, start),
                stop - start,
                self._settings,
                self._rules.decode,
                self.quarantined,
            )
            if not requests:
                return None
            refused = self.quarantined | of_protocols(requests, self._left_out)
            noted = Noted(requests, lambda one: at.__setitem__(slice(None), [one] if one else []))
            return prepare(noted, self._rules, refused)

        if stop - start == 1:
            self._read_one(start)
        return self._poison.in_time(work)

    def _read_one(self, offset: int) -> list[LoggedRequest]:
        """One record alone: what is slow then is the disk."""
        try:
            place = Place(self._partition, offset)
            return self._poison.in_time(lambda: read_request(self._log, place))
        except Late:
            raise Unavailable(
                f"the log cannot be read in time; see to its disk: offset={place}"
            ) from None

    def _narrow(self, start: int, stop: int, at: list[LoggedRequest]) -> None:
        """Requests [start, stop) were late: try less of them next, or put the one aside."""
        spent = f"took {self._settings.batch_time_max / SECOND:g} s"
        known = self._narrowing
        if stop - start > 1:
            if known is None:
                known = self._narrowing = Narrowing(start, stop, stop - start)
            known.failed(at[0].offset if at else None)
            tried = known.next[1] - 1
            self._poison.say(
                f"decoding {self._slice(start, stop)} {spent} and was halved;"
                f" trying {start} to {tried}",
                at,
            )
        elif known is None:
            self._narrowing = Narrowing(start, stop, 1)
            self._poison.say(
                f"decoding {self._slice(start, stop)} {spent}; trying it once more", at
            )
        else:
            guilty = at or self._read_one(start)
            self._poison.say(
                f"decoding {self._slice(start, stop)} alone {spent}; it is put aside", guilty
            )
            self._put_aside(guilty[0])
            self.quarantined.add(start)
