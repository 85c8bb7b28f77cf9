"""Answers: typed rows, each with the key of its cell.

A cell's key says which number it is, and of which instants, so it opens to the same one tomorrow,
whatever `last 7 days` means then.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from footfall.errors import Invalid
from footfall.explore.found import Way
from footfall.explore.segments.kept import UsedSegment

Scope = Literal["all", "group", "rest"]
"""Of a row: everything together, one group of the breakdown, or all groups that are not shown."""
Kind = Literal["visitor", "user", "session", "event", "value"]
CELLS_MAX: Final = 100_000
"""Rows of one answer."""


class Group(msgspec.Struct, frozen=True):
    """Which part of a broken-down answer."""

    scope: Scope = "all"
    values: tuple[str | None, ...] = ()
    """Of the breakdown's fields, in their order; null: events that have none. Empty unless
    `group`."""


class EventsCell(msgspec.Struct, frozen=True, tag="events", tag_field="model"):
    """A number of an events answer; `series` -1 and below are formulas."""

    span: tuple[int, int]
    series: int
    is_previous: bool
    bucket: int | None
    group: Group


class FunnelCell(msgspec.Struct, frozen=True, tag="funnel", tag_field="model"):
    """Those who reached a step, dropped after it, or took a time from `seconds`.

    With `bucket`, of them those whose first step was then.
    """

    span: tuple[int, int]
    step: int
    is_dropped: bool
    bin: int | None
    group: Group
    bucket: int | None = None


class RetentionCell(msgspec.Struct, frozen=True, tag="retention", tag_field="model"):
    """Those of a cohort who came back in a period; `period` null: all of it."""

    span: tuple[int, int]
    cohort: int | None
    period: int | None
    group: Group
    cohorts: int | None = None
    """With no `cohort`: how many of the first ones are meant; null: all of them."""


class PathEnd(msgspec.Struct, frozen=True):
    """One node of one step."""

    is_rest: bool = False
    """All that are not shown."""
    label: str | None = None
    """Null where it is the rest."""


class PathCell(msgspec.Struct, frozen=True, tag="path", tag_field="model"):
    """Those who were at a node at a step; with `after`, who went on from it to that one."""

    span: tuple[int, int]
    step: int
    at: PathEnd
    after: PathEnd | None
    is_end: bool
    """With no `after`: those whose journey ended there."""
    group: Group = Group()


class LifecycleCell(msgspec.Struct, frozen=True, tag="lifecycle", tag_field="model"):
    """Those who were in a state in a unit."""

    span: tuple[int, int]
    unit: int
    state: str
    group: Group = Group()


class AttributionCell(msgspec.Struct, frozen=True, tag="attribution", tag_field="model"):
    """Conversions that a touch point had a part in; `label` null: those that had none."""

    span: tuple[int, int]
    label: str | None
    group: Group = Group()


class CompareCell(msgspec.Struct, frozen=True, tag="compare", tag_field="model"):
    """Those who got a variant; or of them those who reached the goal."""

    span: tuple[int, int]
    variant: str | None
    """Null: those who got several, and are left out."""
    is_converted: bool
    group: Group = Group()


Cell = (
    EventsCell
    | FunnelCell
    | RetentionCell
    | PathCell
    | LifecycleCell
    | AttributionCell
    | CompareCell
)
_cells: msgspec.json.Decoder[Cell] = msgspec.json.Decoder(Cell)


def key_of(cell: Cell) -> str:
    """A cell as text."""
    return msgspec.json.encode(cell).decode()


def cell_of(key: str) -> Cell:
    """Inverse of `key_of`.

    Raises:
        Invalid: it is not from an answer.
    """
    try:
        return _cells.decode(key)
    except msgspec.MsgspecError as error:
        raise Invalid("a cell is what an answer's row has as cell; take it from there") from error


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What every answer says of itself."""

    start: str
    """First instant of the range, ISO 8601 in the question's zone."""
    end: str
    """First instant after it."""
    by: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What to know before believing it, such as an event that never happened."""
    sql: str
    """The statement, values included: it runs on the SQL page."""
    cut_sequence: int
    """Which cut it was computed on."""
    cut_published_at: int
    """Microseconds since 1970 UTC."""
    segments: tuple[UsedSegment, ...] = ()
    """Those that it names, with all that they are made of; as of this cut."""
    segments_at: str | None = None
    """The moment that segments are of; null: it names none."""
    way: Way = "sql"
    """By that statement, or in the journey index, which has the same meaning."""


class Bucket(msgspec.Struct, frozen=True):
    """A stretch of time."""

    start: str
    end: str
    is_complete: bool
    """It was over when the cut was published."""


class EventsRow(msgspec.Struct, frozen=True):
    """One number."""

    series: str
    """Label of the series or formula."""
    number: int
    """Of the series, from 0; formulas follow on."""
    is_previous: bool
    bucket: int | None
    """Place in `buckets` or `previous_buckets`; null: the whole range, which for visitors and the
    like is not the sum of its buckets."""
    scope: Scope
    group: tuple[str | None, ...]
    value: float | None
    """Null where nothing has one."""
    cell: str | None
    """Opens it; a formula counts nobody and has none."""


class EventsAnswer(About, frozen=True, kw_only=True):
    """Answer of `POST /api/explore/events`."""

    buckets: tuple[Bucket, ...]
    previous_buckets: tuple[Bucket, ...]
    rows: tuple[EventsRow, ...]


class FunnelRow(msgspec.Struct, frozen=True):
    """One step of one group."""

    scope: Scope
    group: tuple[str | None, ...]
    step: int
    """From 1."""
    label: str
    count: int
    """How many got at least this far."""
    of_first: float | None
    """Share of those at the first step; null where there are none."""
    of_previous: float | None
    dropped: int
    """How many got this far and no further; 0 at the last step."""
    cell: str
    dropped_cell: str | None
    """Null at the last step."""


class FunnelTime(msgspec.Struct, frozen=True):
    """How many of those who took every step took so long."""

    scope: Scope
    group: tuple[str | None, ...]
    from_seconds: float
    to_seconds: float
    """Not included, but for the window's own length."""
    count: int
    cell: str


