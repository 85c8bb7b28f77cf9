"""The pipeline as a process of its own that takes a micro-batch, or lets time pass, when told to.

    python -m tests.powercut.pipeline_process HOME START_US [SETTING …]

Commands come on standard input, one a line; each is answered with the clock's time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from footfall.clock import SECOND
from footfall.deliver.consumer import make
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.pipeline._run import build
from footfall.pipeline.maintenance.maintain import maintain
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock


def main() -> None:
    """Serve commands until the end of the input."""
    home = Home(Path(sys.argv[1]))
    clock = SimClock(int(sys.argv[2]))
    settings = load_settings(overrides=sys.argv[3:])
    log = SqliteLog.reader(home.log_dir("default"))
    pipeline = build(home, settings, "default", log, clock)
    pipeline.consumers._make["deliver"] = make
    pipeline.recover()
    print(clock.now_us(), flush=True)  # noqa: T201
    for line in sys.stdin:
        command, _, argument = line.strip().partition(" ")
        if command == "step":
            pipeline.step()
        elif command == "close":
            pipeline.step()
            pipeline._take_commit(wait=True)
        elif command == "advance":
            clock.advance(int(argument) * SECOND)
            pipeline._publish()  # consumers see the time
            pipeline.consumers.settle()
        elif command == "maintain":
            maintain(home, settings, "default", clock=clock)
        elif command == "finish":
            pipeline.finish()
        print(clock.now_us(), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
