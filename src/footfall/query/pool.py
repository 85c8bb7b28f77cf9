"""The pool: statements of one project, each in a worker process that can be killed.

Workers start on demand and stay warm until they were idle for `query.worker_idle_max`. A statement
that goes on after its time, or whose caller gives up, ends with its worker; a worker that dies
takes its statement along and nothing else. This module imports neither DuckDB nor Arrow: answers
pass through as bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from footfall.clock import SECOND
from footfall.errors import Closed, LimitReached, Overloaded, Unavailable
from footfall.home import Home
from footfall.lake.store.options import CREDENTIALS, TOKEN_FILES, Bucket
from footfall.query.definitions import Definitions, ReadDefinitions, no_definitions
from footfall.query.protocol import (
    LENGTH,
    Answer,
    Format,
    Head,
    Parameters,
    Question,
    Ready,
    Refusal,
    Reply,
    Start,
    decode_reply,
    encode,
    error_of,
    message_bytes,
)
from footfall.settings import QuerySettings

WAITING_MAX: Final = 64
"""Statements that wait for a worker; beyond it `Overloaded`."""
START_SECONDS_MAX: Final = 30.0
KILL_AFTER_SECONDS: Final = 2.0
"""The engine ends a statement at its limit by itself; if it does not, the pool kills it then."""
_BUSY_EXIT_SECONDS: Final = 5.0


class SqlRunner(Protocol):
    """Runs one statement, for the parts above: `QueryPool`, the catalog before it, or a fake."""

    async def run(
        self,
        sql: str,
        parameters: Parameters = (),
        *,
        format: Format = "rows",  # noqa: A002 (the word users know)
        rows_max: int | None = None,
    ) -> Answer:
        """Answer of the guarded statement `sql`; ends with its work when it is cancelled.

        Raises:
            Invalid: it is not one SELECT over known views.
            LimitReached: it needed more time or memory than the limits.
            Overloaded: too many statements wait.
            Unavailable: there is nothing to read yet.
        """
        ...


class QueryPool:
    """Runs statements for one event loop; see the module's text."""

    def __init__(
        self,
        home: Home,
        project: str,
        settings: QuerySettings,
        bucket: Bucket | None = None,
        environ: Mapping[str, str] | None = None,
        read_definitions: ReadDefinitions = no_definitions,
    ) -> None:
        """Start nothing yet.

        Args:
            home: The installation's.
            project: Whose data.
            settings: Limits.
            bucket: Where data files are, if not in the home.
            environ: Where workers find credentials for it, if the settings have none: of these
                variables they get `CREDENTIALS`, and nothing else of this process's.
            read_definitions: Asked, in a thread, before each statement. A worker can read the
                files of the definitions that it began with; when they changed another is started.
        """
        self._environ = environ or {}
        self._arguments = [str(home.root), project, msgspec.json.encode(settings).decode()]
        self._bucket = bucket
        self._read_definitions = read_definitions
        self._definitions: Definitions | None = None
        self._settings = settings
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._endings: set[asyncio.Task[None]] = set()
        """Of workers that were killed and have not been reaped yet."""
        self._slots = asyncio.Semaphore(settings.workers_max)
        self._waiting = 0
        self._is_closed = False

    async def run(
        self,
        sql: str,
        parameters: Parameters = (),
        *,
        format: Format = "rows",  # noqa: A002 (the word users know)
        rows_max: int | None = None,
    ) -> Answer:
        """Run one SELECT on the newest cut. Cancelling the call kills its worker.

        Args:
            sql: One statement; see docs/concepts/sql.md.
            parameters: Values for `?` or `$name`.
            format: Of the answer's body.
            rows_max: Most rows, instead of `query.rows_max`.

        Raises:
            Invalid: the statement or its parameters are wrong.
            LimitReached: it took more time or memory than `query.time_max` or `query.memory_max`.
            Overloaded: `WAITING_MAX` statements wait for a worker already.
            Unavailable: there is nothing to read yet, or the worker died.
            Corrupt: files of the cut are damaged or missing.
            Closed: the pool was closed.
        """
        if self._is_closed:
            raise Closed("the pool of query workers is closed")
        message = encode(
            Question(
                sql,
                dict(parameters) if isinstance(parameters, Mapping) else tuple(parameters),
                format,
                self._settings.rows_max if rows_max is None else rows_max,
                self._settings.answer_bytes_max,
            )
        )
        if self._waiting >= WAITING_MAX:
            raise Overloaded(f"too many statements wait; try later: waiting_max={WAITING_MAX}")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self._run_on_worker(message)
        finally:
            self._slots.release()

    async def close(self) -> None:
        """Kill the workers; statements that run end with `Unavailable`."""
        self._is_closed = True
        self._idle.clear()
        for worker in list(self._all):
            self._drop(worker)
        if self._endings:
            await asyncio.wait(self._endings)

    def pids(self) -> list[int]:
        """Process ids of the workers that live."""
        return sorted(worker.pid for worker in self._all if worker.is_alive)

    async def _run_on_worker(self, message: bytes) -> Answer:
        worker = await self._take()
        is_reusable = False
        try:
            async with asyncio.timeout(self._settings.time_max / SECOND + KILL_AFTER_SECONDS):
                reply, body = await worker.ask(message)
            is_reusable = not (isinstance(reply, Refusal) and reply.is_final)
        except TimeoutError as error:
            raise LimitReached(
                "the statement took too long and was ended; ask for less, or raise query.time_max:"
                f" time_max={self._settings.time_max / SECOND:g} s"
            ) from error
        except (asyncio.IncompleteReadError, OSError, ValueError, msgspec.DecodeError) as error:
            raise Unavailable(
                "the query worker died under the statement; it may need more memory than"
                f" query.memory_max, or try another form of it: pid={worker.pid}"
            ) from error
        finally:
            if is_reusable and not self._is_closed:
                self._give_back(worker)
            else:
                self._drop(worker)
        if isinstance(reply, Refusal):
            raise error_of(reply)
        assert isinstance(reply, Head), "a worker answered with something else"
        return Answer(
            reply.columns,
            reply.rows,
            reply.is_cut_off,
            reply.cut_sequence,
            reply.cut_published_at,
            body,
        )

    async def _take(self) -> _Worker:
        definitions = await asyncio.to_thread(self._read_definitions, self._definitions)
        self._definitions = definitions
        while self._idle:
            worker = self._idle.pop()
            worker.keep()
            if worker.is_alive and worker.version == definitions.version:
                return worker
            self._drop(worker)
        start, credentials = _start(self._bucket, definitions, self._environ)
        worker = await _Worker.start(
            self._arguments, encode(start), credentials, definitions.version
        )
        self._all.add(worker)
        try:
            async with asyncio.timeout(START_SECONDS_MAX):
                await worker.ready()
        except (TimeoutError, asyncio.IncompleteReadError, OSError, msgspec.DecodeError) as error:
            self._drop(worker)
            raise Unavailable(
                f"the query worker did not start; its own message says why: pid={worker.pid}"
            ) from error
        except asyncio.CancelledError:
            self._drop(worker)
            raise
        return worker

    def _give_back(self, worker: _Worker) -> None:
        self._idle.append(worker)
        worker.retire_after(self._settings.worker_idle_max / SECOND, self._retire)

    def _retire(self, worker: _Worker) -> None:
        if worker in self._idle:
            self._idle.remove(worker)
            self._drop(worker)

    def _drop(self, worker: _Worker) -> None:
        worker.kill()
        if worker in self._all:
            self._all.remove(worker)
            ending = asyncio.get_running_loop().create_task(worker.wait())
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)


