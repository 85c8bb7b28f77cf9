"""The consumer: which windows an epoch changed is noted; those that are over are asked.

Theory of operation. An epoch is done with as soon as its windows are in `Pending`, durably. A run,
at most every `continuous.run_interval`, asks those that the watermark has passed:

    1. the newest cut is read: its watermark says what is over, its epoch what it has for certain
    2. each query's statement runs in a worker, over that cut or a newer one
    3. what is another answer than the newest revision in the lake is committed, a row a window
       crash before: asked again
    4. the windows are taken out of `Pending`, unless a later epoch changed them
       crash before: asked again, the same answer, nothing written

A cut also has what was read since its epoch. When that is committed its windows are pending again,
and asked again; mostly the answer is the same, and nothing is written. So the newest revision of a
window is the statement over everything committed, however events came.

A query whose statement fails rests, longer each time, while its windows wait; the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from footfall.clock import SECOND
from footfall.continuous.asking import Asked, Due, ask, unknown_keys
from footfall.continuous.pending import Pending
from footfall.continuous.stored import Results
from footfall.continuous.windows import EpochChanges
from footfall.errors import FootfallError, Invalid
from footfall.lake import Lake, LakePlace
from footfall.lake.cut import Cut, CutQuery
from footfall.lake.store.options import bucket_of
from footfall.metadata import Metadata
from footfall.metadata.added.queries import ContinuousQuery, QueryStatus, read_queries
from footfall.metadata.place import MetadataPlace
from footfall.pipeline import CommittedEpoch, ConsumerPlace, EpochConsumer, Progress
from footfall.pipeline.consumers.results import tell_results
from footfall.query import QueryPool
from footfall.query.cuts.cut_places import cut_place
from footfall.settings import Settings, load_settings

ERROR_CHARS_MAX: Final = 500
RETRY_MIN: Final = SECOND


class ContinuousQueries(EpochConsumer):
    """See the module's text. Nothing heavy is opened before there is a query."""

    def __init__(self, place: ConsumerPlace, settings: Settings) -> None:
        """Let the settings' queries be as they say; ask nothing yet."""
        self._place = place
        self._settings = settings
        self._metadata = MetadataPlace.of(place.home, settings.metadata)
        self._queries: list[ContinuousQuery] = []
        self._told: dict[str, CutQuery] | None = None
        self._ran_at = 0
        self._opened: _Opened | None = None
        self._newest = place.first_epoch - 1
        """Answers have at least this epoch from here on, as who reads them by epoch is promised."""
        if settings.continuous.queries or any(one.is_declared for one in self._read()):
            opened = Metadata.open(place.home, settings=settings.metadata)
            with contextlib.closing(opened) as metadata:
                metadata.queries.declare(place.project, settings.continuous.queries)
        self._look()

    def committed(self, epoch: CommittedEpoch) -> None:
        """Note which windows it changed."""
        self._newest = epoch.number
        self._look()
        if not self._queries:
            return
        limit = self._settings.continuous.windows_max
        changes = EpochChanges(epoch, self._settings.sessions.default)
        changed = {}
        left_out: dict[str, int] = {}
        for query in self._queries:
            windows, over = changes.windows(query.definition, limit)
            changed[query.name, query.version] = windows
            left_out[query.name] = over
        for name, over in self._parts.pending.add(epoch.number, changed, limit).items():
            left_out[name] += over
        self._note(
            msgspec.structs.replace(
                query,
                status=msgspec.structs.replace(
                    query.status, left_out=query.status.left_out + left_out[query.name]
                ),
            )
            for query in self._queries
            if left_out[query.name]
        )

    def watermark(self, progress: Progress) -> None:
        """Ask what is over."""
        if 0 <= progress.at - self._ran_at < self._settings.continuous.run_interval:
            return
        self._ran_at = progress.at
        self._look()
        if not self._queries:
            self.close()
            return
        cut = self._parts.newest_cut()
        if cut is None or cut.epoch < self._newest:
            return
        due = {
            query.name: self._due(query, cut)
            for query in self._queries
            if query.status.retry_at <= progress.at
        }
        wanted = [query for query in self._queries if due.get(query.name)]
        if wanted:
            asked = self._parts.ask(wanted, due, self._settings)
            self._write(asked, cut, progress.at)

    def close(self) -> None:
        """End the workers."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _due(self, query: ContinuousQuery, cut: Cut) -> Due:
        count = self._settings.continuous.windows_per_run
        pending = self._parts.pending
        return pending.due(query.name, query.version, cut.watermark, cut.epoch, count)

    def _write(self, asked: Sequence[Asked], cut: Cut, at: int) -> None:
        import pyarrow as pa

        results = self._parts.results
        rows = {
            one.query.name: results.changed(
                one.query.name, one.query.version, one.answers, at=at, epoch=cut.epoch
            )
            for one in asked
        }
        written = pa.concat_tables(rows.values())
        if written.num_rows:
            results.commit(written, cut.watermark)
        for one in asked:
            self._parts.pending.done(one.query.name, one.query.version, one.done)
        self._note(
            msgspec.structs.replace(
                one.query,
                status=self._status(one, rows[one.query.name].num_rows, at),
                columns=one.columns or one.query.columns,
            )
            for one in asked
        )
        self._tell(again=bool(written.num_rows))

    def _status(self, asked: Asked, written: int, at: int) -> QueryStatus:
        query, before = asked.query, asked.query.status
        error = _told(asked)
        failures = before.failures + 1 if error else 0
        pause = min(
            RETRY_MIN * 2 ** min(failures - 1, 32) if failures else 0,
            self._settings.continuous.retry_max,
        )
        return QueryStatus(
            ran_at=at if asked.done else before.ran_at,
            windows=before.windows + written,
            waiting=self._parts.pending.count(query.name, query.version),
            left_out=before.left_out,
            cut_off=before.cut_off + sum(one.is_cut_off for one in asked.answers),
            error=error,
            failures=failures,
            retry_at=at + pause if failures else 0,
        )

    def _note(self, queries: Iterable[ContinuousQuery]) -> None:
        changed = {query.name: query for query in queries}
        if changed:
            self._parts.metadata.queries.note(self._place.project, changed.values())
            self._queries = [changed.get(one.name, one) for one in self._queries]

    def _read(self) -> list[ContinuousQuery]:
        return read_queries(self._metadata, self._place.project)

    def _look(self) -> None:
        """Follow what people added, changed and removed."""
        found = self._read()
        enabled = [query for query in found if query.definition.enabled]
        before = {(query.name, query.version) for query in self._queries}
        self._queries = enabled
        self._known = {(query.name, query.version) for query in found}
        if before - self._known and self._opened is not None:
            self._opened.pending.keep(self._known)
        self._shown = {query.name: CutQuery(query.version, query.columns) for query in found}
        if self._shown or self._told:
            self._tell(again=False)

    def _tell(self, *, again: bool) -> None:
        """Let the pipeline show what there is, if it is other than what it was told."""
        self._shown |= {
            query.name: CutQuery(query.version, query.columns) for query in self._queries
        }
        if again or self._shown != self._told:
            tell_results(self._place.directory, self._shown)
            self._told = dict(self._shown)

    @property
    def _parts(self) -> _Opened:
        if self._opened is None:
            self._opened = _Opened(self._place, self._settings)
            self._opened.pending.keep(self._known)
        return self._opened


class _Opened:
    """What it takes to ask and to write; there while there is a query."""

    def __init__(self, place: ConsumerPlace, settings: Settings) -> None:
        bucket = bucket_of(settings.lake)
        limits = msgspec.structs.replace(settings.query, time_max=settings.continuous.time_max)
        self._cuts = cut_place(place.home, place.project, bucket)
        self.pending = Pending(place.directory)
        self.metadata = Metadata.open(place.home, settings=settings.metadata)
        self._lake = Lake(LakePlace.of(settings.lake, place.home.lake_dir), place.project)
        self.results = Results(self._lake, settings.lake.live_days)
        environ = os.environ  # noqa: TID251 (workers find a bucket's credentials as the lake does)
        self._pool = QueryPool(place.home, place.project, limits, bucket, environ)
        self._runner = asyncio.Runner()

    def newest_cut(self) -> Cut | None:
        return self._cuts.newest()

    def ask(
        self, queries: Sequence[ContinuousQuery], due: dict[str, Due], settings: Settings
    ) -> list[Asked]:
        """All beside each other; the pool bounds how many statements run at a time."""
        rows_max, default = settings.continuous.rows_max, settings.sessions.default

        async def together() -> list[Asked]:
            each = (ask(self._pool, one, due[one.name], rows_max, default) for one in queries)
            return await asyncio.gather(*each)

        return self._runner.run(together())

    def close(self) -> None:
        self._runner.run(self._pool.close())
        self._runner.close()
        self._lake.close()
        self.metadata.close()
        self.pending.close()


def make(place: ConsumerPlace) -> ContinuousQueries:
    """Of a project; see `ConsumerPlace`."""
    return ContinuousQueries(place, place.settings or load_settings(place.home.settings_file))


def _told(asked: Asked) -> str:
    error: FootfallError | None = asked.error
    missing = unknown_keys(asked.query.definition, asked.columns) if asked.columns else []
    if error is None and missing:
        error = Invalid(f"the answer has no column of this name; change key: {', '.join(missing)}")
    return "" if error is None else " ".join(str(error).split())[:ERROR_CHARS_MAX]
