"""How far a repair reaches: the stretch of one visitor's chain whose sessions are made anew.

Theory of operation. All that is known of the chain are intervals: *exact* sessions, of the lake or
of the state, which are disjoint, and *provisional* ones, which may overlap them and one another.
The chain's start follows from all of them, and with it the windows; the rank of an exact session is
the number of events of exact ones before it in its window. So without any event it is known which
exact sessions cannot stay: those that straddle the end of a window, that should be one part with
the one before, or whose place in the chain the state remembers otherwise.

The stretch begins at the target, a provisional session, or at the session before it in its window,
which may take some of the events; earlier where an earlier session cannot stay, and where what is
before it is provisional itself: that would be made exact without what is before *it*. It ends with
the target's window, because an event more moves every later part of it, or with the last session
that cannot stay. Its ends lie between *blocks*, never in an exact session: a block is an exact
session with the provisional ones that begin in it, or one that begins in none.

Where *marks* cut (`marks`), it is not known: nobody knows those of evicted sessions, so two of one
window may be one now, or not. There the stretch begins with the window of the chain's first
provisional session and ends with the chain. What is before it is right, for nothing came before it;
and whatever a guess put after it is found, be it evicted since.

A stretch of more events than may be read at once is cut short at a block. What is made of the last
block is provisional then, up to where provisional ones that began in the stretch reach, and the
next repair goes on from there: a visitor with millions of events is swept from the late event to
the end of its window, a bounded number of events at a time. Only among hot sessions it is never cut
short: new events come there, and those would be put in a chain with one provisional and others of
the old ranks. What is hot of one visitor is read at once then.
"""

from __future__ import annotations

import msgspec
import numpy as np

from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.rows.packing import NEVER, Bools, Ints


class Known(msgspec.Struct, frozen=True):
    """What is known of one visitor's sessions, ascending by start; one entry a column."""

    start: Ints
    end: Ints
    events: Ints
    chain: Ints
    rank: Ints
    is_hot: Bools
    """It is in the state, and `chain` and `rank` are known."""
    is_exact: Bools
    day: Ints
    """Always the same if days cut nothing."""
    before: Ints
    """The marks before it, a column for each kind; known where `chain` is."""

    def at(self, index: Ints | Bools | slice) -> Known:
        """Some of them."""
        return Known(*(getattr(self, name)[index] for name in self.__struct_fields__))


class Stretch(msgspec.Struct, frozen=True):
    """What to make anew: events of [begin, end]."""

    begin: int
    end: int
    chain: int
    rank: int
    before: Ints
    events: int
    is_cut_short: bool


def chain_of(known: Known, time: int, gap: int) -> tuple[int, int]:
    """First and one past the last of the sessions in the chain that holds `time`."""
    reached = np.maximum.accumulate(known.end)
    is_other_day = known.day[1:] != known.day[:-1]
    begins = np.flatnonzero((known.start[1:] - reached[:-1] > gap) | is_other_day) + 1
    at = int(np.searchsorted(known.start, time, "right")) - 1
    place = int(np.searchsorted(begins, at, "right"))
    bounds = [0, *begins.tolist(), len(known.start)]
    return bounds[place], bounds[place + 1]


def stretch_of(chain: Known, time: int, definition: GapLimits, events_max: int) -> Stretch:
    """The stretch that makes the provisional session of `time` exact, or begins to.

    Args:
        chain: All sessions of its chain.
        time: Start of the session.
        definition: The session definition.
        events_max: Cut short beyond so many events, but not before two blocks are made exact.
    """
    span = _marked_span(chain, definition) if definition.kinds else _span(chain, time, definition)
    blocks, reached = _blocks(chain), np.maximum.accumulate(chain.end)
    size = np.add.reduceat(chain.events, blocks)
    end = _within_budget(size, span.low, span.at, span.high, events_max)
    last_of = np.append(blocks[1:], len(chain.start)) - 1
    hot = np.flatnonzero(chain.is_hot & chain.is_exact)
    hot = chain.start[hot[hot > last_of[end]]]
    if len(hot) and int(hot[0]) - int(reached[last_of[end]]) <= definition.gap:
        end = span.high
    is_cut_short = end < span.high
    return Stretch(
        begin=int(chain.start[blocks[span.low]]),
        end=int(chain.start[blocks[end + 1]]) - 1 if is_cut_short else int(reached[last_of[end]]),
        chain=int(chain.start[0]),
        rank=span.rank,
        before=span.before,
        events=int(size[span.low : end + 1].sum()),
        is_cut_short=is_cut_short,
    )


class _Span(msgspec.Struct, frozen=True):
    """Blocks of a stretch: the first, the first that changes, the last; and what is before it."""

    low: int
    at: int
    high: int
    rank: int
    before: Ints


