"""What two processes compile at the same moment is each other's neighbour, never its substitute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.caching import IndexDataCacheFile

from footfall.machine.compiled import kept

WHOLE, BROKEN = np.array([5]), np.array([0.5])


def doubled(numbers: Any) -> Any:
    """Of the first number."""
    return numbers[0] + numbers[0]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def hits(function: Any) -> int:
    """Signatures that were loaded, not compiled."""
    return sum(function.stats.cache_hits.values())


def test_what_was_compiled_is_loaded(directory: Path) -> None:
    """By each that comes later, in the types that it was compiled for, and in no others."""
    first = kept(doubled)
    assert [10, 1.0] == [first(WHOLE), first(BROKEN)]
    assert 0 == hits(first)
    second = kept(doubled)
    assert [10, 1.0] == [second(WHOLE), second(BROKEN)]
    assert 2 == hits(second)
    assert 10 == second(WHOLE.astype(np.int32))
    assert 2 == hits(second)


def test_two_that_compile_at_the_same_moment(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one read the index before this one wrote it, and is done first."""
    save, load = IndexDataCacheFile._save_data, IndexDataCacheFile._load_index
    other = kept(doubled)
    raced = []

    def save_data(self: Any, name: str, data: Any) -> None:
        if not raced:
            raced.append(name)
            monkeypatch.setattr(IndexDataCacheFile, "_load_index", lambda self: {})
            assert 1.0 == other(BROKEN)
            monkeypatch.setattr(IndexDataCacheFile, "_load_index", load)
        save(self, name, data)

    monkeypatch.setattr(IndexDataCacheFile, "_save_data", save_data)
    assert 10 == kept(doubled)(WHOLE)
    assert raced
    later = kept(doubled)
    assert [10, 1.0] == [later(WHOLE), later(BROKEN)]
    assert hits(later)
