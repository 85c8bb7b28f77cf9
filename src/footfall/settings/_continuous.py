"""Section `[continuous]`: continuous queries by name, and what all of them may cost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

import msgspec

from footfall.clock import DAY, SECOND
from footfall.settings.kinds import DURATION_UNITS, Count, Duration

WINDOW_MAX: Final = 31 * DAY
OVERLAP_MAX: Final = 100
"""Windows that one event may lie in: each of them is asked when it comes."""
KEYS_MAX: Final = 8
SQL_BYTES_MAX: Final = 100_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TIME: Final = re.compile(r"(\d{1,12})(ms|s|m|h|d)(?: +by +(\d{1,12})(ms|s|m|h|d))?")
_SESSION: Final = re.compile(r"session ([a-z][a-z0-9_]{0,29})")


class Window(msgspec.Struct, frozen=True):
    """Over what a query is asked: a range of event time, or one closed session."""

    size: int = 0
    """Microseconds; 0: a session."""
    step: int = 0
    """A window starts at each multiple of it since 1970 UTC; microseconds."""
    session: str = ""
    """Name of the session definition whose closing ends a window."""

    @classmethod
    def of(cls, text: str) -> Window:
        """`1m`; `5m by 1m`; `session gap`.

        Raises:
            ValueError: it is none of these, or beyond the limits.
        """
        closing = _SESSION.fullmatch(text)
        if closing:
            return cls(session=closing[1])
        found = _TIME.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                'a size such as "1m", a size and a step such as "5m by 1m", or "session" and the'
                f' name of a definition, such as "session gap", not {text!r}'
            )
        size = int(found[1]) * DURATION_UNITS[found[2]]
        step = int(found[3]) * DURATION_UNITS[found[4]] if found[3] else size
        if not SECOND <= size <= WINDOW_MAX:
            raise ValueError(f"a window of 1s to 31d, not {text!r}")
        if not 0 < step <= size or -(-size // step) > OVERLAP_MAX:
            raise ValueError(
                f"a step that is at most the size, and at least a {OVERLAP_MAX}th of it, not"
                f" {text!r}"
            )
        return cls(size, step)


class QueryDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Table `[continuous.queries.<name>]`."""

    sql: str
    """One SELECT over `"window"`, the rows of events or of closed sessions of a window."""
    window: str
    """See `Window.of`."""
    over: Literal["events", "sessions"] = "events"
    app: str = ""
    """Id of an app; empty: all of the project."""
    key: tuple[str, ...] = ()
    """Columns of the answer that tell its rows apart; the others are values."""
    enabled: bool = True


class ContinuousSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Section `[continuous]`."""

    queries: dict[str, QueryDefinition]
    queries_max: Count
    windows_max: Count
    windows_per_run: Count
    rows_max: Count
    time_max: Duration
    run_interval: Duration
    retry_max: Duration


def read_queries(value: Any) -> dict[str, QueryDefinition]:
    """The tables `[continuous.queries.<name>]`.

    Raises:
        ValueError: what is wrong with the first that is wrong, and what is valid.
    """
    if not isinstance(value, dict):
        raise ValueError(  # noqa: TRY004 (a person's mistake, told as all are)
            "a table for each query, such as [continuous.queries.clicks]"
        )
    return {name: read_query(name, one) for name, one in value.items()}


def read_query(name: str, value: Any) -> QueryDefinition:
    """One definition out of TOML or JSON.

    Raises:
        ValueError: with every mistake.
    """
    try:
        found = msgspec.convert(value, QueryDefinition)
    except msgspec.ValidationError as error:
        raise ValueError(f"query {name}: {error}") from error
    problems = list(_problems(name, found))
    if problems:
        raise ValueError("; ".join(f"query {name}: {problem}" for problem in problems))
    return found


def _problems(name: str, query: QueryDefinition) -> Iterable[str]:
    if not _NAME.fullmatch(name):
        yield "its name has lower-case letters, digits and _, first a letter, at most 40 of them"
    if not 0 < len(query.sql.encode()) <= SQL_BYTES_MAX:
        yield f"sql is one SELECT of at most {SQL_BYTES_MAX} bytes"
    elif '"window"' not in query.sql.lower():
        # Another dialect may read it without them, and what runs it later does not.
        yield 'sql reads the rows of its window: write FROM "window", with the quotes'
    if len(query.key) > KEYS_MAX or len(set(query.key)) < len(query.key):
        yield f"key has at most {KEYS_MAX} columns, each once"
    try:
        Window.of(query.window)
    except ValueError as error:
        yield f"window is {error}"
