"""Usual requests of AWS SDKs, typed and checked while the JSON is parsed."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from footfall.decode._body import open_body
from footfall.decode._fast import Taken
from footfall.decode._fault import Fault
from footfall.decode._json import has_too_many_values
from footfall.decode._records import new_template
from footfall.decode._values import (
    ID_CHARACTERS_MAX,
    INT32_MAX,
    INT64_MAX,
    NAME_CHARACTERS_MAX,
    TIME_MAX_US,
    TIME_MIN_US,
)
from footfall.decode.aws import use_query
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
_EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARACTERS_MAX)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARACTERS_MAX)] | None
_Text = Annotated[str, msgspec.Meta(min_length=1)] | None
_Size = Annotated[int, msgspec.Meta(ge=0, le=INT32_MAX)] | None
_Int64 = Annotated[int, msgspec.Meta(ge=-INT64_MAX - 1, le=INT64_MAX)] | None
_Milliseconds = Annotated[int, msgspec.Meta(ge=-(-TIME_MIN_US // 1000), le=TIME_MAX_US // 1000)]
_NOTHING: Final = msgspec.Raw(b"null")


class AwsEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An event with no other fields than those of `_aws_fields.EVENT`.

    Empty text is unusual but where web SDKs send it: a locale without a country, say.
    """

    event_type: _Name
    event_id: _EventId
    timestamp: _Milliseconds
    device_id: _Id = None
    unique_id: _Id = None
    app_id: _Text = None
    host_name: _Text = None
    locale: _Text = None
    system_language: str | None = None
    country_code: str | None = None
    zone_offset: _Int64 = None
    make: str | None = None
    brand: _Text = None
    model: _Text = None
    carrier: _Text = None
    network_type: _Text = None
    os_name: _Text = None
    os_version: _Text = None
    app_version: _Text = None
    app_title: _Text = None
    app_package_name: _Text = None
    platform: _Text = None
    screen_height: _Size = None
    screen_width: _Size = None
    viewport_height: _Size = None
    viewport_width: _Size = None
    sdk_name: _Text = None
    sdk_version: _Text = None
    items: list[dict[str, Any]] | None = None
    user: msgspec.Raw = _NOTHING
    """Parsed once for each text it is sent as: mostly the same in all events of a visit."""
    attributes: dict[str, Any] | None = None


_decode: Final = msgspec.json.Decoder(list[AwsEvent]).decode


def take_aws(logged: LoggedRequest, settings: DecodeSettings) -> Taken | None:
    """See `FastWay.take`."""
    request = logged.request
    try:
        body = open_body(request, settings, base64_gzip=True)
        if has_too_many_values(body):
            return None
        events = _decode(body)
    except (Fault, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not 0 < len(events) <= settings.events_per_request_max:
        return None
    allowed = (None, request.app_id, request.credential)
    for event in events:
        if event.app_id not in allowed:
            return None
    template = new_template(logged)
    kept = use_query(request, template)
    return Taken(logged, template, kept, events)
