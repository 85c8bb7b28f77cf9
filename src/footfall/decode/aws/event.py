"""Events of AWS SDKs as types: a value they allow is a usual one, checked while it is parsed.

The types follow from `fields.EVENT`. Text of a column is not empty, so that it is the column's
value as it is; where web SDKs send empty text (a locale without a country, say) `fast` looks at it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.decode.aws import fields
from footfall.decode.blocks import values
from footfall.decode.blocks.rows import SCRATCH
from footfall.decode.blocks.usual import TYPES, Identifier, Milliseconds, Name, NonEmpty

OWN_KEYS: Final = frozenset(
    {"event_type", "event_id", "timestamp", "device_id", "unique_id"}
    | {"app_id", "items", "attributes"}
)
"""Fields that tell of what happened, and to whom; all others tell of device, app and user, which
are the same in all events of a request."""

_REQUIRED: Final[dict[str, Any]] = {
    "event_type": Name,
    "event_id": Identifier,
    "timestamp": Milliseconds,
}
_USER: Final = "user"
_NOTHING: Final = msgspec.Raw(b"null")


def _member(key: str) -> tuple[Any, ...]:
    """A field as `defstruct` wants it."""
    slot, _, convert = fields.EVENT[key]
    if key in _REQUIRED:
        return key, _REQUIRED[key]
    if key == _USER:  # parsed once for each text it is sent as: mostly the same in all of a visit
        return key, msgspec.Raw, _NOTHING
    is_column_of_text = convert is values.text and slot < SCRATCH
    return key, (NonEmpty if is_column_of_text else TYPES[convert]) | None, None


def event_struct(name: str, keys: Any, *more: tuple[str, Any, Any]) -> type[msgspec.Struct]:
    """A struct of those fields of `fields.EVENT` whose values can be usual, and of others."""
    known = [key for key in fields.EVENT if key in keys and fields.EVENT[key][2] in TYPES]
    return msgspec.defstruct(
        name,
        [*more, *map(_member, known)],
        forbid_unknown_fields=True,
        gc=False,
        kw_only=True,
    )


AwsEvent: Final = event_struct("AwsEvent", fields.EVENT)
AwsCommon: Final = event_struct("AwsCommon", fields.EVENT.keys() - OWN_KEYS)
