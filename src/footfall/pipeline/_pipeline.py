"""The pipeline of one project: log in; lake and cuts out.

Theory of operation. Between epochs the pipeline only *previews*: micro-batches go to the tail and
are published as cuts. Closing an epoch does, in this order:

    1. write the plan to the metadata database
       crash before: the next start previews the same requests again
    2. compute the epoch's rows from log and plan
    3. commit the rows, table by table, each once
       crash in 2 or 3: redone from the plan, with equal rows; tables that have the epoch refuse it
    4. mark the epoch committed, with its ledger
       crash before: redone, every table refuses, then marked
    5. checkpoint (every few epochs)
       crash before: an older checkpoint, more epochs to redo
    6. publish the cut without the epoch's tail
       crash before: published when started again

Steps 2 to 4 run in a thread beside further previews, one epoch at a time. Rows are computed from
the state *before* the epoch and never from previews, so nothing that a preview guessed can reach
the lake. The log is trimmed only below the oldest checkpoint that is kept, and what consumers
still read.

What the last epoch left is one frozen `Truth`; the open epoch is a `Preview` on top of it.
Consumers are told what happens and are never waited for (`footfall.pipeline.consumers`).
"""

from __future__ import annotations

import contextlib
from concurrent.futures import Future, ThreadPoolExecutor

from footfall.clock import DAY, SECOND
from footfall.enrich import added_columns, plan_steps
from footfall.errors import Unavailable
from footfall.pipeline._memory import give_back
from footfall.pipeline._parts import Parts
from footfall.pipeline.consumers.contract import MicroBatch, Progress
from footfall.pipeline.consumers.mailbox import Committed
from footfall.pipeline.epoch.active import Active
from footfall.pipeline.epoch.commit import Committer
from footfall.pipeline.epoch.epoch import EpochResult, Ingested, admit, settle
from footfall.pipeline.epoch.plan import EpochPlan, Rules, with_sessions
from footfall.pipeline.epoch.prepare import Prepared
from footfall.pipeline.epoch.truth import Truth
from footfall.pipeline.preview.closing import SessionWatch
from footfall.pipeline.preview.preview import Preview
from footfall.pipeline.recovery.checkpoint import Checkpoints
from footfall.pipeline.recovery.keep import CheckpointKeeper
from footfall.pipeline.recovery.redo import Redo, following
from footfall.positions import Positions, Slice
from footfall.sessionize import Definitions, open_sessions, shortened_hot_age

REPAIR_EPOCHS_AT_STOP_MAX = 8
"""Epochs that a stop adds to repair provisional sessions; what is left waits in the checkpoint."""
IDLE_EPOCH_INTERVAL = 1 * DAY
"""How often an epoch is committed, and a checkpoint written, when nothing comes: days go on ageing
for retention, ids and sessions for what forgets them."""
LOOK_INTERVAL = 1 * SECOND
"""How often it looks for session definitions that people added or dropped."""
IDLE_CUT_INTERVAL = 1 * SECOND
"""How often a cut is published when nothing is shown: open sessions close, live counters move."""
BEHIND_AGE = 2 * SECOND
"""Events older than this when they are read, with more behind them, are shown with their epoch."""


