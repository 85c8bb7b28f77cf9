"""Decoders by the name of their protocol: ours, and those of installed packages.

A package adds one with an entry point in the group `footfall.decoders`, named after the protocol,
that is a function like `Decoder`. It cannot replace one of ours.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Final

from footfall.decode._records import Decoder
from footfall.decode.aws import decode_aws
from footfall.decode.footfall import decode_footfall
from footfall.decode.pixel import decode_pixel

ENTRY_POINT_GROUP: Final = "footfall.decoders"

BUILT_IN: Final[Mapping[str, Decoder]] = MappingProxyType(
    {"aws": decode_aws, "footfall": decode_footfall, "pixel": decode_pixel}
)


@functools.cache
def decoders() -> Mapping[str, Decoder]:
    """All decoders; looked for once in a process."""
    plug_ins = {
        point.name: point.load() for point in metadata.entry_points(group=ENTRY_POINT_GROUP)
    }
    return MappingProxyType({**plug_ins, **BUILT_IN})
