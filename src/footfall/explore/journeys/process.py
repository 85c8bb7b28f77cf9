"""The index in a process of its own, which the studio asks and may kill.

    python -P -m footfall.explore.journeys.process ROOT CUT-FILE SETTINGS-AS-JSON

The studio stays light: neither arrays nor compiled code are loaded there. One question at a time;
whoever gives up ends the process with its question, and the next one starts another. What is wrong
with it costs time only: the answer is then "ask SQL".
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from footfall.clock import SECOND
from footfall.explore.answer import Cell
from footfall.explore.found import Found
from footfall.explore.question import (
    EventsQuestion,
    FunnelQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.home import Home
from footfall.settings import IndexSettings

if TYPE_CHECKING:
    from footfall.explore.asking import Asked, NamesAsked

LENGTH: Final = struct.Struct(">I")
ANSWER_BYTES_MAX: Final = 1 << 30
_MODELS: Final = {
    "events": EventsQuestion,
    "funnel": FunnelQuestion,
    "retention": RetentionQuestion,
    "path": PathQuestion,
}
_NAMES: Final[dict[Any, str]] = {kind: name for name, kind in _MODELS.items()}


class Message(msgspec.Struct, frozen=True):
    """A question as it travels; `events` alone asks for names."""

    events: tuple[str, ...] | None = None
    model: str = ""
    question: msgspec.Raw = msgspec.Raw(b"null")
    span: tuple[int, int] = (0, 0)
    cell: Cell | None = None
    after: str | None = None
    limit: int | None = None


class Start(msgspec.Struct, frozen=True):
    """What the process needs to know."""

    age_max: int
    threads: int
    kernels: str


def message_of(asked: Asked | NamesAsked) -> Message | None:
    """How it travels; `None`: the index knows no such questions."""
    from footfall.explore.asking import NamesAsked

    if isinstance(asked, NamesAsked):
        return Message(asked.events)
    name = _NAMES.get(type(asked.question))
    if name is None:
        return None
    span = asked.scene.span
    question = msgspec.Raw(msgspec.json.encode(asked.question))
    bounds = (span.start, span.end)
    return Message(None, name, question, bounds, asked.cell, asked.after, asked.limit)


def asked_of(message: Message) -> Asked | NamesAsked:
    """Inverse of `message_of`."""
    from zoneinfo import ZoneInfo

    from footfall.explore.asking import Asked, NamesAsked
    from footfall.explore.question.fields import known_fields
    from footfall.explore.question.ranges import Calendar, Span
    from footfall.explore.question.reading import Scene

    if message.events is not None:
        return NamesAsked(message.events)
    question = msgspec.json.decode(message.question, type=_MODELS[message.model])
    calendar = Calendar(ZoneInfo(question.zone), question.week_start)
    scene = Scene(calendar, Span(*message.span), known_fields())
    return Asked(question, scene, message.cell, message.after, message.limit)


class IndexProcess:
    """Asks it, for one event loop."""

    def __init__(
        self, home: Home, project: str, settings: IndexSettings, threads: int, time_max: int
    ) -> None:
        """Start nothing yet; a question that takes longer than `time_max` is SQL's."""
        self._root = home.index_dir(project)
        start = Start(settings.age_max, threads, str(home.kernels_dir))
        given = str(self._root), str(home.cut_file(project)), msgspec.json.encode(start).decode()
        self._arguments = given
        self._seconds = time_max / SECOND
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def found(self, asked: Asked | NamesAsked) -> Found | None:
        """As `JourneyIndex.found`. Cancelling the call ends the process."""
        message = message_of(asked)
        if message is None or not await asyncio.to_thread(self._is_there):
            return None
        async with self._turn:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._ask(msgspec.json.encode(message))
            except (TimeoutError, OSError, EOFError, ValueError):
                await self.close()
                return None
            except asyncio.CancelledError:
                self._kill()
                raise

    async def close(self) -> None:
        """End it."""
        process = self._process
        self._kill()
        if process is not None:
            await process.wait()

    def _is_there(self) -> bool:
        return (self._root / "index.json").exists()

    def _kill(self) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._process = None

    async def _ask(self, message: bytes) -> Found | None:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "footfall.explore.journeys.process",
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env={"TZ": "UTC", "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                cwd="/",
            )
        questions, answers = self._process.stdin, self._process.stdout
        assert questions is not None
        assert answers is not None
        questions.write(LENGTH.pack(len(message)) + message)
        await questions.drain()
        (length,) = LENGTH.unpack(await answers.readexactly(LENGTH.size))
        if length > ANSWER_BYTES_MAX:
            raise ValueError("an answer of the index is over the bound")
        return msgspec.json.decode(await answers.readexactly(length), type=Found | None)


def main(arguments: Sequence[str]) -> None:
    """Answer questions until the input closes."""
    root, cut_file, encoded = arguments
    start = msgspec.json.decode(encoded, type=Start)
    from footfall.explore.journeys.kernels.cache import keep_in

    keep_in(Path(start.kernels))
    from footfall.explore.journeys.index import JourneyIndex

    index = JourneyIndex(Path(root), Path(cut_file), age_max=start.age_max, threads=start.threads)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(prefix := questions.read(LENGTH.size)) == LENGTH.size:
        data = questions.read(LENGTH.unpack(prefix)[0])
        found = index.found(asked_of(msgspec.json.decode(data, type=Message)))
        body = msgspec.json.encode(found)
        answers.write(LENGTH.pack(len(body)) + body)
        answers.flush()


def local_index(home: Home, project: str, settings: IndexSettings, threads: int) -> Any:
    """The index in the caller's process; `None` if there is none, so that nothing is loaded."""
    root = home.index_dir(project)
    if not settings.is_on or not (root / "index.json").exists():
        return None
    from footfall.explore.journeys.kernels.cache import keep_in

    keep_in(home.kernels_dir)
    from footfall.explore.journeys.index import JourneyIndex

    return JourneyIndex(root, home.cut_file(project), age_max=settings.age_max, threads=threads)


if __name__ == "__main__":
    main(sys.argv[1:])
