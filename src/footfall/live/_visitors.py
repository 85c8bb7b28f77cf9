"""Distinct visitors of the last 30 minutes: how many, in which minute, from where, with what.

One row per visitor in parallel arrays sorted by a 64-bit hash of (app, visitor id), so that a
micro-batch is merged with a binary search and no loop over visitors. Two visitors with the same
hash would be counted as one: with 500,000 visitors that happens once in 150 million windows.

The minutes in which a visitor was seen are bits of one integer, `minute % 64`; a bit is cleared
when its minute leaves the window, and a visitor without a bit is removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from footfall.live._snapshot import TOP_ROWS, TopList, TopRow
from footfall.live._windows import Ints, RingCounter

Hashes = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.int32]

ATTRIBUTES: Final = ("source", "device", "browser", "os")
_NONE: Final = 0
_OTHERS: Final = 1
_BITS: Final = 64


class TextCodes:
    """Small integers for texts: 0 is none, 1 is any text beyond `texts_max` distinct ones."""

    def __init__(self, texts_max: int) -> None:
        self._texts_max = texts_max
        self._codes: dict[str, int] = {}
        self._texts: list[str | None] = [None, None]

    def encode(self, values: pa.Array) -> Codes:
        """The code of each value."""
        encoded = values.dictionary_encode()
        codes = [self._code(text) for text in encoded.dictionary.to_pylist()]
        lookup = np.array([*codes, _NONE], np.int32)
        indices = encoded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        found: Codes = lookup[indices]
        return found

    def compact(self, column: Codes) -> Codes:
        """Forget texts that `column` does not use; returns the column in new codes."""
        if len(self._texts) <= self._texts_max // 2:
            return column
        used = np.union1d(column, np.array([_NONE, _OTHERS], np.int32))
        self._texts = [self._texts[code] for code in used.tolist()]
        self._codes = {text: code for code, text in enumerate(self._texts) if text is not None}
        return np.searchsorted(used, column).astype(np.int32)

    def top(self, column: Codes) -> TopList:
        """The texts that occur most in `column`, with their counts."""
        counts = np.bincount(column, minlength=len(self._texts))
        others = int(counts[_OTHERS])
        total = int(counts.sum())
        counts[_OTHERS] = 0
        order = [code for code in np.argsort(-counts, kind="stable").tolist() if counts[code]]
        rows = tuple(TopRow(self._texts[code], int(counts[code])) for code in order[:TOP_ROWS])
        return TopList(rows, total - sum(row.count for row in rows), is_exact=others == 0)

    def _code(self, text: str) -> int:
        code = self._codes.get(text)
        if code is not None:
            return code
        if len(self._texts) >= self._texts_max + 2:
            return _OTHERS
        self._codes[text] = len(self._texts)
        self._texts.append(text)
        return self._codes[text]


class VisitorWindow:
    """See the module's text."""

    def __init__(self, minutes: int, visitors_max: int, texts_max: int) -> None:
        assert minutes <= _BITS
        self._visitors_max = visitors_max
        self._per_minute = RingCounter(minutes)
        self._texts = {name: TextCodes(texts_max) for name in ATTRIBUTES}
        self._hashes: Hashes = np.zeros(0, np.uint64)
        self._seen: Hashes = np.zeros(0, np.uint64)
        self._last_us: Ints = np.zeros(0, np.int64)
        self._attributes: dict[str, Codes] = {name: np.zeros(0, np.int32) for name in ATTRIBUTES}
        self._overflow_minute = -1

    @property
    def is_exact(self) -> bool:
        """Whether no visitor of the window was turned away at `visitors_max`."""
        return self._overflow_minute < self._per_minute.oldest

    def advance(self, head: int) -> None:
        """Make minute `head` the newest and remove visitors not seen since."""
        if head <= self._per_minute.head:
            return
        self._per_minute.advance(head)
        minutes = range(self._per_minute.oldest, head + 1)
        self._seen &= np.bitwise_or.reduce(_bits(np.array(minutes, np.int64)))
        kept = self._seen != 0
        self._hashes = self._hashes[kept]
        self._seen = self._seen[kept]
        self._last_us = self._last_us[kept]
        for name, column in self._attributes.items():
            self._attributes[name] = self._texts[name].compact(column[kept])

    def add(
        self,
        visitors: pl.DataFrame,
        received_us: Ints,
        minutes: Ints,
        texts: Mapping[str, pa.Array],
    ) -> None:
        """Merge events that have a visitor.

        Args:
            visitors: What tells visitors apart, a row for each event.
            received_us: Microseconds, a value for each event; so are the following.
            minutes: Minute of each event, within the window.
            texts: For each of `ATTRIBUTES`; a visitor has the last that is not null.
        """
        if not len(received_us):
            return
        hashes, inverse = np.unique(visitors.hash_rows().to_numpy(), return_inverse=True)
        last_us = np.zeros(len(hashes), np.int64)
        np.maximum.at(last_us, inverse, received_us)
        seen = np.zeros(len(hashes), np.uint64)
        np.bitwise_or.at(seen, inverse, _bits(minutes))
        rows = self._place(hashes, int(minutes.max()))
        known = rows >= 0
        self._mark_seen(rows[known], seen[known], np.unique(minutes))
        self._last_us[rows[known]] = np.maximum(self._last_us[rows[known]], last_us[known])
        for name, column in self._attributes.items():
            codes = self._texts[name].encode(texts[name])
            named = (codes != _NONE) & known[inverse]
            # With an index named twice NumPy keeps the last assignment: the newest event's value.
            column[rows[inverse[named]]] = codes[named]

    def count(self) -> int:
        """Distinct visitors of the window."""
        return len(self._hashes)

    def count_since(self, from_us: int) -> int:
        """Distinct visitors with an event at or after `from_us`."""
        return int(np.count_nonzero(self._last_us >= from_us))

    def per_minute(self) -> tuple[int, ...]:
        """Distinct visitors of each minute, oldest first."""
        return self._per_minute.values()

    def top(self, attribute: str) -> TopList:
        """Visitors by their `attribute`."""
        return self._texts[attribute].top(self._attributes[attribute])

    def _place(self, hashes: Hashes, minute: int) -> Ints:
        """Row of each of the sorted, distinct `hashes`, making rows for new ones; -1: no room."""
        at = np.searchsorted(self._hashes, hashes)
        is_new = np.ones(len(hashes), np.bool_)
        inside = at < len(self._hashes)
        is_new[inside] = self._hashes[at[inside]] != hashes[inside]
        new = np.flatnonzero(is_new)
        room = max(0, self._visitors_max - len(self._hashes))
        if len(new) > room:
            self._overflow_minute = minute
            new = new[:room]
        if len(new):
            self._insert(at[new], hashes[new])
            at = np.searchsorted(self._hashes, hashes)
        rows = at.astype(np.int64)
        found = rows < len(self._hashes)
        found[found] = self._hashes[rows[found]] == hashes[found]
        rows[~found] = -1
        return rows

    def _insert(self, at: npt.NDArray[np.intp], hashes: Hashes) -> None:
        self._hashes = np.insert(self._hashes, at, hashes)
        self._seen = np.insert(self._seen, at, 0)
        self._last_us = np.insert(self._last_us, at, 0)
        for name, column in self._attributes.items():
            self._attributes[name] = np.insert(column, at, _NONE)

    def _mark_seen(self, rows: Ints, seen: Hashes, minutes: Ints) -> None:
        before = self._seen[rows]
        added = seen & ~before
        self._seen[rows] = before | seen
        for minute in minutes.tolist():
            bit = _bits(np.array([minute], np.int64))
            self._per_minute.add_to(minute, int(np.count_nonzero(added & bit)))


def _bits(minutes: Ints) -> Hashes:
    return np.left_shift(np.uint64(1), (minutes % _BITS).astype(np.uint64))