def _span(chain: Known, time: int, definition: GapLimits) -> _Span:
    """Where counts alone cut: they tell what cannot stay."""
    first, length = int(chain.start[0]), definition.length_max
    window, last_window = (chain.start - first) // length, (chain.end - first) // length
    rank, blocks, reached = _ranks(chain, window), _blocks(chain), np.maximum.accumulate(chain.end)
    wrong = _cannot_stay(chain, window, last_window, rank, definition.events_max)
    target = int(np.flatnonzero((chain.start == time) & ~chain.is_exact)[0])
    wanted = np.append(np.flatnonzero(wrong[:target])[:1], target)
    at = int(np.searchsorted(blocks, wanted.min(), "right")) - 1
    low, at = _first_blocks(chain, blocks, window, reached, at)
    late = np.flatnonzero(wrong[target + 1 :]) + target + 1
    high_window = int(last_window[np.append(late, target)].max())
    high = _last_block(window[blocks], (reached - first) // length, blocks, high_window)
    return _Span(low, at, high, int(rank[blocks[low]]), np.zeros(0, np.int64))


def _marked_span(chain: Known, definition: GapLimits) -> _Span:
    """Where marks cut, too: from the first that waits to the chain's end."""
    target, blocks = int(np.flatnonzero(~chain.is_exact)[0]), _blocks(chain)
    low = at = int(np.searchsorted(blocks, target, "right")) - 1
    high = len(blocks) - 1
    if _goes_on(chain, target):
        return _Span(low, at, high, int(chain.rank[target]), chain.before[target])
    window = (chain.start - chain.start[0]) // definition.length_max
    low, at = _first_of_window(chain, blocks, window, at)
    return _Span(low, at, high, 0, np.zeros(chain.before.shape[1], np.int64))


def _goes_on(chain: Known, target: int) -> bool:
    """Whether a session is what a sweep left, made of the chain from its window's start on."""
    return (
        bool(chain.is_hot[target]) and chain.chain[target] == chain.start[0] < chain.start[target]
    )


def _first_of_window(chain: Known, blocks: Ints, window: Ints, at: int) -> tuple[int, int]:
    """The first block of the window: what marks cut follows from all of its events."""
    low, reached = at, np.maximum.accumulate(chain.end)
    while low:
        first = blocks[low]
        if window[first - 1] != window[first] and reached[first - 1] < chain.start[first]:
            break
        low -= 1
    return low, min(low + 1, at)


def _blocks(chain: Known) -> Ints:
    """The first session of each block."""
    reached = np.maximum.accumulate(np.where(chain.is_exact, chain.end, -NEVER))
    is_first = (chain.start[1:] > reached[:-1]) & (chain.start[1:] > chain.start[:-1])
    return np.flatnonzero(np.append(True, is_first))


def _ranks(chain: Known, window: Ints) -> Ints:
    """Events of exact sessions before each session, in its window."""
    counted = np.where(chain.is_exact, chain.events, 0)
    before = np.cumsum(counted) - counted
    first_of_window = np.searchsorted(window, window, "left")
    ranks: Ints = before - before[first_of_window]
    return ranks


def _cannot_stay(
    chain: Known, window: Ints, last_window: Ints, rank: Ints, events_max: int
) -> Bools:
    exact = np.flatnonzero(chain.is_exact)
    wrong = np.zeros(len(window), np.bool_)
    wrong[exact] = window[exact] != last_window[exact]
    moved = (chain.chain != chain.start[0]) | (chain.rank != rank)
    wrong |= chain.is_exact & chain.is_hot & moved
    part = rank // events_max
    one, other = exact[:-1], exact[1:]
    together = (window[one] == window[other]) & (part[one] == part[other])
    wrong[other[together]] = True
    wrong[one[together]] = True
    return wrong


def _first_blocks(
    chain: Known, blocks: Ints, window: Ints, reached: Ints, at: int
) -> tuple[int, int]:
    """The block to begin with, and the first that changes, so that block `at` is made exact.

    Nothing moves the beginning of an exact session that can stay. A block that begins with a
    provisional one needs the one before, if that is of its window or reaches into it.
    """
    exact = np.where(chain.is_exact, chain.start, NEVER)
    is_known = np.minimum.reduceat(exact, blocks) == chain.start[blocks]
    low = at
    while low and not is_known[low]:
        first = blocks[low]
        if window[first - 1] != window[first] and reached[first - 1] < chain.start[first]:
            break
        low -= 1
    return low, min(low + 1, at)


def _last_block(window: Ints, reached: Ints, blocks: Ints, high_window: int) -> int:
    """The last block of a window, of the next too if one reaches into it, and so on."""
    while True:
        high = int(np.searchsorted(window, high_window, "right")) - 1
        last_row = int(blocks[high + 1]) - 1 if high + 1 < len(blocks) else len(reached) - 1
        if reached[last_row] <= high_window:
            return high
        high_window = int(reached[last_row])


def _within_budget(size: Ints, low: int, at: int, high: int, events_max: int) -> int:
    """The last block that fits; the target's and the next always do."""
    total = np.cumsum(size[low : high + 1])
    fitting = low + int(np.searchsorted(total, events_max, "right")) - 1
    return min(high, max(fitting, at + 1))
