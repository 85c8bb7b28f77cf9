"""Starts work that is due now and then, as a consumer: it lives where the pipeline does.

The work runs in a process of its own, by the verb that people have: what it takes of memory, or
what strangers' files do to it, is not done to the pipeline. One process at a time.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from footfall.clock import MINUTE
from footfall.errors import FootfallError
from footfall.pipeline.consumers.contract import ConsumerPlace, EpochConsumer, Progress

if TYPE_CHECKING:
    from footfall.pipeline.consumers.committed import CommittedEpoch

LOOK_EVERY: Final = MINUTE
_STOP_SECONDS_MAX: Final = 5.0


class VerbStarter(EpochConsumer):
    """Runs a verb of `footfall` when `is_due` says so; it is asked once a minute.

    What is done is noted by the verb at its end, so one that was killed is simply due again.
    """

    is_durable: ClassVar[bool] = False

    def __init__(
        self,
        place: ConsumerPlace,
        verb: Sequence[str],
        is_due: Callable[[int], bool],
        start: Callable[[Sequence[str]], subprocess.Popen[bytes]] | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            place: Whose work it is.
            verb: Such as `("crawl", "run")`; home and project are added.
            is_due: Of a moment (µs since 1970 UTC), by one small read. If it raises a
                `FootfallError`, metadata is away, and the work waits as everything does.
            start: How a process is started; tests have another way.
        """
        self._is_due = is_due
        self._start = start or _start
        self._command = (
            *(sys.executable, "-P", "-m", "footfall.cli.main", *verb),
            *("--home", str(place.home.root), "--project", place.project),
        )
        self._looked_at = place.now_us - LOOK_EVERY
        self._child: subprocess.Popen[bytes] | None = None

    def watermark(self, progress: Progress) -> None:
        """Look whether it is due, once a minute."""
        self._look(progress.at)

    def committed(self, epoch: CommittedEpoch) -> None:
        """As `watermark`: where nothing is previewed epochs are what comes."""
        self._look(epoch.planned_at)

    def close(self) -> None:
        """End what runs; it is due again."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_STOP_SECONDS_MAX)

    def _look(self, now: int) -> None:
        if now < self._looked_at + LOOK_EVERY:
            return
        if self._child is not None and self._child.poll() is None:
            return
        self._looked_at = now
        with contextlib.suppress(FootfallError):
            if self._is_due(now):
                self._child = self._start(self._command)


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
