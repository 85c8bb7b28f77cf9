"""Questions that are being answered now: how many there may be, and how to end one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import msgspec

from footfall.clock import Clock, uuid7
from footfall.errors import Closed, Conflict, Overloaded
from footfall.studio.edge.problems import NotFound

RUNNING_MAX: Final = 64
"""At a time, those that wait for a worker included; further ones are told to come back."""
_Result = TypeVar("_Result")


class RunningQuestion(msgspec.Struct, frozen=True):
    """One that has no answer yet."""

    id: str
    model: str
    started_at: int
    """Microseconds since 1970 UTC."""


class Running:
    """Of one event loop."""

    def __init__(self, count_max: int = RUNNING_MAX) -> None:
        self._now: dict[str, tuple[RunningQuestion, asyncio.Future[Any]]] = {}
        self._ended: set[str] = set()
        self._count_max = count_max

    def list(self) -> tuple[RunningQuestion, ...]:
        """Oldest first."""
        return tuple(question for question, _ in self._now.values())

    async def run(
        self, name: str, model: str, clock: Clock, work: Coroutine[Any, Any, _Result]
    ) -> _Result:
        """Do the work of one question; cancelling the call ends it as well.

        Args:
            name: What its asker calls it; empty: it gets a name of ours.
            model: Of the question.
            clock: Says when it began.
            work: Ends soon when it is cancelled.

        Raises:
            Conflict: another runs under this name.
            Overloaded: too many run.
            Closed: it was ended; nothing of it goes on.
        """
        key = name or uuid7(clock.now_us()).hex()
        if key in self._now:
            work.close()
            raise Conflict("a question runs under this name; take one that no other has")
        if len(self._now) >= self._count_max:
            work.close()
            raise Overloaded(f"too many questions run; try later: running_max={self._count_max}")
        task = asyncio.ensure_future(work)
        self._now[key] = (RunningQuestion(key, model, clock.now_us()), task)
        try:
            return await task
        except asyncio.CancelledError:
            if key in self._ended:
                raise Closed("the question was ended, as was asked for") from None
            raise
        finally:
            del self._now[key]
            self._ended.discard(key)

    async def end(self, name: str) -> None:
        """End a question's work, and return when it has.

        Raises:
            NotFound: none runs under this name: it may have its answer already.
        """
        if name not in self._now:
            raise NotFound("no such question runs; it may have been answered")
        _, task = self._now[name]
        self._ended.add(name)
        task.cancel()
        await asyncio.wait((task,))
