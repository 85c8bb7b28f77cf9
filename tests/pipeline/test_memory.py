"""Memory is bounded by settings, not by how much there is to do, and given back afterwards."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from footfall.lake.cut import read_cut
from footfall.metadata import Metadata
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


@pytest.mark.parametrize("kind", ["inflating", "tiny records"])
def test_micro_batch_is_bounded_by_what_it_holds_unpacked(tmp_path: Path, kind: str) -> None:
    """Requests that are small in the log and large in memory are read a few at a time."""
    bench = Bench(tmp_path, "pipeline.micro_batch_bytes_max=256KiB")
    if kind == "inflating":
        text = json.dumps({"events": [event("ada", START_US, 1, properties={"t": "x" * 300_000})]})
        body = gzip.compress(text.encode())
    else:
        body = b'{"events":[' + b",".join([b"{}"] * 1_000) + b"]}"
    bench.append(request(n, [], START_US, body=body) for n in range(10))
    pipeline = bench.pipeline()
    read = []
    while count := pipeline.step():
        read.append(count)
    pipeline.finish()
    assert len(body) * 10 < 256 * 1024
    assert read == [3, 3, 3, 1]
    ledger = Metadata.open(bench.home).ledger("default")
    assert ledger.requests == 10


def test_compressed_bodies_of_usual_size_are_read_all_at_once(tmp_path: Path) -> None:
    """The bound is for what is made to hurt: a backlog of usual requests is read in large steps."""
    bench = Bench(tmp_path)
    events = [event("ada", START_US, n, properties={"t": f"{n:0900d}"}) for n in range(20)]
    body = gzip.compress(json.dumps({"events": events}).encode())
    bench.append(request(n, [], START_US, body=body) for n in range(50))
    assert bench.pipeline().step() == 50


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
