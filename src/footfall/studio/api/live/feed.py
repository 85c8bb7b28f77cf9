"""The newest live snapshot, and its push to the pages that are open.

One watcher looks at the file while anybody is subscribed. A subscriber that cannot keep up misses
snapshots, never delays others, and next gets the newest.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from footfall.errors import Overloaded, Unavailable
from footfall.live import LiveSnapshot, decode_snapshot

SUBSCRIBERS_MAX: Final = 32
WATCH_SECONDS: Final = 0.1
HEARTBEAT_SECONDS: Final = 10.0
_HEARTBEAT: Final = b": heartbeat\n\n"
_WAITING: Final = b"event: waiting\ndata: {}\n\n"
_RETRY: Final = b"retry: 1000\n\n"

_Stamp = tuple[int, int, int]


class LiveFeed:
    """Reads one project's live file; made and used inside the event loop."""

    def __init__(self, file: Path, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        self._file = file
        self._heartbeat_seconds = heartbeat_seconds
        self._changed = asyncio.Condition()
        self._frame: bytes | None = None
        self._stamp: _Stamp | None = None
        self._subscribers = 0
        self._watcher: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def subscribers(self) -> int:
        """Open streams."""
        return self._subscribers

    def read(self) -> LiveSnapshot:
        """The newest snapshot.

        Raises:
            Unavailable: the pipeline has not written one yet.
            Corrupt: the file is not a snapshot.
        """
        try:
            return decode_snapshot(self._file.read_bytes())
        except FileNotFoundError:
            raise Unavailable(
                "there are no live numbers yet; is the pipeline running? see `footfall status`"
            ) from None

    def subscribe(self) -> AsyncIterator[bytes]:
        """Server-sent events: `snapshot` with each new one, `waiting` while there is none.

        Raises:
            Overloaded: `SUBSCRIBERS_MAX` streams are open.
        """
        if self._subscribers >= SUBSCRIBERS_MAX:
            raise Overloaded(f"close another live page first: open={self._subscribers}")
        return self._frames()

    def close(self) -> None:
        """End all streams; the server stops. Call it in the event loop's thread."""
        self._is_closed = True
        if self._watcher is not None:
            self._watcher.cancel()

    async def _frames(self) -> AsyncIterator[bytes]:
        self._subscribers += 1
        if self._watcher is None or self._watcher.done():
            self._look()
            self._watcher = asyncio.create_task(self._watch())
        seen: _Stamp | None = None
        try:
            yield _RETRY + (_WAITING if self._frame is None else b"")
            while not self._is_closed:
                if self._frame is not None and self._stamp != seen:
                    seen = self._stamp
                    yield self._frame
                elif not await self._wait(seen):
                    yield _HEARTBEAT
        finally:
            self._subscribers -= 1
            if self._subscribers == 0 and self._watcher is not None:
                self._watcher.cancel()
                self._watcher = None

    async def _wait(self, seen: _Stamp | None) -> bool:
        """Whether something came within the heartbeat's time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._heartbeat_seconds), self._changed:
                await self._changed.wait_for(lambda: self._stamp != seen or self._is_closed)
            return True
        return False

    async def _watch(self) -> None:
        try:
            while True:
                if self._look():
                    async with self._changed:
                        self._changed.notify_all()
                await asyncio.sleep(WATCH_SECONDS)
        finally:
            if self._is_closed:
                async with self._changed:
                    self._changed.notify_all()

    def _look(self) -> bool:
        """Whether the file is another than the last time; then its frame is the newest."""
        try:
            with self._file.open("rb") as stream:
                stat = _stamp_of(stream.fileno())
                if stat == self._stamp:
                    return False
                data = stream.read()
        except FileNotFoundError:
            return False
        self._stamp = stat
        # JSON from msgspec has no line breaks, so it is one `data:` line.
        self._frame = b"event: snapshot\nid: %d\ndata: %b\n\n" % (stat[0], data)
        return True


def _stamp_of(descriptor: int) -> _Stamp:
    import os

    stat = os.fstat(descriptor)
    return stat.st_mtime_ns, stat.st_ino, stat.st_size
