"""Runs the workload under strace."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from footfall.home import Home
from tests.powercut.disk import Tree
from tests.powercut.trace import SYSCALLS, Op, Recording
from tests.powercut.workload import Sent

ROOT = Path(__file__).resolve().parents[2]
DATA_BYTES_MAX = 64 << 20
"""Longest write that strace shows in whole; a longer one stops the parser."""


class Recorded(msgspec.Struct, frozen=True):
    """A recording, and what was sent while it was made."""

    home: Home
    ops: Sequence[Op]
    sent: Sequence[Sent]
    now_us: int
    """Of the pipeline's clock at the end."""
    mapped: frozenset[str]
    interrupted: frozenset[str]
    """Files of calls that a killed thread was in."""
    disk: Tree
    """What lay there at the end."""
    file: Path


def record(directory: Path, seed: int, rounds: int) -> Recorded:
    """Make one below `directory`; about ten seconds."""
    strace = shutil.which("strace")
    assert strace is not None, "strace is not installed; .ci/run says how"
    place, trace, sent_file = directory / "place", directory / "strace.out", directory / "sent.json"
    place.mkdir()
    home = Home(place / "home")
    command = [strace, "-f", "-xx", "-s", str(DATA_BYTES_MAX), "--seccomp-bpf", "-e"]
    command += [f"trace={SYSCALLS}", "-e", "signal=none", "-o", str(trace)]
    # What goes through a ring is not seen, so there is none: event loops do without.
    command += ["-e", "inject=io_uring_setup:error=ENOSYS", sys.executable]
    command += ["-m", "tests.powercut.workload", str(home.root), str(seed), str(rounds)]
    done = subprocess.run(
        [*command, str(sent_file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    recording = Recording.read(trace, place)
    now_us, sent = msgspec.json.decode(sent_file.read_bytes(), type=tuple[int, list[Sent]])
    assert recording.acknowledgements == len(sent), "an answer is not in the recording"
    disk = Tree.read(place)
    return Recorded(
        home,
        recording.ops,
        sent,
        now_us,
        frozenset(recording.mapped),
        frozenset(recording.interrupted),
        disk,
        trace,
    )
