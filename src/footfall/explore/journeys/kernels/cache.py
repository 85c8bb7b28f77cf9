"""Where compiled kernels are kept: never beside the program's own files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

Rows = NDArray[Any]
"""Of one number each."""
Bits = NDArray[np.uint32]
SEEN: Final = np.uint32(1 << 31)
"""Bit of a row that is looked at, whatever else it is."""
_config: Any = numba.config
_Function = TypeVar("_Function", bound=Callable[..., Any])


def keep_in(directory: Path) -> None:
    """Keep what is compiled from now on there, unless this process has a place for it already.

    Must be called before a module of kernels is imported.
    """
    if not _config.CACHE_DIR:
        _config.CACHE_DIR = str(directory)


def compiled(function: _Function) -> _Function:
    """The same function, compiled when it is first called, or loaded if it ever was."""
    assert _config.CACHE_DIR, "say where compiled kernels are kept first: keep_in"
    return cast("_Function", numba.njit(cache=True, nogil=True)(function))
