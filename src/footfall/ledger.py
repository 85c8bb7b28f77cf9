"""The two ledgers: each acknowledged request, and each record in it, is accounted for.

    requests = decoded + undecodable
    records  = events + failed + duplicates + dropped{reason} + ignored{reason}

Beside them: `unused`, fields of events that could not be used, by reason. The events are good, so
it is in no sum.

A record is one element of a request's array (or its single object). Rows of `failed_events` are
`undecodable + failed`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Ledger(msgspec.Struct, frozen=True, omit_defaults=True):
    """Counts of one epoch or of a whole project; `a + b` adds them."""

    requests: int = 0
    decoded: int = 0
    undecodable: int = 0
    records: int = 0
    events: int = 0
    failed: int = 0
    duplicates: int = 0
    dropped: dict[str, int] = {}
    ignored: dict[str, int] = {}
    unused: dict[str, int] = {}
    """`ProblemReason` → fields with it, of all events."""

    def __add__(self, other: Ledger) -> Ledger:
        return Ledger(
            requests=self.requests + other.requests,
            decoded=self.decoded + other.decoded,
            undecodable=self.undecodable + other.undecodable,
            records=self.records + other.records,
            events=self.events + other.events,
            failed=self.failed + other.failed,
            duplicates=self.duplicates + other.duplicates,
            dropped=_add(self.dropped, other.dropped),
            ignored=_add(self.ignored, other.ignored),
            unused=_add(self.unused, other.unused),
        )

    def problems(self) -> list[str]:
        """What does not add up, one sentence each; empty when both sums hold."""
        found = []
        if self.requests != self.decoded + self.undecodable:
            found.append(
                f"requests do not add up: {self.requests} acknowledged ≠ {self.decoded} decoded"
                f" + {self.undecodable} undecodable"
            )
        accounted = self.events + self.failed + self.duplicates
        accounted += sum(self.dropped.values()) + sum(self.ignored.values())
        if self.records != accounted:
            found.append(
                f"records do not add up: {self.records} records ≠ {accounted} accounted for"
            )
        return found


def _add(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {key: left.get(key, 0) + right.get(key, 0) for key in sorted({*left, *right})}
