"""How a run begins: a long file that is begun last is worked off by one core alone."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from tests.conftest import pytest_collection_modifyitems


class Item:
    """What the order asks of a test."""

    def __init__(self, name: str, *kinds: str) -> None:
        self.path = Path(name)
        self._kinds = kinds

    def get_closest_marker(self, kind: str) -> bool:
        return kind in self._kinds


def test_files_that_take_longest_come_first() -> None:
    """By what their tests take together, each in the order it had."""
    items: list[Any] = [
        *(Item("plain") for _ in range(9)),
        *(Item("pages", "browser") for _ in range(5)),
        Item("long", "slow"),
        Item("longest", "slow", "browser"),
        Item("longest"),
        Item("longest", "slow"),
    ]
    pytest_collection_modifyitems(items)
    paths = list(dict.fromkeys(str(item.path) for item in items))
    assert paths == ["longest", "pages", "long", "plain"]
    assert [item.get_closest_marker("slow") for item in items[:3]] == [True, False, True]


def test_what_was_loaded_is_no_work_for_the_garbage_collector() -> None:
    """Hundreds of modules stay to the end; what tests make is collected as ever."""
    assert gc.get_freeze_count() > 10_000
    assert gc.isenabled()
