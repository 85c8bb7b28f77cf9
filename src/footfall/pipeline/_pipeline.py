"""The pipeline of one project: log in; lake, cuts and live snapshots out.

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
the lake. The log is trimmed only below the oldest checkpoint that is kept.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from footfall.clock import DAY, SECOND, Clock
from footfall.duplicates import DuplicateIndex
from footfall.errors import Corrupt
from footfall.lake import TABLES, Footers, Lake, LakeHistory, days_from, take_back
from footfall.ledger import Ledger
from footfall.log import Log
from footfall.metadata import Metadata
from footfall.pipeline._lease import WriterLease
from footfall.pipeline._memory import give_back
from footfall.pipeline.epoch.epoch import (
    EpochResult,
    Ingested,
    admit,
    finish,
    join,
)
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.pipeline.epoch.plan import EpochPlan, Rules, decode_plan, encode_plan
from footfall.pipeline.epoch.prepare import Prepared
from footfall.pipeline.feed.feed import Feed
from footfall.pipeline.poison.attempts import DEATHS
from footfall.pipeline.preview.preview import Preview
from footfall.pipeline.preview.publisher import Position, Publisher
from footfall.pipeline.recovery.checkpoint import Checkpoint, CheckpointNote, Checkpoints
from footfall.pipeline.recovery.recovery import Way, from_lake, starting_point, tell
from footfall.sessionize import (
    GapDefinition,
    SessionState,
    has_closable,
    in_files,
    open_sessions,
    shortened_hot_age,
)
from footfall.settings import Settings

REPAIR_EPOCHS_AT_STOP_MAX = 8
"""Epochs that a stop adds to repair provisional sessions; what is left waits in the checkpoint."""
IDLE_EPOCH_INTERVAL = 1 * DAY
"""How often an epoch is committed, and a checkpoint written, when nothing comes: days go on ageing
for retention, ids and sessions for what forgets them."""
IDLE_CUT_INTERVAL = 1 * SECOND
"""How often a cut is published when nothing is shown: open sessions close, live counters move."""
BEHIND_AGE = 2 * SECOND
"""Events older than this when they are read, with more behind them, are shown with their epoch."""


class Pipeline:
    """One project's pipeline; the only writer of its lake, tail and state."""

    def __init__(
        self,
        project: str,
        settings: Settings,
        log: Log,
        lake: Lake,
        metadata: Metadata,
        checkpoints: Checkpoints,
        publisher: Publisher,
        clock: Clock,
        lease: WriterLease,
        feed: Feed,
    ) -> None:
        """Wire the parts; `recover` does the first work."""
        self._feed = feed
        self.lease = lease
        self._project = project
        self._settings = settings
        self._log = log
        self._lake = lake
        self._metadata = metadata
        self._checkpoints = checkpoints
        self._publisher = publisher
        self._clock = clock
        self._rules = Rules.of(settings)
        self._definition = GapDefinition.of(settings.sessions)
        # Truth: the state after the last committed epoch.
        self._epoch = 0
        self._epoch_from = 0
        self._planned_watermark = 0
        self._state = SessionState.empty()
        self._duplicates = DuplicateIndex.empty(settings.duplicates)
        self._overrides = OverrideSet()
        self._removed = lake.read("session_changes")
        self._totals = Ledger()
        self._since_checkpoint = 0
        # The open epoch: how far the previews are.
        self._offset = 0
        # What readers have of it: all, unless the pipeline is behind.
        self._shown_offset = 0
        self._shown_watermark = 0
        self._newest = 0
        self._watermark = 0
        self._is_at_head = False
        self._has_freed = False
        self._epoch_started = self._published = clock.monotonic()
        self._preview = self._new_preview()
        # The epoch between the two: planned, being committed beside the previews.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="epoch")
        self._committing: Future[EpochResult] | None = None
        self._footers = Footers()

    def recover(self) -> None:
        """Load the newest state there is, redo the epochs planned after it, publish a cut.

        When the process keeps dying of it, other ways are tried, in turns and for ever: the
        checkpoint before the newest, then the lake itself. Nothing is lost by any of them.
        """
        with self._feed.recovering() as deaths:
            self._lake.write_as(self.lease.term)
            if self.lease.is_contested:
                self._lake.fence()
            self._checkpoints.remove_unnamed()
            ways = list(Way)
            way = ways[deaths // DEATHS % len(ways)]
            if way is not Way.NEWEST:
                self._feed.say(
                    f"the pipeline ended {deaths} times while it recovered; trying {way.value}"
                )
            self._recover(way)

    def _recover(self, way: Way) -> None:
        start = starting_point(
            self._project,
            self._checkpoints,
            self._lake,
            self._metadata,
            self._log.start_offset(),
            way,
        )
        if start is not None:
            self._load(start)
        self._feed.find_poison(self.lease.term)
        is_rebuilt = start is not None and start.is_rebuilt
        try:
            self._redo(is_rebuilt=is_rebuilt)
        except Corrupt as error:
            start = from_lake(
                self._project, self._lake, self._metadata, self._checkpoints.duplicates
            )
            if start is None or start.note.epoch <= self._epoch:
                raise
            tell(f"the log cannot be worked off where the lake has it all already: {error}")
            self._load(start)
            is_rebuilt = True
            self._redo(is_rebuilt=True)
        if is_rebuilt:
            self._checkpoint()  # nobody goes back behind it: older states lead to other rows
        self._feed.start(self._epoch_from)
        self._offset = self._epoch_from
        self._totals = self._metadata.ledger(self._project)
        self._overrides = OverrideSet()
        self._overrides.add_epochs(self._lake.read("session_overrides"))
        self._removed = self._lake.read("session_changes")
        try:
            self._publisher.recount(self._lake)
        except Corrupt as error:
            tell(f"live counters start at zero: {error}")
        self._restart_preview()

    def _redo(self, *, is_rebuilt: bool) -> None:
        """Do the planned epochs after the state's again.

        Args:
            is_rebuilt: The state is not the one they were planned on; see `take_back`.

        Raises:
            Corrupt: the log cannot be read, or gives other rows than it did.
        """
        plans = self._metadata.plans_after(self._project, self._epoch)
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
                    f" epoch={plan.epoch} log_from={plan.log_from} log_to={plan.log_to}"
                )
            self._duplicates.expire(plan.watermark, plan.rules.duplicates)
            if is_rebuilt and take_back(self._lake, plan.epoch):
                tell(f"tables gave back an epoch that was half committed: epoch={plan.epoch}")
            self._apply(self._commit(plan, ingested, self._state))

    @property
    def epoch(self) -> int:
        """Last epoch that the lake holds."""
        return self._epoch

    @property
    def was_cut(self) -> bool:
        """Whether the log had more for the last micro-batch than it could take."""
        return self._feed.was_cut

    def step(self) -> int:
        """Do one micro-batch and close the epoch if it is due; how many requests there were."""
        self._take_commit(wait=False)
        prepared = self._feed.next(self._offset)
        self._is_at_head = prepared is None
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
        return 0 if prepared is None else prepared.log_to - prepared.log_from

    def close_epoch(self) -> None:
        """Plan what was previewed since the last epoch, and commit it beside further previews.

        One epoch is committed at a time: a second one waits, and the log with it.
        """
        self._take_commit(wait=True)
        plan = EpochPlan(
            project=self._project,
            epoch=self._epoch + 1,
            log_from=self._epoch_from,
            log_to=self._offset,
            watermark=self._watermark,
            planned_at=self._clock.now_us(),
            rules=self._rules,
            quarantined=self._feed.quarantined_in(self._epoch_from, self._offset),
            left_out=self._feed.left_out,
        )
        self._metadata.plan_epoch(
            self._project,
            plan.epoch,
            log_from=plan.log_from,
            log_to=plan.log_to,
            watermark=plan.watermark,
            plan=encode_plan(plan),
            term=self.lease.term,
        )
        ingested = self._preview.take()
        # Between epochs: when redone it is here, too.
        self._duplicates.expire(plan.watermark, plan.rules.duplicates)
        self._epoch_started = self._clock.monotonic()
        self._committing = self._executor.submit(self._commit, plan, ingested, self._state)

    def finish(self) -> None:
        """Read to the head, commit everything, checkpoint: after it the lake has all there is."""
        while self.step():
            pass
        for _ in range(REPAIR_EPOCHS_AT_STOP_MAX):
            if not self._preview.is_empty or self._state.has_pending:
                self.close_epoch()
            self._take_commit(wait=True)
            if not self._state.has_pending:
                break
        if self._since_checkpoint:
            self._checkpoint()

    def close(self) -> None:
        """Wait for an epoch that is being committed, then give up the lease and write no more."""
        self._executor.shutdown()
        self._feed.close()
        self.lease.close()
        self._metadata.close()

    # Micro-batches

    def _preview_requests(self, prepared: Prepared) -> None:
        if self._preview.is_empty:
            self._epoch_started = self._clock.monotonic()
        with self._feed.working(prepared.log_from, prepared.log_to):
            ingested = admit(prepared, self._duplicates, self._open_epoch)
            self._take(ingested, prepared.log_to)

    def _take(self, ingested: Ingested, offset: int) -> None:
        """Make one micro-batch part of the open epoch, and show it unless too much waits."""
        self._offset = offset
        self._newest = max(self._newest, ingested.received_at)
        if not self._preview.has_put_off:
            self._shown_watermark = self._watermark
        self._preview.put_off(ingested)
        self._publisher.count(ingested.events)
        if not self._is_behind:
            self._show()

    @property
    def _is_behind(self) -> bool:
        """Whether readers get whole epochs: events are old when they are read, and more wait."""
        age = self._clock.now_us() - self._newest
        return age > BEHIND_AGE and self._log.end_offset() > self._offset

    def _show(self, *, is_sweeping: bool = False) -> None:
        """Give what was put off its sessions, and readers the result."""
        self._publisher.add(self._preview.show(), self._preview.overrides)
        self._shown_offset = self._offset
        self._publish(is_sweeping=is_sweeping)

    def _advance_watermark(self) -> None:
        """Follow what was read; follow the clock only when everything was read."""
        newest = self._clock.now_us() if self._is_at_head else self._newest
        self._watermark = max(self._watermark, newest - self._settings.pipeline.watermark_lag)

    def _publish(self, *, is_sweeping: bool = False) -> None:
        self.lease.check()
        self._published = self._clock.monotonic()
        self._publisher.publish(self._position(), is_sweeping=is_sweeping)

    def _publish_idle(self) -> None:
        if (self._clock.monotonic() - self._published) * SECOND >= IDLE_CUT_INTERVAL:
            self._publish()

    def _position(self) -> Position:
        watermark = self._shown_watermark if self._preview.has_put_off else self._watermark
        return Position(
            log_offset=self._shown_offset,
            log_end=max(self._log.end_offset(), self._offset),
            epoch=self._epoch,
            watermark=watermark,
            ledger=self._totals + self._preview.shown,
            open_sessions=open_sessions(self._preview.state, watermark, self._definition),
            hot_age=shortened_hot_age(self._state, self._definition),
        )

    # Epochs

    @property
    def _open_epoch(self) -> int:
        return self._epoch + (1 if self._committing is None else 2)

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
            self._state.has_pending
            or has_closable(self._state, self._watermark, self._definition)
            or self._is_idle_epoch(self._watermark)
        )

    def _is_idle_epoch(self, watermark: int) -> bool:
        """Whether it is long since the epoch before; the first has none."""
        since = watermark - self._planned_watermark
        return self._planned_watermark > 0 and since >= IDLE_EPOCH_INTERVAL

    def _commit(self, plan: EpochPlan, ingested: Ingested, state: SessionState) -> EpochResult:
        """Compute the epoch's rows and let every table take them. Runs beside `step`."""
        with self._feed.working(plan.log_from, plan.log_to):
            history = LakeHistory(self._lake, plan.epoch, self._footers)
            result = finish(plan, ingested, state, history)
            live = days_from(plan.watermark // DAY - self._settings.lake.live_days + 1)
            for table in TABLES:
                self._lake.commit(table, result.rows[table], plan.epoch, live)
        self._metadata.commit_epoch(self._project, plan.epoch, result.ledger, term=self.lease.term)
        rows_min = self._settings.sessions.file_rows_min
        kept = in_files(result.state, self._checkpoints.segments, rows_min)
        self._publisher.prepare(kept)
        return msgspec.structs.replace(result, state=kept)

    def _take_commit(self, *, wait: bool) -> None:
        """Go on from the truth of the epoch being committed, once it is there."""
        if self._committing is None or not (wait or self._committing.done()):
            return
        result = self._committing.result()
        self._committing = None
        self._apply(result)
        del result  # its rows are in the lake
        self._restart_preview()
        self._has_freed = True

    def _give_back(self) -> None:
        """After an epoch; while events come fast, what it took is needed again at once."""
        if self._has_freed and not self._feed.is_busy:
            self._has_freed = False
            give_back()

    def _apply(self, result: EpochResult) -> None:
        plan = result.plan
        self._state = result.state
        self._epoch = plan.epoch
        self._feed.progress(plan.epoch)
        self._epoch_from = plan.log_to
        was_idle = self._is_idle_epoch(plan.watermark)
        self._planned_watermark = plan.watermark
        self._watermark = max(self._watermark, plan.watermark)
        self._totals += result.ledger
        self._overrides.add(result.rows["session_overrides"])
        self._removed = pa.concat_tables([self._removed, result.rows["session_changes"]])
        self._since_checkpoint += 1
        if was_idle or self._since_checkpoint >= self._settings.pipeline.checkpoint_epochs:
            self._checkpoint()

    def _restart_preview(self) -> None:
        """Lay what came since on the truth of the last epoch, and publish both as one cut."""
        self._drop_folded()
        since = self._preview.parts
        self._preview = self._new_preview()
        self._publisher.start_epoch(self._lake, self._state, self._overrides, self._removed)
        for ingested in since:
            self._preview.put_off(ingested)
        self._shown_offset = self._epoch_from
        self._shown_watermark = max(self._shown_watermark, self._planned_watermark)
        if since and not self._is_behind:
            self._show(is_sweeping=True)
        else:
            self._publish(is_sweeping=True)

    def _drop_folded(self) -> None:
        """Forget notes that are part of rows, before plans are made that have those rows."""
        self._overrides.forget(self._lake.folded_epoch("events"))
        is_later = pc.greater(self._removed.column("epoch"), self._lake.folded_epoch("sessions"))
        self._removed = self._removed.filter(is_later)

    def _new_preview(self) -> Preview:
        return Preview(self._state, self._overrides, self._epoch + 1, self._definition)

    def _checkpoint(self) -> None:
        self.lease.check()
        note = CheckpointNote(self._epoch, self._epoch_from, self._planned_watermark)
        self._checkpoints.write(Checkpoint(note, self._state, self._duplicates))
        self._since_checkpoint = 0
        self._trim()

    def _trim(self) -> None:
        """Forget requests that no kept checkpoint needs and that are old, or too many bytes."""
        oldest = self._checkpoints.note(self._checkpoints.epochs()[0])
        before = self._clock.now_us() - self._settings.log.keep_age_min
        wanted = self._metadata.log_offset_at(self._project, before)
        if self._settings.log.bytes_max is not None:
            wanted = max(wanted, self._log.offset_within(self._settings.log.bytes_max))
        self._log.trim(min(oldest.log_to, wanted))

    def _load(self, checkpoint: Checkpoint) -> None:
        self._state = checkpoint.sessions
        self._duplicates = checkpoint.duplicates
        self._epoch = checkpoint.note.epoch
        self._epoch_from = checkpoint.note.log_to
        self._watermark = self._planned_watermark = checkpoint.note.watermark

    def _read_again(self, plan: EpochPlan) -> Ingested:
        parts = []
        for prepared in self._feed.again(plan):
            with self._feed.working(prepared.log_from, prepared.log_to):
                parts.append(admit(prepared, self._duplicates, plan.epoch))
        return join(parts)
