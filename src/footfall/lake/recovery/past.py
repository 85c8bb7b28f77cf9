"""What a lost state is made from: events and sessions of the lake as they were after an epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from footfall.duplicates import FINGERPRINT_COLUMNS
from footfall.event import EVENT_SCHEMA
from footfall.lake.commit.lake import Lake
from footfall.lake.read.history import as_arrow, holding, newest_sessions
from footfall.lake.read.overrides import resolve_overrides
from footfall.session import OTHER_SESSION_SCHEMA, OVERRIDE_SCHEMA, SESSION_SCHEMA
from footfall.sessionize import EVENT_COLUMNS, Key

_VISITOR: Final = ["app_id", "visitor_id"]
_EVENT: Final = ["request_id", "request_index"]
_REVISION: Final = ["session_id", "visitor_id", "epoch", "revision"]
_REACH_GAPS: Final = 4
"""The first look goes this many gaps back from the floor; then twice as far, and so on."""

PLACED_COLUMNS: Final = (*EVENT_COLUMNS, "session_id", "epoch")
"""What sessions are made from, and in which one each event is: `epoch` is the event's own, or that
of the override that put it there."""

_SCHEMA: Final = pa.schema([EVENT_SCHEMA.field(name) for name in PLACED_COLUMNS])

ID_COLUMNS: Final = ("app_id", "event_id", "received_at", *FINGERPRINT_COLUMNS)


class EpochsUpTo:
    """The lake's rows of epochs up to `epoch`, whatever tables have of later ones.

    As the default definition sees them: a `footfall.sessionize.Past`. `of` gives another's.
    """

    def __init__(self, lake: Lake, epoch: int) -> None:
        """Read nothing yet."""
        self._lake = lake
        self._epoch = epoch
        self._key = Key()

    def of(self, name: str, version: int, key: Key, *, is_new: bool = False) -> EpochsUpTo:
        """The same as another definition sees it.

        Args:
            name: Its name.
            version: Its version.
            key: Whose sessions they are; it stands in `visitor_id`.
            is_new: It wrote nothing yet: what ended before its state begins is not asked for.
        """
        return _OthersUpTo(self._lake, self._epoch, (name, version), key, is_new=is_new)

    def events(self, since: int) -> pa.Table:
        """`PLACED_COLUMNS` of visitors' events at or after `since`, microseconds."""
        files = self._files("events")
        if not files:
            return _SCHEMA.empty_table()
        found = self._scan(files, PLACED_COLUMNS, "event_time", since)
        return as_arrow(self._resolved(found.drop_nulls("visitor_id").collect()), _SCHEMA)

    def open_chains(self, floor: int, gap: int) -> pa.Table:
        """`PLACED_COLUMNS` of the chains that reach to `floor` or beyond it, whole.

        Looks back as far as each visitor's chain goes, for that visitor only. Holds these events in
        memory: those of the hot tier, and of visitors who never pause.
        """
        files = self._files("events")
        if not files:
            return _SCHEMA.empty_table()
        hot = self._scan(files, [*_VISITOR, "event_time"], "event_time", floor)
        visitors = hot.select(_VISITOR).drop_nulls("visitor_id").unique().collect()
        whole, reach = [], _REACH_GAPS * gap
        while visitors.height:
            since = floor - reach
            events = self._scan(files, PLACED_COLUMNS, "event_time", since)
            found = events.join(visitors.lazy(), on=_VISITOR, how="semi").collect()
            first = pl.col("event_time").min().over(_VISITOR).dt.timestamp("us")
            # A chain that begins within a gap of where the look ended may begin before it.
            is_short = found.select(first - since <= gap).to_series()
            whole.append(found.filter(~is_short))
            visitors, reach = found.filter(is_short).select(_VISITOR).unique(), 2 * reach
        if not whole:
            return _SCHEMA.empty_table()
        return as_arrow(self._resolved(pl.concat(whole)), _SCHEMA)

    def provisional(self, floor: int, delay: int) -> pa.Table:
        """`PLACED_COLUMNS` of all events of sessions that the lake does not have as they are now.

        At least of those that ended before `floor`: they were extended by an event that came late,
        more than `delay` (microseconds), or took events from others, and wait for their repair. Of
        all other events only the columns that say so are read.
        """
        files = self._files("events")
        if not files:
            return _SCHEMA.empty_table()
        moment = pl.lit(floor).cast(pl.Datetime("us", "UTC"))
        old = self._scan(files, PLACED_COLUMNS, "event_time", None)
        is_late = (pl.col("event_time") < moment) & (
            pl.col("received_at") - pl.col("event_time") > pl.duration(microseconds=delay)
        )
        names = [*_VISITOR, "session_id", "epoch"]
        late = old.filter(is_late).select(*names, "event_time").collect()
        placed = [self._resolved(late).select(names), self._overrides().select(names)]
        waiting = self._unwritten(pl.concat(placed)).select(*_VISITOR, "session_id").unique()
        if not waiting.height:
            return _SCHEMA.empty_table()
        moved = self._overrides().join(waiting, on="session_id", how="semi")
        candidates = [
            old.join(waiting.lazy(), on="session_id", how="semi").collect(),
            old.join(moved.lazy().select(*_VISITOR, "from_time", "to_time"), on=_VISITOR)
            .filter(pl.col("event_time").is_between("from_time", "to_time"))
            .select(PLACED_COLUMNS)
            .collect(),
        ]
        events = pl.concat(candidates).unique(_EVENT, keep="first", maintain_order=True)
        found = self._resolved(events).join(waiting, on="session_id", how="semi")
        return as_arrow(found, _SCHEMA)

    def written_sessions(self, events: pa.Table) -> pa.Table:
        """`SESSION_SCHEMA`: newest revisions, not removed since, of sessions of these events."""
        files = self._files("sessions")
        if not files or not events.num_rows:
            return SESSION_SCHEMA.empty_table()
        ids = pl.DataFrame(pl.from_arrow(events.select(["session_id"]))).unique()
        written = self._scan(files, SESSION_SCHEMA.names, "ended_at", None, SESSION_SCHEMA)
        found = written.join(ids.lazy(), on="session_id", how="semi").collect()
        return as_arrow(newest_sessions(self._lake, found, self._epoch + 1), SESSION_SCHEMA)

    def _unwritten(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Those of a session that was not written since their `epoch`, or removed after that."""
        written = self._files("sessions")
        if not written or not rows.height:
            return rows
        known = (
            self._scan(written, _REVISION, "ended_at", None, SESSION_SCHEMA)
            .join(rows.lazy().select("session_id"), on="session_id", how="semi")
            .collect()
        )
        there = newest_sessions(self._lake, known, self._epoch + 1)
        there = there.select("session_id", written="epoch")
        return rows.join(there, on="session_id", how="left").filter(
            pl.col("written").is_null() | (pl.col("written") < pl.col("epoch"))
        )

    @cached_property
    def _newest_overrides(self) -> pl.DataFrame:
        overrides = pl.DataFrame(pl.from_arrow(self._lake_overrides()))
        return resolve_overrides(overrides).rename({"session_id": "other", "epoch": "since"})

    def _overrides(self) -> pl.DataFrame:
        return self._newest_overrides.rename({"other": "session_id", "since": "epoch"})

    def _lake_overrides(self) -> pa.Table:
        rows = self._lake.read("session_overrides", tuple(OVERRIDE_SCHEMA.names))
        return rows.filter(pc.less_equal(rows.column("epoch"), self._epoch))

    def _resolved(self, events: pl.DataFrame) -> pl.DataFrame:
        """`events` with the session they are in now, and the epoch that said so."""
        overrides = self._newest_overrides.select(
            *_VISITOR, "from_time", "to_time", "other", "since"
        )
        found = (
            events.with_row_index("row")
            .sort("event_time")
            .join_asof(
                overrides,
                left_on="event_time",
                right_on="from_time",
                by=_VISITOR,
                strategy="backward",
                check_sortedness=False,
            )
            .sort("row")
        )
        # One of the event's own epoch or an older one was made without it.
        holds = (pl.col("event_time") <= pl.col("to_time")) & (pl.col("epoch") < pl.col("since"))
        return found.with_columns(
            session_id=pl.when(holds).then("other").otherwise("session_id"),
            epoch=pl.when(holds).then("since").otherwise("epoch"),
        ).select(events.columns)

    def ids(self, received_since: int) -> Iterator[pa.Table]:
        """`ID_COLUMNS` of events received at or after it (microseconds), a data file at a time."""
        schema = pa.schema([EVENT_SCHEMA.field(name) for name in ID_COLUMNS])
        for file in self._files("events"):
            found = self._scan([file], ID_COLUMNS, "received_at", received_since).collect()
            if found.height:
                yield as_arrow(found, schema)

    def _files(self, table: str) -> list[str]:
        return list(self._lake.plan(table).files)

    def _scan(
        self,
        files: list[str],
        columns: Sequence[str],
        time: str,
        since: int | None,
        schema: pa.Schema = EVENT_SCHEMA,
    ) -> pl.LazyFrame:
        rows = self._lake.store.scan(files, schema).filter(pl.col("epoch") <= self._epoch)
        if schema is EVENT_SCHEMA and not self._key.is_visitor:
            rows = rows.with_columns(visitor_id=self._key.expression)
        if since is not None:
            moment = pl.lit(since).cast(pl.Datetime("us", "UTC"))
            rows = rows.filter(pl.col(time) >= moment)
        return rows.select(columns)


class _OthersUpTo(EpochsUpTo):
    """As a definition sees it that is not the default: no event says which session it is in.

    What it wrote says it: an event is in the session whose interval holds it. A session that has
    another count than its interval has events was not written as it is.
    """

    def __init__(
        self,
        lake: Lake,
        epoch: int,
        definition: tuple[str, int],
        key: Key,
        *,
        is_new: bool = False,
    ) -> None:
        super().__init__(lake, epoch)
        self._name, self._version = definition
        self._key = key
        self._is_new = is_new

    def provisional(self, floor: int, delay: int) -> pa.Table:
        """See `EpochsUpTo.provisional`.

        Late events in no written session, and all events of sessions whose count is another than
        was written.
        """
        files = self._files("events")
        if self._is_new or not files:
            return _SCHEMA.empty_table()
        moment = pl.lit(floor).cast(pl.Datetime("us", "UTC"))
        old = self._scan(files, PLACED_COLUMNS, "event_time", None).drop_nulls("visitor_id")
        is_late = (pl.col("event_time") < moment) & (
            pl.col("received_at") - pl.col("event_time") > pl.duration(microseconds=delay)
        )
        visitors = old.filter(is_late).select(_VISITOR).unique().collect()
        events = self._resolved(old.join(visitors.lazy(), on=_VISITOR, how="semi").collect())
        counts = self._written.select("session_id", written="events")
        there = events.group_by("session_id").len().join(counts, on="session_id")
        wrong = there.filter(pl.col("len") != pl.col("written")).select("session_id")
        changed = events.join(wrong, on="session_id", how="semi")
        alone = events.filter(pl.col("session_id").is_null(), is_late)
        return as_arrow(pl.concat([changed, alone]), _SCHEMA)

    def written_sessions(self, events: pa.Table) -> pa.Table:
        """See `EpochsUpTo.written_sessions`."""
        visitors = pl.DataFrame(pl.from_arrow(events.select(_VISITOR))).unique()
        found = self._written.join(visitors, on=_VISITOR, how="semi")
        return as_arrow(found, SESSION_SCHEMA)

    @cached_property
    def _written(self) -> pl.DataFrame:
        """Newest revisions, not removed since. Holds all of them in memory: a row a session."""
        files = self._files("other_sessions")
        if not files:
            return pl.DataFrame(pl.from_arrow(SESSION_SCHEMA.empty_table()))
        rows = self._lake.store.scan(files, OTHER_SESSION_SCHEMA).filter(
            pl.col("epoch") <= self._epoch,
            pl.col("definition") == self._name,
            pl.col("definition_version") == self._version,
        )
        found = rows.select(SESSION_SCHEMA.names).collect()
        return newest_sessions(self._lake, found, self._epoch + 1)

    def _resolved(self, events: pl.DataFrame) -> pl.DataFrame:
        """`events` with the written session that holds each, null if none does."""
        return events.with_columns(session_id=holding(events, self._written))
