"""Every table of the lake, in one place: adding one is an entry here, and whoever writes its rows.

What an entry says is all that creating, evolving, committing, compacting, dropping days, mending,
backing up, describing and asking go by. Light to import: nothing here knows Arrow or Iceberg.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from footfall.columns import (
    EVENT_COLUMNS,
    FAILED_COLUMNS,
    FIRST,
    OTHER_SESSION_COLUMNS,
    OVERRIDE_COLUMNS,
    REMOVED_COLUMNS,
    RESULT_COLUMNS,
    SESSION_COLUMNS,
    Column,
    Retired,
    check_columns,
)

if TYPE_CHECKING:
    import pyarrow as pa


class TableSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One table: what it holds, how its rows lie, and what becomes of them."""

    name: str
    row_is: str
    """What one row is, in a few words; the table's comment."""
    columns: tuple[Column, ...]
    sort: tuple[str, ...]
    """Rows of a file ascend by these, within the partition; nulls are last."""
    bounded: frozenset[str]
    """Columns whose smallest and largest value manifests hold; `epoch` at least."""
    day: str | None = None
    """Column of time whose days are the table's partitions; none: one partition."""
    loses_days: bool = False
    """Whether retention takes its old days; it needs a `day`."""
    is_read: bool = False
    """Whether people read it: it is a view, its plan is in every cut, and it is described."""
    is_planned: bool = False
    """Whether its plan is in every cut, though no view has its name."""
    computed: tuple[Column, ...] = ()
    """Columns that only the view has, after the others."""
    retired: tuple[Retired, ...] = ()
    """Columns that are gone. Never take one out of here: its ids would be given again."""
    since: str = FIRST
    """Version that brought it."""

    def __post_init__(self) -> None:
        """Refuse an entry that contradicts itself: a bug."""
        check_columns(self.columns, self.retired, since=self.since)
        kinds = {column.name: column.kind for column in self.columns}
        unknown = {*self.sort, *self.bounded} - kinds.keys()
        assert not unknown, f"{self.name} names columns that it has not: {sorted(unknown)}"
        assert kinds.get("epoch") == "long", f"{self.name} needs a column epoch, a long"
        assert "epoch" in self.bounded, f"{self.name} needs bounds of epoch"
        assert self.day is None or kinds.get(self.day) == "timestamptz", self.day
        assert self.day is not None or not self.loses_days, f"{self.name} has no days to lose"

    @property
    def schema(self) -> pa.Schema:
        """Its rows between stages."""
        from footfall.schema import arrow_schema

        return arrow_schema(self.columns)

    @property
    def day_field(self) -> str:
        """Name of the partition field of a table with days."""
        assert self.day is not None, f"{self.name} has no days"
        return self.day.removesuffix("_time").removesuffix("_at") + "_day"

    def id_of(self, column: str) -> int:
        """Field id of one of its own columns."""
        return next(one.id for one in self.columns if one.name == column)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EVENTS: Final = TableSpec(
    name="events",
    row_is="an accepted event, in the lake or not committed yet",
    columns=EVENT_COLUMNS,
    sort=("app_id", "visitor_id", "event_time", "log_partition", "log_offset", "request_index"),
    bounded=_names("app_id visitor_id user_id event_name event_time received_at log_offset epoch"),
    day="event_time",
    loses_days=True,
    is_read=True,
)
_SESSIONS: Final = TableSpec(
    name="sessions",
    row_is="a session as it is now, open ones too",
    columns=SESSION_COLUMNS,
    sort=("app_id", "visitor_id", "started_at", "revision"),
    bounded=_names("app_id visitor_id user_id started_at ended_at revision epoch"),
    day="started_at",
    loses_days=True,
    is_read=True,
    computed=(
        Column(
            0,
            "status",
            "string",
            "`open` or `closed`: whether an event may still extend it in order.",
        ),
    ),
)
_FAILED: Final = TableSpec(
    name="failed_events",
    row_is="a record or request that became no event, with the reason",
    columns=FAILED_COLUMNS,
    sort=("log_partition", "log_offset", "request_index"),
    bounded=_names("app_id reason received_at log_offset epoch"),
    day="received_at",
    loses_days=True,
    is_read=True,
)
_OVERRIDES: Final = TableSpec(
    name="session_overrides",
    row_is="an interval of a visitor's earlier events that are in another session now",
    columns=OVERRIDE_COLUMNS,
    sort=("app_id", "visitor_id", "from_time"),
    bounded=_names("app_id visitor_id from_time to_time epoch"),
)
_CHANGES: Final = TableSpec(
    name="session_changes",
    row_is="a session that was joined, renamed or split away",
    columns=REMOVED_COLUMNS,
    sort=("app_id", "visitor_id", "session_id"),
    bounded=_names("app_id visitor_id epoch"),
)
_OTHER: Final = TableSpec(
    name="other_sessions",
    row_is="a session of a definition that is not the default, as it was closed",
    columns=OTHER_SESSION_COLUMNS,
    sort=("app_id", "visitor_id", "definition", "started_at", "revision"),
    bounded=_names("app_id visitor_id definition started_at ended_at revision epoch"),
    day="started_at",
    loses_days=True,
    is_planned=True,
)
_RESULTS: Final = TableSpec(
    name="query_results",
    row_is="what a continuous query answered for a window, each revision",
    columns=RESULT_COLUMNS,
    sort=("query", "window_start", "window_id", "revision"),
    bounded=_names("query window_id window_start computed_at epoch"),
    day="window_start",
    loses_days=True,
    is_read=True,
)

TABLES: Final[dict[str, TableSpec]] = {
    spec.name: spec
    for spec in (_EVENTS, _SESSIONS, _FAILED, _OVERRIDES, _CHANGES, _OTHER, _RESULTS)
}
"""Every table. What an epoch writes is in the order of commit: what names sessions comes after the
sessions; `events` loses its days first. No epoch writes `query_results`: a consumer does."""


def read_tables() -> list[TableSpec]:
    """Those that people read, in the order in which they are shown."""
    return [spec for spec in TABLES.values() if spec.is_read]


def planned_tables() -> list[TableSpec]:
    """Those whose data files cuts name: what people read, and what their views are made from."""
    return [spec for spec in TABLES.values() if spec.is_read or spec.is_planned]
