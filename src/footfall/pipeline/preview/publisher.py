"""What readers get: tail files and cuts, in the order that keeps each cut whole."""

from __future__ import annotations

from collections.abc import Mapping

from footfall.lake import Lake, planned_tables
from footfall.lake.cut import Cut, CutQuery
from footfall.pipeline.consumers.contract import Progress
from footfall.pipeline.epoch.active import Shown
from footfall.pipeline.epoch.overrides import OverrideSet
from footfall.pipeline.epoch.truth import Truth
from footfall.pipeline.preview.numbered import NumberedFiles
from footfall.pipeline.preview.preview import PreviewBatch
from footfall.pipeline.preview.session_files import SessionFiles
from footfall.sessionize import Definitions, SessionStates, key_of


class Publisher:
    """Writer of one project's tail and cut."""

    def __init__(self, project: str, tail: NumberedFiles) -> None:
        """Publish nothing yet."""
        self._project = project
        self._tail = tail
        self._files: dict[str, tuple[str, ...]] = {}
        self._sessions: dict[str, SessionFiles] = {}
        self._plans: dict[str, str] = {}
        self._overrides: str | None = None
        self._removed: str | None = None
        self._queries: Mapping[str, CutQuery] = {}

    def add(self, batch: PreviewBatch, overrides: OverrideSet) -> None:
        """Write the files of one micro-batch; the next `publish` names them."""
        sequence = self._tail.next_sequence()
        self._add("events", self._tail.write("events", batch.events))
        self._add("failed_events", self._tail.write("failed", batch.failures))
        for key, changes in batch.sessions.items():
            self._sessions_of(key).add(changes, sequence)
        if batch.is_renaming:
            self._overrides = self._tail.write("overrides", overrides.table())

    def prepare(self, states: SessionStates) -> None:
        """Write what readers need of segments, before `start_epoch` names it.

        May run beside everything but `start_epoch`: it is a third of an epoch's work.
        """
        for key, state in states.items():
            self._sessions_of(key).prepare(state)

    def _sessions_of(self, key: str) -> SessionFiles:
        if key not in self._sessions:
            self._sessions[key] = SessionFiles(self._tail, f".{key}" if self._sessions else "")
        return self._sessions[key]

    def start_epoch(self, lake: Lake, truth: Truth) -> None:
        """Name what the lake has now; the tail starts anew. The next `publish` shows it.

        Args:
            lake: Its plans name the data files.
            truth: Of its sessions those are shown that the lake does not have in this form; its
                overrides and removals are all that are not folded into rows yet.
        """
        sequence = self._tail.next_sequence()
        with lake.locks.committing():  # what a plan names is not removed before it is written
            self._plans = {
                spec.name: self._tail.write_plan(lake.plan(spec.name)) for spec in planned_tables()
            }
        self._files = {}
        for key, state in truth.state.items():
            self._sessions_of(key).start(state, truth.removed.slice(0, 0), sequence)
        self._overrides = self._tail.write("overrides", truth.overrides.table())
        self._removed = self._tail.write("removed", truth.removed)

    def show_results(self, lake: Lake, queries: Mapping[str, CutQuery]) -> None:
        """Name what continuous queries have answered by now; the next `publish` shows it."""
        self._queries = queries
        with lake.locks.committing():
            table = "query_results"
            self._plans = {**self._plans, table: self._tail.write_plan(lake.plan(table))}

    def _add(self, table: str, file: str | None) -> None:
        if file is not None:
            self._files[table] = (*self._files.get(table, ()), file)

    def publish(
        self,
        progress: Progress,
        definitions: Definitions,
        hot_age: int | None = None,
        shown: Shown = Shown(),  # noqa: B008 (frozen)
        *,
        is_sweeping: bool = False,
    ) -> None:
        """Make everything added so far one cut.

        Args:
            progress: How far the pipeline is.
            definitions: Those whose sessions are shown.
            hot_age: As `Cut.hot_age`.
            shown: Which sessions the views follow.
            is_sweeping: Also remove files that no reader needs any more.
        """
        cut = Cut(
            project=self._project,
            sequence=self._tail.next_sequence(),
            published_at=progress.at,
            positions=progress.positions,
            epoch=progress.epoch,
            watermark=progress.watermark,
            ledger=progress.ledger,
            plans=self._plans,
            tail=self._files,
            sessions={
                one.name: self._sessions_of(key_of(one)).named(one, progress.watermark)
                for one in definitions
            },
            default=definitions.default.name,
            shown=shown.name,
            user_gap=shown.user_gap,
            hot_age=hot_age,
            overrides=self._overrides,
            removed=self._removed,
            queries=dict(self._queries),
        )
        self._tail.publish(cut)
        if is_sweeping:
            self._tail.sweep(cut)
