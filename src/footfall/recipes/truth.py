"""What must come out of a recipe's traffic: sums for the ledger, and each visitor's sessions.

The recipe decides the sessions first and makes the events from them, so nothing here is computed
by the code that it judges.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from footfall.ledger import Ledger

DIFFERENCES_MAX: Final = 20
"""`GroundTruth.differences` names so many and counts the rest."""

_SUMS: Final = ("requests", "decoded", "undecodable", "records", "failed", "duplicates")

SESSIONS_SQL: Final = """
select visitor_id, epoch_us(started_at), epoch_us(ended_at), events
from sessions
order by visitor_id, started_at
"""
"""Rows for `GroundTruth.differences`, from the project that took the traffic and nothing else."""


class TrueSession(msgspec.Struct, frozen=True, order=True, gc=False):
    """One session as the shop decided it, in event time."""

    start_us: int
    end_us: int
    """Time of its last event."""
    events: int


class TrueVisitor(msgspec.Struct, frozen=True):
    """All sessions of one visitor, in order."""

    visitor_id: str
    sessions: tuple[TrueSession, ...]
    tolerance_us: int = 0
    """By how much start and end may differ. Not 0 for devices whose clock is wrong: the server
    derives their event times from when it received the request, which the recipe cannot know.
    Number and sizes of their sessions are exact all the same."""


class GroundTruth(msgspec.Struct, frozen=True):
    """What the lake must hold once every request is acknowledged once; `a + b` adds two recipes."""

    ledger: Ledger
    visitors: tuple[TrueVisitor, ...]

    @property
    def sessions(self) -> int:
        """Number of sessions of all visitors."""
        return sum(len(visitor.sessions) for visitor in self.visitors)

    def __add__(self, other: GroundTruth) -> GroundTruth:
        """Truth of both; their visitors must be different ones."""
        names = {visitor.visitor_id for visitor in self.visitors}
        assert names.isdisjoint(visitor.visitor_id for visitor in other.visitors)
        return GroundTruth(self.ledger + other.ledger, self.visitors + other.visitors)

    def differences(self, rows: Iterable[tuple[str, int, int, int]]) -> list[str]:
        """Compare with what the lake says.

        Args:
            rows: (visitor id, start, end, events) of every session; times in microseconds. See
                `SESSIONS_SQL`.

        Returns:
            One sentence for each visitor whose sessions are others; empty when all agree.
        """
        found = by_visitor(rows)
        wrong = [
            sentence
            for visitor in self.visitors
            for sentence in _compare(visitor, found.pop(visitor.visitor_id, []))
        ]
        wrong += [
            f"{name}: {len(sessions)} sessions, but nobody of that name visited"
            for name, sessions in found.items()
        ]
        if len(wrong) > DIFFERENCES_MAX:
            more = len(wrong) - DIFFERENCES_MAX
            wrong = [*wrong[:DIFFERENCES_MAX], f"… and {more} visitors more"]
        return wrong


def ledger_differences(truth: Ledger, found: Ledger, sent_twice_max: int = 0) -> list[str]:
    """Compare the sums that the recipe knows with the platform's, one sentence a difference.

    Args:
        truth: What the recipe sent.
        found: What the platform's ledger says.
        sent_twice_max: Requests the sender had to repeat without knowing whether the first attempt
            was taken. With 0, everything must be equal; else requests, records and duplicates may
            be higher, events and failed records of good requests never.
    """
    always = ("events",)
    names = always if sent_twice_max else (*always, *_SUMS)
    wrong = [
        f"{name}: sent {getattr(truth, name)}, in the lake {getattr(found, name)}"
        for name in names
        if getattr(truth, name) != getattr(found, name)
    ]
    if sent_twice_max and not 0 <= found.requests - truth.requests <= sent_twice_max:
        wrong.append(
            f"requests: sent {truth.requests}, at most {sent_twice_max} of them twice,"
            f" in the lake {found.requests}"
        )
    return wrong + found.problems()


def by_visitor(rows: Iterable[tuple[str, int, int, int]]) -> dict[str, list[TrueSession]]:
    """Group session rows by visitor, each in order of start."""
    found: defaultdict[str, list[TrueSession]] = defaultdict(list)
    for visitor_id, start_us, end_us, events in rows:
        found[visitor_id].append(TrueSession(start_us, end_us, events))
    for sessions in found.values():
        sessions.sort()
    return dict(found)


def sessions_of(event_times: Mapping[str, Sequence[int]], gap_us: int) -> list[TrueVisitor]:
    """Sessions by definition, from event times alone: the independent recount for small inputs.

    Args:
        event_times: Visitor → times of its unique events, microseconds, any order.
        gap_us: A longer pause ends a session; exactly this long is still the same one.
    """
    visitors = []
    for visitor_id, times in event_times.items():
        sessions: list[TrueSession] = []
        for time in sorted(times):
            if sessions and time - sessions[-1].end_us <= gap_us:
                last = sessions[-1]
                sessions[-1] = TrueSession(last.start_us, time, last.events + 1)
            else:
                sessions.append(TrueSession(time, time, 1))
        visitors.append(TrueVisitor(visitor_id, tuple(sessions)))
    return visitors


def _compare(visitor: TrueVisitor, found: Sequence[TrueSession]) -> list[str]:
    if len(found) == len(visitor.sessions) and all(
        _agree(expected, actual, visitor.tolerance_us)
        for expected, actual in zip(visitor.sessions, found, strict=True)
    ):
        return []
    expected_text = ", ".join(_text(session) for session in visitor.sessions)
    found_text = ", ".join(_text(session) for session in found) or "none"
    return [f"{visitor.visitor_id}: visited as {expected_text}; found {found_text}"]


def _agree(expected: TrueSession, actual: TrueSession, tolerance_us: int) -> bool:
    return (
        expected.events == actual.events
        and abs(expected.start_us - actual.start_us) <= tolerance_us
        and abs(expected.end_us - actual.end_us) <= tolerance_us
    )


def _text(session: TrueSession) -> str:
    return f"[{session.start_us}-{session.end_us}: {session.events}]"
