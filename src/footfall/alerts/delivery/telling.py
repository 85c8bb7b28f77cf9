"""What a channel is told of a firing: a body for programs, a line for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from footfall.clock import SECOND
from footfall.metadata.alerts.reads import StoredFiring
from footfall.settings import RuleSettings


class Told(msgspec.Struct, frozen=True):
    """One firing as channels get it; docs/concepts/alerts.md has an example."""

    delivery_id: str
    """Equal on every try, and for all notices of one firing."""
    sequence: int
    """1 for the firing, more for what became of it."""
    state: str
    """`firing`, or `withdrawn`: late events made it untrue."""
    rule: str
    kind: str
    app_id: str
    at: str
    """When it fired, ISO 8601, by the clock of events."""
    title: str
    details: dict[str, Any]
    """Columns of the session, or window, rows and value; times in microseconds since 1970 UTC."""


def body_of(rule: RuleSettings, firing: StoredFiring) -> Told:
    """What is told of it."""
    details = msgspec.json.decode(firing.details)
    said = _said(rule, details)
    return Told(
        delivery_id=firing.delivery_id,
        sequence=firing.sequence,
        state=firing.state,
        rule=rule.name,
        kind=rule.kind,
        app_id=firing.app_id,
        at=moment(firing.at),
        title=f"{rule.name}: {said}"
        if firing.state == "firing"
        else f"{rule.name}: withdrawn, {said}",
        details=details,
    )


def moment(time_us: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(time_us / SECOND, UTC).isoformat(timespec="seconds")


def _said(rule: RuleSettings, details: dict[str, Any]) -> str:
    if rule.kind == "session":
        seconds = int(details.get("duration_ms") or 0) / 1000
        where = details.get("entry_page") or details.get("first_event_name") or "?"
        events = details.get("events")
        named = "event" if events == 1 else "events"
        return f"a session of {seconds:g} s with {events} {named} began at {where}"
    end = moment(int(details["window_end"]))
    if rule.measure == "absence":
        return f"nothing came for {rule.window} up to {end}"
    value = details.get("value")
    shown = "no value" if value is None else f"{value:g}"
    what = f"{rule.measure} of {rule.over} is {shown} in the {rule.window} up to {end}"
    expected = details.get("expected")
    return what if expected is None else f"{what}, where {expected:g} is usual"
