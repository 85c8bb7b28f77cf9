"""Two integers in one, so that sorting and searching by (visitor, time) are single operations."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

NEVER: Final = 2**63 - 1
_DIGIT: Final = 16
"""Bits that are counted at a time."""
_COUNTED_MIN: Final = 1 << 14
"""Fewer keys are compared: counting has a table of 65,536 to fill."""


class Packing:
    """Order-preserving map of (code, time) to one unsigned 64-bit integer.

    The code takes the high bits and the time since the earliest the low ones. Where both do not fit
    (more than 130,000 visitors *and* events spread over years) times are replaced by their ranks.
    Only times that were given when it was made can be packed.
    """

    bits: ClassVar[int] = 64
    """Room for both."""

    def __init__(self, codes: int, *times: Ints) -> None:
        """Make one for codes below `codes` and all `times`."""
        present = [time for time in times if len(time)]
        low = min((int(time.min()) for time in present), default=0)
        high = max((int(time.max()) for time in present), default=0)
        self._low = low
        self._ranks: Ints | None = None
        span = high - low
        if max(codes - 1, 0).bit_length() + span.bit_length() > self.bits:
            self._ranks = np.unique(np.concatenate(present))
            span = len(self._ranks)
        self._shift = np.uint64(span.bit_length())
        self._mask = np.uint64((1 << span.bit_length()) - 1)

    def pack(self, codes: npt.NDArray[np.integer], times: Ints) -> Keys:
        """One sortable integer for each pair."""
        ranks = self._ranks
        offsets = times - self._low if ranks is None else np.searchsorted(ranks, times)
        packed: Keys = codes.astype(np.uint64) << self._shift
        packed |= offsets.astype(np.uint64)
        return packed

    def times(self, packed: Keys) -> Ints:
        """The times that were packed."""
        offsets = (packed & self._mask).astype(np.int64)
        return offsets + self._low if self._ranks is None else self._ranks[offsets]


def ascending(keys: Keys) -> Ints:
    """The order that sorts `keys`; equal ones stay as they are.

    Sixteen bits at a time, from the lowest, as NumPy sorts small integers by counting them: half of
    the time of comparing whole keys, whose 47 bits or so are three rounds.
    """
    bits = int(keys.max(initial=np.uint64(0))).bit_length()
    if len(keys) < _COUNTED_MIN:
        return np.argsort(keys, kind="stable")
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    for low in range(_DIGIT, bits, _DIGIT):
        digit = (keys >> np.uint64(low)).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def run_starts(*columns: npt.NDArray[np.generic]) -> Ints:
    """Positions where any of some equally long columns differs from the row before; first is 0."""
    changed: Bools = np.zeros(len(columns[0]), np.bool_)
    changed[:1] = True
    for column in columns:
        changed[1:] |= column[1:] != column[:-1]
    return np.flatnonzero(changed)


def expand(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """All integers of the ranges [low, high), and for each the number of its range."""
    counts = high - low
    owner = np.repeat(np.arange(len(low)), counts)
    before = np.cumsum(counts) - counts
    return np.arange(len(owner)) - before[owner] + low[owner], owner
