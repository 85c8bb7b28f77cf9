"""Answers, and those that were given lately: the same question of the same cut is asked once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator
from typing import Any, Final, TypeVar

import msgspec

from footfall.clock import Clock
from footfall.explore.answer import Members
from footfall.explore.question.common import Common
from footfall.explore.running import Index, run_on
from footfall.explore.segments.kept import Shelf
from footfall.home import Home
from footfall.query import SqlRunner

ANSWERS_MAX: Final = 64
ANSWERS_BYTES_MAX: Final = 16 << 20
"""Of all kept answers, as JSON; the one that was asked for longest ago goes first."""
PAGE_DEFAULT: Final = 1_000
_Result = TypeVar("_Result")


class CutName(msgspec.Struct, frozen=True):
    """The fields of `footfall.lake.cut.Cut` that tell cuts apart; that module imports Arrow."""

    sequence: int
    published_at: int


class AnswerCache:
    """Bounded; of one event loop."""

    def __init__(self, count_max: int = ANSWERS_MAX, bytes_max: int = ANSWERS_BYTES_MAX) -> None:
        self._kept: OrderedDict[tuple[str, CutName], bytes] = OrderedDict()
        self._bytes = 0
        self._count_max = count_max
        self._bytes_max = bytes_max

    def get(self, key: str, cut: CutName | None) -> bytes | None:
        """The answer to a question as of a cut."""
        found = None if cut is None else self._kept.get((key, cut))
        if found is not None and cut is not None:
            self._kept.move_to_end((key, cut))
        return found

    def put(self, key: str, cut: CutName, answer: bytes) -> None:
        """Keep an answer; others may go for it."""
        self._bytes += len(answer) - len(self._kept.pop((key, cut), b""))
        self._kept[key, cut] = answer
        while self._bytes > self._bytes_max or len(self._kept) > self._count_max:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone)


async def answer_of(
    question: Common,
    sql: SqlRunner,
    clock: Clock,
    cache: AnswerCache,
    cut: CutName | None,
    shelf: Shelf,
    index: Index | None = None,
) -> bytes:
    """The answer as JSON: kept, or made now.

    Raises:
        FootfallError: what `answering` and the runner raise.
    """
    now = clock.now_us()

    def start() -> Generator[Any, Any, Any]:
        from footfall.explore.asking import answering

        return answering(question, now, shelf)

    key = _key(question, now)
    known = cache.get(key, cut)
    if known is not None:
        return known
    found = await run_on(sql, start, index)
    body = msgspec.json.encode(found)
    if not found.segments:  # what these are may change, and no cut with it
        cache.put(key, CutName(found.cut_sequence, found.cut_published_at), body)
    return body


async def members_of(
    question: Common,
    sql: SqlRunner,
    clock: Clock,
    cell: str,
    after: str | None,
    limit: int | None,
    shelf: Shelf,
    index: Index | None = None,
) -> Members:
    """One page of those that a cell counted.

    Raises:
        FootfallError: what `opening` and the runner raise.
    """
    now = clock.now_us()

    def start() -> Generator[Any, Any, Members]:
        from footfall.explore.asking import opening

        size = limit or PAGE_DEFAULT
        return opening(question, cell, now, after=after, limit=size, shelf=shelf)

    return await run_on(sql, start, index)


def newest_cut(home: Home, project: str) -> CutName | None:
    """Which cut is the newest; `None` if there is none, or it cannot be read."""
    try:
        return msgspec.json.decode(home.cut_file(project).read_bytes(), type=CutName)
    except (OSError, msgspec.MsgspecError):
        return None


def _key(question: Common, now: int) -> str:
    """What makes two questions the same: also the instants that `last 7 days` means now."""
    from footfall.explore.question.reading import span_of

    span = span_of(question, now)
    return f"{type(question).__name__} {span} {msgspec.json.encode(question).decode()}"
