"""Bodies of requests, bounded in depth before anything is made of them."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.datastructures import State

from footfall.errors import Invalid

DEPTH_MAX: Final = 32
"""Arrays and objects within each other; what is deeper ends interpreters somewhere."""


class StudioRequest(Request[Any, Any, State]):
    """Litestar's, whose JSON nobody can nest too deeply."""

    async def json(self) -> Any:
        """See Litestar.

        Raises:
            Invalid: it is nested deeper than `DEPTH_MAX`.
        """
        try:
            found = await super().json()
        except RecursionError:
            raise _too_deep() from None
        level, depth = [found], 0
        while level:
            if depth > DEPTH_MAX:
                raise _too_deep()
            level = [inner for value in level for inner in _inside(value)]
            depth += 1
        return found


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _too_deep() -> Invalid:
    return Invalid(f"the body is nested too deeply; send a flatter one: depth_max={DEPTH_MAX}")
