"""What the processes of one tree need of each other.

Readiness files, signals, and the end of the parent.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import msgspec

from footfall.errors import Conflict
from footfall.home import Home, make_directory


class Ready(msgspec.Struct, frozen=True):
    """What a part writes to `run/<part>.json` when it takes work."""

    pid: int
    url: str | None = None


def write_ready(home: Home, part: str, url: str | None = None) -> None:
    """Tell the supervisor that this process is ready."""
    make_directory(home.run_dir)
    file = home.run_dir / f"{part}.json"
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_bytes(msgspec.json.encode(Ready(os.getpid(), url)))
    temporary.replace(file)


def read_ready(home: Home, part: str) -> Ready | None:
    """What the part said last.

    `None` if it never did. Its process may be dead: check with `is_alive`.
    """
    try:
        return msgspec.json.decode((home.run_dir / f"{part}.json").read_bytes(), type=Ready)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def is_alive(pid: int) -> bool:
    """Whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def stop_on_signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Call `handler` on SIGTERM and SIGINT while the block runs."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def watch_parent(parent_fd: int | None, on_death: Callable[[], None]) -> None:
    """Call `on_death` once, from a thread, when the process at the pipe's other end is gone."""
    if parent_fd is None:
        return

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(parent_fd, 1):
                pass
        on_death()

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


def give_way() -> None:
    """Let this thread, and those that it starts, run when no other wants the processor.

    Linux shares the processor among sessions first, and looks at priorities only within one
    (sched(7), "The autogroup feature"): so all processes of a tree are of one session, each in a
    process group of its own. Never hold a lock that others wait for: there is no way back.
    """
    if hasattr(os, "SCHED_IDLE"):
        with contextlib.suppress(OSError):  # a sandbox may forbid it: then it does not give way
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def boot_id() -> str:
    """Names this run of this machine's kernel: two processes with equal ones share its locks."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"host {platform.node()}"  # not Linux: as good as a name can be


class FileLock:
    """A lock on a file; the kernel lets go of it with the process."""

    def __init__(self, file: Path) -> None:
        """Open or make `file`; nothing is locked yet."""
        make_directory(file.parent)
        self._stream = file.open("w")

    def acquire(self) -> bool:
        """Lock it, without waiting; whether this process has it now."""
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Let go of it."""
        self._stream.close()


@contextlib.contextmanager
def exclusive(file: Path, what: str) -> Iterator[None]:
    """Hold `file` locked while the block runs; the kernel lets go of it with the process.

    Raises:
        Conflict: another process holds it; `what` says what that is.
    """
    with contextlib.closing(FileLock(file)) as lock:
        if not lock.acquire():
            raise Conflict(f"{what}; stop it first: {file.parent}")
        yield
