"""Makes a project's index and keeps it new, as a process of its own that gives way to all others.

    python -P -m footfall.explore.journeys.maker

It looks for a newer cut every `index.refresh_interval`, and rests ten times as long as its last
work took, so that it never has more than a tenth of the time; a new process does each piece of
work, and gives its memory back. It ends with the process that started it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from footfall.clock import SECOND, Clock, SystemClock
from footfall.errors import Corrupt, FootfallError
from footfall.home import Home, make_directory, write_atomically
from footfall.lake.store.options import CREDENTIALS, Bucket, bucket_of
from footfall.settings import IndexSettings, QuerySettings, Settings

if TYPE_CHECKING:
    from footfall.explore.journeys.layout import Index
    from footfall.query.engine import Engine

REPORT: Final = "report.json"
REST: Final = 10
"""How many times as long as its last work the maker rests."""
TIME_MAX: Final = 3_600 * SECOND
"""Of one statement."""
MEMORY_MIN: Final = 512 << 20
"""Of DuckDB, whatever the rows need."""
Outcome = Literal["made", "freshened", "current", "few", "large", "failed"]


class Work(msgspec.Struct, frozen=True):
    """What the process reads first; secrets are no arguments, which everybody can list."""

    home: str
    project: str
    index: IndexSettings
    query: QuerySettings
    free_min: int
    """Bytes that the index must leave free on the disk."""
    bucket: Bucket | None


def work_of(home: Home, project: str, settings: Settings) -> Work:
    """The work that the settings ask for."""
    bucket, free_min = bucket_of(settings.lake), settings.disk.free_min
    return Work(str(home.root), project, settings.index, settings.query, free_min, bucket)


class IndexReport(msgspec.Struct, frozen=True):
    """What was done last; a file beside the index."""

    at: int
    """Microseconds since 1970 UTC."""
    outcome: Outcome
    seconds: float
    events: int = 0
    """Of the index."""
    bytes: int = 0
    cut_sequence: int = 0
    cut_published_at: int = 0
    skipped: tuple[str, ...] = ()
    """Fields with too many values."""
    error: str = ""


def bring_up(work: Work, clock: Clock) -> IndexReport:
    """Make the index of the newest cut, if it is not of it already; says what it did.

    Raises:
        FootfallError: the cut cannot be read.
        OSError: the disk is full or fails; the index stays as it was.
    """
    from footfall.explore.journeys.kernels.cache import forget_others, keep_in

    home = Home(Path(work.home))
    make_directory(home.kernels_dir)
    forget_others(home.kernels_dir)
    keep_in(home.kernels_dir)
    from footfall.query.engine import Engine

    memory_max = max(work.index.memory_max, MEMORY_MIN)
    limits = msgspec.structs.replace(work.query, time_max=TIME_MAX, memory_max=memory_max)
    engine = Engine(home, work.project, limits, work.bucket)
    began = clock.now_us()
    try:
        report = _brought_up(engine, home.index_dir(work.project), work, began)
    finally:
        engine.close()
    spent = (clock.now_us() - began) / SECOND
    return msgspec.structs.replace(report, at=clock.now_us(), seconds=spent)


def _brought_up(engine: Engine, root: Path, work: Work, now: int) -> IndexReport:
    from footfall.explore.journeys.build import Plan, build
    from footfall.explore.journeys.freshen import freshened
    from footfall.explore.journeys.layout import check, publish, read_index
    from footfall.explore.journeys.source import opened
    from footfall.explore.journeys.warm import warm_up

    given = work.index
    plan = Plan(given.fields, given.values_max, given.memory_max)
    try:
        index = read_index(root)
        check(root, () if index is None else index.parts, {})
    except (Corrupt, FileNotFoundError):
        index = None
    with opened(engine, given.fields) as source:
        events = source.all_rows()
        if events < given.events_min:
            shutil.rmtree(root, ignore_errors=True)
            return IndexReport(now, "few", 0, events)
        if index is not None and index.seen.marks == source.seen.marks:
            return _reported("current", now, events, index)
        size = estimate(events, len(given.fields))
        room = shutil.disk_usage(root if root.exists() else root.parent.parent).free
        if size > given.bytes_max or size + work.free_min > room:
            return IndexReport(now, "large", 0, events, size)
        name = f"{source.seen.sequence}-{now}"
        made = None if index is None else freshened(source, root, name, index, plan)
        outcome: Outcome = "made" if made is None else "freshened"
        made = made or build(source, root, name, plan)
        warm_up()  # before anybody can ask it
        publish(root, made)
    return _reported(outcome, now, events, made)


def _reported(outcome: Outcome, now: int, events: int, index: Index) -> IndexReport:
    seen = index.seen
    cut = seen.sequence, seen.published_at
    return IndexReport(now, outcome, 0, events, index.bytes, *cut, index.skipped)


def estimate(events: int, fields: int) -> int:
    """Bytes on disk of two indexes, roughly: a time and codes of two bytes, of three kinds."""
    return 2 * 2 * events * (8 + 2 * (2 + fields))


def write_report(root: Path, report: IndexReport) -> None:
    """Say what was done last."""
    make_directory(root)
    write_atomically(root / REPORT, msgspec.json.encode(report))


def read_report(home: Home, project: str) -> IndexReport | None:
    """What was done last; `None` if nothing was, or it cannot be read."""
    try:
        data = (home.index_dir(project) / REPORT).read_bytes()
        return msgspec.json.decode(data, type=IndexReport)
    except (OSError, msgspec.MsgspecError):
        return None


def work_once(work: Work, clock: Clock) -> IndexReport:
    """Bring the index up and say so; what went wrong is in the report."""
    began = clock.now_us()
    try:
        report = bring_up(work, clock)
    except (FootfallError, OSError) as error:
        spent = (clock.now_us() - began) / SECOND
        report = IndexReport(clock.now_us(), "failed", spent, error=str(error))
    write_report(Home(Path(work.home)).index_dir(work.project), report)
    return report


class _Cut(msgspec.Struct, frozen=True):
    """The field of `footfall.lake.cut.Cut` that is asked before anything heavy is loaded."""

    plans: dict[str, str] = {}


class _Plan(msgspec.Struct, frozen=True):
    rows: int


def is_wanted(home: Home, project: str, events_min: int) -> bool:
    """Whether the lake has enough events for an index, or there is one already.

    Asked before each piece of work: where there are few, no process is started at all.
    """
    if (home.index_dir(project) / "index.json").exists():
        return True
    try:
        cut = msgspec.json.decode(home.cut_file(project).read_bytes(), type=_Cut)
        plan = (home.tail_dir(project) / cut.plans["events"]).read_bytes()
        return msgspec.json.decode(plan, type=_Plan).rows >= events_min
    except (OSError, KeyError, msgspec.MsgspecError):
        return False  # nothing yet, or being replaced: there is another look


class Maker(threading.Thread):
    """Starts a piece of work now and then, until it is closed."""

    def __init__(
        self, home: Home, project: str, settings: Settings, environ: Mapping[str, str]
    ) -> None:
        """Start nothing yet; `environ` is where clients of a bucket find credentials."""
        super().__init__(name="journey index", daemon=True)
        self._home, self._project = home, project
        self._interval = settings.index.refresh_interval / SECOND
        self._events_min = settings.index.events_min
        self._work = msgspec.json.encode(work_of(home, project, settings))
        given = {name: value for name, value in environ.items() if name in CREDENTIALS}
        self._environ = {**given, "TZ": "UTC", "PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        self._is_closed = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """See the class."""
        pause = self._interval
        while not self._is_closed.wait(pause):
            if not is_wanted(self._home, self._project, self._events_min):
                pause = self._interval
                continue
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "footfall.explore.journeys.maker"],
                stdin=subprocess.PIPE,
                env=self._environ,
                cwd="/",
            )
            with self._process as process:
                assert process.stdin is not None
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(self._work + b"\n")
                    process.stdin.flush()
                process.wait()
            report = read_report(self._home, self._project)
            pause = max(self._interval, REST * (0.0 if report is None else report.seconds))

    def close(self) -> None:
        """End what it does; what is half made is made anew another time."""
        self._is_closed.set()
        if self._process is not None:
            self._process.kill()


@contextlib.contextmanager
def kept_new(
    home: Home, project: str, settings: Settings, environ: Mapping[str, str]
) -> Iterator[None]:
    """The index is kept new while the block runs, if the settings have one."""
    if not settings.has_index:
        yield
        return
    maker = Maker(home, project, settings, environ)
    maker.start()
    try:
        yield
    finally:
        maker.close()


def main() -> None:
    """One piece of work."""
    os.nice(19)
    work = msgspec.json.decode(sys.stdin.buffer.readline(), type=Work)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work_once(work, SystemClock())


def _end_with_parent() -> None:
    """The parent holds the other end of the input and writes nothing: its end is the parent's."""
    os.read(sys.stdin.fileno(), 1)  # `sys.stdin` would be locked when this process ends
    os._exit(0)


if __name__ == "__main__":
    main()
