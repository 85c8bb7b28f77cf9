"""Which sessions and windows fire, and of which firings people are told: pure, the same for all.

    windows of 1 h, weeks = 4      09:00–10:00 of four Mondays      today       scale = 1.4826 · MAD
    rows                           100  104  96  100                40          2 · 1.4826 ≈ 3,
                                   median 100, MAD 2                            at least 5 % of 100
    deviation                                                       (40 − 100) / 5 = −12: fires

The deviation is robust: one past week that was odd itself moves neither median nor MAD. The least
scale keeps a measure that never moved from firing at its first wobble.

Source: Leys et al., Detecting outliers: do not use standard deviation around the mean, use absolute
deviation around the median (2013), for 1.4826.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any, Final

import msgspec

from footfall.alerts.rules.statements import Windows
from footfall.alerts.rules.weeks import PastEnd, in_runs, weeks_of
from footfall.settings import RuleSettings

NORMAL: Final = 1.4826
"""Standard deviations of a normal distribution in one MAD."""
SCALE_MIN: Final = 0.05
"""Least scale, as a part of the median."""
DEVIATION_MAX: Final = 1e9
_COUNTS: Final = ("count", "rate", "absence")


class Window(msgspec.Struct, frozen=True):
    """One window of a measure."""

    end: int
    """Microseconds since 1970 UTC."""
    rows: int
    value: float | None
    """None: there is nothing to measure."""
    fires: bool = False
    expected: float | None = None
    """Of an anomaly: median of the same windows of past weeks."""
    deviation: float | None = None


class Candidate(msgspec.Struct, frozen=True):
    """A session or a window, and whether its rule holds."""

    subject: str
    at: int
    app_id: str
    holds: bool
    details: dict[str, Any]


def needed(rule: RuleSettings, ends: Windows, zone: str) -> list[Windows]:
    """Windows that must be measured to judge `ends`: themselves, and those of past weeks.

    `zone` is the time zone of an anomaly's weeks.
    """
    if rule.kind != "anomaly":
        return [ends]
    own, past = ends.ends(rule.every_us), weeks_of(zone, rule.window_us)
    before = (past(end, k) for end in own for k in range(1, rule.weeks + 1))
    return in_runs([*own, *(end for end in before if end is not None)], rule.every_us)


def judged(
    rule: RuleSettings,
    ends: Windows,
    found: Iterable[Sequence[Any]],
    *,
    since: int | None,
    zone: str,
) -> list[Window]:
    """Each window of `ends`, with whether it fires.

    Args:
        rule: Over a measure.
        ends: Which windows.
        found: End, rows and value of those that have rows, as `statements.measured` selects.
        since: Time of the first row there is at all, none if there is none. Windows that end by
            then never fire, and those that begin before are no past week: nobody was there.
        zone: Time zone of an anomaly's weeks.
    """
    known = {int(end): (int(rows), _number(value)) for end, rows, value in found}
    past = weeks_of(zone, rule.window_us)
    return [_judged(rule, end, known, since, past) for end in ends.ends(rule.every_us)]


def told(rule: RuleSettings, told_at: int | None, at: int) -> bool:
    """Whether a firing is told, by when the last one was that was: the cool-down."""
    return told_at is None or abs(at - told_at) >= max(rule.cool_down_us, 0)


def window_candidate(rule: RuleSettings, window: Window) -> Candidate:
    """A window as what is decided about."""
    details = {
        "window_start": window.end - rule.window_us,
        "window_end": window.end,
        "rows": window.rows,
        "value": window.value,
    }
    if rule.kind == "anomaly":
        details |= {"expected": window.expected, "deviation": window.deviation}
    return Candidate(str(window.end), window.end, rule.app, window.fires, details)


def session_candidate(row: Mapping[str, Any], lag: int, *, holds: bool = True) -> Candidate:
    """A session as what is decided about; `lag` is how long after its end it closes."""
    at = int(row["ended_at"]) + lag
    return Candidate(str(row["session_id"]), at, str(row["app_id"]), holds, dict(row))


def _judged(
    rule: RuleSettings,
    end: int,
    known: Mapping[int, tuple[int, float | None]],
    since: int | None,
    past: PastEnd,
) -> Window:
    rows, value = _at(rule, end, known)
    if since is None or end <= since:
        return Window(end, rows, value)
    if rule.kind == "anomaly":
        return _compared(rule, Window(end, rows, value), known, since, past)
    if rule.measure == "absence":
        return Window(end, rows, value, rows == 0)
    fires = False
    if value is not None and rows >= rule.minimum:
        is_above = rule.above is not None and value > rule.above
        is_below = rule.below is not None and value < rule.below
        fires = is_above or is_below
    return Window(end, rows, value, fires)


def _compared(
    rule: RuleSettings,
    window: Window,
    known: Mapping[int, tuple[int, float | None]],
    since: int,
    past: PastEnd,
) -> Window:
    ends = (past(window.end, k) for k in range(1, rule.weeks + 1))
    before = [
        _at(rule, end, known) for end in ends if end is not None and end - rule.window_us >= since
    ]
    values = [value for _, value in before if value is not None]
    volume = max(window.rows, median([rows for rows, _ in before]) if before else 0)
    if window.value is None or len(values) < 2 or volume < rule.minimum:
        return window
    expected = median(values)
    mad = median([abs(value - expected) for value in values])
    scale = max(NORMAL * mad, SCALE_MIN * abs(expected))
    off = window.value - expected
    deviation = off / scale if scale else math.copysign(DEVIATION_MAX, off) if off else 0.0
    deviation = max(-DEVIATION_MAX, min(DEVIATION_MAX, deviation))
    is_off = abs(deviation) > rule.deviations
    is_meant = rule.direction == "both" or (deviation > 0) == (rule.direction == "up")
    return Window(window.end, window.rows, window.value, is_off and is_meant, expected, deviation)


def _at(
    rule: RuleSettings, end: int, known: Mapping[int, tuple[int, float | None]]
) -> tuple[int, float | None]:
    """Without rows a count is 0; other measures have no value then."""
    return known.get(end, (0, 0.0 if rule.measure in _COUNTS else None))


def _number(value: Any) -> float | None:
    if value is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None
