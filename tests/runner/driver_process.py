"""A driver in a process of its own, which kills itself at a moment: `home moment [settings …]`.

Its clock stands, so that what it plans follows from the log alone.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from footfall.home import Home
from footfall.log import LogSource
from footfall.runner.spark import SparkEngine
from footfall.settings import load_settings
from tests.runner.harness import Bucketed

MOMENTS = {
    "plan written": ("_metadata", "plan_epoch", 0, True),
    "files written": ("_lake", "commit", 0, False),
    "between commits": ("_lake", "commit", 1, False),
    "before the mark": ("_metadata", "commit_epoch", 0, False),
    "before the note": ("_states", "write", 0, False),
}
"""Whose method, after how many calls, and whether after the call or before it."""


ON_SPARK = "on Spark"
"""No moment at all: it lives, and its engine is what the settings say."""


class Deadly:
    """Passes everything on, and kills the process at one call of one method."""

    def __init__(self, inner: Any, method: str, calls: int, is_after: bool) -> None:
        self._inner, self._method = inner, method
        self._calls, self._is_after = calls, is_after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name != self._method:
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._calls -= 1
            if self._calls < 0 and not self._is_after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = found(*arguments, **named)
            if self._calls < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call


def bench_of(root: Path, *overrides: str) -> Bucketed:
    """The home of this test, with the log that was written below `root`."""
    source = LogSource.of(Home(root / "log"), "default", load_settings().log)
    return Bucketed(root / "home", *overrides, log=source.reader(), source=source)


def main() -> None:
    root, moment, *overrides = sys.argv[1:]
    bench = bench_of(Path(root), *overrides)
    if moment == ON_SPARK:
        bench.engine = SparkEngine.started(bench.settings.runner)
        driver = bench.driver()
        driver.finish()
        driver.close()
        return
    driver = bench.driver()
    owner, method, calls, is_after = MOMENTS[moment]
    holder: Any = driver if method == "plan_epoch" else driver._jobs
    setattr(holder, owner, Deadly(getattr(holder, owner), method, calls, is_after))
    driver.finish()


if __name__ == "__main__":
    main()
