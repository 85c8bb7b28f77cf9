"""What hostile requests cost to decode and enrich, worst first, beside a usual one.

    python benchmarks/bench_hostile.py                    # the whole corpus
    python benchmarks/bench_hostile.py floats lone_       # what is called so
    python benchmarks/bench_hostile.py --rows 40

The corpus is the tests' (`tests/decode/hostile.py`). Milliseconds are of processor time, of the
faster of two runs; memory is what the process held at its most, above what it held before.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import itertools
import os
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from sizes import parsed

ROOT = Path(__file__).resolve().parent.parent
RUNS = 2
SMALL_BYTES = 2048


class Cost(NamedTuple):
    """Of one request."""

    name: str
    received: int
    weigh_ms: float
    decode_ms: float
    enrich_ms: float
    weight: int

    @property
    def ms(self) -> float:
        return self.weigh_ms + self.decode_ms + self.enrich_ms

    @property
    def ms_per_kb(self) -> float:
        return self.ms / max(1.0, self.received / 1024)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of names; none: everything")
    parser.add_argument("--rows", type=int, default=25, help="how many are shown of each table")
    arguments = parsed(parser, names=["floats"], rows=2)
    sys.path.insert(0, str(ROOT))
    hostile = importlib.import_module("tests.decode.hostile")
    settings = importlib.import_module("footfall.settings").load_settings()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    usual = hostile.Hostile("a usual request of 20 events", usual_request())
    plain = measure(usual, settings)
    names = frozenset(k for k in hostile.KINDS if any(n in k for n in arguments.names))
    corpus = hostile.requests(settings.decode, names if arguments.names else None)
    costs = [measure(one, settings) for one in corpus]
    show("most for a request", sorted(costs, key=lambda c: -c.ms), plain, arguments.rows)
    small = [cost for cost in costs if cost.received < SMALL_BYTES]
    show("most of those below 2 KB", sorted(small, key=lambda c: -c.ms), plain, arguments.rows)
    show("most for a KB received", sorted(costs, key=lambda c: -c.ms_per_kb), plain, arguments.rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlargest memory of the process over all of it: {peak:,.0f} MiB")
    return 0


def usual_request() -> Any:
    """Twenty events of the captured traffic."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    bench = importlib.import_module("bench_decode")
    return bench.requests_of(bench.captured_events(lean=True), 20, "aws")[0]


def measure(one: Any, settings: Any) -> Cost:
    decode = importlib.import_module("footfall.decode")
    enrich = importlib.import_module("footfall.enrich").enrich
    best = [float("inf")] * 3
    for _ in range(RUNS):
        gc.collect()
        times = [time.process_time()]
        weight = decode.weight(one.logged.request, settings.decode)
        times.append(time.process_time())
        decoded = decode.decode([one.logged], settings.decode)
        times.append(time.process_time())
        enrich(decoded.events, settings.clock)
        times.append(time.process_time())
        assert decoded.ledger.problems() == [], one.name
        spent = [1000 * (end - start) for start, end in itertools.pairwise(times)]
        best = [min(pair) for pair in zip(best, spent, strict=True)]
    return Cost(one.name, one.received, *best, weight)


def show(title: str, costs: list[Cost], plain: Cost, rows: int) -> None:
    print(f"\n{title}: ms (weigh + decode + enrich), ms for a KB received, received, weight")
    for cost in [*costs[:rows], plain]:
        parts = f"{cost.weigh_ms:.1f} + {cost.decode_ms:.1f} + {cost.enrich_ms:.1f}"
        print(
            f"{cost.ms:9.1f}  ({parts:>24}) {cost.ms_per_kb:9.2f} {cost.received:>10,}"
            f" {cost.weight:>12,}  {cost.name}"
        )


if __name__ == "__main__":
    sys.exit(main())
