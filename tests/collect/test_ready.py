"""Whether the log takes requests is known before a client is refused, and asking is cheap."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from footfall.clock import SECOND
from footfall.collect._ready import BELIEVED_SECONDS, Readiness
from footfall.errors import FootfallError, Unavailable
from footfall.log import GroupCommitter
from footfall.testing import MemoryLog, SimClock

BELIEVED = round(BELIEVED_SECONDS * SECOND)


class TriedLog(MemoryLog):
    """Counts trials; fails while it is told to."""

    trials = 0
    error: FootfallError | None = None

    def probe(self) -> None:
        self.trials += 1
        if self.error is not None:
            raise self.error


def make() -> tuple[Readiness, TriedLog, SimClock, Any]:
    log, clock = TriedLog(), SimClock()
    committer = SimpleNamespace(last_error=None)
    return Readiness(cast("GroupCommitter", committer), log, clock), log, clock, committer


def test_a_broker_that_went_while_nobody_sent_is_found_out() -> None:
    """Else a load balancer sends the next visitor to the one collector that refuses."""

    async def main() -> None:
        readiness, log, clock, _ = make()
        log.error = gone = Unavailable("the broker does not answer")
        assert await readiness() is None
        clock.advance(BELIEVED)
        assert await readiness() is gone
        log.error = None
        assert await readiness() is None

    asyncio.run(main())


def test_what_was_appended_says_enough() -> None:
    """While requests are taken, nobody tries the disk besides."""

    async def main() -> None:
        readiness, log, clock, _ = make()
        for _ in range(20):
            clock.advance(BELIEVED // 2)
            readiness.appended()
            assert await readiness() is None
        assert log.trials == 0

    asyncio.run(main())


def test_after_a_failure_only_a_trial_counts() -> None:
    """However lately something was appended: the failure is newer."""

    async def main() -> None:
        readiness, log, _, committer = make()
        committer.last_error = log.error = Unavailable("full")
        readiness.appended()
        assert await readiness() is log.error
        log.error = None
        assert await readiness() is None
        assert log.trials == 2

    asyncio.run(main())


def test_strangers_who_ask_cost_one_trial() -> None:
    """The address is open to everybody, and a trial is a sync of the disk."""

    async def main() -> None:
        readiness, log, clock, _ = make()
        for _ in range(3):
            clock.advance(BELIEVED)
            assert await asyncio.gather(*(readiness() for _ in range(50))) == [None] * 50
            assert await readiness() is None
        assert log.trials == 3

    asyncio.run(main())
