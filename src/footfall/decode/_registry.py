"""Decoders by the name of their protocol, loaded: ours, and those of installed packages.

What protocols there are says `footfall.protocols`; here their code is loaded, once in a process.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from footfall.decode.blocks.fast import Take
from footfall.decode.blocks.records import Decoder
from footfall.errors import FootfallError, Invalid
from footfall.protocols import BUILT_IN, Protocol, load_plug_in, plug_in_names, resolve
from footfall.request import Request

Weight = Callable[[Request, bytes], int]

_left_out: set[str] = set()
_weights: dict[str, Weight] = {}


@functools.cache
def decoders() -> Mapping[str, Decoder]:
    """All decoders but those left out; looked for once in a process.

    Raises:
        Invalid: a plug-in cannot be used. `leave_out` goes on without it.
        Exception: whatever importing a plug-in raises.
    """
    protocols = [*BUILT_IN.values()]
    protocols += [_plug_in(name) for name in plug_in_names() if name not in _left_out]
    _weights.clear()
    for protocol in protocols:
        if protocol.weight is not None:
            _weights[protocol.name] = resolve(protocol.weight)
    return MappingProxyType({one.name: resolve(one.decoder) for one in protocols})


def weights() -> Mapping[str, Weight]:
    """See `Protocol.weight`; of those of `decoders` that have one."""
    decoders()
    return _weights


def fast_ways() -> Mapping[str, Take]:
    """Fast ways of those of our protocols that have one."""
    ways = {name: protocol.fast_way for name, protocol in BUILT_IN.items()}
    return MappingProxyType({name: resolve(way) for name, way in ways.items() if way is not None})


def plug_ins() -> list[str]:
    """Protocols that installed packages decode, in order; none is loaded for it."""
    return plug_in_names()


def leave_out(protocols: Iterable[str]) -> None:
    """Load none of these plug-ins in this process: loading them would end it."""
    names = set(protocols)
    if names == _left_out:
        return
    _left_out.clear()
    _left_out.update(names)
    decoders.cache_clear()


def _plug_in(name: str) -> Protocol:
    try:
        return load_plug_in(name)
    except FootfallError as error:
        raise Invalid(f"the plug-in {name} cannot be used: {error}") from error
