"""What the log holds, prepared micro-batch by micro-batch, and what of it must not be decoded.

Requests that end the process (`_poison`) are found here before anything else is read, and noted
durably; from then on they fail instead of being decoded, in previews and in every plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import AbstractContextManager

import msgspec

from footfall.errors import Corrupt
from footfall.lake import TABLES, Lake
from footfall.log import Log
from footfall.metadata import Metadata
from footfall.pipeline._decode_ahead import BUSY_EVENTS, DecodeAhead
from footfall.pipeline._plan import EpochPlan, Rules, decode_plan, encode_plan
from footfall.pipeline._poison import PoisonWatch
from footfall.pipeline._prepare import Prepared, prepare
from footfall.pipeline._requests import planned_requests, read_requests
from footfall.request import LoggedRequest
from footfall.settings import Settings


class Feed:
    """One project's log as its pipeline reads it."""

    def __init__(
        self,
        project: str,
        settings: Settings,
        log: Log,
        lake: Lake,
        metadata: Metadata,
        poison: PoisonWatch,
        ahead: DecodeAhead | None = None,
    ) -> None:
        """Wire the parts; without `ahead` everything is decoded in this process."""
        self._project = project
        self._settings = settings.pipeline
        self._rules = Rules.of(settings)
        self._log = log
        self._lake = lake
        self._metadata = metadata
        self._poison = poison
        self._ahead = ahead
        self._quarantined: frozenset[int] = frozenset()
        self.is_busy = False
        """Whether events come fast: the last micro-batch was a large one."""
        self.was_cut = False
        """Whether the log had more for the last micro-batch than it could take."""

    def find_poison(self, term: int) -> None:
        """If the process keeps dying: look for the requests it dies of, and put them aside.

        Args:
            term: The writer's, for what is noted.

        Raises:
            As `PoisonWatch.search`.
        """
        if not self._poison.is_due:
            return
        last = self._metadata.last_epochs(self._project, 1)
        plan = None
        if last and last[0].committed_at is None:
            plan = decode_plan(self._metadata.plans_after(self._project, last[0].epoch - 1)[0])
        self._poison.search(
            self._rules if plan is None else plan.rules,
            self._metadata.quarantined(self._project),
            lambda offsets: self._quarantine(offsets, plan, term),
        )

    def start(self, offset: int) -> None:
        """Learn what must not be decoded from `offset` on."""
        self._quarantined = frozenset(self._metadata.quarantined(self._project, offset))

    def next(self, offset: int) -> Prepared | None:
        """The micro-batch from `offset` on, decoded here or ahead; `None` at the log's end.

        Raises:
            Corrupt: the log has later ones, but not these.
        """
        found = self._ahead.take(offset) if self._ahead is not None else None
        requests_max = self._settings.micro_batch_requests_max
        if found is not None:  # what the log had when it was read is not known any more
            self.was_cut = found.log_to - offset >= requests_max // 2
        else:
            end = self._log.end_offset()
            requests = read_requests(
                self._log, offset, requests_max, self._settings, self._rules.decode
            )
            self.was_cut = bool(requests) and requests[-1].offset + 1 < end
            if requests:
                found = self._prepared(requests, self._rules, self._quarantined)
        self.is_busy = found is not None and found.events.num_rows >= BUSY_EVENTS
        if self._ahead is not None:
            if found is not None and self.is_busy:
                self._ahead.ask(found.log_to, self._quarantined)
            else:
                self._ahead.rest()
        return found

    def again(self, plan: EpochPlan) -> Iterator[Prepared]:
        """All micro-batches of an epoch that was planned.

        Raises:
            Corrupt: the log does not have them all.
        """
        quarantined = frozenset(plan.quarantined)
        for requests in planned_requests(self._log, plan, self._settings):
            yield self._prepared(requests, plan.rules, quarantined)

    def quarantined_in(self, log_from: int, log_to: int) -> tuple[int, ...]:
        """Offsets in [log_from, log_to), ascending, that are not decoded."""
        return tuple(sorted(known for known in self._quarantined if log_from <= known < log_to))

    def working(self, log_from: int, log_to: int) -> AbstractContextManager[None]:
        """Work on requests [log_from, log_to); to end meanwhile is a death of them."""
        return self._poison.working(log_from, log_to)

    def progress(self, epoch: int) -> None:
        """An epoch was committed."""
        self._poison.progress(epoch)

    def close(self) -> None:
        """End the process that decodes ahead."""
        if self._ahead is not None:
            self._ahead.close()

    def _prepared(
        self, requests: list[LoggedRequest], rules: Rules, quarantined: Set[int]
    ) -> Prepared:
        with self._poison.decoding(requests[0].offset, requests[-1].offset + 1):
            return prepare(requests, rules, quarantined)

    def _quarantine(self, offsets: list[int], plan: EpochPlan | None, term: int) -> None:
        """Note the offsets durably, and in the plan of an epoch that is still to be committed.

        Raises:
            Corrupt: the plan is fixed, since a table has rows of it.
        """
        within = [
            offset
            for offset in offsets
            if plan is not None and plan.log_from <= offset < plan.log_to
        ]
        if plan is not None and within:
            if any(self._lake.epoch(table) >= plan.epoch for table in TABLES):
                raise Corrupt(
                    "requests end the pipeline that were decoded before; put the plug-in back that"
                    f" decoded them then: epoch={plan.epoch} offsets={within}"
                )
            known = tuple(sorted({*plan.quarantined, *within}))
            amended = msgspec.structs.replace(plan, quarantined=known)
            self._metadata.amend_plan(self._project, plan.epoch, encode_plan(amended), term=term)
        self._metadata.quarantine(self._project, offsets, term=term)
