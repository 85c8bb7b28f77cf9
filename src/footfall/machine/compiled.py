"""Functions compiled by numba, and kept in a directory that processes share.

numba numbers the files of a function by what its index says that there are. Of two processes that
compile it for different types at the same moment, both take the next number, and the index may in
the end name for one signature the code of the other: every later process runs it, on arrays of
other types, until it dies or never returns. Here a file is named after what is in it, and is
written before the index. Two at a time can only lose each other's entry of the index, which costs
whoever needs it next a compilation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numba
from numba.core import caching

_Cache: Any = caching.FunctionCache
_Files: Any = caching.IndexDataCacheFile


def kept(function: Callable[..., Any], **options: Any) -> Any:
    """The same function, compiled when it is first called, or loaded if it ever was.

    Args:
        function: In numba's part of Python.
        options: Of `numba.njit`, without `cache`. Where compiled code is kept must be known
            (`numba.config.CACHE_DIR`).
    """
    dispatcher = numba.njit(**options)(function)
    dispatcher._cache = _SharedCache(function)  # what its `enable_caching` does
    return dispatcher


class _SharedFiles(_Files):  # type: ignore[misc] # numba has no types
    def save(self, key: Any, data: Any) -> None:
        """Keep the code of one signature."""
        made_for = hashlib.sha256(self._dump((self._source_stamp, key))).hexdigest()
        name = self._data_name_pattern.replace("{number:d}", made_for[:32])
        self._save_data(name, data)
        overloads = self._load_index()
        overloads[key] = name
        self._save_index(overloads)


class _SharedCache(_Cache):  # type: ignore[misc] # numba has no types
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _SharedFiles(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=self._impl.locator.get_source_stamp(),
        )
