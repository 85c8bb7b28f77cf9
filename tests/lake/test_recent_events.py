"""What live counters start with after a restart: the newest events, in log order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from footfall.clock import MINUTE
from footfall.lake import Lake, recent_events
from footfall.live import LiveState
from tests.pipeline.harness import START_US, Bench, event, request


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Three epochs of four requests of two events, a minute apart."""
    bench = Bench(tmp_path)
    pipeline = bench.pipeline()
    for number in range(12):
        at = START_US + number * MINUTE
        events = [event(f"v{number % 3}", at, 2 * number + part) for part in range(2)]
        bench.append([request(number, events, at)])
        if number % 4 == 3:
            pipeline.finish()
    return Lake(bench.home.lake_dir, "default")


def _found(lake: Lake, since: int, rows_max: int) -> list[tuple[int, int]]:
    events = recent_events(lake, since, rows_max, LiveState.COLUMNS)
    assert tuple(events.column_names) == LiveState.COLUMNS
    columns = (events.column(name).to_pylist() for name in ("log_offset", "request_index"))
    return list(zip(*columns, strict=True))


def test_events_are_in_log_order(lake: Lake) -> None:
    """Of all files, although one is sorted by visitor; older ones are left out."""
    expected = [(offset, index) for offset in range(5, 12) for index in range(2)]
    assert _found(lake, START_US + 5 * MINUTE, 100) == expected


@pytest.mark.parametrize("rows_max", [1, 4, 5])
def test_newest_are_kept(lake: Lake, rows_max: int) -> None:
    """Also where the bound falls inside a request."""
    everything = [(offset, index) for offset in range(12) for index in range(2)]
    assert _found(lake, START_US, rows_max) == everything[-rows_max:]


def test_nothing_is_recent(lake: Lake) -> None:
    """A project that was silent for half an hour."""
    assert _found(lake, START_US + 60 * MINUTE, 100) == []


_CHILD = """
import sys
from pathlib import Path
from footfall.lake import Lake, recent_events
from footfall.live import LiveState
from footfall.pipeline.poison.bounds import bound_memory

lake = Lake(Path(sys.argv[1]), "default")
recent_events(lake, 1 << 62, 1, LiveState.COLUMNS)  # what libraries reserve once
bound_memory(int(sys.argv[2]))
print(recent_events(lake, 0, 10_000, LiveState.COLUMNS).num_rows)
"""


def test_memory_follows_the_bound_of_rows(lake: Lake, tmp_path: Path) -> None:
    """A restart under load has millions of recent events; the process may not take what it likes.

    The rows are 4 million with 16 bytes of id each and more, and the process may have 64 MiB.
    """
    lake.write_as(lake.term())
    one = lake.read("events").slice(0, 1)
    rows = 250_000
    for epoch in range(10, 26):
        table = one.take(pa.array(np.zeros(rows, np.int32)))
        offsets = pa.array(np.arange(rows) + epoch * rows)
        place = table.schema.get_field_index("log_offset")
        lake.commit("events", table.set_column(place, table.schema.field(place), offsets), epoch)
    command = [sys.executable, "-c", _CHILD, str(tmp_path / "lake"), str(64 << 20)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "10000", done.stderr[-2000:]