class Pipeline:
    """One project's pipeline; the only writer of its lake, tail and state."""

    def __init__(self, parts: Parts, checkpoints: Checkpoints) -> None:
        """Wire the parts; `recover` does the first work."""
        project, settings, clock = parts.project, parts.settings, parts.clock
        log, lake, metadata, feed = parts.log, parts.lake, parts.metadata, parts.feed
        consumers, lease, publisher = parts.consumers, parts.lease, parts.publisher
        self.consumers = consumers
        self.lease = lease
        self._parts = parts
        self._feed = feed
        self._project = project
        self._settings = settings
        self._log = log
        self._lake = lake
        self._publisher = publisher
        self._clock = clock
        self._active = Active(project, settings.sessions, metadata.definitions)
        self._rules = with_sessions(Rules.of(settings), self._active.sessions)
        self._definitions = Definitions.of(self._active.sessions)
        self._keeper = CheckpointKeeper(
            project, settings, log, metadata, checkpoints, consumers, clock, lease
        )
        self._committer = Committer(settings, lake, metadata, checkpoints, publisher, lease, feed)
        self._redo = Redo(
            project,
            log,
            lake,
            metadata,
            checkpoints,
            self._committer,
            lease,
            feed,
            self._active,
            self._apply,
            self._keeper.write,
        )
        self.truth = Truth.at_first(settings.duplicates, self._definitions.empty())
        # The open epoch: how far the previews are.
        self._offset = Positions()
        # What readers have of it: all, unless the pipeline is behind.
        self._shown_offset = Positions()
        self._shown_watermark = 0
        self._watermark = 0
        self._has_freed = False
        self._watch = SessionWatch(self._definitions)
        self._epoch_started = self._published = self._looked = clock.monotonic()
        self._preview = self._new_preview()
        # The epoch between the two: planned, being committed beside the previews.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="epoch")
        self._committing: Future[EpochResult] | None = None

    def recover(self) -> None:
        """Load the newest state there is, redo the epochs planned after it, publish a cut.

        Raises:
            Invalid: a table cannot follow its definition; see `Lake.evolve`.
        """
        self._lake.write_as(self.lease.term)
        if self.lease.is_contested:
            self._lake.fence()
        self._lake.evolve({"events": added_columns(plan_steps(self._settings.enrich))})
        with self._feed.recovering() as deaths:
            self.truth = self._redo.run(self.truth, deaths)
            self._noted_begun()
            self._offset = self.truth.log_to
            self._watermark = max(self._watermark, self.truth.watermark)
            self.consumers.start(self.truth.epoch, self.truth.log_to)
            self._restart_preview()

    @property
    def filling(self) -> tuple[str, ...]:
        """Session definitions whose past is not whole."""
        return self._active.filling

    @property
    def epoch(self) -> int:
        """Last epoch that the lake holds."""
        return self.truth.epoch

    @property
    def was_cut(self) -> bool:
        """Whether the log had more for the last micro-batch than it could take."""
        return self._feed.was_cut

    def step(self) -> int:
        """Do one micro-batch and close the epoch if it is due; how many requests there were."""
        self._take_commit(wait=False)
        self._follow_definitions()
        prepared = self._feed.next(self._offset)
        if prepared is not None:
            self._preview_requests(prepared)
        elif self._preview.has_put_off:
            self._show()
        self._advance_watermark()
        if self._is_epoch_due():
            self.close_epoch()
            self._take_commit(wait=self._feed.is_careful)  # one thing after the other
        else:
            self._publish_idle()
        self._give_back()
        return 0 if prepared is None else prepared.requests.requests

    def close_epoch(self) -> None:
        """Plan what was previewed since the last epoch, and commit it beside further previews.

        One epoch is committed at a time: a second one waits, and the log with it.
        """
        self._take_commit(wait=True)
        self._tell_sessions(self._progress())  # what this epoch closes, before it has it
        plan = EpochPlan(
            project=self._project,
            epoch=self.truth.epoch + 1,
            log_from=self.truth.log_to,
            log_to=self._offset,
            watermark=self._watermark,
            planned_at=self._clock.now_us(),
            rules=self._rules,
            quarantined=self._feed.quarantined_in(self.truth.log_to, self._offset),
            left_out=self._feed.left_out,
            definitions=self._definitions.keys,
            filling=self._active.filling,
        )
        self._committer.plan(plan)
        ingested = settle(self._preview.take(), self.truth.duplicates, plan.epoch)
        # Between epochs: when redone it is here, too.
        self.truth.duplicates.expire(plan.watermark, plan.rules.duplicates)
        self._epoch_started = self._clock.monotonic()
        self._committing = self._executor.submit(
            self._committer.commit, plan, ingested, self.truth.state
        )

    def finish(self) -> None:
        """Read to the head, commit everything, checkpoint: after it the lake has all there is."""
        while self.step():
            pass
        for _ in range(REPAIR_EPOCHS_AT_STOP_MAX):
            if not self._preview.is_empty or self._is_repair_due:
                self.close_epoch()
            self._take_commit(wait=True)
            if not self._is_repair_due:
                break
        if self._keeper.is_behind:
            self._keeper.write(self.truth)
        self.consumers.settle()

    def close(self) -> None:
        """Wait for an epoch that is being committed, then give up the lease and write no more."""
        self._executor.shutdown()
        self._parts.close()

    # Micro-batches

    def _preview_requests(self, prepared: Prepared) -> None:
        if self._preview.is_empty:
            self._epoch_started = self._clock.monotonic()
        with self._feed.working([prepared.requests]):
            ingested = admit(prepared, self.truth.duplicates, self._open_epoch)
            self._take(ingested, prepared.requests)

    def _take(self, ingested: Ingested, requests: Slice) -> None:
        """Make one micro-batch part of the open epoch, and show it unless too much waits."""
        reached = self._offset.advanced(requests.partition, requests.stop)
        batch = MicroBatch(
            self._clock.now_us(),
            self._offset,
            reached,
            ingested.events,
            ingested.failures,
            ingested.ledger,
        )
        self._offset = reached
        if not self._preview.has_put_off:
            self._shown_watermark = self._watermark
        self._preview.put_off(ingested)
        self.consumers.put(batch)
        if not self._is_behind:
            self._show()

    @property
    def _is_behind(self) -> bool:
        """Whether readers get whole epochs: events are old when they are read, and more wait."""
        return self._feed.is_older(self._offset, self._clock.now_us() - BEHIND_AGE)

    def _show(self, *, is_again: bool = False) -> None:
        """Give what was put off its sessions, and readers the result.

        `is_again`: on top of the truth of another epoch than before.
        """
        is_counting = not is_again and self.consumers.want_sessions
        self._publisher.add(self._preview.show(is_counting=is_counting), self._preview.overrides)
        self._shown_offset = self._offset
        self._publish(is_sweeping=is_again)

    def _advance_watermark(self) -> None:
        """Follow what was read; follow the clock only when everything was read: see `Frontier`."""
        reached = self._feed.reached(self._clock.now_us())
        self._watermark = max(self._watermark, reached - self._settings.pipeline.watermark_lag)

    def _publish(self, *, is_sweeping: bool = False) -> None:
        self.lease.check()
        self._published = self._clock.monotonic()
        progress = self._progress()
        default = self._definitions.default
        hot_age = shortened_hot_age(self.truth.state.default, default)
        queries = self.consumers.results.look()
        if queries is not None:
            # A store that does not answer now does so before the next epoch.
            with contextlib.suppress(Unavailable):
                self._publisher.show_results(self._lake, queries)
        shown = self._active.shown
        self._publisher.publish(
            progress, self._definitions, hot_age, shown, is_sweeping=is_sweeping
        )
        self._tell_sessions(progress)
        self.consumers.put(progress)

    def _tell_sessions(self, progress: Progress) -> None:
        """What became of sessions, for those who act at once."""
        if not self.consumers.want_sessions:
            return
        seen = self._watch.look(self._preview, progress)
        if seen is not None:
            self.consumers.put(seen)

    def _publish_idle(self) -> None:
        if (self._clock.monotonic() - self._published) * SECOND >= IDLE_CUT_INTERVAL:
            self._publish()

    def _progress(self) -> Progress:
        watermark = self._shown_watermark if self._preview.has_put_off else self._watermark
        closed_before = self._definitions.default.closed_before(watermark)
        still_open = open_sessions(self._preview.states.default, closed_before)
        return Progress(
            at=self._clock.now_us(),
            watermark=watermark,
            epoch=self.truth.epoch,
            positions=self._shown_offset,
            lag_requests=self._log.ends().maximum(self._offset).total - self._shown_offset.total,
            ledger=self.truth.ledger + self._preview.shown,
            open_sessions=still_open.people,
            open_bot_sessions=still_open.bots,
        )

    # Epochs

    @property
    def _open_epoch(self) -> int:
        return self.truth.epoch + (1 if self._committing is None else 2)

    def _is_epoch_due(self) -> bool:
        settings = self._settings.pipeline
        if self._feed.is_careful and not self._preview.is_empty:
            return True
        if self._preview.events >= settings.epoch_events_max:
            return True
        if self._preview.bytes >= settings.epoch_bytes_max:
            return True
        if (self._clock.monotonic() - self._epoch_started) * SECOND < settings.epoch_age_max:
            return False
        if not self._preview.is_empty:
            return True
        return self._committing is None and (
            self._is_repair_due
            or self._definitions.has_closable(self.truth.state, self._watermark)
            or _is_idle(self.truth, self._watermark)
        )

    @property
    def _is_repair_due(self) -> bool:
        return self.truth.state.is_pending_but(self._active.filling)

    def _follow_definitions(self) -> None:
        """Go on with the session definitions of now, between epochs; look once a second."""
        now = self._clock.monotonic()
        if self._committing is not None or (now - self._looked) * SECOND < LOOK_INTERVAL:
            return
        self._looked = now
        if not self._active.look():
            return
        if self._active.sessions != self._rules.sessions:
            rules = with_sessions(self._rules, self._active.sessions)
            definitions = Definitions.of(rules.sessions)
            self.truth = following(
                self.truth, definitions, rules.sessions, self._lake, self._active
            )
            self._rules, self._definitions = rules, definitions
            self._noted_begun()
            self._publisher.prepare(self.truth.state)
        self._restart_preview()

    def _noted_begun(self) -> None:
        """Look what is filling, after a definition may have begun."""
        if not self.truth.epoch:
            self._active.begin_at_first()
        self._active.look()

    def _take_commit(self, *, wait: bool) -> None:
        """Go on from the truth of the epoch being committed, once it is there."""
        if self._committing is None or not (wait or self._committing.done()):
            return
        result = self._committing.result()
        self._committing = None
        self.truth = self._apply(self.truth, result)
        del result  # its rows are in the lake
        self._watermark = max(self._watermark, self.truth.watermark)
        self.consumers.put(Committed(self.truth.epoch, self.truth.log_to))
        self._restart_preview()
        self._has_freed = True

    def _give_back(self) -> None:
        """After an epoch; while events come fast, what it took is needed again at once."""
        if self._has_freed and not self._feed.is_busy:
            self._has_freed = False
            give_back()

    def _apply(self, truth: Truth, result: EpochResult) -> Truth:
        """From one truth to the next, checkpoint included."""
        self._feed.progress(result.plan.epoch)
        was_idle = _is_idle(truth, result.plan.watermark)
        after = truth.after(result)
        self._keeper.after_epoch(after, at_once=was_idle)
        return after

    def _restart_preview(self) -> None:
        """Lay what came since on the truth of the last epoch, and publish both as one cut."""
        # Notes that are part of rows are forgotten before plans are made that have those rows.
        truth = self.truth = self.truth.without_folded(self._lake)
        since = self._preview.parts
        self._preview = self._new_preview()
        self._publisher.start_epoch(self._lake, truth)
        for ingested in since:
            self._preview.put_off(ingested)
        self._shown_offset = truth.log_to
        self._shown_watermark = max(self._shown_watermark, truth.watermark)
        if since and not self._is_behind:
            self._show(is_again=True)
        else:
            self._publish(is_sweeping=True)

    def _new_preview(self) -> Preview:
        truth = self.truth
        return Preview(truth.state, truth.overrides, truth.epoch + 1, self._definitions)


def _is_idle(truth: Truth, watermark: int) -> bool:
    """Whether it is long since the epoch before; the first has none."""
    return truth.watermark > 0 and watermark - truth.watermark >= IDLE_EPOCH_INTERVAL
