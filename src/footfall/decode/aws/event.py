"""Events of AWS SDKs as types: a value they allow is a usual one, checked while it is parsed."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from footfall.decode.blocks.values import (
    ID_CHARACTERS_MAX,
    INT32_MAX,
    INT64_MAX,
    NAME_CHARACTERS_MAX,
    TIME_MAX_US,
    TIME_MIN_US,
)

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
_EventId = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARACTERS_MAX)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARACTERS_MAX)] | None
_Text = Annotated[str, msgspec.Meta(min_length=1)] | None
_Size = Annotated[int, msgspec.Meta(ge=0, le=INT32_MAX)] | None
_Int64 = Annotated[int, msgspec.Meta(ge=-INT64_MAX - 1, le=INT64_MAX)] | None
_Milliseconds = Annotated[int, msgspec.Meta(ge=-(-TIME_MIN_US // 1000), le=TIME_MAX_US // 1000)]
_NOTHING: Final = msgspec.Raw(b"null")


class AwsCommon(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """Fields that tell of the device, the app and the user, not of what happened.

    Empty text is unusual but where web SDKs send it: a locale without a country, say.
    """

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
    user: msgspec.Raw = _NOTHING
    """Parsed once for each text it is sent as: mostly the same in all events of a visit."""


class AwsOwn(msgspec.Struct, forbid_unknown_fields=True, gc=False, kw_only=True):
    """Fields that tell of what happened, and to whom."""

    event_type: _Name
    event_id: _EventId
    timestamp: _Milliseconds
    device_id: _Id = None
    unique_id: _Id = None
    app_id: _Text = None
    items: list[dict[str, Any]] | None = None
    attributes: dict[str, Any] | None = None


def _members(kind: type[msgspec.Struct]) -> list[Any]:
    return [
        (field.name, field.type, field.default)
        if field.default is not msgspec.NODEFAULT
        else (field.name, field.type)
        for field in msgspec.structs.fields(kind)
    ]


AwsEvent: Final = msgspec.defstruct(
    "AwsEvent",
    _members(AwsOwn) + _members(AwsCommon),
    forbid_unknown_fields=True,
    gc=False,
    kw_only=True,
)
"""An event with no other fields than those of `_aws_fields.EVENT`; structs have one base only."""
