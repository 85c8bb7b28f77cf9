"""The index in a process of its own, which the studio asks and may kill.

    python -P -m footfall.explore.journeys.process ROOT CUT-FILE SETTINGS-AS-JSON

The studio stays light: neither arrays nor compiled code are loaded there. One question at a time;
whoever gives up ends the process with its question, and the next one starts another. What is wrong
with it costs time only: the answer is then "ask SQL". It has the limits of a query worker, and,
once its kernels are loaded, can do nothing but read the index and the newest cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
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
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.segments.definition import LIST_MAX, Segment
from footfall.home import Home
from footfall.machine.private import keep_private
from footfall.query._confine import confine, limit_cpu, limit_resources
from footfall.settings import IndexSettings, QuerySettings, Settings

if TYPE_CHECKING:
    from footfall.explore.asking import Asked, NamesAsked
    from footfall.explore.journeys.index import JourneyIndex

LENGTH: Final = struct.Struct(">I")
ANSWER_BYTES_MAX: Final = 1 << 30
GRACE_SECONDS: Final = 10
"""How long after its limit the process ends itself, if nobody did."""
_MODELS: Final = {
    "events": EventsQuestion,
    "funnel": FunnelQuestion,
    "retention": RetentionQuestion,
    "path": PathQuestion,
    "lifecycle": LifecycleQuestion,
}
_NAMES: Final[dict[Any, str]] = {kind: name for name, kind in _MODELS.items()}


class Sent(msgspec.Struct, frozen=True):
    """A segment as it travels with a question."""

    definition: Segment
    listed: tuple[str, ...]
    moment: int


class Message(msgspec.Struct, frozen=True):
    """A question as it travels; `events` alone asks for names."""

    events: tuple[str, ...] | None = None
    model: str = ""
    question: msgspec.Raw = msgspec.Raw(b"null")
    span: tuple[int, int] = (0, 0)
    cell: Cell | None = None
    after: str | None = None
    limit: int | None = None
    segments: dict[str, Sent] = {}
    """Each after those that it is made of."""


class Start(msgspec.Struct, frozen=True):
    """What the process needs to know."""

    age_max: int
    limits: QuerySettings
    kernels: str


def message_of(asked: Asked | NamesAsked) -> Message | None:
    """How it travels; `None`: the index knows no such questions."""
    from footfall.explore.asking import NamesAsked

    if isinstance(asked, NamesAsked):
        return Message(asked.events)
    name = _NAMES.get(type(asked.question))
    if name is None:
        return None
    span, segments = asked.scene.span, asked.scene.segments
    if sum(len(one.listed) for one in segments.values()) > LIST_MAX:
        return None
    sent = {
        key: Sent(one.definition, one.listed, one.moment)
        for key, one in segments.items()
        if one.definition is not None
    }
    question = msgspec.Raw(msgspec.json.encode(asked.question))
    bounds = (span.start, span.end)
    return Message(None, name, question, bounds, asked.cell, asked.after, asked.limit, sent)


def asked_of(message: Message) -> Asked | NamesAsked:
    """Inverse of `message_of`."""
    from zoneinfo import ZoneInfo

    from footfall.explore.asking import Asked, NamesAsked
    from footfall.explore.question.fields import known_fields
    from footfall.explore.question.ranges import Calendar, Span
    from footfall.explore.question.reading import Scene, SegmentIds

    if message.events is not None:
        return NamesAsked(message.events)
    question = msgspec.json.decode(message.question, type=_MODELS[message.model])
    calendar = Calendar(ZoneInfo(question.zone), question.week_start)
    segments = {
        name: SegmentIds(one.definition.unit, one.definition.app, None, {}, *_given(one))
        for name, one in message.segments.items()
    }
    scene = Scene(calendar, Span(*message.span), known_fields(), segments)
    return Asked(question, scene, message.cell, message.after, message.limit)


def _given(one: Sent) -> tuple[Segment, tuple[str, ...], int]:
    return one.definition, one.listed, one.moment


class IndexProcess:
    """Asks it, for one event loop."""

    def __init__(
        self, home: Home, project: str, settings: IndexSettings, limits: QuerySettings
    ) -> None:
        """Start nothing yet; a question that takes more than the limits is SQL's."""
        self._root = home.index_dir(project)
        start = Start(settings.age_max, limits, str(home.kernels_dir))
        given = str(self._root), str(home.cut_file(project)), msgspec.json.encode(start).decode()
        self._arguments = given
        self._seconds = limits.time_max / SECOND
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return None if self._process is None else self._process.pid

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
    keep_private()
    os.setpgid(0, 0)  # Ctrl-C is the business of whoever started it
    root, cut_file = map(Path, arguments[:2])
    start = msgspec.json.decode(arguments[2], type=Start)
    from footfall.explore.journeys.kernels.cache import keep_in

    keep_in(Path(start.kernels))
    from footfall.explore.journeys.index import JourneyIndex
    from footfall.explore.journeys.warm import warm_up

    warm_up()  # all that may have to be written into the kernels' directory, before it is closed
    confine([root, cut_file.parent, Path(start.kernels)])
    threads = start.limits.threads
    index = JourneyIndex(root, cut_file, age_max=start.age_max, threads=threads)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(prefix := questions.read(LENGTH.size)) == LENGTH.size:
        data = questions.read(LENGTH.unpack(prefix)[0])
        body = msgspec.json.encode(_within(start.limits, root, index, data))
        answers.write(LENGTH.pack(len(body)) + body)
        answers.flush()


def _within(limits: QuerySettings, root: Path, index: JourneyIndex, data: bytes) -> Found | None:
    """The answer, if it takes no more than the limits; the kernel ends what goes on after them.

    Files that are mapped count as memory: those of the newest index, and of the one before while
    there are both.
    """
    from footfall.explore.journeys.layout import mapped_bytes

    limit_resources(limits.memory_max + 2 * mapped_bytes(root), is_final=False)
    seconds = limits.time_max // SECOND + GRACE_SECONDS
    limit_cpu(seconds * limits.threads)
    signal.alarm(seconds)
    try:
        return index.found(asked_of(msgspec.json.decode(data, type=Message)))
    except PermissionError:
        sys.exit(1)  # another directory is in the place of ours: the next process may read it
    except MemoryError:
        sys.exit("the journey index needs more than query.memory_max; asked as a statement")
    finally:
        signal.alarm(0)


def local_index(home: Home, project: str, settings: Settings, threads: int) -> Any:
    """The index in the caller's process; `None` if there is none, so that nothing is loaded."""
    root = home.index_dir(project)
    if not settings.has_index or not (root / "index.json").exists():
        return None
    from footfall.explore.journeys.kernels.cache import keep_in

    keep_in(home.kernels_dir)
    from footfall.explore.journeys.index import JourneyIndex

    return JourneyIndex(
        root, home.cut_file(project), age_max=settings.index.age_max, threads=threads
    )


if __name__ == "__main__":
    main(sys.argv[1:])
