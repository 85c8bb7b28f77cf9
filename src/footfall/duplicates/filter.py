"""Filters: which keys are certainly not in a run, for two nanoseconds each.

A blocked Bloom filter of two halves. Each half has words of 64 bits, eight bits for each key of the
run; a key sets four bits of one word in either half. A key that lacks a bit is not in the run, and
nothing else is ever concluded: what passes is looked up in the keys themselves. One key in 28 that
is not in the run passes the first half, one in 800 both.

The word in the first half follows the order of keys, so a sorted batch walks through it; the second
half is asked only about what passed the first, and its word has nothing to do with the other.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

from footfall.duplicates.keys import Keys, Places

BITS_PER_KEY: Final = 8
"""In each half: two bytes a key in all."""
BITS_SET: Final = 4

_32: Final = np.uint64(32)
_63: Final = np.uint64(63)
_ONE: Final = np.uint64(1)
_MIX: Final = (np.uint64(0xC2B2_AE3D_27D4_EB4F), np.uint64(0x9E37_79B9_7F4A_7C15))
"""Odd numbers without a pattern: multiplying by them spreads bits upwards."""


class Probe(msgspec.Struct, frozen=True, gc=False):
    """What filters need of keys; the same for every filter, so it is computed once."""

    first: Any
    """`Keys`: which word of the first half, as a fraction of 2^32."""
    first_bits: Any
    second: Any
    second_bits: Any

    @classmethod
    def of(cls, primary: Keys, secondary: Keys) -> Probe:
        """Of keys in any order."""
        mixed = primary ^ (secondary * _MIX[1])
        mixed ^= mixed >> _32
        mixed *= _MIX[0]
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX[1]
        mixed ^= mixed >> _32
        again = (mixed ^ secondary) * _MIX[0]
        return cls(primary >> _32, _bits(mixed), again >> _32, _bits(mixed >> np.uint64(24)))


def word_count(keys: int) -> int:
    """Words of each half of the filter of so many keys."""
    return keys * BITS_PER_KEY // 64 + 1


def build(probe: Probe, keys: int, words: Keys | None = None) -> Keys:
    """The filter of a run of `keys` keys: two rows of words.

    Args:
        probe: Of some or all of them, ascending.
        keys: Of the whole run.
        words: The filter so far, when the keys come in parts.
    """
    count = word_count(keys)
    if words is None:
        words = np.zeros((2, count), dtype=np.uint64)
    _set(words[0], _word(probe.first, count), probe.first_bits)
    np.bitwise_or.at(words[1], _word(probe.second, count), probe.second_bits)
    return words


def passing(probe: Probe, words: Keys) -> Places:
    """Places of the keys that may be in the run, ascending."""
    count = words.shape[1]
    found = words[0].take(_word(probe.first, count), mode="clip")
    found &= probe.first_bits
    places = np.flatnonzero(found == probe.first_bits)
    if len(places) == 0:
        return places
    bits = probe.second_bits[places]
    found = words[1].take(_word(probe.second[places], count), mode="clip")
    passed: Places = places[(found & bits) == bits]
    return passed


def _word(fraction: Keys, count: int) -> Places:
    places: Places = ((fraction * np.uint64(count)) >> _32).view(np.int64)
    return places


def _bits(mixed: Keys) -> Keys:
    bits = np.zeros(len(mixed), dtype=np.uint64)
    for number in range(BITS_SET):
        bits |= _ONE << ((mixed >> np.uint64(6 * number)) & _63)
    return bits


def _set(words: Keys, places: Places, bits: Keys) -> None:
    """Set `bits` in the words at `places`, which ascend."""
    if len(places) == 0:
        return
    starts = np.concatenate([[0], np.flatnonzero(np.diff(places)) + 1])
    words[places[starts]] |= np.bitwise_or.reduceat(bits, starts)