def _start(
    bucket: Bucket | None, definitions: Definitions, environ: Mapping[str, str]
) -> tuple[Start, dict[str, str]]:
    """A worker's first message, and variables for its clients.

    It gets variables where the settings leave credentials to the clients, and none otherwise.
    """
    store = definitions.store if bucket is None else bucket.options
    if store is None or store.access_key:
        return Start(bucket, definitions), {}
    given = {name: value for name, value in environ.items() if name in CREDENTIALS}
    tokens = [Path(given[name]).parent for name in TOKEN_FILES if name in given]
    return Start(bucket, definitions, tuple(map(str, tokens))), given


class _Worker:
    """One process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process, version: int) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self.version = version
        """Of its definitions."""
        self._questions, self._answers = process.stdin, process.stdout
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def start(
        cls,
        arguments: Sequence[str],
        first: bytes,
        credentials: Mapping[str, str],
        version: int,
    ) -> _Worker:
        """A new process, with nothing of this one's environment but `credentials`.

        `first` is what it reads first: secrets are no arguments, which everybody can list.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "footfall.query.worker",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**credentials, "TZ": "UTC", "PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            cwd="/",
        )
        worker = cls(process, version)
        worker._questions.write(first)
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None and not self._answers.at_eof()

    async def ready(self) -> None:
        """Wait until the worker has started."""
        reply = await self._reply()
        if not isinstance(reply, Ready):
            raise OSError("a worker began with something else than its readiness")

    async def ask(self, message: bytes) -> tuple[Reply, bytes]:
        self._questions.write(message)
        await self._questions.drain()
        reply = await self._reply()
        body = b""
        if isinstance(reply, Head):
            body = await self._answers.readexactly(reply.body_bytes)
        return reply, body

    async def _reply(self) -> Reply:
        prefix = await self._answers.readexactly(LENGTH.size)
        return decode_reply(await self._answers.readexactly(message_bytes(prefix)))

    def retire_after(self, seconds: float, retire: Callable[[_Worker], None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, retire, self)

    def keep(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def kill(self) -> None:
        self.keep()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._questions.close()

    async def wait(self) -> None:
        """Until the process is reaped; no longer for one that the kernel does not let go."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BUSY_EXIT_SECONDS):
                await self._process.wait()
