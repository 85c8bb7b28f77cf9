"""Columns of a session in the making: sums, and attributes that one of its events gives.

An attribute group names the event it is taken from by that event's time and *tie*: `received_at`,
`request_id` and `request_index` in 28 big-endian bytes, which sort as the tuple does. So two
aggregates of one session merge exactly, whatever the order in which their events came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import polars as pl

from footfall.clock import SECOND

NO_TIME_MIN: Final = 2**63 - 1
NO_TIME_MAX: Final = -(2**63)


class Attributes(msgspec.Struct, frozen=True):
    """Columns taken together from one event of the session."""

    name: str
    is_last: bool
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    """Column of the session ← the first of these columns of the event that is not null."""
    time_column: str
    """When that event was; `started_at` and `ended_at` where that is the same."""

    @property
    def tie_column(self) -> str:
        """Its place among events of the same time."""
        return f"{self.name}_tie"

    @property
    def no_time(self) -> int:
        """Stands in `time_column` while there is no such event; loses against every time."""
        return NO_TIME_MAX if self.is_last else NO_TIME_MIN


def _same(names: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((name, (name,)) for name in names.split())


_CAMPAIGN: Final = "source medium campaign campaign_id term content click_id click_id_platform"
_PAGE: Final = ("page_url", "screen_name")

FIRST: Final = Attributes(
    "first",
    False,
    (
        ("first_event_name", ("event_name",)),
        *_same("platform browser os device_category language geo_country"),
    ),
    "started_at",
)
LAST: Final = Attributes("last", True, (("last_event_name", ("event_name",)),), "ended_at")
USER: Final = Attributes("user", True, _same("user_id"), "user_time")
ENTRY: Final = Attributes("entry", False, (("entry_page", _PAGE),), "entry_time")
EXIT: Final = Attributes("exit", True, (("exit_page", _PAGE),), "exit_time")
SOURCE: Final = Attributes("source", False, _same(_CAMPAIGN), "source_time")
REFERRER: Final = Attributes("referrer", False, _same("referrer_host"), "referrer_time")
NUMBER: Final = Attributes(
    "number", False, (("session_number", ("client_session_number",)),), "number_time"
)
GROUPS: Final = (FIRST, LAST, USER, ENTRY, EXIT, SOURCE, REFERRER, NUMBER)

SUMS: Final = (
    *("events", "views", "interactions", "engagement_named", "engagement_other"),
    *("value_units", "value_micros"),
)
"""Sums of integers. `engagement_named` is that of `user_engagement` events, `_other` that of all
others; a value is kept as whole units and millionths, so that no sum can overflow."""
FLAGS: Final = ("has_named", "has_value", "is_bot", "has_goal")
"""True if it is for any event."""
_BOUNDS: Final = ("started_at", "ended_at")
_WRITTEN: Final = ("events", "written_revision", "is_dirty", "pending_since")
"""`written_revision` and `is_dirty` say what the lake has. `pending_since` is 0, or the epoch in
which the session became *provisional*: it may touch evicted ones and waits for its repair, neither
written nor evicted."""
OVERLAID: Final = ("written_revision", "is_dirty")
"""Columns that change while the rest of the row stays: not packed, see `Segment`."""
NO_TIME: Final = {group.time_column: group.no_time for group in GROUPS}


OWN: Final = {
    "chain_start": True,
    "rank": False,
    **{
        f"{kind}_{what}": what == "since"
        for kind in ("user", "campaign", "active")
        for what in ("before", "mark", "since")
    },
}
"""Integers that definitions add to the columns that all have, and whether each is a time near
`started_at`."""


_UNSEEN: Final = (
    {group.tie_column for group in GROUPS}
    | NO_TIME.keys() - set(_BOUNDS)
    | {name for name in OWN if not name.startswith("active_")}
)
"""Columns that only merging reads."""


class Engagement(msgspec.Struct, frozen=True):
    """When a session counts as engaged, and when as bounced."""

    after: int = 10 * SECOND
    """Microseconds: it is when it lasts longer, or was looked at for longer."""
    views: int = 2
    """It is with so many views; and with any goal."""
    is_bounced_alone: bool = False
    """Bounced are sessions of one interaction at most; else all that are not engaged."""


class StateColumns:
    """Columns of the state of one kind of definition; times are microseconds.

    All have the bounds of a session, what was written of it, sums, flags and attributes. A kind
    adds integers of its own: what it must know of a session to place later events.
    """

    def __init__(
        self, own: Mapping[str, bool] | None = None, engagement: Engagement | None = None
    ) -> None:
        """Lay them out.

        Args:
            own: Of each integer more, whether it is a time near `started_at`.
            engagement: How rows that are shown and written count; the default rule for none.
        """
        self.engagement = engagement or Engagement()
        own = own or {}
        self.schema: dict[str, pl.DataType] = _schema(tuple(own))
        self.packed: tuple[str, ...] = tuple(name for name in self.schema if name not in OVERLAID)
        times = (group.time_column for group in GROUPS)
        core = (*_BOUNDS, *own, *_WRITTEN)
        self.numbers: tuple[str, ...] = tuple(dict.fromkeys((*core, *SUMS, *FLAGS, *times)))
        """Every column that is a number: what merging looks at before it takes any text."""
        self.shown: tuple[str, ...] = tuple(name for name in self.schema if name not in _UNSEEN)
        """What rows that people read are made from."""
        near = {name for name, is_near in own.items() if is_near}
        self.relative: frozenset[str] = frozenset(NO_TIME) - set(_BOUNDS) | near
        """Times that are stored as what they are after `started_at`."""

    @classmethod
    def of(cls, names: Iterable[str]) -> StateColumns:
        """Those of a stored state, which has columns of these names.

        Raises:
            ValueError: no definition of this version has one of them.
        """
        base = set(_schema(()))
        own = [name for name in names if name not in base]
        if not set(own) <= set(OWN):
            raise ValueError("not a session state of this version")
        return cls({name: OWN[name] for name in own})

    def empty(self) -> pl.DataFrame:
        """No rows."""
        return pl.DataFrame(schema=self.schema)


def _schema(own: tuple[str, ...]) -> dict[str, pl.DataType]:
    schema: dict[str, pl.DataType] = {"app_id": pl.String(), "visitor_id": pl.String()}
    schema["session_id"] = pl.Binary()
    for name in (*_BOUNDS, *own, *_WRITTEN, *SUMS):
        schema[name] = pl.Int64()
    schema["is_dirty"] = pl.Boolean()
    for name in FLAGS:
        schema[name] = pl.Boolean()
    for group in GROUPS:
        schema[group.time_column] = pl.Int64()
        schema[group.tie_column] = pl.Binary()
        for name, _ in group.columns:
            schema[name] = attribute_type(name)
    return schema


def attribute_type(name: str) -> pl.DataType:
    """Type of a column that one of the session's events gives."""
    return pl.Int64() if name == "session_number" else pl.String()


EVENT_COLUMNS: Final = tuple(
    dict.fromkeys(
        (
            *("app_id", "visitor_id", "event_name", "event_time", "received_at", "request_id"),
            *("request_index", "is_bot", "engagement_ms", "value"),
            *(name for group in GROUPS for _, names in group.columns for name in names),
        )
    )
)
"""Columns of an event that these aggregates are made from."""
