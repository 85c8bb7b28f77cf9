"""How many files, connections among them, this process may have open."""

from __future__ import annotations

import contextlib
import resource
from typing import Final

from footfall.connections._crowd import SPARE

OTHERS: Final = 256 + SPARE
"""Left for the log, the metadata and what else is no connection, and for those to be refused."""


def open_files_max(wanted: int) -> int:
    """Ask for `wanted` open connections and the files beside them.

    A connection beyond what the system allows would not be refused but left unanswered, and the log
    could open no segment.

    Returns:
        How many connections there may be: `wanted` or, where the system allows less, fewer.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHERS
    if hard != resource.RLIM_INFINITY:
        needed = min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < needed:
        with contextlib.suppress(ValueError, OSError):  # a sandbox may forbid it
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
            soft = needed
    allowed = wanted if soft == resource.RLIM_INFINITY else soft - OTHERS
    return max(1, min(wanted, allowed))
