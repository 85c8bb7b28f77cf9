"""A real `footfall serve` for benchmarks: start, watch, stop.

`Watch` samples the tree from a thread: how far readers are behind the log, and memory.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from footfall.home import Home
from footfall.lake.cut import Cut, read_cut
from footfall.log import SqliteLog
from footfall.machine.process import read_ready

PROJECT: Final = "default"
SETTINGS: Final = ("collector.port=0", "collector.rate_per_app_max=1000000")
STOP_SECONDS_MAX: Final = 600


class Tree(NamedTuple):
    """A running one."""

    home: Home
    process: subprocess.Popen[str]
    collector: str
    pids: dict[str, int]

    def pid(self, part: str) -> int:
        """Process id of a part now: one that was started again has another."""
        ready = read_ready(self.home, part)
        assert ready is not None
        return ready.pid

    def kill(self, *names: str) -> None:
        """SIGKILL the named processes, `supervisor` and parts, at once."""
        for name in names:
            os.kill(self.process.pid if name == "supervisor" else self.pid(name), signal.SIGKILL)
        if "supervisor" in names:
            self.process.wait()

    def stop(self) -> None:
        """End it cleanly: everything is committed then."""
        self.process.terminate()
        self.process.wait(STOP_SECONDS_MAX)

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time of each process so far; of maintenance, that of runs that ended."""
        spent = {name: _cpu_seconds(pid) for name, pid in self.pids.items()}
        if "worker" in self.pids:
            spent["maintenance"] = _cpu_seconds(self.pids["worker"], of_children=True)
        return spent

    def memory_mib(self) -> tuple[float, float]:
        """Of all processes, shared pages counted once: all, and what no file backs."""
        found = [_memory_mib(pid) for pid in self.pids.values()]
        return sum(total for total, _ in found), sum(anonymous for _, anonymous in found)

    def cut(self) -> Cut:
        """What readers see now."""
        cut = read_cut(self.home.cut_file(PROJECT))
        assert cut is not None
        return cut


def create_app(home: Path) -> None:
    """Make the home, with the app that the generator sends for."""
    command = [sys.executable, "-m", "footfall.cli.main", "key", "create", "shop_web"]
    command += ["--home", str(home)]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def running(
    home: Path, *settings: str, parts: tuple[str, ...] = ("--no-studio",)
) -> Iterator[Tree]:
    """Collector and pipeline; ended if the block fails before it stops them."""
    command = [sys.executable, "-m", "footfall.cli.main", "serve", *parts, "--json"]
    command += ["--home", str(home)]
    for setting in (*SETTINGS, *settings):
        command += ["--set", setting]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = ""
        while not text.endswith("\n}\n"):
            line = process.stdout.readline()
            assert line, "it did not start; see its message above"
            text += line
        told = json.loads(text)
        while not Home(home).cut_file(PROJECT).exists():  # a busy machine: it says so and goes on
            assert process.poll() is None, "it ended; see its message above"
            time.sleep(0.05)
        pids = {"supervisor": process.pid, **told["pids"]}
        try:
            yield Tree(Home(home), process, told["collector"], pids)
        finally:
            if process.poll() is None:
                process.terminate()


class Sample(NamedTuple):
    """One look at the tree."""

    seconds: float
    acknowledged: int
    """Requests in the log."""
    behind: int
    """Requests in the log that readers do not see yet."""
    memory_mib: float
    anonymous_mib: float
    """Memory without pages of files, which the kernel takes back when it needs them."""


class Watch:
    """Samples of a tree, one a second."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._stopping = threading.Event()
        self._started = time.perf_counter()
        self._thread = threading.Thread(target=self._run)
        self.samples: list[Sample] = []

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    @property
    def peak_mib(self) -> float:
        """Highest memory seen."""
        return max(sample.memory_mib for sample in self.samples)

    @property
    def peak_anonymous_mib(self) -> float:
        """Highest memory seen that no file backs."""
        return max(sample.anonymous_mib for sample in self.samples)

    def behind(self) -> int:
        """Requests in the log that readers do not see now."""
        seen, end = self._look()
        return end - seen

    def _look(self) -> tuple[int, int]:
        """Log offsets that readers see and that the log holds."""
        # The cut first: what comes in between makes it look more behind, not less.
        seen = self._tree.cut().positions[0]
        with closing(SqliteLog.reader(self._tree.home.log_dir(PROJECT))) as log:
            return seen, log.ends()[0]

    def every(self, seconds: float) -> list[Sample]:
        """The last sample of each stretch, with the most memory in it."""
        stretches: dict[int, list[Sample]] = {}
        for sample in self.samples:
            stretches.setdefault(int(sample.seconds / seconds), []).append(sample)
        return [
            stretch[-1]._replace(
                memory_mib=max(sample.memory_mib for sample in stretch),
                anonymous_mib=max(sample.anonymous_mib for sample in stretch),
            )
            for stretch in stretches.values()
        ]

    def _run(self) -> None:
        self._sample()  # what takes less than a second has one, too
        while not self._stopping.wait(1):
            self._sample()

    def _sample(self) -> None:
        seconds = time.perf_counter() - self._started
        seen, end = self._look()
        self.samples.append(Sample(seconds, end, end - seen, *self._tree.memory_mib()))


def generator(url: str, rate: float, seconds: float, series: int) -> subprocess.Popen[str]:
    """Start `fresh.py`; its end prints the result."""
    command = [sys.executable, str(Path(__file__).with_name("fresh.py")), url]
    command += ["--rate", str(rate), "--seconds", str(seconds), "--series", str(series)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result_of(generating: subprocess.Popen[str]) -> dict[str, float]:
    """Wait for a generator's end."""
    out, _ = generating.communicate()
    assert generating.returncode == 0
    return dict(json.loads(out))


def _cpu_seconds(pid: int, *, of_children: bool = False) -> float:
    """See proc_pid_stat(5): utime and stime, or cutime and cstime."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = fields[13:15] if of_children else fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _memory_mib(pid: int) -> tuple[float, float]:
    """`Pss` and `Pss_Anon` of smaps_rollup; see proc(5)."""
    found = dict.fromkeys(("Pss:", "Pss_Anon:"), 0)
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, *values = line.split()
        if name in found:
            found[name] = int(values[0])
    return found["Pss:"] / 1024, found["Pss_Anon:"] / 1024
