"""The first work of a pipeline: the newest state there is, and the epochs planned after it.

When the process keeps dying of it, other ways are tried, in turns and for ever: the checkpoint
before the newest, then the lake itself. Nothing is lost by any of them.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from footfall.errors import Corrupt
from footfall.lake import Lake, take_back
from footfall.log import Log
from footfall.metadata import Metadata
from footfall.pipeline._lease import WriterLease
from footfall.pipeline.epoch.active import Active
from footfall.pipeline.epoch.commit import Committer
from footfall.pipeline.epoch.definitions import definitions_of, states_for
from footfall.pipeline.epoch.epoch import EpochResult, Ingested, admit, join, settle
from footfall.pipeline.epoch.plan import EpochPlan, decode_plan
from footfall.pipeline.epoch.truth import Truth
from footfall.pipeline.feed.feed import Feed
from footfall.pipeline.poison.attempts import DEATHS
from footfall.pipeline.recovery.checkpoint import Checkpoint, Checkpoints
from footfall.pipeline.recovery.recovery import Way, from_lake, starting_point, tell
from footfall.sessionize import Definitions
from footfall.settings import SessionSettings


class Redo:
    """One start of one project."""

    def __init__(
        self,
        project: str,
        log: Log,
        lake: Lake,
        metadata: Metadata,
        checkpoints: Checkpoints,
        committer: Committer,
        lease: WriterLease,
        feed: Feed,
        active: Active,
        apply: Callable[[Truth, EpochResult], Truth],
        checkpoint: Callable[[Truth], None],
    ) -> None:
        """Do nothing yet.

        Args:
            project: Whose.
            log: What is read again.
            lake: Taken over under the lease's term.
            metadata: Has the plans.
            checkpoints: Damaged ones are set aside.
            committer: Does epochs again.
            lease: Held.
            feed: Reads the log again, and knows what processes died of.
            active: Session definitions to go on with.
            apply: Goes from one truth to the next when an epoch is done again.
            checkpoint: Writes one at once.
        """
        self._project = project
        self._log = log
        self._lake = lake
        self._metadata = metadata
        self._checkpoints = checkpoints
        self._committer = committer
        self._lease = lease
        self._feed = feed
        self._active = active
        self._apply = apply
        self._checkpoint = checkpoint

    def run(self, nothing: Truth, deaths: int) -> Truth:
        """The truth to go on from.

        Args:
            nothing: The one before the first epoch.
            deaths: How often the process ended here, in a row.
        """
        self._checkpoints.remove_unnamed()
        ways = list(Way)
        way = ways[deaths // DEATHS % len(ways)]
        if way is not Way.NEWEST:
            self._feed.say(
                f"the pipeline ended {deaths} times while it recovered; trying {way.value}"
            )
        self._truth = nothing
        self._go(way)
        self._feed.start(self._truth.log_to)
        return self._truth.with_notes(self._lake, self._metadata.ledger(self._project))

    def _go(self, way: Way) -> None:
        start = starting_point(
            self._project,
            self._checkpoints,
            self._lake,
            self._metadata,
            self._log.starts(),
            way,
        )
        if start is not None:
            self._truth = _loaded(start)
        self._feed.find_poison(self._lease.term)
        is_rebuilt = start is not None and start.is_rebuilt
        try:
            self._do_planned(is_rebuilt=is_rebuilt)
        except Corrupt as error:
            start = from_lake(
                self._project, self._lake, self._metadata, self._checkpoints.duplicates
            )
            if start is None or start.note.epoch <= self._truth.epoch:
                raise
            tell(f"the log cannot be worked off where the lake has it all already: {error}")
            self._truth = _loaded(start)
            is_rebuilt = True
            self._do_planned(is_rebuilt=True)
        if is_rebuilt:
            # Nobody goes back behind it: older states lead to other rows.
            self._checkpoint(self._truth)

    def _do_planned(self, *, is_rebuilt: bool) -> None:
        """Do the planned epochs after the truth's again.

        Args:
            is_rebuilt: The state is not the one they were planned on; see `take_back`.

        Raises:
            Corrupt: the log cannot be read, or gives other rows than it did.
        """
        plans = self._metadata.plans_after(self._project, self._truth.epoch)
        epochs = self._metadata.last_epochs(self._project, len(plans))
        committed = {epoch.epoch: epoch.ledger for epoch in epochs if epoch.ledger is not None}
        for text in plans:
            plan = decode_plan(text)
            ingested = self._read_again(plan)
            plan = self._feed.planned(plan.epoch)  # what takes too long now is put aside in it
            # A table without rows of the epoch would take those that were not there before.
            if committed.get(plan.epoch, ingested.ledger) != ingested.ledger:
                raise Corrupt(
                    "the log gives an epoch another result than it had:"
                    f" epoch={plan.epoch} log_from={plan.log_from!s} log_to={plan.log_to!s}"
                )
            self._truth.duplicates.expire(plan.watermark, plan.rules.duplicates)
            if is_rebuilt and take_back(self._lake, plan.epoch):
                tell(f"tables gave back an epoch that was half committed: epoch={plan.epoch}")
            self._follow(definitions_of(plan), plan.rules.sessions)
            result = self._committer.commit(plan, ingested, self._truth.state)
            self._truth = self._apply(self._truth, result)
        going_on = Definitions.of(self._active.sessions)
        for text in self._metadata.plans_after(self._project, self._truth.epoch - 1)[:1]:
            going_on.refuse_changed(definitions_of(decode_plan(text)))
        self._follow(going_on, self._active.sessions)

    def _follow(self, definitions: Definitions, rules: SessionSettings) -> None:
        """Go on with the states that these definitions have after the last epoch."""
        self._truth = following(self._truth, definitions, rules, self._lake, self._active)

    def _read_again(self, plan: EpochPlan) -> Ingested:
        parts = []
        for prepared in self._feed.again(plan):
            with self._feed.working([prepared.requests]):
                parts.append(admit(prepared, self._truth.duplicates, plan.epoch))
        return settle(join(parts), self._truth.duplicates, plan.epoch)


def following(
    truth: Truth, definitions: Definitions, rules: SessionSettings, lake: Lake, active: Active
) -> Truth:
    """`truth` with the states that these definitions, made from `rules`, have after its epoch.

    Raises:
        Conflict: as `states_for`.
    """

    def begin(key: str) -> None:
        active.begin(key, truth.epoch, truth.watermark, rules)

    state = states_for(definitions, truth.state, lake, truth.epoch, truth.watermark, begin)
    return msgspec.structs.replace(truth, state=state)


def _loaded(checkpoint: Checkpoint) -> Truth:
    note = checkpoint.note
    return Truth.at(
        note.epoch, note.log_to, note.watermark, checkpoint.sessions, checkpoint.duplicates
    )
