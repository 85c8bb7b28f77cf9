"""What the log holds, prepared micro-batch by micro-batch, and what of it must not be decoded.

Requests that end the process (`_poison`) are found here before anything else is read, those that
take too long while they are read (`_batches`). Both are noted durably; from then on they fail
instead of being decoded, in previews and in every plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from footfall.pipeline.feed.frontier import Frontier
from footfall.pipeline.feed.requests import ends_before, read_request
from footfall.pipeline.poison.poison import PoisonWatch
from footfall.positions import Place, Positions, Slice, within
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
        self._known: tuple[Place, ...] = ()
        self._batches: dict[int, Batches] = {}
        self._frontier = Frontier()
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
            self._search()
        self._poison.load_decoders(self._rules)

    def find_poison_of(self, plan: EpochPlan) -> EpochPlan:
        """Processes elsewhere died of this epoch: look for what they die of, and put that aside.

        Returns:
            The plan without it; as it was if nothing is at fault, or the epoch is committed.
        """
        self._poison.suspect(plan.slices)
        self._search("nobody knows what the tasks died of")
        opened = self._open_plan()
        if opened is None or opened.epoch != plan.epoch:
            return plan
        return self._with_left_out(opened)

    def _search(self, *otherwise: str) -> None:
        plan = self._open_plan()
        self._poison.search(
            self._rules if plan is None else plan.rules,
            lambda: self._metadata.quarantined(self._project),
            self._put_aside,
            *otherwise,
        )

    def _with_left_out(self, plan: EpochPlan) -> EpochPlan:
        if set(self.left_out) <= set(plan.left_out):
            return plan
        return self._amend(plan, left_out=tuple(sorted({*plan.left_out, *self.left_out})))

    def start(self, positions: Positions) -> None:
        """Learn what must not be decoded from there on."""
        self._known = self._metadata.quarantined(self._project, positions)
        self._batches = {}

    def next(self, positions: Positions) -> Prepared | None:
        """A micro-batch that goes on from there, decoded here or ahead; `None` at the log's end.

        All of it is of one partition: of those that have more, the one that was read least far in
        time.

        Raises:
            Corrupt: the log has later ones, but not these; or it ends before.
        """
        ends = self._log.ends()
        if not positions <= ends:
            raise Corrupt(
                "the log ends before requests that were read of it: it was made anew, or lost its"
                f" newest; restore it, or see footfall repair: read={positions!s} ends={ends!s}"
            )
        partition = self._frontier.look(positions, ends)
        found = self._ahead.take(positions) if self._ahead is not None else None
        if found is None and partition is not None:
            batches = self._batches_of(partition)
            found = batches.next(positions[partition], ends[partition])
        self.is_busy = found is not None and found.events.num_rows >= BUSY_EVENTS
        self.was_cut = False
        if found is not None:
            self._frontier.read(found.requests.partition, found.received_at)
            positions = positions.advanced(found.requests.partition, found.requests.stop)
            self.was_cut = any(positions.slices_to(ends))
        if self._ahead is not None:
            place = self._next_place(found, positions, ends)
            if self.is_busy and self._is_all_well(place):
                self._ahead.ask(place, self._batches_of(place.partition).quarantined)
            else:
                self._ahead.rest()
        return found

    def _next_place(self, found: Prepared | None, positions: Positions, ends: Positions) -> Place:
        """Where to read on, as far as that can be said before the log is looked at again."""
        waiting = list(positions.slices_to(ends))
        last = 0 if found is None else found.requests.partition
        partition = waiting[0].partition if waiting else last
        return Place(partition, positions[partition])

    def _is_all_well(self, place: Place) -> bool:
        """Whether nothing of what comes needs the care that is taken in this process."""
        batches = self._batches_of(place.partition)
        is_known = any(known >= place.offset for known in batches.quarantined)
        return not (is_known or self.is_careful or self.left_out or batches.is_narrowed)

    def reached(self, now: int) -> int:
        """See `Frontier.reached`; of what `next` gave last, and before."""
        return self._frontier.reached(now)

    def is_older(self, positions: Positions, moment: int) -> bool:
        """Whether more waits after `positions` in a partition that was read up to before `moment`.

        Looks at the log anew.
        """
        oldest = self._frontier.oldest(positions, self._log.ends())
        return oldest is not None and oldest < moment

    def _batches_of(self, partition: int) -> Batches:
        if partition not in self._batches:
            known = {place.offset for place in self._known if place.partition == partition}
            self._batches[partition] = self._under(self._rules, partition, known, self.left_out)
        return self._batches[partition]

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
        if is_open:
            plan = self._with_left_out(plan)
        if is_open and self._poison.is_redoing_fatal:
            plan = self._made_smaller(plan)
        if not is_open:
            self._refuse(plan)
        for partition, start, stop in plan.slices:
            known = plan.quarantined_in(partition)
            batches = self._under(plan.rules, partition, known, plan.left_out)
            offset = start
            while offset < stop:
                found = batches.next(offset, stop)
                if found is None:
                    raise ends_before(plan, Place(partition, offset))
                yield found
                offset = found.requests.stop

    def planned(self, epoch: int) -> EpochPlan:
        """The plan of an epoch as it is now."""
        return decode_plan(self._metadata.plans_after(self._project, epoch - 1)[0])

    def quarantined_in(self, log_from: Positions, log_to: Positions) -> tuple[Place, ...]:
        """Requests between the two that are not decoded, by partition and offset."""
        known = (
            Place(partition, offset)
            for partition, batches in self._batches.items()
            for offset in batches.quarantined
        )
        return tuple(sorted(place for place in known if within(place, log_from, log_to)))

    def working(self, requests: Sequence[Slice]) -> AbstractContextManager[None]:
        """Work on requests; to end meanwhile is a death of them."""
        return self._poison.working(requests)

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
        partition: int,
        quarantined: Iterable[int],
        left_out: tuple[str, ...],
    ) -> Batches:
        return Batches(
            self._log,
            partition,
            self._settings,
            rules,
            self._poison,
            lambda one: self._put_aside([one.place]),
            quarantined,
            left_out,
        )

    def _open_plan(self) -> EpochPlan | None:
        """The plan that is still to be committed, if there is one."""
        last = self._metadata.last_epochs(self._project, 1)
        if not last or last[0].committed_at is not None:
            return None
        return self.planned(last[0].epoch)

    def _put_aside(self, places: Sequence[Place]) -> None:
        """Note requests durably, and in the plan of an epoch that is still to be committed."""
        plan = self._open_plan()
        if plan is not None:
            planned = {place for place in places if within(place, plan.log_from, plan.log_to)}
            if planned:
                self._amend(plan, quarantined=tuple(sorted({*plan.quarantined, *planned})))
        self._metadata.quarantine(self._project, places, term=self._term)
        newest = places[-NAMED_MAX:]
        self._poison.put_aside([one for place in newest for one in read_request(self._log, place)])

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
        first = plan.slices[0] if plan.slices else Slice(0, 0, 0)
        less = Slice(
            first.partition,
            first.start,
            min(first.stop, first.start + self._batches_of(first.partition).requests_max),
        )
        log_to = plan.log_from.advanced(less.partition, less.stop) if less.requests else plan.log_to
        if log_to == plan.log_to:
            return plan
        before = [one.watermark for one in self._metadata.last_epochs(self._project, 2)[1:]]
        whole = ", ".join(map(str, plan.slices))
        self.say(f"the epoch of {whole} ends the process; trying one of {less}")
        return self._amend(plan, log_to=log_to, watermark=before[0] if before else plan.watermark)

    def _refuse(self, plan: EpochPlan) -> None:
        noted = self._metadata.quarantined(self._project, plan.log_from)
        later = {at for at in noted if within(at, plan.log_from, plan.log_to)}
        later.difference_update(plan.quarantined)
        if later:
            offsets = ", ".join(map(str, sorted(later)[:NAMED_MAX]))
            raise Corrupt(
                "requests cannot be decoded any more that the lake has the events of; they stay:"
                f" epoch={plan.epoch} offsets={offsets}"
            )
