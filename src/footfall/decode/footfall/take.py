"""Usual requests to `/v1/events`, taken by the fast way."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.decode.blocks.body import open_body
from footfall.decode.blocks.fast import Taken
from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.json import check_values, has_more_than
from footfall.decode.blocks.parse import BROKEN, decoder
from footfall.decode.blocks.records import shares_too_much
from footfall.decode.blocks.split import first_byte
from footfall.decode.footfall import fields
from footfall.decode.footfall.decoder import (
    EVENTS,
    Shared,
    own_template,
    use_envelope,
    use_query,
)
from footfall.decode.footfall.event import FootfallEvent
from footfall.decode.footfall.fast import lay_out_footfall
from footfall.request import LoggedRequest, Request
from footfall.settings import DecodeSettings

_decode_events: Final = decoder(list[FootfallEvent])  # type: ignore[valid-type]  # made by defstruct
_decode_event: Final = decoder(FootfallEvent)
_decode_members: Final = decoder(dict[str, msgspec.Raw])
_decode_any: Final = decoder()


def take_footfall(logged: LoggedRequest, settings: DecodeSettings) -> Taken | None:
    """See `Take`."""
    request = logged.request
    try:
        body = open_body(request, settings)
        check_values(body)
        envelope, events = _read(body, settings.events_max)
        if not 0 < len(events) <= settings.events_max:
            return None
        template = own_template(logged)
        known = fields.TRUSTED_EVENT if request.trusted else fields.EVENT
        use_query(request, template)
        shared = Shared(request, known, template, {})
        use_envelope(shared, envelope)
    except (Fault, *BROKEN):
        return None
    if shares_too_much(request, template, shared.properties, len(events), len(body), settings):
        return None
    shares_json = template[fields.USER_PROPERTIES] or template[fields.ITEMS]
    if shares_json or not _is_allowed(events, request, template[fields.APP_ID]):
        return None
    return Taken(lay_out_footfall, logged, template, shared.properties, events)


def _read(body: bytes, most: int) -> tuple[dict[str, object], list[Any]]:
    """The fields beside the events, and the events; none if there are more than `most`."""
    if first_byte(body) == b"[":
        return {}, [] if has_more_than(body, most) else _decode_events(body)
    members = _decode_members(body)
    events = members.pop(EVENTS, None)
    if events is None:
        return {}, [_decode_event(body)]
    if has_more_than(events, most):
        return {}, []
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
