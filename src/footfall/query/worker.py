"""The worker: a process that runs one statement at a time and that may be killed at any moment.

    python -P -m footfall.query.worker HOME PROJECT SETTINGS-AS-JSON

Speaks `footfall.query.protocol` on its standard input and output. Before the engine opens it gives
up everything it does not need (`_confine`). It ends when its input closes, whatever it is doing, so
it never outlives the process that started it; and by an alarm of its own if a statement goes on
after both the engine's limit and the pool's.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from footfall.clock import SECOND
from footfall.errors import FootfallError, Unavailable
from footfall.home import Home
from footfall.lake.store.options import SCHEME
from footfall.machine.private import keep_private
from footfall.query._confine import confine, limit_cpu, limit_resources
from footfall.query._errors import EngineBroken, translate
from footfall.query.engine import Engine, data_dirs
from footfall.query.formats import render
from footfall.query.protocol import (
    LENGTH,
    START_BYTES_MAX,
    Head,
    Question,
    Ready,
    Refusal,
    Start,
    decode_question,
    encode,
    message_bytes,
    refusal_of,
)
from footfall.settings import QuerySettings

_GRACE_SECONDS: Final = 10
"""How long after its limit a statement may go on before the alarm ends the process."""


def main(arguments: Sequence[str]) -> None:
    """Serve questions until the input closes."""
    keep_private()
    # Ctrl-C and a closing terminal are the business of whoever started the pool. It cannot say so
    # itself: uvloop knows only new sessions, and those get processor time of their own (ADR 9).
    os.setpgid(0, 0)
    root, project, encoded = arguments
    home, settings = Home(Path(root)), msgspec.json.decode(encoded, type=QuerySettings)
    questions_in, answers_out = _own_streams()
    limit_resources(settings.memory_max)
    start = _start(questions_in)
    given = (*start.token_directories, *_local(start.definitions.files))
    is_online = start.bucket is not None or start.definitions.is_online
    is_confined = confine([*_readable(home, project), *map(Path, given)], is_online=is_online)
    inbox: queue.SimpleQueue[Question] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(questions_in, inbox), daemon=True).start()
    engine = Engine(home, project, settings, start.bucket, start.definitions)
    answers_out.write(encode(Ready(is_confined)))
    answers_out.flush()
    while True:
        _answer(engine, inbox.get(), settings, answers_out)


def _own_streams() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's ends. What else is written to standard output goes nowhere."""
    answers_out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return sys.stdin.buffer, answers_out


def _readable(home: Home, project: str) -> list[Path]:
    """The project's files. What has no directory yet is reached through the one it will be in."""
    data = [path for path in data_dirs(home, project) if path.exists()]
    lake = [home.lake_dir] if home.lake_dir.exists() else [home.root]
    tail = home.tail_dir(project)
    return [*(data or lake), tail if tail.exists() else home.root]


def _start(stream: BinaryIO) -> Start:
    prefix = stream.read(LENGTH.size)
    data = stream.read(message_bytes(prefix, START_BYTES_MAX))
    return msgspec.msgpack.decode(data, type=Start)


def _local(files: Sequence[str]) -> list[str]:
    """Files of this machine: each is allowed by itself, not what lies beside it."""
    return [file for file in files if not file.startswith(SCHEME)]


def _receive(stream: BinaryIO, inbox: queue.SimpleQueue[Question]) -> None:
    """Pass questions on; end the process, even in a statement, when no one is there to answer."""
    while True:
        prefix = stream.read(LENGTH.size)
        if len(prefix) < LENGTH.size:
            os._exit(0)
        inbox.put(decode_question(stream.read(message_bytes(prefix))))


def _answer(
    engine: Engine, question: Question, settings: QuerySettings, answers_out: BinaryIO
) -> None:
    seconds = settings.time_max // SECOND + _GRACE_SECONDS
    limit_cpu(seconds * settings.threads)
    signal.alarm(seconds)
    head, body = _run(engine, question, settings)
    signal.alarm(0)
    answers_out.write(encode(head))
    answers_out.write(body)
    answers_out.flush()
    if isinstance(head, Refusal) and head.is_final:
        sys.exit(1)


def _run(
    engine: Engine, question: Question, settings: QuerySettings
) -> tuple[Head | Refusal, bytes]:
    try:
        found = engine.run(
            question.sql,
            question.parameters,
            rows_max=question.rows_max,
            bytes_max=question.bytes_max,
        )
        body = render(found.table, question.format)
    except MemoryError as error:
        translated = translate(error, settings)
        assert isinstance(translated, FootfallError)
        return refusal_of(translated, is_final=True), b""
    except EngineBroken as error:
        return refusal_of(error, is_final=True), b""
    except FootfallError as error:
        return refusal_of(error), b""
    except Exception as error:  # the loop that supervises statements
        kind = type(error).__name__
        failure = Unavailable(f"the statement met a fault of ours; report it: kind={kind}")
        return refusal_of(failure, is_final=True), b""
    head = Head(
        found.columns,
        found.table.num_rows,
        found.is_cut_off,
        found.cut_sequence,
        found.cut_published_at,
        len(body),
    )
    return head, body


if __name__ == "__main__":
    main(sys.argv[1:])
