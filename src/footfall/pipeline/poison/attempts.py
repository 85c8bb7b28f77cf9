"""How often the process died at its work without getting on: what tells poison from bad luck.

One small file, written in place before and after each piece of work, never synced: it must outlive
the process, not the machine. Work that ends with an error of the outside (a full disk, a lost
lease, a stop) is no death; work that ends with the process, with a bug or out of memory is.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from footfall.errors import FootfallError
from footfall.home import make_directory
from footfall.machine.disk import is_disk_full
from footfall.positions import Slice, hull

DEATHS: Final = 3
"""Without progress; then the requests at fault are looked for."""
WATCHFUL_EPOCHS: Final = 20
"""After some were found, one death is enough to look again: whoever sent them sends more."""
_HALVINGS_STEP: Final = 2
_HALVINGS_MAX: Final = 20
_LEFT_OUT_MAX: Final = 20
_BYTES: Final = 4096


class _Record(msgspec.Struct):
    epoch: int = 0
    """Last epoch that was committed."""
    deaths: int = 0
    """Since then."""
    suspects: tuple[Slice, ...] = ()
    """Requests that were worked on when it died, together; at most one slice of a partition."""
    is_working: bool = False
    searches: int = 0
    """Searches since then that found no request at fault."""
    watchful_to: int = 0
    """Epoch up to which one death is enough."""
    halvings: int = 0
    """How often micro-batches were halved; an epoch takes one back."""
    is_recovering: bool = False
    recover_deaths: int = 0
    """While recovering, since that last succeeded."""
    left_out: tuple[str, ...] = ()
    """Protocols of plug-ins that cannot be loaded."""


class Attempts:
    """Deaths since the last epoch that was committed; for one process, any of its threads."""

    def __init__(self, file: Path) -> None:
        """Read what the process before left behind, and count its death if it was one."""
        make_directory(file.parent)
        self._file = file
        self._mutex = threading.Lock()
        self._active: list[tuple[Slice, ...]] = []
        record = self._record = _read(file)
        if record.is_working:
            record.deaths += 1
            if record.deaths > 1:  # one may be anybody's kill
                record.halvings = min(record.halvings + _HALVINGS_STEP, _HALVINGS_MAX)
        if record.is_recovering:
            record.recover_deaths += 1
        record.is_working = record.is_recovering = False
        self._write()

    @property
    def deaths(self) -> int:
        """How often the process died since the last epoch that was committed."""
        return self._record.deaths

    @property
    def is_due(self) -> bool:
        """Whether the process died often enough to look for the requests at fault."""
        is_watchful = self._record.epoch < self._record.watchful_to
        return self.deaths >= (1 if is_watchful else DEATHS)

    @property
    def suspects(self) -> tuple[Slice, ...]:
        """The requests it died of, by partition; none if it worked on none."""
        return self._record.suspects

    @property
    def searches(self) -> int:
        """Searches since the last epoch that found no request at fault."""
        return self._record.searches

    @property
    def halvings(self) -> int:
        """How often micro-batches are to be halved, since larger ones ended the process."""
        return self._record.halvings

    @property
    def recover_deaths(self) -> int:
        """How often the process died while it recovered, since it last did."""
        return self._record.recover_deaths

    @property
    def left_out(self) -> tuple[str, ...]:
        """Protocols of plug-ins that could not be loaded."""
        return self._record.left_out

    @contextlib.contextmanager
    def working(self, requests: Sequence[Slice]) -> Iterator[None]:
        """Work on requests: if the process ends meanwhile, it is a death."""
        slices = tuple(requests)
        with self._mutex:
            self._active.append(slices)
            self._begin()
        try:
            yield
        except BaseException as error:
            if _is_outside(error):
                self._end(slices)
            raise  # any other error leaves it as it is: it ends the process
        self._end(slices)

    @contextlib.contextmanager
    def recovering(self) -> Iterator[None]:
        """Recover: if the process ends meanwhile, it is counted until one does not."""
        self._note(is_recovering=True)
        try:
            yield
        except BaseException as error:
            if _is_outside(error):
                self._note(is_recovering=False)
            raise
        self._note(is_recovering=False, recover_deaths=0)

    def progress(self, epoch: int) -> bool:
        """An epoch was committed: deaths before it count no more. Whether it is a new one."""
        with self._mutex:
            if epoch <= self._record.epoch:
                return False
            is_working = self._record.is_working
            self._forget_deaths(epoch=epoch, searches=0, halvings=max(0, self._record.halvings - 1))
            if is_working:
                self._begin()
            self._write()
            return True

    def search_on(self, suspects: Sequence[Slice]) -> None:
        """Only these can be at fault yet: a search goes on with them."""
        self._note(suspects=tuple(suspects))

    def searched(self, *, has_found: bool) -> None:
        """The requests at fault were looked for: count anew."""
        with self._mutex:
            record = self._record
            if has_found:
                record.watchful_to = record.epoch + WATCHFUL_EPOCHS
            self._forget_deaths(searches=0 if has_found else record.searches + 1)
            self._write()

    def leave_out(self, protocols: tuple[str, ...]) -> None:
        """Plug-ins that cannot be loaded; all others can."""
        self._note(left_out=protocols[:_LEFT_OUT_MAX])

    def _forget_deaths(self, **changes: int) -> None:
        self._record = msgspec.structs.replace(
            self._record, deaths=0, suspects=(), is_working=False, **changes
        )

    def _note(self, **changes: object) -> None:
        with self._mutex:
            self._record = msgspec.structs.replace(self._record, **changes)
            self._write()

    def _begin(self) -> None:
        record = self._record
        before = () if record.deaths == 0 and not record.is_working else record.suspects
        record.suspects = hull(one for slices in (before, *self._active) for one in slices)
        record.is_working = True
        self._write()

    def _end(self, slices: tuple[Slice, ...]) -> None:
        with self._mutex:
            self._active.remove(slices)
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


def _is_outside(error: BaseException) -> bool:
    return isinstance(error, (FootfallError, OSError, KeyboardInterrupt)) or is_disk_full(error)


def _read(file: Path) -> _Record:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError):
        return _Record()  # none yet, or torn by a power cut
