"""A pipeline that delivers, as a process of its own, which ends by SIGKILL at a chosen effect.

    python -m tests.deliver.dying HOME START_US DIE_AT [SETTING …]

Effects are calls of the delivery's thread after which something is durable, before and after each:
syncs, and what a bucket is given. Others may be lost, so they are not counted: a life would end in
what is only said to people. From the `DIE_AT`-th on there is no process any more.

Commands come on standard input, one a line; each is answered with the clock's time.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any, Final

from footfall.clock import SECOND
from footfall.deliver.consumer import make
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.pipeline._run import build
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock

EFFECTS: Final = frozenset({"fsync", "put"})
SETTLE_SECONDS: Final = 120.0
ROUNDS_AT_THE_END: Final = 4


class Death:
    """Counts effects of one thread; the chosen one is the last."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        del frame
        if event not in ("c_call", "c_return") or argument.__name__ not in EFFECTS:
            return
        if threading.current_thread().name != "consumer deliver":
            return
        self._left -= 1
        if self._left:
            return
        if argument.__name__ == "put" and event == "c_call":  # somewhere within the request
            threading.Thread(target=_die).start()
        else:
            _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Serve commands until the end of the input."""
    home, clock = Home(Path(sys.argv[1])), SimClock(int(sys.argv[2]))
    if at := int(sys.argv[3]):
        threading.setprofile(Death(at))
    settings = load_settings(overrides=sys.argv[4:])
    log = SqliteLog.reader(home.log_dir("default"))
    pipeline = build(home, settings, "default", log, clock)
    pipeline.consumers._make["deliver"] = make
    pipeline.recover()

    def look(seconds: int) -> None:
        clock.advance(seconds * SECOND)
        pipeline._publish()
        assert pipeline.consumers.settle(SETTLE_SECONDS)

    print(clock.now_us(), flush=True)  # noqa: T201
    for line in sys.stdin:
        pipeline.finish()
        look(180)
        pipeline.finish()  # sessions that are over are written
        look(1)
        if line.strip() == "end":
            for _ in range(ROUNDS_AT_THE_END):
                clock.advance(60 * 60 * SECOND)
                pipeline.finish()
                look(1)
        print(clock.now_us(), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
