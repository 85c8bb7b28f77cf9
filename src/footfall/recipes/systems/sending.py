"""From events to the requests that carry them, some late, some twice: one event a request."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from footfall.recipes.systems.recipe import SENT_LATER, SENT_TWICE, Part
from footfall.recipes.traffic import TimedRequest

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_Event = TypeVar("_Event")


def in_parts(
    events: Sequence[_Event], write: Callable[[_Event], TimedRequest], rng: random.Random
) -> tuple[Part, Part]:
    """What is sent at first, and what is late or comes again."""
    late = {at for at in range(len(events)) if rng.randrange(SENT_LATER) == 0}
    twice = [event for event in events if rng.randrange(SENT_TWICE) == 0]
    first = [write(event) for at, event in enumerate(events) if at not in late]
    after = [write(events[at]) for at in sorted(late)]
    again = [write(event) for event in twice]
    second = sorted([*after, *again], key=lambda one: one.send_at_us)
    return (
        Part(tuple(sorted(first, key=lambda one: one.send_at_us)), len(first), 0),
        Part(tuple(second), len(after), len(again)),
    )


def own_request(write_id: str, at_us: int, event: dict[str, Any]) -> TimedRequest:
    """An event of our own protocol, alone."""
    return TimedRequest(
        send_at_us=at_us,
        method="POST",
        path="/v1/events",
        query=f"write_id={write_id}",
        headers=(("content-type", "application/json"), ("user-agent", USER_AGENT)),
        body=msgspec.json.encode(event),
        events=1,
    )


USER_AGENT: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)


def iso(at_us: int) -> str:
    """RFC 3339 with microseconds and Z."""
    text = (_EPOCH + timedelta(microseconds=at_us)).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def event_id(rng: random.Random) -> str:
    """32 hexadecimal digits."""
    return f"{rng.getrandbits(128):032x}"
