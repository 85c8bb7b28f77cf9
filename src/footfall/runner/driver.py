"""The driver of one project: plans epochs, has them done on an engine, publishes them.

It is the holder of the project's lease, so all that keeps two pipelines apart keeps two drivers
apart, and a driver and a pipeline. It shows whole epochs: there are no previews.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import msgspec

from footfall.clock import SECOND
from footfall.enrich import added_columns, plan_steps
from footfall.errors import Unavailable
from footfall.lake import take_back
from footfall.ledger import Ledger
from footfall.pipeline import EpochPlan, Positions, Progress, Rules
from footfall.pipeline._parts import Parts
from footfall.pipeline._pipeline import (
    IDLE_EPOCH_INTERVAL,
    REPAIR_EPOCHS_AT_STOP_MAX,
)
from footfall.pipeline.consumers.mailbox import Committed
from footfall.pipeline.epoch.active import Active
from footfall.pipeline.epoch.definitions import definitions_of
from footfall.pipeline.epoch.plan import decode_plan, with_sessions, write_plan
from footfall.pipeline.epoch.truth import Truth
from footfall.pipeline.feed.frontier import Frontier
from footfall.pipeline.feed.requests import read_request
from footfall.pipeline.recovery.keep import trim
from footfall.positions import Place
from footfall.runner.begin import Beginning
from footfall.runner.engine import Engine, TasksFailed
from footfall.runner.epoch import Done, EpochJobs
from footfall.runner.state import StateFiles, StateNote
from footfall.sessionize import Definitions, SessionStates, open_sessions, shortened_hot_age


class Driver:
    """One project's; the only writer of its lake and state."""

    def __init__(self, parts: Parts, states: StateFiles, jobs: EpochJobs, engine: Engine) -> None:
        """Wire the parts; `recover` does the first work."""
        project, settings, clock = parts.project, parts.settings, parts.clock
        lake, metadata = parts.lake, parts.metadata
        self.lease = parts.lease
        self.consumers = parts.consumers
        self.last: Done | None = None
        """The epoch that was done last, for benchmarks."""
        self._project = project
        self._settings = settings
        self._parts = parts
        self._log = parts.log
        self._lake = lake
        self._metadata = metadata
        self._states = states
        self._jobs = jobs
        self._engine = engine
        self._publisher = parts.publisher
        self._clock = clock
        self._feed = parts.feed
        self._active = Active(project, settings.sessions, metadata.definitions)
        self._rules = with_sessions(Rules.of(settings), self._active.sessions)
        self._definitions = Definitions.of(self._active.sessions)
        self._beginning = Beginning(
            project, settings, lake, metadata, states, self._active, self.lease.term
        )
        self._frontier = Frontier()
        self._planned = self._published = clock.monotonic()
        self._note: StateNote
        self._truth: Truth

    @property
    def filling(self) -> tuple[str, ...]:
        """Session definitions whose past is not whole."""
        return self._active.filling

    @property
    def epoch(self) -> int:
        """Last epoch that the lake holds."""
        return self._truth.epoch

    def recover(self) -> None:
        """Find the newest state there is, do the epochs planned after it again, publish a cut.

        Raises:
            Invalid: `runner.buckets` was changed; or a table cannot follow its definition.
            Corrupt: the log or the lake is damaged; see docs/operate/damage.md.
        """
        self._lake.write_as(self.lease.term)
        if self.lease.is_contested:
            self._lake.fence()
        self._lake.evolve({"events": added_columns(plan_steps(self._settings.enrich))})
        begin = self._beginning.find(self._log.starts())
        self._note = begin.note
        self._feed.find_poison(self.lease.term)
        if begin.is_rebuilt:
            self._states.write(begin.note)
        self._do_planned(is_rebuilt=begin.is_rebuilt)
        self._follow()
        self._truth = self._truth.with_notes(self._lake, self._metadata.ledger(self._project))
        self.consumers.start(self._truth.epoch, self._truth.log_to)
        self._publish(is_new=True)

    def _follow(self) -> None:
        """Go on with the session definitions of now after the last epoch."""
        rules = self._active.sessions
        self._note = self._beginning.follow(self._note, self._definitions, rules)
        note = self._note
        states = self._definitions.following(self._states.states(note, range(len(note.parts))))
        self._truth = self._truth_of(states)
        if not note.epoch:
            self._active.begin_at_first()
        self._active.look()  # what began is filling

    def _follow_added(self) -> None:
        """The same while it runs, with those that people added or dropped since."""
        if not self._active.look():
            return
        if self._active.sessions != self._rules.sessions:
            before = self._truth
            self._rules = with_sessions(self._rules, self._active.sessions)
            self._definitions = Definitions.of(self._rules.sessions)
            self._follow()
            self._truth = msgspec.structs.replace(before, state=self._truth.state)
        self._publish(is_new=True)

    def _truth_of(self, states: SessionStates) -> Truth:
        at_first = Truth.at_first(self._settings.duplicates, states)
        note = self._note
        return Truth.at(note.epoch, note.log_to, note.watermark, states, at_first.duplicates)

    def _do_planned(self, *, is_rebuilt: bool) -> None:
        """Do the planned epochs after the note's again."""
        plans = self._metadata.plans_after(self._project, self._note.epoch)
        epochs = self._metadata.last_epochs(self._project, len(plans)) if plans else []
        ledgers = {epoch.epoch: epoch.ledger for epoch in epochs}
        for text in plans:
            plan = decode_plan(text)
            before = self._beginning.follow(self._note, definitions_of(plan), plan.rules.sessions)
            give_back = partial(take_back, self._lake, plan.epoch) if is_rebuilt else None
            self._note = self._done(plan, before, ledgers.get(plan.epoch), give_back).note

    def _done(
        self,
        plan: EpochPlan,
        before: StateNote,
        expected: Ledger | None = None,
        take_back: Callable[[], object] | None = None,
    ) -> Done:
        """As `EpochJobs.do`; requests that its tasks die of are put aside, and it is done again.

        Raises:
            TasksFailed: no request is at fault.
        """
        while True:
            try:
                done = self._jobs.do(plan, before, expected, take_back)
            except TasksFailed:
                without = self._feed.find_poison_of(plan)
                if without == plan:
                    raise
                plan = without
            else:
                self._feed.progress(plan.epoch)
                return done

    def step(self) -> int:
        """Do an epoch if one is due; how many requests it had."""
        self._follow_added()
        plan = self._due()
        if plan is None:
            if (self._clock.monotonic() - self._published) * SECOND >= SECOND:
                self._publish(is_new=False)
            return 0
        self.do(plan)
        return sum(piece.requests for piece in plan.slices)

    def do(self, plan: EpochPlan) -> Done:
        """Plan an epoch durably, commit it, publish it."""
        self._planned = self._clock.monotonic()
        write_plan(plan, self._metadata, self.lease.term)
        done = self.last = self._done(plan, self._note)
        self._note = done.note
        self._truth = self._truth.after(done.result)
        self.consumers.put(Committed(plan.epoch, plan.log_to))
        self._publish(is_new=True)
        self._trim()
        return done

    def finish(self) -> None:
        """Commit all that the log has; a few epochs more if sessions wait for their repair."""
        repairs = 0
        while (plan := self._due(at_once=True)) is not None:
            repairs += not plan.slices
            if repairs > REPAIR_EPOCHS_AT_STOP_MAX:
                break
            self.do(plan)
        self.consumers.settle()

    def close(self) -> None:
        """Give up the lease and write no more."""
        self._engine.close()
        self._parts.close()

    # What is due

    def _due(self, *, at_once: bool = False) -> EpochPlan | None:
        truth, most = self._truth, self._settings.runner.epoch_requests_max
        waiting = self._log.ends().maximum(truth.log_to).total - truth.log_to.total
        age = (self._clock.monotonic() - self._planned) * SECOND
        is_old = age >= self._settings.pipeline.epoch_age_max
        if not (at_once or is_old or waiting >= most):
            return None
        log_to = self._read_to(most)
        reached = self._frontier.reached(self._clock.now_us())
        watermark = max(truth.watermark, reached - self._settings.pipeline.watermark_lag)
        is_idle = truth.watermark > 0 and watermark - truth.watermark >= IDLE_EPOCH_INTERVAL
        if not (
            waiting
            or truth.state.is_pending_but(self._active.filling)
            or (not at_once and self._definitions.has_closable(truth.state, watermark))
            or is_idle
        ):
            return None
        noted = self._metadata.quarantined(self._project, truth.log_to)
        return EpochPlan(
            project=self._project,
            epoch=truth.epoch + 1,
            log_from=truth.log_to,
            log_to=log_to,
            watermark=watermark,
            planned_at=self._clock.now_us(),
            rules=self._rules,
            quarantined=tuple(sorted(one for one in noted if one.offset < log_to[one.partition])),
            left_out=self._feed.left_out,
            definitions=self._definitions.keys,
            filling=self._active.filling,
        )

    def _read_to(self, most: int) -> Positions:
        """Where an epoch of at most so many requests ends: partitions in the order of their time.

        Of each piece only the last request is read, for its time.
        """
        positions, ends = self._truth.log_to, self._log.ends()
        piece_max = self._settings.runner.slice_requests_max
        while (partition := self._frontier.look(positions, ends)) is not None and most > 0:
            start = positions[partition]
            stop = min(ends[partition], start + min(piece_max, most))
            for one in read_request(self._log, Place(partition, stop - 1)):
                self._frontier.read(partition, one.request.received_at)
            positions = positions.advanced(partition, stop)
            most -= stop - start
        return positions

    # Readers, consumers

    def _publish(self, *, is_new: bool) -> None:
        self.lease.check()
        self._published = self._clock.monotonic()
        if is_new:
            truth = self._truth = self._truth.without_folded(self._lake)
            self._publisher.prepare(truth.state)
            self._publisher.start_epoch(self._lake, truth)
        progress, default = self._progress(), self._definitions.default
        hot_age = shortened_hot_age(self._truth.state.default, default)
        queries = self.consumers.results.look()
        if queries is not None:
            # A store that does not answer now does so before the next epoch.
            with contextlib.suppress(Unavailable):
                self._publisher.show_results(self._lake, queries)
        self._publisher.publish(
            progress, self._definitions, hot_age, self._active.shown, is_sweeping=is_new
        )
        self.consumers.put(progress)

    def _progress(self) -> Progress:
        truth = self._truth
        closed_before = self._definitions.default.closed_before(truth.watermark)
        still_open = open_sessions(truth.state.default, closed_before)
        return Progress(
            at=self._clock.now_us(),
            watermark=truth.watermark,
            epoch=truth.epoch,
            positions=truth.log_to,
            lag_requests=self._log.ends().maximum(truth.log_to).total - truth.log_to.total,
            ledger=truth.ledger,
            open_sessions=still_open.people,
            open_bot_sessions=still_open.bots,
        )

    def _trim(self) -> None:
        kept = self._states.notes()[-1].log_to
        trim(
            self._log,
            kept,
            self._project,
            self._settings,
            self._metadata,
            self.consumers,
            self._clock,
        )