class FunnelSpeed(msgspec.Struct, frozen=True):
    """How long it took those who took every step."""

    scope: Scope
    group: tuple[str | None, ...]
    median_seconds: float | None
    """From the first step to the last; null where nobody took all."""


class FunnelStepTime(msgspec.Struct, frozen=True):
    """How long one step took those who took it, after the step before."""

    scope: Scope
    group: tuple[str | None, ...]
    step: int
    """From 2."""
    median_seconds: float | None
    """Null where nobody took it."""
    p90_seconds: float | None


class FunnelTrend(msgspec.Struct, frozen=True):
    """One step, of those whose first step was in one bucket."""

    scope: Scope
    group: tuple[str | None, ...]
    bucket: int
    """Place in `buckets`."""
    step: int
    count: int
    of_first: float | None
    """Share of those at the first step; null where there are none."""
    cell: str


class FunnelAnswer(About, frozen=True, kw_only=True):
    """Answer of `POST /api/explore/funnel`."""

    rows: tuple[FunnelRow, ...]
    speeds: tuple[FunnelSpeed, ...]
    times: tuple[FunnelTime, ...]
    buckets: tuple[Bucket, ...] = ()
    """Empty without a granularity."""
    trend: tuple[FunnelTrend, ...] = ()
    """Everybody is in one bucket: those of a step add up to its count."""
    step_times: tuple[FunnelStepTime, ...] = ()
    """Empty unless asked for."""
    previous: FunnelAnswer | None = None
    """Of the range before, if it is compared with it; so in the other models."""


class RetentionRow(msgspec.Struct, frozen=True):
    """One period of one cohort."""

    scope: Scope
    group: tuple[str | None, ...]
    cohort: int | None
    """Place in `cohorts`; null: all cohorts together."""
    size: int
    period: int
    """Units after the cohort's own, from 0."""
    count: int
    """Those of `observed` who came back."""
    rate: float | None
    """Of `observed`; null where there is nobody, and while the period has not begun."""
    is_complete: bool
    """The period was over for everybody in `observed` when the cut was published: with
    `on_or_after` the last one, too. False where nobody is."""
    cell: str
    size_cell: str
    observed: int
    """Of one cohort its `size`; of all together those whose period was over when the cut was
    published: who began yesterday says nothing yet about the seventh day."""
    observed_cell: str


class RetentionAnswer(About, frozen=True, kw_only=True):
    """Answer of `POST /api/explore/retention`."""

    cohorts: tuple[Bucket, ...]
    rows: tuple[RetentionRow, ...]
    previous: RetentionAnswer | None = None


class PathNode(msgspec.Struct, frozen=True):
    """One node of one step."""

    scope: Scope
    group: tuple[str | None, ...]
    step: int
    """From 1; counted back from the end where the direction is `to`."""
    is_rest: bool
    """All nodes of the step that are not shown, together."""
    label: str | None
    """Null: the rest."""
    count: int
    cell: str


class PathRow(msgspec.Struct, frozen=True):
    """How many went from one node to another, or no further."""

    scope: Scope
    group: tuple[str | None, ...]
    step: int
    """Of the first node."""
    is_rest: bool
    label: str | None
    next_is_rest: bool
    next_label: str | None
    is_end: bool
    """The journey has no further step; the two before are false and null."""
    count: int
    cell: str


class PathAnswer(About, frozen=True, kw_only=True):
    """Answer of `POST /api/explore/path`: nodes, and what leads from one to another."""

    nodes: tuple[PathNode, ...]
    rows: tuple[PathRow, ...]
    previous: PathAnswer | None = None


