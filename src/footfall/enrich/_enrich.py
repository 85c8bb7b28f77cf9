"""The chain of steps."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from footfall.enrich.campaign import add_campaign
from footfall.enrich.clock import correct_clock
from footfall.enrich.page import add_page
from footfall.enrich.user_agent import add_user_agent
from footfall.settings import ClockSettings


class Enriched(msgspec.Struct, frozen=True):
    """What the chain made of decoded events."""

    events: pa.Table
    """In the order they came, with the columns each step adds."""
    failures: pa.Table
    """`FAILED_SCHEMA`: events that are too old."""


def enrich(events: pa.Table, settings: ClockSettings, trusted: Sequence[int] = ()) -> Enriched:
    """Run the chain over decoded events.

    Pure, and per event: parts of a table enriched apart and put together equal the whole.

    Args:
        events: As `decode` gives them.
        settings: Limits of the clock step.
        trusted: Offsets of requests that were sent with a server key.
    """
    corrected = correct_clock(events, settings, trusted)
    table = add_campaign(add_page(add_user_agent(corrected.events)))
    return Enriched(table, corrected.failures)
