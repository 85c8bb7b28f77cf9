"""Files that another process removes at the worst moment: right after somebody looked at them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock


@contextmanager
def vanishing(file: Path) -> Iterator[None]:
    """Remove `file` after the first look at it (`os.stat`) within the block, which must happen."""
    with after_first(os, "stat", lambda path: Path(path) == file, file.unlink):
        yield
    assert not file.exists(), "nobody looked at it"


@contextmanager
def after_first(
    module: Any, name: str, is_meant: Callable[[Any], bool], then: Callable[[], None]
) -> Iterator[None]:
    """Do `then` once, right after the first call of `module.name` whose argument is meant."""
    original = getattr(module, name)
    done: list[bool] = []

    def wrapped(path: Any, *arguments: Any, **named: Any) -> Any:
        found = original(path, *arguments, **named)
        if not done and is_meant(path):
            done.append(True)
            then()
        return found

    with mock.patch.object(module, name, wrapped):
        yield
    assert done, f"{name} was never called for it"
