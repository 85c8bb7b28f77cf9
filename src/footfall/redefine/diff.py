"""What another definition changes: the numbers of both side by side, and visitors who differ.

`comparing` is a generator: it yields what to ask and is sent the rows. So Python asks its engine,
and the studio awaits its workers, in a few lines each.
"""

# ruff: noqa: S608 (names of views are checked against those there are)

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from footfall.errors import Invalid

PAGES_MAX: Final = 5
SAMPLES_MAX: Final = 100
SESSIONS_MAX: Final = 50
"""Of a sample visitor, of each definition; a sample that has more shows its first."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Question(NamedTuple):
    """One statement to run on the newest cut."""

    sql: str
    values: tuple[Any, ...] = ()


Comparing = Generator[Question, Sequence[Sequence[Any]], "Difference"]


class EntryPage(msgspec.Struct, frozen=True):
    """A page, and how many sessions began there."""

    page: str
    sessions: int


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
    entry_pages: tuple[EntryPage, ...]
    """The most frequent."""


class SampleSession(msgspec.Struct, frozen=True):
    """A session of a sample visitor."""

    started_at: datetime
    ended_at: datetime
    events: int


class Sample(msgspec.Struct, frozen=True):
    """A visitor whose sessions are others by the two definitions."""

    app_id: str
    visitor_id: str
    a: tuple[SampleSession, ...]
    """The first `SESSIONS_MAX`."""
    b: tuple[SampleSession, ...]


class Difference(msgspec.Struct, frozen=True):
    """See the module's text."""

    name_a: str
    name_b: str
    a: Kpis
    b: Kpis
    visitors_differing: int
    samples: tuple[Sample, ...]


def comparing(names: Mapping[str, str], a: str, b: str, samples: int = PAGES_MAX) -> Comparing:
    """Compare two definitions by their views, open sessions included.

    Args:
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
    [[count]] = yield Question(f"SELECT count(*) FROM ({differing})")
    some = yield Question(
        f"SELECT app_id, visitor_id, a[:{SESSIONS_MAX}], b[:{SESSIONS_MAX}] FROM ({differing})"
        " ORDER BY hash(app_id, visitor_id), app_id, visitor_id LIMIT CAST(? AS BIGINT)",
        (samples,),
    )
    found = tuple(
        Sample(app, visitor, _sessions(mine), _sessions(others))
        for app, visitor, mine, others in some
    )
    ours = yield from _kpis(names[a])
    theirs = yield from _kpis(names[b])
    return Difference(a, b, ours, theirs, count, found)


def _kpis(view: str) -> Generator[Question, Sequence[Sequence[Any]], Kpis]:
    [row] = yield Question(
        "SELECT count(*), count(DISTINCT (app_id, visitor_id)),"
        " coalesce(sum(events), 0)::BIGINT, avg(events), avg(duration_ms),"
        " median(duration_ms)::DOUBLE, avg(is_bounced::INT), avg(is_engaged::INT)"
        f" FROM {view} WHERE NOT is_bot"
    )
    pages = yield Question(
        f"SELECT entry_page AS page, count(*) AS n FROM {view}"
        " WHERE NOT is_bot AND entry_page IS NOT NULL GROUP BY 1 ORDER BY n DESC, page"
        " LIMIT CAST(? AS BIGINT)",
        (PAGES_MAX,),
    )
    return Kpis(*[*row, tuple(EntryPage(*page) for page in pages)])


def _differing(a: str, b: str) -> str:
    """Keys whose sessions begin or end elsewhere, with the sessions of both."""
    sides = " FULL JOIN ".join(
        "(SELECT app_id, visitor_id, list([epoch_us(started_at), epoch_us(ended_at), events]"
        f" ORDER BY started_at, ended_at) AS {side} FROM {view} WHERE NOT is_bot GROUP BY 1, 2)"
        for side, view in (("a", a), ("b", b))
    )
    return f"SELECT * FROM {sides} USING (app_id, visitor_id) WHERE a IS DISTINCT FROM b"


def _sessions(rows: Any) -> tuple[SampleSession, ...]:
    return tuple(
        SampleSession(_moment(start), _moment(end), count) for start, end, count in rows or ()
    )


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
