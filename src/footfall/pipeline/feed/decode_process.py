"""The process that decodes ahead: answers which micro-batch the log has at an offset.

    python -m footfall.pipeline.feed.decode_process FD

FD is a connected socket; `_decode_protocol` says what goes through it. The process ends when the
other side is closed, so with the pipeline, however that ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from typing import BinaryIO, cast

import msgspec

from footfall.clock import SECOND
from footfall.enrich import warm_up
from footfall.errors import FootfallError
from footfall.log import Log
from footfall.machine.private import keep_private
from footfall.pipeline._memory import calm_collector, keep_freed
from footfall.pipeline.epoch.prepare import Prepared, prepare
from footfall.pipeline.feed.decode_protocol import BUFFER_BYTES, Job, Question, write_answer
from footfall.pipeline.feed.requests import read_requests
from footfall.pipeline.poison.bounds import bound_memory, bounded_time
from footfall.secret import conceal


def _answers(job: Job, log: Log, questions: Iterator[bytes]) -> Iterator[Prepared | None]:
    settings, rules = job.settings, job.rules
    for line in questions:
        question = msgspec.json.decode(line, type=Question)
        requests_max = settings.micro_batch_requests_max
        with bounded_time(settings.batch_time_max / SECOND):
            refused = frozenset(question.quarantined)
            requests = read_requests(
                log, question.place, requests_max, settings, rules.decode, refused
            )
            found = prepare(requests, rules, refused) if requests else None
        yield found


def main() -> None:
    """Answer until the other side is closed."""
    keep_private()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pipeline's business
    os.dup2(2, 1)  # what a plug-in prints
    keep_freed()
    with (
        socket.socket(fileno=int(sys.argv[1])) as connection,
        cast("BinaryIO", connection.makefile("rwb", BUFFER_BYTES)) as stream,
    ):
        job = msgspec.json.decode(stream.readline(), type=Job, dec_hook=conceal)
        log = job.log.reader()
        warm_up(job.rules.enrich)
        calm_collector()
        bound_memory(job.settings.memory_max)
        # The pipeline ended; or it meets the same when it does this itself, and says it there.
        with contextlib.suppress(ConnectionError, FootfallError, MemoryError):
            for found in _answers(job, log, stream):
                write_answer(stream, found)


if __name__ == "__main__":
    main()
