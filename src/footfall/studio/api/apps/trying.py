"""A test event: the studio sends one as an SDK would, over HTTP to this home's collector."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urlencode

import msgspec

from footfall.errors import Unavailable

NAME: Final = "test_event"
_SECONDS_MAX: Final = 5
_DETAIL_LENGTH_MAX: Final = 300


class EventTaken(msgspec.Struct, frozen=True):
    """Answer of `POST /api/test-event`: the collector has it on disk."""

    app_id: str
    event_name: str


def send_test_event(collector_url: str, app_id: str, write_id: str) -> EventTaken:
    """Send one event of the app; blocks until it is acknowledged.

    Raises:
        Unavailable: the collector did not take it; its own words are in the message.
    """
    event = {"name": NAME, "visitor_id": "studio-test", "properties": {"sent_by": "studio"}}
    request = urllib.request.Request(  # noqa: S310 (the collector's own address)
        f"{collector_url}/v1/events?{urlencode({'write_id': write_id})}",
        data=json.dumps(event).encode(),
        headers={"content-type": "application/json", "user-agent": "footfall-studio"},
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS_MAX):  # noqa: S310
            return EventTaken(app_id, NAME)
    except urllib.error.HTTPError as error:
        said = error.read(_DETAIL_LENGTH_MAX).decode(errors="replace")
        raise Unavailable(f"the collector refused the test event: {error.code} {said}") from error
    except OSError as error:
        raise Unavailable(f"the collector cannot be reached; does it run? {error}") from error
