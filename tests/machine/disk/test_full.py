"""A full disk is recognised however it is wrapped, and nothing else is taken for one."""

from __future__ import annotations

import errno

import pytest
from sqlalchemy.exc import OperationalError

from footfall.errors import CommitUnknown, DiskFull, Unavailable
from footfall.machine.disk import is_disk_full


def _wrapped(cause: Exception, outer: Exception) -> Exception:
    try:
        raise outer from cause
    except Exception as error:  # whatever the library makes of it
        return error


SQLITE = OperationalError("INSERT", {}, Exception("database or disk is full"))


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "no space"),
        OSError(errno.EDQUOT, "quota"),
        DiskFull("full"),
        SQLITE,
        _wrapped(SQLITE, CommitUnknown("commit may or may not be in")),
        _wrapped(OSError(errno.ENOSPC, "no space"), Unavailable("try again")),
    ],
)
def test_full_disk_is_recognised(error: Exception) -> None:
    """The log, the catalog, the metadata, a data file: each says it in its own way."""
    assert is_disk_full(error)


@pytest.mark.parametrize(
    "error",
    [OSError(errno.EIO, "i/o"), MemoryError(), CommitUnknown("no answer"), ValueError("full")],
)
def test_other_errors_end_the_process(error: Exception) -> None:
    """Waiting would hide them."""
    assert not is_disk_full(error)
