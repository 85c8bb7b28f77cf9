"""What the log holds, prepared micro-batch by micro-batch, and what of it must not be decoded.

Requests that end the process (`_poison`) are found here before anything else is read, those that
take too long while they are read (`_batches`). Both are noted durably; from then on they fail
instead of being decoded, in previews and in every plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

import msgspec

from footfall.errors import Corrupt
from footfall.lake import Lake, take_back
from footfall.log import Log
from footfall.metadata import Metadata
from footfall.pipeline._trouble import NAMED_MAX
from footfall.pipeline.epoch.plan import EpochPlan, Rules, decode_plan, encode_plan
from footfall.pipeline.epoch.prepare import Prepared
from footfall.pipeline.feed.batches import Batches
from footfall.pipeline.feed.decode_ahead import BUSY_EVENTS, DecodeAhead
from footfall.pipeline.feed.requests import logged_requests
from footfall.pipeline.poison.poison import PoisonWatch
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
        self._term = 0
        self._batches = self._under(self._rules, lambda one: self._put_aside([one.offset]))
        self.is_busy = False
        """Whether events come fast: the last micro-batch was a large one."""
        self.was_cut = False
        """Whether the log had more for the last micro-batch than it could take."""

    def find_poison(self, term: int) -> None:
        """If the process keeps dying: look for what it dies of, and put that aside.

        Args:
            term: The writer's, for what is noted.
        """
        self._term = term
        if self._poison.is_due:
            plan = self._open_plan()
            self._poison.search(
                self._rules if plan is None else plan.rules,
                lambda: self._metadata.quarantined(self._project),
                self._put_aside,
            )
        self._poison.load_decoders(self._rules)

    def start(self, offset: int) -> None:
        """Learn what must not be decoded from `offset` on."""
        self._batches = self._under(
            self._rules,
            lambda one: self._put_aside([one.offset]),
            self._metadata.quarantined(self._project, offset),
            self.left_out,
        )

    def next(self, offset: int) -> Prepared | None:
        """The micro-batch from `offset` on, decoded here or ahead; `None` at the log's end.

        Raises:
            Corrupt: the log has later ones, but not these.
        """
        found = self._ahead.take(offset) if self._ahead is not None else None
        if found is not None:  # what the log had when it was read is not known any more
            self.was_cut = found.log_to - offset >= self._settings.micro_batch_requests_max // 2
        else:
            end = self._log.end_offset()
            found = self._batches.next(offset, end) if offset < end else None
            self.was_cut = found is not None and found.log_to < end
        self.is_busy = found is not None and found.events.num_rows >= BUSY_EVENTS
        if self._ahead is not None:
            if found is not None and self.is_busy and self._is_all_well(found.log_to):
                self._ahead.ask(found.log_to, self._batches.quarantined)
            else:
                self._ahead.rest()
        return found

    def _is_all_well(self, offset: int) -> bool:
        """Whether nothing of what comes needs the care that is taken in this process."""
        is_known = any(known >= offset for known in self._batches.quarantined)
        return not (is_known or self.is_careful or self.left_out or self._batches.is_narrowed)

    @property
    def is_careful(self) -> bool:
        """Whether larger micro-batches and epochs ended the process a moment ago."""
        return self._poison.halvings > 0

    @property
    def left_out(self) -> tuple[str, ...]:
        """Protocols whose requests are not decoded."""
        return self._poison.left_out

    def again(self, plan: EpochPlan) -> Iterator[Prepared]:
        """All micro-batches of an epoch that was planned; afterwards see `planned`.

        Raises:
            Corrupt: the log does not have them all, or some cannot be decoded any more though the
                lake has them: go on from the lake.
        """
        opened = self._open_plan()
        is_open = opened is not None and opened.epoch == plan.epoch
        if is_open and not set(self.left_out) <= set(plan.left_out):
            plan = self._amend(plan, left_out=tuple(sorted({*plan.left_out, *self.left_out})))
        if is_open and self._poison.is_redoing_fatal:
            plan = self._made_smaller(plan)
        if not is_open:
            self._refuse(plan)
        batches = self._under(
            plan.rules,
            lambda one: self._put_aside([one.offset]),
            plan.quarantined,
            plan.left_out,
        )
        offset = plan.log_from
        while offset < plan.log_to:
            found = batches.next(offset, plan.log_to)
            if found is None:
                raise Corrupt(
                    "the log ends before an epoch that was planned; restore its segments:"
                    f" {offset=} epoch={plan.epoch}"
                )
            yield found
            offset = found.log_to

    def planned(self, epoch: int) -> EpochPlan:
        """The plan of an epoch as it is now."""
        return decode_plan(self._metadata.plans_after(self._project, epoch - 1)[0])

    def quarantined_in(self, log_from: int, log_to: int) -> tuple[int, ...]:
        """Offsets in [log_from, log_to), ascending, that are not decoded."""
        known = self._batches.quarantined
        return tuple(sorted(offset for offset in known if log_from <= offset < log_to))

    def working(self, log_from: int, log_to: int) -> AbstractContextManager[None]:
        """Work on requests [log_from, log_to); to end meanwhile is a death of them."""
        return self._poison.working(log_from, log_to)

    def recovering(self) -> AbstractContextManager[int]:
        """As `PoisonWatch.recovering`."""
        return self._poison.recovering()

    def say(self, doing: str) -> None:
        """Tell people what holds the pipeline up, and what is done about it."""
        self._poison.say(doing)

    def progress(self, epoch: int) -> None:
        """An epoch was committed."""
        self._poison.progress(epoch)

    def close(self) -> None:
        """End the process that decodes ahead."""
        if self._ahead is not None:
            self._ahead.close()

    def _under(
        self,
        rules: Rules,
        put_aside: Callable[[LoggedRequest], None],
        quarantined: Iterable[int] = (),
        left_out: tuple[str, ...] = (),
    ) -> Batches:
        return Batches(
            self._log, self._settings, rules, self._poison, put_aside, quarantined, left_out
        )

    def _open_plan(self) -> EpochPlan | None:
        """The plan that is still to be committed, if there is one."""
        last = self._metadata.last_epochs(self._project, 1)
        if not last or last[0].committed_at is not None:
            return None
        return self.planned(last[0].epoch)

    def _put_aside(self, offsets: Sequence[int]) -> None:
        """Note requests durably, and in the plan of an epoch that is still to be committed."""
        plan = self._open_plan()
        if plan is not None:
            within = {offset for offset in offsets if plan.log_from <= offset < plan.log_to}
            if within:
                self._amend(plan, quarantined=tuple(sorted({*plan.quarantined, *within})))
        self._metadata.quarantine(self._project, offsets, term=self._term)
        newest = offsets[-NAMED_MAX:]
        records = [self._log.read(at, records_max=1, bytes_max=1) for at in newest]
        self._poison.put_aside([one for record in records for one in logged_requests(record)])

    def _amend(self, plan: EpochPlan, **changes: object) -> EpochPlan:
        """Change a plan that is not committed; tables that have rows of it give them back."""
        amended = msgspec.structs.replace(plan, **changes)
        if take_back(self._lake, plan.epoch):
            self.say(f"tables gave back an epoch that was half committed: epoch={plan.epoch}")
        self._metadata.amend_plan(
            self._project,
            plan.epoch,
            encode_plan(amended),
            log_to=amended.log_to,
            watermark=amended.watermark,
            term=self._term,
        )
        return amended

    def _made_smaller(self, plan: EpochPlan) -> EpochPlan:
        """As many of the epoch's requests as fit in memory; the others are planned after it.

        Its watermark is the one before: what is left must not be late because of this.
        """
        log_to = plan.log_from + self._batches.requests_max
        if log_to >= plan.log_to:
            return plan
        before = [one.watermark for one in self._metadata.last_epochs(self._project, 2)[1:]]
        self.say(
            f"the epoch of requests {plan.log_from} to {plan.log_to - 1} ends the process; trying"
            f" one of requests {plan.log_from} to {log_to - 1}"
        )
        return self._amend(plan, log_to=log_to, watermark=before[0] if before else plan.watermark)

    def _refuse(self, plan: EpochPlan) -> None:
        noted = self._metadata.quarantined(self._project, plan.log_from)
        later = {at for at in noted if at < plan.log_to}.difference(plan.quarantined)
        if later:
            raise Corrupt(
                "requests cannot be decoded any more that the lake has the events of; they stay:"
                f" epoch={plan.epoch} offsets={sorted(later)[:NAMED_MAX]}"
            )
