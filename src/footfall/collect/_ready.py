"""Whether the log takes requests: what `/ready` says."""

from __future__ import annotations

import asyncio
from typing import Final

from footfall.clock import Clock
from footfall.errors import FootfallError
from footfall.log import GroupCommitter, Log

BELIEVED_SECONDS: Final = 5.0
"""What was appended, or tried, so lately says that the log takes more. Shorter: who balances load
learns sooner of a broker or disk that went while nobody sent; a trial is a sync of the disk."""


class Readiness:
    """Asks the log only when nothing else tells, once at a time whoever asks; on one event loop."""

    def __init__(self, committer: GroupCommitter, log: Log, clock: Clock) -> None:
        """Opening the log to append was the first proof."""
        self._committer = committer
        self._log = log
        self._clock = clock
        self._proved = clock.monotonic()
        self._trial: asyncio.Future[None] | None = None

    def appended(self) -> None:
        """A group is durable."""
        self._proved = self._clock.monotonic()

    async def __call__(self) -> FootfallError | None:
        """Why the log takes nothing; `None` if it does."""
        age = self._clock.monotonic() - self._proved
        if self._committer.last_error is None and age < BELIEVED_SECONDS:
            return None
        if self._trial is None or self._trial.done():
            loop = asyncio.get_running_loop()
            self._trial = loop.run_in_executor(None, self._log.probe)
        try:
            await asyncio.shield(self._trial)  # one who goes away does not end it for the others
        except FootfallError as error:
            return error
        self._proved = self._clock.monotonic()
        return None
