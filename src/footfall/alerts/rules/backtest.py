"""When a rule would have fired: the same statements and the same judgement, over what the lake has.

It runs nothing itself: `backtesting` yields statements and is sent their rows, so that Python's own
engine and the studio's workers drive it alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from footfall.alerts.rules.judging import (
    Candidate,
    Window,
    judged,
    needed,
    session_candidate,
    told,
    window_candidate,
)
from footfall.alerts.rules.statements import (
    TOLD,
    Statement,
    Windows,
    first_row,
    measured,
    sessions_that_hold,
    sessions_view,
)
from footfall.alerts.rules.weeks import WEEK
from footfall.clock import DAY, HOUR, MINUTE
from footfall.errors import Invalid
from footfall.settings import RuleSettings, SessionSettings

if TYPE_CHECKING:
    from footfall.query import SqlRunner

OVER_MAX: Final = 400 * DAY
WINDOWS_MAX: Final = 50_000
SESSIONS_MAX: Final = 100_000
FIRINGS_MAX: Final = 1_000
"""Firings that are listed; all are counted."""
POINTS_MAX: Final = 1_000
"""Of the series; more windows than that are shown in groups."""


class WouldFire(msgspec.Struct, frozen=True):
    """One firing."""

    at: int
    """Microseconds since 1970 UTC, by the clock of events."""
    subject: str
    app_id: str
    told: bool
    """Whether channels would have heard of it, by the cool-down."""
    details: dict[str, Any]


class Point(msgspec.Struct, frozen=True):
    """The measure at one time: of a group of windows the value that is furthest out."""

    at: int
    value: float | None
    fires: bool
    expected: float | None = None


class BackTest(msgspec.Struct, frozen=True):
    """What a rule would have done."""

    rule: str
    since: int
    until: int
    fired: int
    """How often it would have fired."""
    told: int
    """How often channels would have heard of it."""
    firings: tuple[WouldFire, ...]
    """The newest `FIRINGS_MAX`, oldest first."""
    series: tuple[Point, ...]
    """The measure over time; of sessions how many the rule holds of."""
    unit: str
    """What the series counts."""
    is_cut_off: bool
    """There were more sessions than `SESSIONS_MAX`; the newest are left out."""
    above: float | None = None
    below: float | None = None


class Ask(msgspec.Struct, frozen=True):
    """A statement to run."""

    statement: Statement
    rows_max: int


Rows = Sequence[Sequence[Any]]


def backtesting(
    rule: RuleSettings, sessions: SessionSettings, since: int, until: int, zone: str
) -> Generator[Ask, Rows, BackTest]:
    """Test a rule over what ended from `since` up to `until`, microseconds.

    `zone` is the time zone of an anomaly's weeks.

    Raises:
        Invalid: the range is empty or too long for the rule's windows.
    """
    if not 0 < until - since <= OVER_MAX:
        raise Invalid(f"test a rule over at least a moment, and at most {OVER_MAX // DAY}d")
    if rule.kind == "session":
        return (yield from _of_sessions(rule, sessions, since, until))
    return (yield from _of_windows(rule, sessions, since, until, zone))


def _of_sessions(
    rule: RuleSettings, sessions: SessionSettings, since: int, until: int
) -> Generator[Ask, Rows, BackTest]:
    name = rule.definition or sessions.default
    if name not in sessions.named:
        names = ", ".join(sessions.named)
        raise Invalid(f"there is no such session definition; there are {names}: {name}")
    lag = sessions.named[name].gap or sessions.named[name].span
    view = sessions_view(rule, sessions.default)
    statement = sessions_that_hold(rule, view, since - lag, until - lag)
    found = yield Ask(statement, SESSIONS_MAX + 1)
    rows = [dict(zip(TOLD, row, strict=True)) for row in found[:SESSIONS_MAX]]
    candidates = [session_candidate(row, lag) for row in rows]
    step = _step(until - since)
    counts = Counter(one.at // step * step for one in candidates)
    starts = range(since // step * step, until, step)
    series = tuple(Point(at, float(counts[at]), counts[at] > 0) for at in starts)
    firings = _told(rule, candidates)
    return _result(
        rule, since, until, firings, series, "sessions", is_cut_off=len(found) > SESSIONS_MAX
    )


def _of_windows(
    rule: RuleSettings, sessions: SessionSettings, since: int, until: int, zone: str
) -> Generator[Ask, Rows, BackTest]:
    every = rule.every_us
    ends = Windows(since // every * every + every, until // every * every)
    count = len(ends.ends(every))
    weeks = rule.weeks * WEEK // every if rule.kind == "anomaly" else 0
    if count + weeks > WINDOWS_MAX:
        raise Invalid(
            f"too many windows; test over less time: windows={count + weeks} max={WINDOWS_MAX}"
        )
    view = "events" if rule.over == "events" else sessions_view(rule, sessions.default)
    first = yield Ask(first_row(rule, view), 1)
    began = None if not first or first[0][0] is None else int(first[0][0])
    windows: list[Window] = []
    if count and began is not None:
        found = yield Ask(measured(rule, view, needed(rule, ends, zone)), 2 * WINDOWS_MAX)
        every_one = judged(rule, ends, found, since=began, zone=zone)
        windows = [one for one in every_one if one.end > began]
    firings = _told(rule, [window_candidate(rule, one) for one in windows if one.fires])
    return _result(rule, since, until, firings, _series(windows), _unit(rule))


def _told(rule: RuleSettings, candidates: Sequence[Candidate]) -> list[WouldFire]:
    """Each with whether it would have been told, in order of time."""
    told_at: int | None = None
    firings = []
    for one in sorted(candidates, key=lambda one: (one.at, one.subject)):
        is_told = told(rule, told_at, one.at)
        told_at = one.at if is_told else told_at
        firings.append(WouldFire(one.at, one.subject, one.app_id, is_told, one.details))
    return firings


def _result(
    rule: RuleSettings,
    since: int,
    until: int,
    firings: Sequence[WouldFire],
    series: tuple[Point, ...],
    unit: str,
    *,
    is_cut_off: bool = False,
) -> BackTest:
    return BackTest(
        rule=rule.name,
        since=since,
        until=until,
        fired=len(firings),
        told=sum(one.told for one in firings),
        firings=tuple(firings[-FIRINGS_MAX:]),
        series=series,
        unit=unit,
        is_cut_off=is_cut_off,
        above=rule.above,
        below=rule.below,
    )


def _series(windows: Sequence[Window]) -> tuple[Point, ...]:
    size = -(-len(windows) // POINTS_MAX) or 1
    groups = (windows[first : first + size] for first in range(0, len(windows), size))
    return tuple(_point(group) for group in groups)


def _point(group: Sequence[Window]) -> Point:
    shown = next((one for one in group if one.fires), None)
    if shown is None:
        shown = max(group, key=lambda one: abs(one.value or 0.0))
    return Point(shown.end, shown.value, shown.fires, shown.expected)


def _unit(rule: RuleSettings) -> str:
    units = {"rate": f"{rule.over} a minute", "ratio": "share", "quantile": rule.of}
    return units.get(rule.measure, rule.over if rule.measure != "value" else rule.of)


def _step(span: int) -> int:
    """Of a series that counts sessions."""
    steps = (MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY)
    return next((step for step in steps if span // step <= 200), 7 * DAY)


async def run_on(runner: SqlRunner, testing: Generator[Ask, Rows, BackTest]) -> BackTest:
    """Drive a back-test by query workers; raises what it and the runner raise."""
    try:
        ask = next(testing)
        while True:
            statement = ask.statement
            found = await runner.run(statement.text, statement.values, rows_max=ask.rows_max)
            ask = testing.send(msgspec.json.decode(found.body, type=list[list[Any]]))
    except StopIteration as end:
        result: BackTest = end.value
        return result
