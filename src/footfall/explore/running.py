"""Questions answered by query workers: for the studio and a terminal.

Making a statement takes milliseconds of Python and, the first time, the import of sqlglot; both
happen in a thread, so that the event loop goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from typing import Any, Final, Protocol, TypeVar

import msgspec

from footfall.explore.found import Found
from footfall.query import SqlRunner

ROWS_MAX: Final = 1_000_000
"""For statements whose rows are bounded by themselves."""
_Result = TypeVar("_Result")


class Index(Protocol):
    """Knows the answers to some statements: `footfall.explore.journeys.process.IndexProcess`."""

    async def found(self, asked: Any) -> Found | None:
        """The rows that the statement would find; `None`: it does not have them."""
        ...


async def run_on(
    runner: SqlRunner,
    start: Callable[[], Generator[Any, Found, _Result]],
    index: Index | None = None,
) -> _Result:
    """Answer a question: out of the index what it holds, the rest by statements.

    Args:
        runner: Who runs the statements.
        start: `answering` or `opening` of `footfall.explore.asking`.
        index: The journey index, if there may be one.

    Raises:
        FootfallError: what these and the runner raise.
    """
    asking, found = await asyncio.to_thread(start), None
    while True:
        ask, result = await asyncio.to_thread(_next, asking, found)
        if ask is None:
            assert result is not None
            return result
        found = None if index is None or ask.asked is None else await index.found(ask.asked)
        if found is not None:
            continue
        answer = await runner.run(
            ask.sql, ask.values, rows_max=ROWS_MAX if ask.rows_max is None else ask.rows_max
        )
        rows = msgspec.json.decode(answer.body, type=list[list[Any]])
        found = Found(rows, answer.is_cut_off, answer.cut_sequence, answer.cut_published_at)


def _next(
    asking: Generator[Any, Found, _Result], found: Found | None
) -> tuple[Any, _Result | None]:
    """The next statement, or the result; `StopIteration` cannot leave a thread."""
    try:
        return (next(asking) if found is None else asking.send(found)), None
    except StopIteration as end:
        return None, end.value
