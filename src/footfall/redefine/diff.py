"""What another definition changes: the numbers of both side by side, and visitors who differ."""

# ruff: noqa: S608 (names of views are checked against those there are)

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Protocol

import msgspec
import pyarrow as pa

from footfall.errors import Invalid

PAGES_MAX: Final = 5
SAMPLES_MAX: Final = 100


class Asked(Protocol):
    """Runs a statement on the newest cut of a project."""

    def __call__(self, sql: str, parameters: tuple[Any, ...] = ()) -> pa.Table:
        """Its rows."""


class Kpis(msgspec.Struct, frozen=True):
    """Of all sessions of one definition, bots' left out."""

    sessions: int
    visitors: int
    events: int
    events_per_session: float | None
    duration_mean_ms: float | None
    duration_median_ms: float | None
    bounce_rate: float | None
    engaged_rate: float | None
    entry_pages: tuple[tuple[str, int], ...]
    """The most frequent, with how many sessions each."""


class Sample(msgspec.Struct, frozen=True):
    """A visitor whose sessions are others by the two definitions."""

    app_id: str
    visitor_id: str
    a: tuple[tuple[datetime, datetime, int], ...]
    """Start, end and number of events of each session."""
    b: tuple[tuple[datetime, datetime, int], ...]


class Difference(msgspec.Struct, frozen=True):
    """See the module's text."""

    name_a: str
    name_b: str
    a: Kpis
    b: Kpis
    visitors_differing: int
    samples: tuple[Sample, ...]


def differences(
    ask: Asked, names: dict[str, str], a: str, b: str, samples: int = PAGES_MAX
) -> Difference:
    """Compare two definitions by their views, open sessions included.

    Args:
        ask: Runs statements.
        names: View of each definition.
        a: Name of one.
        b: Name of the other.
        samples: Most visitors to show, at most `SAMPLES_MAX`; always the same ones.

    Raises:
        Invalid: there is none of such a name, or of which nothing is shown yet.
    """
    for name in (a, b):
        if name not in names:
            raise Invalid(f"no definition {name!r}; there are: {', '.join(sorted(names))}")
    if not 0 <= samples <= SAMPLES_MAX:
        raise Invalid(f"at most {SAMPLES_MAX} sample visitors, not {samples}")
    differing = _differing(names[a], names[b])
    count = ask(f"SELECT count(*) AS n FROM ({differing})").column("n").to_pylist()[0]
    some = ask(
        f"SELECT app_id, visitor_id, a, b FROM ({differing})"
        " ORDER BY hash(app_id, visitor_id), app_id, visitor_id LIMIT ?",
        (samples,),
    ).to_pylist()
    return Difference(
        a,
        b,
        _kpis(ask, names[a]),
        _kpis(ask, names[b]),
        count,
        tuple(
            Sample(row["app_id"], row["visitor_id"], _sessions(row["a"]), _sessions(row["b"]))
            for row in some
        ),
    )


def _kpis(ask: Asked, view: str) -> Kpis:
    row = ask(
        "SELECT count(*) AS sessions, count(DISTINCT (app_id, visitor_id)) AS visitors,"
        " coalesce(sum(events), 0)::BIGINT AS events, avg(events) AS events_per_session,"
        " avg(duration_ms) AS duration_mean_ms, median(duration_ms) AS duration_median_ms,"
        " avg(is_bounced::INT) AS bounce_rate, avg(is_engaged::INT) AS engaged_rate"
        f" FROM {view} WHERE NOT is_bot"
    ).to_pylist()[0]
    pages = ask(
        f"SELECT entry_page AS page, count(*) AS n FROM {view}"
        " WHERE NOT is_bot AND entry_page IS NOT NULL GROUP BY 1 ORDER BY n DESC, page LIMIT ?",
        (PAGES_MAX,),
    ).to_pylist()
    return Kpis(**row, entry_pages=tuple((page["page"], page["n"]) for page in pages))


def _differing(a: str, b: str) -> str:
    """Keys whose sessions begin or end elsewhere, with the sessions of both."""
    sides = " FULL JOIN ".join(
        "(SELECT app_id, visitor_id, list({'s': started_at, 'e': ended_at, 'n': events}"
        f" ORDER BY started_at, ended_at) AS {side} FROM {view} WHERE NOT is_bot GROUP BY 1, 2)"
        for side, view in (("a", a), ("b", b))
    )
    return f"SELECT * FROM {sides} USING (app_id, visitor_id) WHERE a IS DISTINCT FROM b"


def _sessions(rows: Any) -> tuple[tuple[datetime, datetime, int], ...]:
    return tuple((row["s"], row["e"], row["n"]) for row in rows or ())
