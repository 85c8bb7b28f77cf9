"""Rows and sums of two homes, side by side."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from .roles import Machine

SHOWN_MAX: Final = 3
"""Rows that are shown of those that only one has."""

EXACT: Final = {
    "events": """
        SELECT CAST(event_id AS VARCHAR), event_name, visitor_id, CAST(session_id AS VARCHAR),
            epoch_us(event_time), page_url, source, is_bot
        FROM events WHERE event_time_rule = 'device'""",
    "sessions": """
        SELECT CAST(session_id AS VARCHAR), visitor_id, epoch_us(started_at), epoch_us(ended_at),
            events, views, is_engaged, source
        FROM sessions WHERE visitor_id NOT IN (
            SELECT visitor_id FROM events
            WHERE event_time_rule <> 'device' AND visitor_id IS NOT NULL)""",
}
"""Rows that must be equal whole, ids among them. Left out is what follows from when a collector got
a request: devices with a wrong clock are dated by that, and two collectors get it at two times."""

COUNTED: Final = {
    "events of wrong clocks": """
        SELECT visitor_id, event_name, count(*) FROM events
        WHERE event_time_rule <> 'device' GROUP BY ALL""",
    "failed events": """
        SELECT protocol, part, reason, payload_bytes, count(*) FROM failed_events GROUP BY ALL""",
}
"""Rows of which each must be there as often."""

SESSIONS: Final = """
    SELECT visitor_id, epoch_us(started_at), epoch_us(ended_at), events
    FROM sessions ORDER BY visitor_id, started_at"""
"""What the shop's known truth is held against."""


class Side(NamedTuple):
    """What one home holds."""

    rows: Mapping[str, Counter[tuple[Any, ...]]]
    sessions: list[tuple[Any, ...]]
    ledger: Mapping[str, Any]

    @classmethod
    def of(cls, machine: Machine) -> Side:
        """Ask that machine, by the verbs.

        Raises:
            RuntimeError: it cannot be asked, or its ledger does not add up.
        """
        statements = {**EXACT, **COUNTED}
        rows = {name: Counter(machine.rows(text)) for name, text in statements.items()}
        ledger = json.loads(machine.verb("status", "--json"))["ledger"]
        return cls(rows, machine.rows(SESSIONS), ledger)

    @property
    def sums(self) -> dict[str, int]:
        """To be shown: of the ledger, then of the rows."""
        flat: dict[str, int] = {}
        for name, value in self.ledger.items():
            nested = value if isinstance(value, dict) else {"": value}
            flat |= {f"{name} {inner}".rstrip(): count for inner, count in nested.items()}
        equal = {f"{name}, compared whole": self.rows[name].total() for name in EXACT}
        return {**flat, "sessions": len(self.sessions), **equal}


def differences(embedded: Side, cluster: Side) -> list[str]:
    """A sentence for each thing that differs; empty when nothing does."""
    found = []
    if embedded.ledger != cluster.ledger:
        found.append(f"ledger: embedded {embedded.ledger}, cluster {cluster.ledger}")
    for name, ours in embedded.rows.items():
        theirs = cluster.rows[name]
        for side, only in (("embedded", ours - theirs), ("cluster", theirs - ours)):
            if only:
                rows = "; ".join(map(str, list(only)[:SHOWN_MAX]))
                found.append(f"{name}: {only.total():,} rows are only {side}: {rows}")
    return found


def table(columns: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Lines with a column for each side."""
    names = dict.fromkeys(name for column in columns.values() for name in column)
    yield _line("", columns)
    for name in names:
        yield _line(name, (_text(column.get(name, "")) for column in columns.values()))


def _line(name: str, texts: Iterable[str]) -> str:
    return f"{name:<32}" + "".join(f"{text:>14}" for text in texts)


def _text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
