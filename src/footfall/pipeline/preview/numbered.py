"""What the tail of this machine and the one in a store have in common: how files are named."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from footfall.lake.cut import Cut, Plan

LOST_CUTS_MAX: Final = 1_000_000
"""How many cuts may have been published after the newest that left a file: two days of them at five
a second. Sequences jump by it when the cut is damaged, so that they never go back."""


class NumberedFiles(ABC):
    """Files of one writer: its term and the number of a cut are in their names.

    One that lost the lease and does not know it yet cannot write over files of the next.
    """

    def __init__(self, term: int, sequence: int) -> None:
        """Go on after `sequence`; `term` is that of the writer's lease."""
        self._term = term
        self._sequence = sequence
        self._kept: set[str] = set()

    @property
    def sequence(self) -> int:
        """Sequence of the newest cut."""
        return self._sequence

    def next_sequence(self) -> int:
        """Number of the cut that is being prepared; files are named after it."""
        self._sequence += 1
        return self._sequence

    def write(self, kind: str, table: pa.Table) -> str | None:
        """Write `table` as `<kind>-<term>-<sequence>.arrow`; `None`, no file, if it is empty."""
        if table.num_rows == 0:
            return None
        name = f"{kind}-{self._term}-{self._sequence:012d}.arrow"
        self._write(name, table.schema, [table])
        return name

    def write_kept(self, digest: str, schema: pa.Schema, parts: Iterable[pa.Table]) -> str:
        """Write a file that many cuts will name; `forget` lets go of it.

        Until a cut names it nobody removes it either: it may be written beside `sweep`.
        """
        name = f"kept-{self._term}-{digest}.arrow"
        self._kept.add(name)
        self._write(name, schema, parts)
        return name

    def forget(self, names: Iterable[str]) -> None:
        """No later cut will name these kept files."""
        self._kept.difference_update(names)

    @abstractmethod
    def _write(self, name: str, schema: pa.Schema, parts: Iterable[pa.Table]) -> None:
        """Write one Arrow file."""

    @abstractmethod
    def write_plan(self, plan: Plan) -> str:
        """Write the list of data files of one snapshot; the same snapshot is written once."""

    @abstractmethod
    def publish(self, cut: Cut) -> None:
        """Make `cut` what readers see.

        Raises:
            LeaseLost: another writer took over.
        """

    @abstractmethod
    def sweep(self, cut: Cut) -> None:
        """Remove files that neither `cut` nor a reader of an older one can need any more."""
