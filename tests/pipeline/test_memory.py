"""Memory is bounded by settings, not by how much there is to do, and given back afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.lake.cut import read_cut
from tests.pipeline.harness import START_US, Bench, event, request
from tests.pipeline.memory_process import ALL_REQUESTS, EVENTS

REPOSITORY = Path(__file__).parents[2]


def test_epoch_ends_at_its_bytes(tmp_path: Path) -> None:
    """Few events with long texts fill memory like many short ones: bytes count as well."""
    bench = Bench(
        tmp_path,
        "pipeline.epoch_age_max=1h",
        "pipeline.epoch_bytes_max=64KiB",
        "pipeline.micro_batch_requests_max=1",
    )
    pipeline = bench.pipeline()
    text = "x" * 30_000
    bench.append(
        request(n, [event("ada", START_US, n, properties={"text": text})], START_US)
        for n in range(7)
    )
    while pipeline.step():
        pass
    pipeline.finish()
    cut = read_cut(bench.home.cut_file("default"))
    assert cut is not None
    rows = bench.tables()["events"].group_by("epoch").aggregate([("event_id", "count")])
    assert sorted(rows.to_pylist(), key=lambda row: row["epoch"]) == [
        {"epoch": 1, "event_id_count": 3},
        {"epoch": 2, "event_id_count": 3},
        {"epoch": 3, "event_id_count": 1},
    ]


@pytest.mark.slow
def test_memory_does_not_follow_the_backlog(tmp_path: Path) -> None:
    """After an outage there are hours in the log; only an epoch or two of them may be in memory."""
    command = [sys.executable, "-m", "tests.pipeline.memory_process", str(tmp_path)]
    done = subprocess.run(
        command, cwd=REPOSITORY, check=True, capture_output=True, text=True, timeout=300
    )
    found = json.loads(done.stdout)
    assert found["events"] == ALL_REQUESTS * EVENTS
    assert found["all"] - found["first"] < found["held"] / 2


def test_freed_memory_goes_back_to_the_machine() -> None:
    """Arrow and the C library keep what was freed; `give_back` must really return it."""
    code = """
import numpy as np
import pyarrow as pa
from pathlib import Path
from footfall.pipeline._memory import give_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

blocks = [pa.allocate_buffer(100_000) for _ in range(3_000)]
for block in blocks:
    np.frombuffer(block, np.uint8)[::4096] = 1
texts = [bytes(60_000) + b"x" * n for n in range(3_000)]
full = resident()
kept = blocks[-1], texts[-1]
del block, blocks, texts
give_back()
print(full - resident())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert int(done.stdout) > 400_000_000
