"""What every question has: range, zone, filters, breakdowns."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from footfall.explore.question.ranges import Range, WeekStart

TEXT_LENGTH_MAX: Final = 2_000
"""Of a value, of a name."""
VALUES_MAX: Final = 200
"""Of one `in`."""
BREAKDOWNS_MAX: Final = 3
TOP_MAX: Final = 100
CONDITIONS_MAX: Final = 50
"""Of one filter, all levels together."""
DEPTH_MAX: Final = 5
"""Levels of `all` and `any` in each other."""

Text = Annotated[str, msgspec.Meta(max_length=TEXT_LENGTH_MAX)]
Value = bool | int | float | Text
Bots = Literal["exclude", "include", "only"]
Per = Literal["visitor", "user", "session"]
Compare = Literal["none", "previous", "year"]
Operator = Literal[
    "is",
    "is_not",
    "in",
    "not_in",
    "contains",
    "not_contains",
    "starts_with",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "is_set",
    "is_not_set",
]


class Filter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One condition (`field`, `op`, `value`), or several in `all` or `any`, nested as needed.

    `is_not`, `not_in` and `not_contains` are the exact opposites of `is`, `in` and `contains`: they
    hold where there is no value. Every other operator but `is_not_set` needs one. `between` takes
    two values and means both ends, too.
    """

    field: Text | None = None
    """A column of `events`, `properties.x`, `user_properties.x`, or `session.` and a column of
    `sessions`."""
    op: Operator = "is"
    value: Value | tuple[Value, ...] | None = None
    all: tuple[Filter, ...] | None = None
    any: tuple[Filter, ...] | None = None


class Selector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events: by name and by a filter."""

    event: Text | tuple[Text, ...] | None = None
    """Its name; several: any of them; null: any event."""
    where: Filter | None = None
    label: Text = ""
    """What to call it; else its name."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """Names of its events; `None` is any."""
        return (self.event,) if isinstance(self.event, str) else self.event

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or ("any event" if self.names is None else " or ".join(self.names))


class Common(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of every model."""

    range: Range = msgspec.field(default_factory=lambda: Range(last=30))
    """Without it, the last 30 days."""
    zone: Text = "UTC"
    """IANA name; days, weeks and months are cut in it."""
    week_start: WeekStart = "monday"
    app: Text = ""
    """Its id; "": all apps of the project."""
    bots: Bots = "exclude"
    where: Filter | None = None
    """Of all events that are looked at."""
    by: tuple[Text, ...] = ()
    """Fields to break the answer down by, at most 3."""
    top: int = 10
    """Groups shown, those with most first; the others together are the rest."""
    compare: Compare = "none"
    """`previous`: with the range of the same length just before; `year`: with the same dates a year
    before."""
    segments_at: Text | None = None
    """The moment that segments in filters and breakdowns are of, ISO 8601; null: now. An answer
    says its own, so that its cells open to the same ones later."""
