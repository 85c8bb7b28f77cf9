"""The usual request of an AWS SDK, at once: fields typed and checked while the JSON is parsed.

A second way beside `_fields.fill`, for speed alone: it takes a whole request of well-formed events
or none of it, and never says why not. Whatever it does not take goes the general way, which owns
acceptance and reasons. `tests/decode/test_aws_fast.py` holds that both ways give equal rows.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Annotated, Any, Final

import msgspec

from footfall.decode import _aws_fields as fields
from footfall.decode import _values as values
from footfall.decode._aws_row import finish_row
from footfall.decode._fault import Fault
from footfall.decode._json import VALUES_MAX
from footfall.decode._rows import BLANK, SLOT, Row
from footfall.decode._values import (
    ID_CHARACTERS_MAX,
    INT32_MAX,
    INT64_MAX,
    NAME_CHARACTERS_MAX,
    TIME_MAX_US,
    TIME_MIN_US,
)
from footfall.request import Request
from footfall.settings import DecodeSettings

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
_EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARACTERS_MAX)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARACTERS_MAX)] | None
_Text = Annotated[str, msgspec.Meta(min_length=1)] | None
_Size = Annotated[int, msgspec.Meta(ge=0, le=INT32_MAX)] | None
_Int64 = Annotated[int, msgspec.Meta(ge=-INT64_MAX - 1, le=INT64_MAX)] | None
_Milliseconds = Annotated[int, msgspec.Meta(ge=-(-TIME_MIN_US // 1000), le=TIME_MAX_US // 1000)]


class _Event(msgspec.Struct, forbid_unknown_fields=True, gc=False):
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
    user: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None


_NAMES: Final = _Event.__struct_fields__
_SLOTS: Final = {fields.EVENT[name][0]: place for place, name in enumerate(_NAMES)}
_arrange: Final = itemgetter(*(_SLOTS.get(slot, len(_NAMES) + slot) for slot in range(len(BLANK))))
"""Values of an event, then those of the template → a row: what the event does not have a field for
comes from the template."""

_CREATED_AT: Final = SLOT["created_at"]
_PLATFORM: Final = SLOT["platform"]
_REQUEST_INDEX: Final = SLOT["request_index"]
_decode: Final = msgspec.json.Decoder(list[_Event]).decode


def fast_rows(
    body: bytes,
    request: Request,
    template: Row,
    kept: dict[str, object],
    settings: DecodeSettings,
) -> list[Row] | None:
    """Rows of all events of a request, or `None` if one of them is unusual."""
    if body.count(b",") > VALUES_MAX:
        return None
    try:
        events = _decode(body)
        if len(events) > settings.events_per_request_max:
            return None
        return [_row(event, index, request, template, kept) for index, event in enumerate(events)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Fault):
        return None


def _row(
    event: _Event, index: int, request: Request, template: Row, kept: dict[str, object]
) -> Row:
    row = list(_arrange((*msgspec.structs.astuple(event), *template)))
    row[_CREATED_AT] = event.timestamp * 1_000
    row[_REQUEST_INDEX] = index
    row[fields.COUNTRY] = event.country_code or None
    row[fields.SYSTEM_LANGUAGE] = event.system_language or None
    row[fields.MAKE] = event.make or None
    if event.platform is None:
        row[_PLATFORM] = template[_PLATFORM]
    values.name(event.event_type)
    containers: dict[str, object] = {
        "user": event.user,
        "items": event.items,
        "attributes": event.attributes,
    }
    return finish_row(row, containers, {}, index, request, kept)
