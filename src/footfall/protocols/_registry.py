"""All protocols: ours, and those of installed packages.

A package adds one with an entry point in the group `footfall.protocols`, named after the protocol,
that is a `Protocol`. It cannot replace one of ours, and of two packages with one name the first by
the package's name counts. Nothing of a package is imported before `load_plug_in` is asked to.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Final

from footfall.errors import Invalid
from footfall.protocols._protocol import Protocol
from footfall.protocols.aws import AWS
from footfall.protocols.kstream import KSTREAM
from footfall.protocols.own import FOOTFALL
from footfall.protocols.pixel import PIXEL

ENTRY_POINT_GROUP: Final = "footfall.protocols"

BUILT_IN: Final[Mapping[str, Protocol]] = MappingProxyType(
    {protocol.name: protocol for protocol in (AWS, FOOTFALL, PIXEL, KSTREAM)}
)


def plug_in_names() -> list[str]:
    """Protocols that installed packages bring, in order; none is loaded for it."""
    return sorted(_points())


def plug_in_clashes() -> list[str]:
    """A sentence for each entry point that is not used because its name is taken."""
    seen = set(BUILT_IN)
    clashes = []
    for point in _all_points():
        if point.name in seen:
            clashes.append(
                f"the protocol {point.name} of {_package(point)} is not used: another has this"
                " name; rename its entry point and its Protocol"
            )
        seen.add(point.name)
    return clashes


def load_plug_in(name: str) -> Protocol:
    """The protocol of an installed package.

    Raises:
        Invalid: there is none, or what the entry point names is no usable `Protocol`.
        Exception: whatever importing the package raises.
    """
    point = _points().get(name)
    if point is None:
        raise Invalid(f"no installed package has this protocol: {name}")
    found = point.load()
    if not isinstance(found, Protocol):
        kind = type(found).__name__
        raise Invalid(f"the entry point is no footfall.protocols.Protocol, but of type {kind}")
    if found.name != name:
        raise Invalid(f"the Protocol has another name than its entry point: {found.name!r}")
    if found.fast_way is not None:
        raise Invalid("fast_way is for protocols of Footfall itself; leave it out")
    if any(route.path_setting for route in found.routes):
        raise Invalid("path_setting is for protocols of Footfall itself; state paths")
    return found


def _points() -> dict[str, metadata.EntryPoint]:
    """The entry point that counts for each name."""
    found: dict[str, metadata.EntryPoint] = {}
    for point in _all_points():
        if point.name not in BUILT_IN:
            found.setdefault(point.name, point)
    return found


def _all_points() -> list[metadata.EntryPoint]:
    points = metadata.entry_points(group=ENTRY_POINT_GROUP)
    return sorted(points, key=lambda point: (point.name, _package(point)))


def _package(point: metadata.EntryPoint) -> str:
    distribution = getattr(point, "dist", None)
    return distribution.name if distribution is not None else point.value
