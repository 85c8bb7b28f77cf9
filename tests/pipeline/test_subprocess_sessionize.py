"""Sessionize per visitor bucket in fresh processes, through Arrow IPC: how a cluster runs it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from footfall.clock import HOUR, MINUTE
from footfall.sessionize import SessionState
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition
from footfall.testing.events import NOON_US, event_table

BUCKETS = 4
WORKER = """
import sys
from pyarrow import ipc
from footfall.sessionize import SessionState
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition

state, events, out, watermark, *limits = sys.argv[1:]
read = lambda path: ipc.open_file(path).read_all()
definition = GapDefinition(*map(int, limits))
found = definition.sessionize(SessionState.from_arrow(read(state), GAP_COLUMNS), read(events))
assert not found.repairs.num_rows
closed = definition.close(found.state, int(watermark), 2)
for name, table in (
    ("rows", closed.rows),
    ("overrides", found.overrides),
    ("removed", found.removed),
    ("state", closed.state.to_arrow()),
):
    with ipc.new_file(f"{out}.{name}", table.schema) as writer:
        writer.write_table(table)
"""


def make_events(seed, count=2_000):
    random = np.random.default_rng(seed)
    return event_table(
        {
            "visitor_id": f"v{int(random.pareto(1.0) * 10) % 100}",
            "event_time": NOON_US + int(random.integers(0, 3 * HOUR)),
            "request_index": seed * count + n,
            "page_url": f"https://shop.example/{random.integers(9)}",
            "source": "news" if random.random() < 0.1 else None,
        }
        for n in range(count)
    )


def bucket_of(table):
    """A hash of the visitor that is the same everywhere."""
    names = table.column("visitor_id").to_pylist()
    return np.array([sum(name.encode()) % BUCKETS for name in names])


def write(path: Path, table: pa.Table) -> Path:
    with ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)
    return path


def ordered(tables):
    table = pa.concat_tables(tables)
    keys = ("app_id", "visitor_id", "started_at", "from_time", "session_id")
    return table.sort_by([(name, "ascending") for name in keys if name in table.column_names])


def test_buckets_in_subprocesses_give_equal_rows(tmp_path):
    """Nothing but arguments goes in, so any machine may do any bucket."""
    definition = GapDefinition(30 * MINUTE, 24 * HOUR, 10_000, HOUR)
    before = definition.sessionize(SessionState.empty(GAP_COLUMNS), make_events(1)).state
    before = definition.close(before, NOON_US + HOUR // 2, 1).state
    events, watermark = make_events(2), NOON_US + 3 * HOUR
    found = definition.sessionize(before, events)
    assert not found.repairs.num_rows
    closed = definition.close(found.state, watermark, 2)
    expected = {
        "rows": closed.rows,
        "overrides": found.overrides,
        "removed": found.removed,
        "state": closed.state.to_arrow(),
    }
    assert min(table.num_rows for table in expected.values()) > 10

    state = before.to_arrow()
    running = []
    for bucket in range(BUCKETS):
        states = state.filter(pc.equal(pa.array(bucket_of(state)), bucket))
        mine = events.filter(pc.equal(pa.array(bucket_of(events)), bucket))
        files = [
            write(
                tmp_path / f"state{bucket}", states.replace_schema_metadata(state.schema.metadata)
            ),
            write(tmp_path / f"events{bucket}", mine),
            tmp_path / f"out{bucket}",
        ]
        limits = [definition.gap, definition.length_max, definition.events_max, definition.hot_age]
        command = [sys.executable, "-c", WORKER, *map(str, [*files, watermark, *limits])]
        running.append(subprocess.Popen(command))
    assert [0] * BUCKETS == [process.wait(timeout=120) for process in running]
    for name, table in expected.items():
        parts = [
            ipc.open_file(tmp_path / f"out{bucket}.{name}").read_all() for bucket in range(BUCKETS)
        ]
        assert ordered([table]).equals(ordered(parts)), name
