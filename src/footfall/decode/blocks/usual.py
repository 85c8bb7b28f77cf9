"""Types of usual values: those that a field's conversion takes without a look at the value.

Fast ways parse with them. They follow from a protocol's table of fields, so that a field is stated
once; one whose conversion is not here has no type, and a request that has it goes the general way.
Only that a text is none of `values.NO_IDS` no type says: `Sheet.check_ids` looks for those.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from footfall.decode.blocks import values
from footfall.decode.blocks.records import json_items
from footfall.decode.blocks.values import (
    ID_CHARACTERS_MAX,
    INT32_MAX,
    INT64_MAX,
    NAME_CHARACTERS_MAX,
    TIME_MAX_US,
    TIME_MIN_US,
)

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Identifier = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARACTERS_MAX)]
NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]
Milliseconds = Annotated[int, msgspec.Meta(ge=-(-TIME_MIN_US // 1000), le=TIME_MAX_US // 1000)]
_Int64 = Annotated[int, msgspec.Meta(ge=-INT64_MAX - 1, le=INT64_MAX)]

TYPES: Final[dict[values.Convert, Any]] = {
    values.text: str,
    values.name: Name,
    values.identifier: Identifier,
    values.int64: _Int64,
    values.duration_ms: _Int64,
    values.size: Annotated[int, msgspec.Meta(ge=0, le=INT32_MAX)],
    values.flag: bool,
    values.money: int | float,
    values.moment: Milliseconds | NonEmpty,
    values.mapping: dict[str, Any],
    json_items: list[dict[str, Any]],
}