State = Literal["new", "retained", "returning", "dormant"]


class LifecycleRow(msgspec.Struct, frozen=True):
    """One state in one unit."""

    scope: Scope
    group: tuple[str | None, ...]
    unit: int
    """Place in `units`."""
    state: State
    count: int
    cell: str


class Stickiness(msgspec.Struct, frozen=True):
    """How much of a unit those who were active in it were there."""

    scope: Scope
    group: tuple[str | None, ...]
    unit: int
    active: int
    """Everybody but the dormant."""
    days: float | None
    """Days on which one of them was there, on average; null where there is nobody."""
    share: float | None
    """The same as a share of the unit's days up to the end of the range."""


class LifecycleAnswer(About, frozen=True, kw_only=True):
    """Answer of `POST /api/explore/lifecycle`."""

    units: tuple[Bucket, ...]
    rows: tuple[LifecycleRow, ...]
    stickiness: tuple[Stickiness, ...]
    previous: LifecycleAnswer | None = None


class AttributionRow(msgspec.Struct, frozen=True):
    """One touch point."""

    scope: Scope
    group: tuple[str | None, ...]
    label: str | None
    """Null: conversions with no touch point before them."""
    is_direct: bool
    touches: int
    """How often it happened in the range, whatever came of it."""
    count: int
    """Conversions that it had a part in. Several touch points have a part in one: no sum."""
    credit: float
    """Conversions that are its own by the model; all rows together are `conversions`."""
    share: float | None
    """`credit` of all conversions (of the group); null where there are none."""
    value: float | None
    """The same of what conversions were worth; null where no value was asked for."""
    cell: str


class AttributionGroup(msgspec.Struct, frozen=True):
    """The conversions of one part of the answer."""

    scope: Scope
    group: tuple[str | None, ...]
    conversions: int
    value: float | None


class AttributionAnswer(About, frozen=True, kw_only=True):
    """Answer of `POST /api/explore/attribution`."""

    rows: tuple[AttributionRow, ...]
    conversions: int
    value: float | None
    groups: tuple[AttributionGroup, ...] = ()
    """The same of each group; empty without a breakdown."""
    previous: AttributionAnswer | None = None


class CompareRow(msgspec.Struct, frozen=True):
    """One variant."""

    scope: Scope
    group: tuple[str | None, ...]
    variant: str
    is_control: bool
    size: int
    count: int
    """How many of them reached the goal."""
    rate: float | None
    rate_low: float | None
    """Of the 95 % Wilson interval of the rate; for one look, and no comparison."""
    rate_high: float | None
    lift: float | None
    """Change of the rate as a share of the control's; null for the control."""
    difference: float | None
    difference_low: float | None
    """Between these, however often one looks: with `1 - alpha`, over all variants."""
    difference_high: float | None
    verdict: Literal["control", "better", "worse", "undecided"]
    cell: str
    size_cell: str


class CompareGroup(msgspec.Struct, frozen=True):
    """What is known of one part of the answer."""

    scope: Scope
    group: tuple[str | None, ...]
    mixed: int
    mixed_cell: str
    split_p: float | None
    verdict: str
    days_left: float | None


class CompareAnswer(About, frozen=True, kw_only=True):
    """Answer of `POST /api/explore/compare`."""

    rows: tuple[CompareRow, ...]
    mixed: int
    """They got several variants, and are left out."""
    mixed_cell: str
    split_p: float | None
    """How often traffic would be split at least so unevenly by chance; below 0.001 it was not."""
    verdict: str
    """What is known, in a sentence."""
    days_left: float | None
    """Until a change of `effect_min` would show, at the pace of the range; null: it would now, or
    nobody comes."""
    groups: tuple[CompareGroup, ...] = ()
    """The same of each group; empty without a breakdown."""


class Member(msgspec.Struct, frozen=True):
    """One of those that a cell counted."""

    id: str | None
    """Of the visitor (with its app before a `/`, if the question is of all apps), user, session,
    event; or the value."""
    at: str | None = None
    """When, of an event."""
    value: float | None = None
    """What was summed or averaged of an event."""


class Members(msgspec.Struct, frozen=True):
    """Answer of `POST /api/explore/{model}/members`."""

    kind: Kind
    members: tuple[Member, ...]
    """In the order of their ids."""
    next: str | None
    """What to send as `after` for those that follow; null: these are the last."""
    cut_sequence: int
    """If it is not the answer's, events came since; the numbers may have changed as well."""
    cut_published_at: int
    way: Way = "sql"
    """As of an answer."""


Answer = (
    EventsAnswer
    | FunnelAnswer
    | RetentionAnswer
    | PathAnswer
    | LifecycleAnswer
    | AttributionAnswer
    | CompareAnswer
)
