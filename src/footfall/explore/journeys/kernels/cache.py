"""Where compiled kernels are kept: never beside the program's own files."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

from footfall.machine.compiled import kept

Rows = NDArray[Any]
"""Of one number each."""
Bits = NDArray[np.uint32]
SEEN: Final = np.uint32(1 << 31)
"""Bit of a row that is looked at, whatever else it is."""
_config: Any = numba.config
_SOURCES: Final = Path(__file__).parent
_Function = TypeVar("_Function", bound=Callable[..., Any])


def keep_in(directory: Path) -> None:
    """Keep what is compiled from now on there, unless this process has a place for it already.

    Must be called before a module of kernels is imported. What was compiled of other sources is
    never used: installers set times of files as they like, which is all that numba goes by.
    """
    if not _config.CACHE_DIR:
        _config.CACHE_DIR = str(directory / made_of(_SOURCES))


def forget_others(directory: Path) -> None:
    """Remove what was compiled of other sources."""
    for entry in directory.iterdir():
        if entry.is_dir() and entry.name != made_of(_SOURCES):
            shutil.rmtree(entry, ignore_errors=True)


def made_of(sources: Path) -> str:
    """A name for what is compiled of these files, which is another where one of them is."""
    found = zlib.crc32(numba.__version__.encode())
    for file in sorted(sources.glob("*.py")):
        found = zlib.crc32(file.read_bytes(), found)
    return f"{found:08x}"


def compiled(function: _Function) -> _Function:
    """The same function, compiled when it is first called, or loaded if it ever was."""
    assert _config.CACHE_DIR, "say where compiled kernels are kept first: keep_in"
    return cast("_Function", kept(function, nogil=True))


def inlined(function: _Function) -> _Function:
    """A part of kernels that is compiled into each that calls it: a call would cost as much."""
    return cast("_Function", numba.njit(inline="always")(function))
