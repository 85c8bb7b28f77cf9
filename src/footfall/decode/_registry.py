"""Decoders by the name of their protocol: ours, and those of installed packages.

A package adds one with an entry point in the group `footfall.decoders`, named after the protocol,
that is a function like `Decoder`. It cannot replace one of ours.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Final

from footfall.decode.aws.decoder import decode_aws
from footfall.decode.blocks.records import Decoder
from footfall.decode.footfall.decoder import decode_footfall
from footfall.decode.pixel import decode_pixel

ENTRY_POINT_GROUP: Final = "footfall.decoders"

BUILT_IN: Final[Mapping[str, Decoder]] = MappingProxyType(
    {"aws": decode_aws, "footfall": decode_footfall, "pixel": decode_pixel}
)


_left_out: set[str] = set()


@functools.cache
def decoders() -> Mapping[str, Decoder]:
    """All decoders but those left out; looked for once in a process."""
    plug_ins = {
        point.name: point.load()
        for point in metadata.entry_points(group=ENTRY_POINT_GROUP)
        if point.name not in _left_out
    }
    return MappingProxyType({**plug_ins, **BUILT_IN})


def plug_ins() -> list[str]:
    """Protocols that installed packages decode, in order; none is loaded for it."""
    found = {point.name for point in metadata.entry_points(group=ENTRY_POINT_GROUP)}
    return sorted(found - BUILT_IN.keys())


def leave_out(protocols: Iterable[str]) -> None:
    """Load none of these plug-ins in this process: loading them would end it."""
    _left_out.clear()
    _left_out.update(protocols)
    decoders.cache_clear()
