"""Usual requests to `/v1/events`, typed and checked while the JSON is parsed.

The types follow from `_footfall_fields`: what its conversions take without a look at the value.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from footfall.decode import _footfall_fields as fields
from footfall.decode import _values as values
from footfall.decode._body import open_body
from footfall.decode._fast import Taken
from footfall.decode._fault import Fault
from footfall.decode._fields import Fields
from footfall.decode._json import has_too_many_values
from footfall.decode._records import json_items
from footfall.decode._values import (
    ID_CHARACTERS_MAX,
    INT32_MAX,
    INT64_MAX,
    NAME_CHARACTERS_MAX,
    TIME_MAX_US,
    TIME_MIN_US,
)
from footfall.decode.footfall import EVENTS, Shared, own_template, use_envelope, use_query
from footfall.request import LoggedRequest, Request
from footfall.settings import DecodeSettings

_Int64 = Annotated[int, msgspec.Meta(ge=-INT64_MAX - 1, le=INT64_MAX)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=-(-TIME_MIN_US // 1000), le=TIME_MAX_US // 1000)]
_TYPES: Final[dict[values.Convert, Any]] = {
    values.text: str,
    values.identifier: Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARACTERS_MAX)],
    values.int64: _Int64,
    values.duration_ms: _Int64,
    values.size: Annotated[int, msgspec.Meta(ge=0, le=INT32_MAX)],
    values.flag: bool,
    values.money: int | float,
    values.moment: _Milliseconds | Annotated[str, msgspec.Meta(min_length=1)],
    values.mapping: dict[str, Any],
    json_items: list[dict[str, Any]],
    fields.address: str,
}
_NAME_KEY: Final = "name"
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
TRUSTED_KEYS: Final = tuple(key for key in fields.TRUSTED_EVENT if key not in fields.EVENT)
USER_KEY: Final = "user_properties"


def _struct(name: str, keys: Fields, more: list[Any] | None = None) -> type[msgspec.Struct]:
    """A struct of a table's fields; fields are called after their keys, those after `f_`."""
    members: list[Any] = list(more or ())
    members += [
        (f"f_{key}", _TYPES[convert] | None, None)
        for key, (_, _, convert) in keys.items()
        if f"f_{key}" not in {member[0] for member in members}
    ]
    return msgspec.defstruct(
        name,
        members,
        rename=lambda field: field.removeprefix("f_"),
        forbid_unknown_fields=True,
        gc=False,
    )


GROUPS: Final = {key: _struct(f"_{key}", keys) for key, keys in fields.GROUPS.items()}
"""Typed groups of fields (`page`, `device`, …)."""

FootfallEvent: Final = _struct(
    "FootfallEvent",
    fields.TRUSTED_EVENT,
    [
        (f"f_{_NAME_KEY}", _Name),
        (f"f_{USER_KEY}", msgspec.Raw, msgspec.Raw(b"null")),
        *((f"f_{key}", group | None, None) for key, group in GROUPS.items()),
    ],
)
"""An event without aliases and without fields that no table names."""

_decode_events: Final = msgspec.json.Decoder(list[FootfallEvent]).decode  # type: ignore[valid-type]
_decode_event: Final = msgspec.json.Decoder(FootfallEvent).decode
_decode_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_any: Final = msgspec.json.Decoder().decode


def take_footfall(logged: LoggedRequest, settings: DecodeSettings) -> Taken | None:
    """See `FastWay.take`."""
    request = logged.request
    try:
        body = open_body(request, settings)
        if has_too_many_values(body):
            return None
        envelope, events = _read(body)
        if not 0 < len(events) <= settings.events_per_request_max:
            return None
        template = own_template(logged)
        known = fields.TRUSTED_EVENT if request.trusted else fields.EVENT
        shared = Shared(request, known, template, use_query(request, template))
        use_envelope(shared, envelope)
    except (Fault, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if template[fields.USER_PROPERTIES] or template[fields.ITEMS]:
        return None
    if not _is_allowed(events, request, template[fields.APP_ID]):
        return None
    return Taken(logged, template, shared.properties, events)


def _read(body: bytes) -> tuple[dict[str, object], list[Any]]:
    """The fields beside the events, and the events."""
    if body.lstrip()[:1] == b"[":
        return {}, _decode_events(body)
    members = _decode_members(body)
    events = members.pop(EVENTS, None)
    if events is None:
        return {}, [_decode_event(body)]
    return {key: _decode_any(raw) for key, raw in members.items()}, _decode_events(events)


def _is_allowed(events: list[Any], request: Request, shared_app: object) -> bool:
    """Whether all events name this app or none, and only a server speaks for other clients."""
    allowed = (None, request.app_id, request.credential)
    for event in events:
        app = event.f_app_id or shared_app
        if app not in allowed:
            return False
        if not request.trusted and (event.f_ip is not None or event.f_user_agent is not None):
            return False
    return True
