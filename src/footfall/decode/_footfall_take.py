"""Usual requests to `/v1/events`, taken by the fast way."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.decode import _footfall_fields as fields
from footfall.decode._body import open_body
from footfall.decode._fast import Taken
from footfall.decode._fault import Fault
from footfall.decode._footfall_event import FootfallEvent
from footfall.decode._footfall_fast import lay_out_footfall
from footfall.decode._json import has_too_many_values
from footfall.decode.footfall import EVENTS, Shared, own_template, use_envelope, use_query
from footfall.request import LoggedRequest, Request
from footfall.settings import DecodeSettings

_decode_events: Final = msgspec.json.Decoder(list[FootfallEvent]).decode  # type: ignore[valid-type]  # made by defstruct
_decode_event: Final = msgspec.json.Decoder(FootfallEvent).decode
_decode_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_any: Final = msgspec.json.Decoder().decode


def take_footfall(logged: LoggedRequest, settings: DecodeSettings) -> Taken | None:
    """See `Take`."""
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
    return Taken(lay_out_footfall, logged, template, shared.properties, events)


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
