"""Events of `/v1/events` as types: a value they allow is usual, checked while it is parsed.

The types follow from `_footfall_fields`: what its conversions take without a look at the value.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.decode.blocks import values
from footfall.decode.blocks.fields import Fields
from footfall.decode.blocks.usual import TYPES, Name
from footfall.decode.footfall import fields

_TYPES: Final[dict[values.Convert, Any]] = {**TYPES, fields.address: str}
_NAME_KEY: Final = "name"
TRUSTED_KEYS: Final = tuple(key for key in fields.TRUSTED_EVENT if key not in fields.EVENT)
USER_KEY: Final = "user_properties"


def _struct(name: str, keys: Fields, more: list[Any] | None = None) -> type[msgspec.Struct]:
    """A struct of a table's fields; fields are called after their keys, those after `f_`."""
    members: list[Any] = list(more or ())
    members += [
        (f"f_{key}", _TYPES[convert] | None, None)
        for key, (_, _, convert) in keys.items()
        if convert in _TYPES and f"f_{key}" not in {member[0] for member in members}
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
        (f"f_{_NAME_KEY}", Name),
        (f"f_{USER_KEY}", msgspec.Raw, msgspec.Raw(b"null")),
        *((f"f_{key}", group | None, None) for key, group in GROUPS.items()),
    ],
)
"""An event without aliases and without fields that no table names."""
