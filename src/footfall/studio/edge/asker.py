"""Work for somebody who may leave: it ends when the connection does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from litestar.types import Receive

from footfall.errors import Closed

_Result = TypeVar("_Result")


async def while_asked(receive: Receive, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Do `work`, or cancel it when its asker has gone.

    A statement that nobody waits for would go on for as long as it may, on both cores, and hold a
    place that others wait for.

    Args:
        receive: ASGI's, of a request whose body was read or that has none.
        work: Ends soon when it is cancelled.

    Raises:
        Closed: the asker has gone; nobody reads the answer.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
        raise Closed("the asker has gone; the work for it was ended")
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
