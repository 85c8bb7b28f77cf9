"""One event as `POST /v1/events` has it; what is wrong with it is said where it is made."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from footfall.clock import uuid7
from footfall.errors import Invalid

EVENT_BYTES_MAX: Final = 64 * 1024
GROUPS: Final = frozenset(
    {"page", "screen", "campaign", "device", "app", "sdk", "link", "error"}
    | {"properties", "user_properties"}
)
"""Fields that are objects."""
TRUSTED: Final = frozenset({"ip", "user_agent"})
"""Fields that the collector believes only from a server."""
FIELDS: Final = (
    GROUPS
    | TRUSTED
    | {"event_id", "timestamp", "visitor_id", "user_id", "device_id", "session_id"}
    | {"session_number", "platform", "app_id", "entrance", "value", "currency"}
    | {"engagement_ms", "search_term", "language", "time_zone", "items"}
)
"""All but `name`, and `sent_at`, which each request tells for its events."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def make_event(
    name: str, given: Mapping[str, Any], now_us: int, *, is_server: bool
) -> tuple[str, str]:
    """Id and JSON of the event, which gets an id and a time if it was given none.

    Args:
        name: What happened.
        given: Fields; `None` is no value.
        now_us: The time it gets without a `timestamp`.
        is_server: Sent with a server key.

    Raises:
        Invalid: the collector would not take it as it is meant; the sentence says why.
    """
    if not isinstance(name, str) or not name.strip():
        raise Invalid(f"an event needs a name, a text: {name!r}")
    fields = {field: value for field, value in given.items() if value is not None}
    for field, value in fields.items():
        _check(field, value, is_server=is_server)
    event_id = fields.pop("event_id", "") or str(UUID(bytes=uuid7(now_us)))
    event = {
        "event_id": event_id,
        "name": name,
        "timestamp": rfc3339(fields.pop("timestamp", None) or moment(now_us)),
    }
    return str(event_id), _json(event | fields)


def moment(now_us: int) -> datetime:
    """Microseconds since 1970 as a time."""
    return _EPOCH + timedelta(microseconds=now_us)


def rfc3339(moment: datetime) -> str:
    """The time in UTC, milliseconds."""
    if moment.tzinfo is None:
        raise Invalid(f"timestamp has no time zone; give it one: {moment.isoformat()}")
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _check(field: str, value: object, *, is_server: bool) -> None:
    if field not in FIELDS:
        raise Invalid(_unknown(field))
    if field in TRUSTED and not is_server:
        raise Invalid(
            "ip and user_agent are believed from a server key alone; leave them out, or make the"
            f" client with key= in place of write_id=: {field}"
        )
    if field in GROUPS and not isinstance(value, dict):
        raise Invalid(f"{field} is a dict, such as {field}={{...}}: {value!r:.80}")
    if field == "timestamp" and not isinstance(value, datetime):
        raise Invalid(f"timestamp is an aware datetime: {value!r:.80}")


def _unknown(field: str) -> str:
    near = difflib.get_close_matches(field, FIELDS, n=2)
    meant = (
        f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(sorted(FIELDS))}."
    )
    return f"no field of an event: {field}; {meant} Your own go into properties={{...}}"


def _json(event: dict[str, Any]) -> str:
    try:
        text = json.dumps(event, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(f"JSON cannot say this event: {error}") from None
    if len(text) > EVENT_BYTES_MAX:
        raise Invalid(f"event is larger than {EVENT_BYTES_MAX} bytes: {len(text)}")
    return text
