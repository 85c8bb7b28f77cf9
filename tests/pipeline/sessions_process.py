"""Sessions of many new visitors under a bound of memory: `python -m … DIRECTORY`.

Epochs as the pipeline does them, without log and lake: sessions, files, what readers get, a
checkpoint; at the end a restart. It dies if it needs more than `MEMORY_MAX` at any moment. Prints
JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.duplicates import DuplicateIndex
from footfall.event import EVENT_SCHEMA, conform
from footfall.pipeline._memory import give_back, keep_freed
from footfall.pipeline.poison.bounds import bound_memory
from footfall.pipeline.preview.tail import Tail
from footfall.pipeline.recovery.checkpoint import Checkpoint, CheckpointNote, Checkpoints
from footfall.positions import Positions
from footfall.session import SESSION_SCHEMA
from footfall.sessionize import SessionState, SessionStates, in_files, unwritten_parts
from footfall.sessionize.gap import GAP_COLUMNS, GapDefinition
from footfall.settings import load_settings
from footfall.testing.sim_clock import SimClock

VISITORS = 300_000
PER_EPOCH = 20_000
MEMORY_MAX = 288 << 20
ROWS_MIN = 8_192
START = 1_790_000_000 * SECOND
DEFINITION = GapDefinition(30 * MINUTE, 24 * HOUR, 100_000, HOUR)


def visits(first: int, count: int, time: int) -> pa.Table:
    """A page view each of new visitors."""
    number = np.arange(first, first + count)
    request = np.stack([number, number], 1).astype(">u8").tobytes()
    times = pa.array(time + np.arange(count)).cast(EVENT_SCHEMA.field("event_time").type)
    same = {
        "event_name": "page_view",
        "app_id": "shop",
        "protocol": "footfall",
        "event_time_rule": "device",
        "browser": "Chrome",
        "language": "en-GB",
    }
    ids = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), count, [None, pa.py_buffer(request)])
    columns = {name: pa.repeat(pa.scalar(value), count) for name, value in same.items()}
    columns |= {
        "event_id": ids,
        "request_id": ids,
        "request_index": pa.array(number % 20, pa.int32()),
        "log_offset": pa.array(number),
        "event_time": times,
        "received_at": times,
        "visitor_id": pa.array([f"0f0e5c1e-7d4a-4b1f-9c55-{one:012d}" for one in number]),
        "page_url": pa.array([f"https://shop.example/products/{one % 2000}" for one in number]),
    }
    return conform(pa.table(columns), EVENT_SCHEMA)


def main(directory: Path) -> None:
    keep_freed()
    work(directory / "warm", 1, 200)  # threads and allocators take their share before the bound
    bound_memory(MEMORY_MAX)
    sys.stdout.write(json.dumps(work(directory / "cold", VISITORS // PER_EPOCH, PER_EPOCH)))


def work(directory: Path, epochs: int, visitors: int) -> dict[str, int]:
    """So many epochs of new visitors, and a restart."""
    checkpoints = Checkpoints(directory / "state")
    tail = Tail(directory / "tail", directory / "cut.json", SimClock(START), 600 * SECOND)
    duplicates = DuplicateIndex.empty(load_settings().duplicates)
    state = SessionState.empty(GAP_COLUMNS)
    known: set[str] = set()
    for epoch in range(1, epochs + 1):
        events = visits(epoch * visitors, visitors, START + epoch * 4 * SECOND)
        made = DEFINITION.sessionize(state, events, epoch=epoch).state
        closed = DEFINITION.close(made, START, epoch).state
        state = in_files(closed, checkpoints.segments, min(ROWS_MIN, visitors))
        del events, made, closed
        for segment in state.segments:
            if segment.rows.file and segment.rows.file not in known:
                known.add(segment.rows.file)
                digest = segment.rows.file.partition(".")[0]
                tail.write_kept(digest, SESSION_SCHEMA, unwritten_parts(segment))
        note = CheckpointNote(epoch, Positions((epoch,)), START)
        checkpoints.write(Checkpoint(note, SessionStates({"gap.1": state}), duplicates))
        give_back()
    again = checkpoints.read(epochs).sessions.default
    shown = (part.num_rows for segment in again.segments for part in unwritten_parts(segment))
    return {"sessions": len(state), "again": len(again), "shown": sum(shown)}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
