"""Columns of the tables that tiles read, asked for once a cut however many tiles want them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

Types = Mapping[str, str]
TIMES: Final = {"events": "event_time", "sessions": "started_at", "failed_events": "received_at"}
"""The project's own tables, and of their instants the one that ranges are about."""


class TableColumns:
    """Of one project. A dashboard's tiles come at once, and each would ask the same."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._asked: dict[str, tuple[object, asyncio.Task[Types]]] = {}

    async def of(self, name: str, cut: object, ask: Callable[[], Awaitable[Types]]) -> Types:
        """SQL types of a table's columns, by name.

        Args:
            name: Of the table.
            cut: Which is the newest; `None` if that is not known, then it is asked each time.
            ask: Asks the engine. Goes on for others when who began it is gone.

        Raises:
            FootfallError: what `ask` raises; the next one asks anew.
        """
        if name not in TIMES or cut is None:  # a view changes without a cut
            return await ask()
        known = self._asked.get(name)
        if known is None or known[0] != cut or _has_failed(known[1]):
            known = cut, asyncio.ensure_future(_asked(ask))
            self._asked[name] = known
        return await asyncio.shield(known[1])


def _has_failed(task: asyncio.Task[Types]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def _asked(ask: Callable[[], Awaitable[Types]]) -> Types:
    return await ask()
