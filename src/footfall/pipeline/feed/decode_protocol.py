"""What the pipeline and the process that decodes ahead of it say to each other.

A `Job` comes first, then a `Question` for each answer, all as lines of JSON; an answer is a line of
JSON, a `Head` or `null`, and after a `Head` two Arrow streams: events and failures.
"""

from __future__ import annotations

from typing import BinaryIO, Final

import msgspec
import pyarrow as pa

from footfall.ledger import Ledger
from footfall.log import LogSource
from footfall.pipeline.epoch.plan import Rules
from footfall.pipeline.epoch.prepare import Prepared
from footfall.positions import Place, Slice
from footfall.secret import reveal
from footfall.settings import PipelineSettings

BUFFER_BYTES: Final = 1 << 20


class Job(msgspec.Struct, frozen=True):
    """What holds for all questions."""

    log: LogSource
    rules: Rules
    settings: PipelineSettings


class Question(msgspec.Struct, frozen=True):
    """Where a micro-batch begins, and which of its requests are not to be decoded."""

    place: Place
    quarantined: tuple[int, ...]


class Head(msgspec.Struct, frozen=True):
    """What of a `Prepared` is no table."""

    requests: Slice
    ledger: Ledger
    received_at: int


def send(stream: BinaryIO, value: msgspec.Struct | None) -> None:
    """Write one line; flush the stream yourself."""
    stream.write(msgspec.json.encode(value, enc_hook=reveal) + b"\n")


def read_answer(stream: BinaryIO) -> Prepared | None:
    """The next answer; `None` when the partition ended at the offset.

    Raises:
        msgspec.DecodeError, pa.ArrowInvalid, OSError: the other side ended.
    """
    head = msgspec.json.decode(stream.readline(), type=Head | None)
    if head is None:
        return None
    events, failures = (pa.ipc.open_stream(stream).read_all() for _ in range(2))
    return Prepared(head.requests, events, failures, head.ledger, head.received_at)


def write_answer(stream: BinaryIO, found: Prepared | None) -> None:
    """Write one answer; `None` when the partition ends at the offset."""
    if found is None:
        send(stream, None)
    else:
        send(stream, Head(found.requests, found.ledger, found.received_at))
        for table in (found.events, found.failures):
            with pa.ipc.new_stream(stream, table.schema) as writer:
                writer.write_table(table.combine_chunks())
    stream.flush()
