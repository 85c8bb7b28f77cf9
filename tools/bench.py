"""`make bench`: run every benchmark, one after another, and say which failed.

A benchmark is a file `benchmarks/bench_*.py` that runs by itself, prints its figures with their
yardsticks, and ends with status 0. Names given as arguments select some: `tools/bench.py collect`.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCHMARK_SECONDS_MAX = 1800
_SYNCS = 200


def main() -> int:
    """Status 0 when every benchmark ran."""
    wanted = sys.argv[1:]
    files = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    files = [file for file in files if not wanted or any(name in file.stem for name in wanted)]
    if not files:
        print("bench: no such benchmark; benchmarks/bench_*.py are all there is")
        return 1
    print(machine(), flush=True)
    failed = [file.stem for file in files if not run(file)]
    if failed:
        print(f"\nbench: failed: {', '.join(failed)}")
    return int(bool(failed))


def run(file: Path) -> bool:
    """One benchmark with its heading."""
    print(f"\n=== {file.stem}", flush=True)
    try:
        done = subprocess.run(
            [sys.executable, str(file)], cwd=ROOT, timeout=BENCHMARK_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"{file.stem} ran into the limit of {BENCHMARK_SECONDS_MAX} s")
        return False
    return done.returncode == 0


def machine() -> str:
    """What figures must be read against: cores, memory, the disk's sync."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB,"
        f" Python {platform.python_version()}, fsync of 4 KiB {sync_ms():.2f} ms (median)"
    )


def sync_ms() -> float:
    """Median time of a 4 KiB append and its fsync, where data lies by default."""
    times = []
    with tempfile.TemporaryFile(dir=ROOT) as stream:
        for _ in range(_SYNCS):
            started = time.perf_counter()
            stream.write(b"x" * 4096)
            stream.flush()
            os.fsync(stream.fileno())
            times.append(time.perf_counter() - started)
    return sorted(times)[_SYNCS // 2] * 1_000


if __name__ == "__main__":
    sys.exit(main())
