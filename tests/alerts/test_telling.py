"""What people read of a firing."""

from __future__ import annotations

import json

import pytest

from footfall.alerts.delivery.telling import body_of
from footfall.metadata.alerts.reads import StoredFiring
from footfall.settings import RuleSettings


@pytest.mark.parametrize(("events", "said"), [(1, "1 event began"), (2, "2 events began")])
def test_one_event_is_one(events: int, said: str) -> None:
    """A title is read by people, on a phone at night: it has the words they would use."""
    details = {"duration_ms": 4_000, "events": events, "entry_page": "/"}
    text = json.dumps(details)
    row = ("id", "short", "s", "web", 0, 0, "firing", 1, "", None, text, None, "")
    told = body_of(RuleSettings("short", "session"), StoredFiring(*row))
    assert told.title == f"short: a session of 4 s with {said} at /"
