"""What a segment may say: nested rules over events, sequences, values and segments."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from footfall.explore.question.common import Bots, Operator, Selector, Text, Value
from footfall.explore.question.ranges import Range, WeekStart

RULES_MAX: Final = 30
"""Of one segment, all levels together."""
RULES_DEPTH_MAX: Final = 5
STEPS_MAX: Final = 10
"""Of one sequence."""
TIMES_MAX: Final = 1_000_000_000
LIST_MAX: Final = 100_000
"""Ids of one list."""
LIST_BYTES_MAX: Final = 8 << 20
"""Of its ids as JSON; with the statement they travel to a query worker in one message."""
EXPORT_ROWS_MAX: Final = 5_000_000
"""Ids of one file."""
CELL_LENGTH_MAX: Final = 20_000

Unit = Literal["visitor", "user"]
Every = Literal["hour", "day", "week", "off"]


class Times(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A comparison of a count; who never did it has 0."""

    op: Literal["gte", "lte", "is", "between"] = "gte"
    value: Annotated[float, msgspec.Meta(ge=0, le=TIMES_MAX)] = 1
    to: Annotated[float, msgspec.Meta(ge=0, le=TIMES_MAX)] | None = None
    """Of `between`, which has both ends."""


class Anchor(Selector, frozen=True, forbid_unknown_fields=True):
    """An event of theirs that others are before or after."""

    which: Literal["first", "last"] = "first"
    within: Text | None = None
    """At most so far from it, such as `7d`; exactly so far still counts."""


class Did(Selector, frozen=True, forbid_unknown_fields=True):
    """They did something so often. Not having done it: `times` 0, or `none` around it."""

    times: Times = msgspec.field(default_factory=Times)
    measure: Literal["times", "days", "sum", "distinct"] = "times"
    """What is compared: events, days of the calendar with one, or of a field (`of`) the sum or how
    many different values."""
    of: Text | None = None
    range: Range | None = None
    """When; without one, ever."""
    after: Anchor | None = None
    """Only events after it, in the order of events; none if it never happened."""
    before: Anchor | None = None


class Sequence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """They took every step, as a funnel has it: ordered, within a window."""

    steps: tuple[Selector, ...]
    """From 2 to 10."""
    window: Text = "7d"
    order: Literal["ordered", "strict", "any"] = "ordered"
    range: Range | None = None
    """When the first step was; without one, ever."""


class Has(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The value that a field had first, last or ever, of their events that have one.

    `is_not`, `not_in`, `not_contains` and `is_not_set` are the opposites of `is`, `in`, `contains`
    and `is_set`: they hold for who never had a value; with `any`, for who never had this one.
    """

    field: Text
    """As a filter has it: a column, `properties.x`, `user_properties.x`, `session.x`."""
    op: Operator = "is"
    value: Value | tuple[Value, ...] | None = None
    which: Literal["first", "last", "any"] = "last"
    range: Range | None = None


class Behind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Those behind a number of an explore model, asked anew: its range moves with time."""

    model: Text
    question: dict[str, Any]
    cell: Annotated[str, msgspec.Meta(max_length=CELL_LENGTH_MAX)]
    """Of a row of an answer; of its instants only the places count."""


class SegmentRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of these forms."""

    all: tuple[SegmentRule, ...] | None = None
    any: tuple[SegmentRule, ...] | None = None
    none: tuple[SegmentRule, ...] | None = None
    """None of them holds."""
    did: Did | None = None
    sequence: Sequence | None = None
    has: Has | None = None
    segment: Text | None = None
    """They are in another segment, of the same unit."""
    behind: Behind | None = None

    @property
    def inner(self) -> tuple[SegmentRule, ...]:
        """Rules within it."""
        return (*(self.all or ()), *(self.any or ()), *(self.none or ()))


class Segment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A segment by its rule; without one it is a list of ids, which is kept beside it."""

    rule: SegmentRule | None = None
    unit: Unit = "visitor"
    app: Text = ""
    """Its id; "": all apps, whose visitors are listed with their app before a `/`."""
    bots: Bots = "exclude"
    """Events that rules look at."""
    zone: Text = "UTC"
    """IANA name; days, weeks and months of ranges are cut in it."""
    week_start: WeekStart = "monday"


def walk(rule: SegmentRule | None) -> list[SegmentRule]:
    """A rule and all within it; bounded by what `reading` lets pass."""
    found, pending = [], [] if rule is None else [rule]
    while pending:
        one = pending.pop()
        found.append(one)
        pending += reversed(one.inner)
    return found
