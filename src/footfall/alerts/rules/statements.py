"""The SQL of rules. What people wrote stands in brackets; the query guard checks the whole.

Live evaluation and back-test run the same text: a condition over rows that just closed, or over the
lake; a measure over the windows that are due, or over weeks of them.
"""

# ruff: noqa: S608 (text is made of our own names and numbers, and of what the guard checks)

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from footfall.clock import MINUTE
from footfall.errors import Invalid
from footfall.settings import RuleSettings

TIMES: Final = ("started_at", "ended_at")
TOLD: Final = tuple(
    (  # noqa: SIM905 (names are read more easily so)
        "session_id revision app_id visitor_id user_id started_at ended_at duration_ms events"
        " views is_engaged is_bounced first_event_name last_event_name entry_page exit_page source"
        " medium campaign platform device_category geo_country language value"
    ).split()
)
"""Columns of a session that its firing tells."""


class Statement(msgspec.Struct, frozen=True):
    """A text and the values for its `?`."""

    text: str
    values: tuple[Any, ...] = ()


class Windows(msgspec.Struct, frozen=True):
    """Ends of windows, microseconds: every `every` from `first` up to and with `last`."""

    first: int
    last: int

    def ends(self, every: int) -> range:
        """All of them."""
        return range(self.first, self.last + 1, every)


def sessions_view(rule: RuleSettings, default: str) -> str:
    """The view that a rule over sessions reads."""
    is_default = rule.definition in ("", default)
    return "sessions" if is_default else f"sessions_{rule.definition}"


def sessions_that_hold(
    rule: RuleSettings, view: str, since: int | None = None, until: int | None = None
) -> Statement:
    """Closed sessions that the rule's condition is true of, those that ended in the time given."""
    conditions: list[str] = ["status = 'closed'"]
    values: list[Any] = []
    if rule.app:
        conditions.append("app_id = ?")
        values.append(rule.app)
    for bound, sign in ((since, ">="), (until, "<")):
        if bound is not None:
            conditions.append(f"ended_at {sign} make_timestamptz(?)")
            values.append(bound)
    shown = ", ".join(
        f"epoch_us({name}) AS {name}"
        if name in TIMES
        else f"CAST({name} AS {'VARCHAR' if name == 'session_id' else 'DOUBLE'}) AS {name}"
        if name in ("session_id", "value")
        else name
        for name in TOLD
    )
    return Statement(
        f"SELECT {shown} FROM {view} WHERE {' AND '.join(conditions)} AND (\n{rule.when}\n)"
        " ORDER BY ended_at, session_id",
        tuple(values),
    )


def measured(rule: RuleSettings, view: str, parts: Iterable[Windows]) -> Statement:
    """End (microseconds), number of rows and value of each window of `parts` that has rows.

    Parts may lie on grids of their own: a window of a week with another time offset.
    """
    every = rule.every_us
    grids: dict[int, list[Windows]] = {}
    for part in parts:
        grids.setdefault(part.first % every, []).append(part)
    selects = [_in_windows(rule, view, phase, some) for phase, some in grids.items()]
    rows = " UNION ALL ".join(one.text for one in selects)
    return Statement(
        f'SELECT "_end", count(*) AS "_rows", CAST({_aggregate(rule)} AS DOUBLE) AS "_value"'
        f' FROM ({rows}) GROUP BY "_end" ORDER BY "_end"',
        tuple(value for one in selects for value in one.values),
    )


def _in_windows(rule: RuleSettings, view: str, phase: int, parts: Iterable[Windows]) -> Statement:
    """Rows with the end of each window that they are in; `phase` is every end modulo `every`."""
    time = "event_time" if rule.over == "events" else "ended_at"
    window, every = rule.window_us, rule.every_us
    conditions: list[str] = []
    spans: list[str] = []
    values: list[Any] = []
    for part in parts:
        spans.append(f"({time} >= make_timestamptz(?) AND {time} < make_timestamptz(?))")
        values += [part.first - window, part.last]
    conditions.append(f"({' OR '.join(spans)})")
    if rule.over == "sessions":
        conditions.append("status = 'closed'")
    if rule.app:
        conditions.append("app_id = ?")
        values.append(rule.app)
    if rule.where.strip():
        conditions.append(f"(\n{rule.where}\n)")
    ends = (
        f"unnest(range(((epoch_us({time}) - {phase}) // {every} + 1) * {every} + {phase},"
        f" epoch_us({time}) + {window + 1}, {every}))"
    )
    return Statement(
        f'SELECT {ends} AS "_end", * FROM {view} WHERE {" AND ".join(conditions)}', tuple(values)
    )


def first_row(rule: RuleSettings, view: str) -> Statement:
    """When the first row there is, of the rule's app, happened: microseconds, or null."""
    # Of sessions the start: their ends move with every event.
    time = "event_time" if rule.over == "events" else "started_at"
    where = " WHERE app_id = ?" if rule.app else ""
    text = f"SELECT epoch_us(min({time})) FROM {view}{where}"
    return Statement(text, (rule.app,) if rule.app else ())


def trial(rule: RuleSettings, view: str) -> Statement:
    """Finds nothing, but fails if the rule's SQL is wrong."""
    if rule.kind == "session":
        return Statement(f"{sessions_that_hold(rule, view, 0, 0).text} LIMIT 0", _values(rule, 2))
    return Statement(f"{measured(rule, view, [Windows(0, 0)]).text} LIMIT 0", _values(rule, 2))


def check_expressions(rule: RuleSettings) -> None:
    """Refuse what is more than one expression: brackets closed and opened again, and the like.

    The guard decides what may run at all; this is for a person who pasted half a statement.

    Raises:
        Invalid: with every mistake in `problems`.
    """
    problems = [
        f"{option}: write one SQL expression, not a statement"
        for option in ("when", "of", "where")
        if (text := getattr(rule, option).strip()) and not _is_expression(text)
    ]
    if problems:
        raise Invalid("the rule has mistakes:", tuple(problems))


def _is_expression(text: str) -> bool:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        trees = sqlglot.parse(f"SELECT (\n{text}\n)", dialect="duckdb")
    except SqlglotError:
        return True  # DuckDB says what is wrong with it
    if len(trees) != 1 or not isinstance(trees[0], exp.Select):
        return False
    used = {name for name, value in trees[0].args.items() if value}
    return used <= {"expressions", "kind"} and len(trees[0].expressions) == 1


def _values(rule: RuleSettings, times: int) -> tuple[Any, ...]:
    """Zero for each time, in the order of the statement."""
    app = (rule.app,) if rule.app else ()
    zeros = (0,) * times
    return (*app, *zeros) if rule.kind == "session" else (*zeros, *app)


def _aggregate(rule: RuleSettings) -> str:
    if rule.measure == "rate":
        return f"count(*) * {MINUTE / rule.window_us!r}"
    if rule.measure == "ratio":
        return f"avg(CASE WHEN (\n{rule.of}\n) THEN 1.0 ELSE 0.0 END)"
    if rule.measure == "quantile":
        return f"quantile_cont(CAST((\n{rule.of}\n) AS DOUBLE), {rule.quantile!r})"
    if rule.measure == "value":
        return f"(\n{rule.of}\n)"
    return "count(*)"
