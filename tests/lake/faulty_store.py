"""A store whose n-th write fails: before it happens, or after, with its answer lost."""

from __future__ import annotations

from typing import Literal

from footfall.errors import Unavailable
from footfall.lake.store.local import LocalStore

Fault = Literal["refused", "answer lost"]


class FaultyStore(LocalStore):
    """Counts what changes the store; see the module's text."""

    def __init__(self, inner: LocalStore, at: int, fault: Fault) -> None:
        self.root = inner.root
        self._left = at
        self._fault = fault

    @property
    def has_failed(self) -> bool:
        return self._left <= 0

    def write(self, path: str, data: bytes) -> None:
        if self._is_due("refused"):
            raise Unavailable("the store refused")
        super().write(path, data)
        self._answer()

    def create(self, path: str, data: bytes) -> bool:
        if self._is_due("refused"):
            raise Unavailable("the store refused")
        made = super().create(path, data)
        self._answer()
        return made

    def swap_note(self, path: str, data: bytes, tag: str | None) -> str:
        return super().swap_note(path, data, tag)  # writes by `write`

    def delete(self, path: str) -> None:
        if self._is_due("refused"):
            raise Unavailable("the store refused")
        super().delete(path)
        self._answer()

    def _is_due(self, fault: Fault) -> bool:
        if fault == "refused":
            self._left -= 1
        return self._left == 0 and self._fault == fault

    def _answer(self) -> None:
        if self._is_due("answer lost"):
            raise Unavailable("the store's answer was lost")
