"""The clock, then the steps of the list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import pyarrow as pa

from footfall.enrich.clock import correct_clock
from footfall.enrich.plan import DEFAULT_PLAN, StepPlan, resolve
from footfall.enrich.run import Rows, run_step
from footfall.settings import ClockSettings

_LOG_ORDER: Final = [("log_offset", "ascending"), ("request_index", "ascending")]


class Enriched(msgspec.Struct, frozen=True):
    """What the chain made of decoded events."""

    events: pa.Table
    """In the order they came, with the columns each step adds."""
    failures: pa.Table
    """`FAILED_SCHEMA`, in log order: events that are too old, or that a step fails for."""


def enrich(
    events: pa.Table,
    settings: ClockSettings,
    trusted: Sequence[int] = (),
    steps: Sequence[StepPlan] = DEFAULT_PLAN,
) -> Enriched:
    """Run the chain over decoded events.

    Pure, and per request: parts of a table, cut between requests, enriched apart and put together
    equal the whole.

    Args:
        events: As `decode` gives them, in log order.
        settings: Limits of the clock.
        trusted: Offsets of requests that were sent with a server key.
        steps: Of the plan.

    Raises:
        Corrupt: a step of the plan is not installed.
    """
    planned = resolve(steps)
    corrected = correct_clock(events, settings, trusted)
    rows, failures = Rows(corrected.events), [corrected.failures]
    for step, its_settings in planned:
        if rows.table.num_rows == 0:
            break
        stepped = run_step(step, its_settings, rows)
        rows = stepped.rows
        if stepped.failures is not None:
            failures.append(stepped.failures)
    if len(failures) == 1:
        return Enriched(rows.whole(), failures[0])
    return Enriched(rows.whole(), pa.concat_tables(failures).sort_by(_LOG_ORDER))
