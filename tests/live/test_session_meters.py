"""Live numbers of sessions: whatever is seen first, sums are those of the rows committed."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from footfall.clock import SECOND
from footfall.ledger import Ledger
from footfall.live import (
    DURATION_BOUNDS,
    EVENTS_BOUNDS,
    LiveState,
    SessionMeter,
    SessionMeters,
    prometheus_text,
)

AT = 1_790_000_000 * SECOND
Row = tuple[str, str, int, int, int]


def _frame(rows: list[Row], *definitions: str) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * 5
    kinds = [pl.String, pl.String, pl.Int64, pl.Int64, pl.Int64]
    definitions = definitions or ("",) * len(rows)
    frame = pl.DataFrame(
        {
            name: pl.Series(values, dtype=kind)
            for name, values, kind in zip(SessionMeters.COLUMNS, columns, kinds, strict=True)
        }
    ).with_columns(pl.col("session_id").cast(pl.Binary))
    return frame.with_columns(definition=pl.Series(definitions, dtype=pl.String))


def _sums(meter: SessionMeter) -> tuple[int, ...]:
    return tuple(
        sum(getattr(meter.seconds, name))
        for name in ("started", "closed", "repaired", "duration_ms", "events")
    )


def _histogram(bounds: tuple[int, ...], values: list[float]) -> tuple[int, ...]:
    edges = [-1.0, *bounds, float("inf")]
    return tuple(sum(low < value <= high for value in values) for low, high in pairwise(edges))


@pytest.mark.parametrize("seed", range(5))
def test_sums_over_seconds_are_the_rows_of_the_tables(seed: int) -> None:
    """Some are seen as they stay, some otherwise, some never, some come to nothing."""
    chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
    meters, written = SessionMeters(1), list[tuple[str, Row]]()
    number = 0
    for epoch in range(1, 8):
        now, rows = AT + epoch * 10 * SECOND, list[tuple[str, Row]]()
        for _ in range(chance.randint(0, 9)):
            number += 1
            definition = chance.choice(["gap", "day"])
            revision = chance.choice([1, 1, 1, 2])
            row = (f"s{number}", chance.choice("ab"), revision, chance.randrange(90_000), number)
            seen = (*row[:3], chance.randrange(90_000), 1) if chance.random() < 0.3 else row
            if chance.random() < 0.8:
                for _ in range(chance.randint(1, 2)):  # again after the preview began anew
                    meters.see(definition, _frame([seen]).drop("definition"), now, now)
            if chance.random() < 0.8:
                rows.append((definition, row))
        meters.commit(
            epoch, _frame([row for _, row in rows], *[name for name, _ in rows]), now, now
        )
        written += rows
    shown = meters.shown(AT + 80 * SECOND)
    assert (shown.since_epoch, shown.to_epoch, shown.is_whole) == (1, 7, True)
    for meter in shown.meters:
        mine = [row for name, row in written if (name, row[1]) == (meter.definition, meter.app_id)]
        first = [row for row in mine if row[2] == 1]
        assert meter.provisional == 0
        assert (meter.closed, meter.repaired) == (len(first), len(mine) - len(first))
        lengths, events = [row[3] for row in first], [row[4] for row in first]
        assert _sums(meter)[1:] == (len(first), len(mine) - len(first), sum(lengths), sum(events))
        seconds = _histogram(DURATION_BOUNDS, [value / 1000 for value in lengths])
        assert (meter.duration.counts, meter.duration.sum) == (seconds, sum(lengths))
        assert meter.events.counts == _histogram(EVENTS_BOUNDS, [float(one) for one in events])
    assert sum(meter.closed + meter.repaired for meter in shown.meters) == len(written)


def test_what_is_seen_counts_at_once_and_stays_in_its_second() -> None:
    """The chart does not wait for the epoch, nor does the epoch move what it showed."""
    meters = SessionMeters(5)
    meters.start("gap", "shop", AT, 3, 2)
    meters.see("gap", _frame([("s", "shop", 1, 4_000, 3)]), AT + SECOND, AT)
    [meter] = meters.shown(AT + 2 * SECOND).meters
    assert (meter.open, meter.closed, meter.provisional) == (2, 0, 1)
    before = meter.seconds
    assert (before.at, before.started, before.closed) == ((297, 298), (3, 0), (0, 1))
    meters.commit(5, _frame([("s", "shop", 1, 4_000, 3)], "gap"), AT + 2 * SECOND, AT)
    [meter] = meters.shown(AT + 2 * SECOND).meters
    assert (meter.closed, meter.provisional, meter.seconds) == (1, 0, before)
    assert meters.shown(AT + 400 * SECOND).meters[0].seconds.at == ()


def test_prometheus_has_what_is_committed() -> None:
    """Histograms are cumulative, and labelled by definition and app."""
    meters = SessionMeters(1)
    rows: list[Row] = [("s", "a", 1, 4_000, 3), ("t", "a", 1, 20_000, 1), ("u", "a", 2, 1, 1)]
    meters.start("gap", "a", AT, 3, 7)
    meters.commit(1, _frame(rows, "gap", "gap", "gap"), AT, AT)
    meters.see("gap", _frame([("v", "a", 1, 1, 1)]), AT, AT)
    state = LiveState()
    snapshot = state.snapshot(AT, open_sessions=0, totals=Ledger(), sessions=meters.shown(AT))
    found: dict[str, Any] = dict(
        line.rsplit(" ", 1)
        for line in prometheus_text(snapshot).decode().splitlines()
        if not line.startswith("#")
    )
    labels = 'app="a",definition="gap"'
    names = [name for name in found if "_bucket" not in name]
    assert {name: float(found[name]) for name in names} == {
        f"footfall_sessions_closed_total{{{labels}}}": 2.0,
        f"footfall_sessions_repaired_total{{{labels}}}": 1.0,
        f"footfall_sessions_open{{{labels}}}": 7.0,
        f"footfall_session_duration_seconds_count{{{labels}}}": 2.0,
        f"footfall_session_duration_seconds_sum{{{labels}}}": 24.0,
        f"footfall_session_events_count{{{labels}}}": 2.0,
        f"footfall_session_events_sum{{{labels}}}": 4.0,
    }
    below = [
        float(found[f'footfall_session_duration_seconds_bucket{{{labels},le="{bound}"}}'])
        for bound in ("1.0", "5.0", "10.0", "20.0", "+Inf")
    ]
    assert below == [0.0, 1.0, 1.0, 2.0, 2.0]
