"""Real servers on this machine, for tests and for `make cluster-demo`; nothing here ships.

    python -m servers                 from tools/: fetch or build all; status 3 if one cannot be had
    python -m servers kafka           this one
    python -m servers --lock kafka    after its pom was changed: note what it now needs

Each module is one server: it comes from an ordinary package at a pinned version, lies below
`build/servers/`, listens on 127.0.0.1 only and keeps its data in a directory that the caller
names. Whoever starts a server ends it, by its process id; killed, it starts again on the same port
and data. Stand-ins would prove nothing about locks, acknowledgements or lost races.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

BUILT: Final = Path(__file__).resolve().parent.parent.parent / "build" / "servers"
"""Where everything that is fetched or built lies; safe to remove."""


class CannotRun(Exception):  # noqa: N818 (read as a claim)
    """This machine lacks what the server needs; the text says what, and what to do."""


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Several processes that need the same server wait for one download."""
    BUILT.mkdir(parents=True, exist_ok=True)
    with (BUILT / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
