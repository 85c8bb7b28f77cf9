"""An epoch from its plan to the tables: rows are computed, every table takes them once."""

from __future__ import annotations

import msgspec

from footfall.clock import DAY
from footfall.lake import TABLES, Footers, Lake, LakeHistory, days_from
from footfall.metadata import Metadata
from footfall.pipeline._lease import WriterLease
from footfall.pipeline.epoch.epoch import EpochResult, Ingested, finish
from footfall.pipeline.epoch.plan import EpochPlan, write_plan
from footfall.pipeline.feed.feed import Feed
from footfall.pipeline.preview.publisher import Publisher
from footfall.pipeline.recovery.checkpoint import Checkpoints
from footfall.sessionize import SessionStates, in_files
from footfall.settings import Settings


class Committer:
    """Commits epochs of one project, one at a time; keeps nothing of them."""

    def __init__(
        self,
        settings: Settings,
        lake: Lake,
        metadata: Metadata,
        checkpoints: Checkpoints,
        publisher: Publisher,
        lease: WriterLease,
        feed: Feed,
    ) -> None:
        """Wire the parts."""
        self._settings = settings
        self._lake = lake
        self._metadata = metadata
        self._checkpoints = checkpoints
        self._publisher = publisher
        self._lease = lease
        self._feed = feed
        self._footers = Footers()

    def plan(self, plan: EpochPlan) -> None:
        """Write the plan, before anything else of the epoch."""
        write_plan(plan, self._metadata, self._lease.term)

    def commit(self, plan: EpochPlan, ingested: Ingested, state: SessionStates) -> EpochResult:
        """Compute the epoch's rows and let every table take them. Runs beside micro-batches.

        Args:
            plan: Written before.
            ingested: Everything between `plan.log_from` and `plan.log_to`, settled.
            state: After the epoch before.
        """
        with self._feed.working(plan.slices):
            history = LakeHistory(self._lake, plan.epoch, self._footers)
            result = finish(plan, ingested, state, history)
            live = days_from(plan.watermark // DAY - self._settings.lake.live_days + 1)
            for table in TABLES:
                if table in result.rows:
                    self._lake.commit(table, result.rows[table], plan.epoch, live)
        term = self._lease.term
        self._metadata.commit_epoch(plan.project, plan.epoch, result.ledger, term=term)
        rows_min = self._settings.sessions.file_rows_min
        segments = self._checkpoints.segments
        kept = result.state.map(lambda one: in_files(one, segments, rows_min))
        self._publisher.prepare(kept)
        return msgspec.structs.replace(result, state=kept)
