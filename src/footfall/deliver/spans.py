"""Sets of epochs, as the ranges they consist of: what a destination has, and what it has not."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
"""First and last epoch of a range, both in it."""
Spans = tuple[Span, ...]
"""In order, apart from each other."""


def union(*spans: Iterable[Span]) -> Spans:
    """All epochs of any of them; ranges that touch become one."""
    found: list[Span] = []
    for first, last in sorted(span for some in spans for span in some if span[0] <= span[1]):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return tuple(found)


def without(spans: Iterable[Span], taken: Iterable[Span]) -> Spans:
    """Epochs of `spans` that `taken` has not."""
    left = union(spans)
    for first, last in union(taken):
        left = union(
            ((low, min(high, first - 1)) for low, high in left),
            ((max(low, last + 1), high) for low, high in left),
        )
    return left


def within(spans: Iterable[Span], first: int, last: int) -> Spans:
    """Epochs of `spans` from `first` to `last`."""
    return union((max(low, first), min(high, last)) for low, high in spans)


def count(spans: Iterable[Span]) -> int:
    """How many epochs they have."""
    return sum(last - first + 1 for first, last in spans)
