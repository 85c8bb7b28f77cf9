"""What a worker on another machine does: requests in by Arrow IPC, events and failures out.

`python -m tests.pipeline.decode_partition REQUESTS SETTINGS EVENTS FAILURES`
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pyarrow as pa
from pyarrow import ipc

from footfall.decode import decode
from footfall.enrich import enrich
from footfall.pipeline.epoch.plan import Rules
from footfall.request import LoggedRequest, decode_request, encode_request

REQUEST_SCHEMA = pa.schema([pa.field("offset", pa.int64()), pa.field("record", pa.binary())])


def to_table(requests: list[LoggedRequest]) -> pa.Table:
    offsets = [logged.offset for logged in requests]
    records = [encode_request(logged.request) for logged in requests]
    return pa.Table.from_arrays(
        [pa.array(offsets, pa.int64()), pa.array(records)], schema=REQUEST_SCHEMA
    )


def process(requests: pa.Table, rules: Rules) -> tuple[pa.Table, pa.Table]:
    """Everything before the session, from nothing but the arguments."""
    logged = [
        LoggedRequest(row["offset"], decode_request(row["record"])) for row in requests.to_pylist()
    ]
    decoded = decode(logged, rules.decode)
    enriched = enrich(decoded.events, rules.clock)
    return enriched.events, pa.concat_tables([decoded.failures, enriched.failures])


def read(file: Path) -> pa.Table:
    return ipc.open_file(pa.BufferReader(file.read_bytes())).read_all()


def write(table: pa.Table, file: Path) -> None:
    with pa.OSFile(str(file), "wb") as sink, ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


if __name__ == "__main__":
    source, rules, events_file, failures_file = map(Path, sys.argv[1:])
    events, failures = process(read(source), msgspec.json.decode(rules.read_bytes(), type=Rules))
    write(events, events_file)
    write(failures, failures_file)
