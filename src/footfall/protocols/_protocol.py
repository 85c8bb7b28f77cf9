"""One wire protocol: routes and decoder together."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from footfall.errors import Invalid
from footfall.protocols._route import Route
from footfall.request import LOST_PROTOCOL

ROUTES_MAX: Final = 16
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_REFERENCE: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")

Code = str | Callable[..., Any]
"""A function, or where it is: `"package.module:name"`, loaded when it is used first."""


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """All that the platform knows of a wire protocol."""

    name: str
    """In records, tables and metrics; an entry point has the same name."""
    routes: tuple[Route, ...]
    decoder: Code
    """`footfall.decode.Decoder`."""
    weight: Code | None = None
    """`(Request, bytes) → int`: of a request and its unpacked body, about how many bytes are stored
    again with each event (fields beside the events). Query and headers are counted anyhow."""
    fast_way: Code | None = None
    """`footfall.decode.blocks.fast.Take`. For ours: not a public interface."""

    def __post_init__(self) -> None:
        """Check it.

        Raises:
            Invalid: with all mistakes.
        """
        problems = tuple(self._problems())
        if problems:
            raise Invalid(f"protocol {self.name!r} is wrong; mend it:", problems)

    def _problems(self) -> Iterator[str]:
        if not isinstance(self.name, str) or not _NAME.match(self.name):
            yield f"name: expected 1 to 32 of a-z, 0-9, _ and -, a letter first, not {self.name!r}"
        if self.name == LOST_PROTOCOL:
            yield f"name: {LOST_PROTOCOL!r} means requests that the log has lost"
        if not self.routes or len(self.routes) > ROUTES_MAX:
            yield f"routes: expected 1 to {ROUTES_MAX}"
        if not all(isinstance(route, Route) for route in self.routes):
            yield "routes: expected Route objects"
        for what in ("decoder", "weight", "fast_way"):
            code = getattr(self, what)
            if code is None and what != "decoder":
                continue
            if not callable(code) and not (isinstance(code, str) and _REFERENCE.match(code)):
                yield f'{what}: expected a function or "package.module:name", not {code!r}'


def resolve(code: Code) -> Callable[..., Any]:
    """The function, loaded if need be.

    Raises:
        Invalid: there is none at that place.
        Exception: whatever importing its module raises.
    """
    if not isinstance(code, str):
        return code
    module, _, name = code.partition(":")
    found = getattr(importlib.import_module(module), name, None)
    if not callable(found):
        raise Invalid(f"there is no function at this place: {code}")
    return found  # type: ignore[no-any-return]  # callable
