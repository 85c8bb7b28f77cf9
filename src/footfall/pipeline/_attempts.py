"""How often the process died at its work without getting on: what tells poison from bad luck.

One small file, written in place before and after each piece of work, never synced: it must outlive
the process, not the machine. Work that ends with an error of the outside (a full disk, a lost
lease, a stop) is no death; work that ends with the process, with a bug or out of memory is.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from footfall.disk import is_disk_full
from footfall.errors import FootfallError
from footfall.home import make_directory

_BYTES: Final = 256


class _Record(msgspec.Struct):
    epoch: int = 0
    """Last epoch that was committed."""
    deaths: int = 0
    """Since then."""
    log_from: int = 0
    log_to: int = 0
    """Requests that were worked on when it died, together."""
    is_working: bool = False
    searches: int = 0
    """Searches since then that found no request at fault."""


class Attempts:
    """Deaths since the last epoch that was committed; for one process, any of its threads."""

    def __init__(self, file: Path) -> None:
        """Read what the process before left behind, and count its death if it was one."""
        make_directory(file.parent)
        self._file = file
        self._mutex = threading.Lock()
        self._active: list[tuple[int, int]] = []
        self._record = _read(file)
        if self._record.is_working:
            self._record.deaths += 1
            self._record.is_working = False
        self._write()

    @property
    def deaths(self) -> int:
        """How often the process died since the last epoch that was committed."""
        return self._record.deaths

    @property
    def suspects(self) -> tuple[int, int]:
        """First offset, and the one after the last, of the requests it died of."""
        return self._record.log_from, self._record.log_to

    @property
    def searches(self) -> int:
        """Searches since the last epoch that found no request at fault."""
        return self._record.searches

    @contextlib.contextmanager
    def working(self, log_from: int, log_to: int) -> Iterator[None]:
        """Work on requests [log_from, log_to): if the process ends meanwhile, it is a death."""
        with self._mutex:
            self._active.append((log_from, log_to))
            self._begin()
        try:
            yield
        except BaseException as error:
            is_outside = isinstance(error, (FootfallError, OSError, KeyboardInterrupt))
            if is_outside or is_disk_full(error):
                self._end(log_from, log_to)
            raise  # any other error leaves it as it is: it ends the process
        self._end(log_from, log_to)

    def progress(self, epoch: int) -> None:
        """An epoch was committed: deaths before it count no more."""
        with self._mutex:
            if epoch > self._record.epoch:
                is_working = self._record.is_working
                self._record = _Record(epoch=epoch)
                if is_working:
                    self._begin()
                self._write()

    def searched(self, *, has_found: bool) -> None:
        """The requests at fault were looked for: count anew."""
        with self._mutex:
            searches = 0 if has_found else self._record.searches + 1
            self._record = _Record(epoch=self._record.epoch, searches=searches)
            self._write()

    def _begin(self) -> None:
        record = self._record
        if record.deaths == 0 and not record.is_working:
            record.log_from, record.log_to = self._active[0]
        record.log_from = min(record.log_from, *(start for start, _ in self._active))
        record.log_to = max(record.log_to, *(end for _, end in self._active))
        record.is_working = True
        self._write()

    def _end(self, log_from: int, log_to: int) -> None:
        with self._mutex:
            self._active.remove((log_from, log_to))
            self._record.is_working = bool(self._active)
            self._write()

    def _write(self) -> None:
        """In place: a full disk has room for it. Not being able to costs a count, no event."""
        data = msgspec.json.encode(self._record).ljust(_BYTES)
        with contextlib.suppress(OSError):
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(descriptor, data, 0)
            finally:
                os.close(descriptor)


def _read(file: Path) -> _Record:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError):
        return _Record()  # none yet, or torn by a power cut
