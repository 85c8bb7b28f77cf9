"""Is this error a full disk? It passes by itself, or by an operator's hand: wait, lose nothing."""

from __future__ import annotations

import errno
from typing import Final

from footfall.errors import DiskFull

_NUMBERS: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_WORDS: Final = ("database or disk is full", "No space left on device", "Disk quota exceeded")
"""As SQLite says it, and libraries that lose the number on the way."""


def is_disk_full(error: BaseException) -> bool:
    """Whether a full disk, or a used-up quota, is behind `error`, however it was wrapped."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, DiskFull):
            return True
        if isinstance(cause, OSError) and cause.errno in _NUMBERS:
            return True
        if any(words in str(cause) for words in _WORDS):
            return True
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return False
