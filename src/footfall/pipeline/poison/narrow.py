"""Which of many requests is at fault: trying less and less of them, and more again.

One mechanism for whatever goes wrong: a clock that rings in the pipeline, a process that ends in
the search. What failed is cut before the request that was being decoded when it did, if that is
known, else halved; what passes is done with, and the next try is twice as large:

    [0, 8) fails at 5    [0, 5) passes    5 alone fails → found    [6, 8) passes
    [0, 8) fails         [0, 4) passes    [4, 8) fails    [4, 6) passes    [6, 8) passes

Requests that fail together and pass apart, as in the second line, are nobody's fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from footfall.request import LoggedRequest


class Narrowing:
    """Tries of the requests [start, end), from the left."""

    def __init__(self, start: int, end: int, first: int) -> None:
        """The first try has at most `first` of them."""
        self.start = start
        """Everything before passed, or was found."""
        self.end = end
        self._stop = min(end, start + first)
        self._failed_to: int | None = None
        """[start, failed_to) failed, and it is not known yet why."""
        self._at: int | None = None
        """Which of them was being decoded."""

    @property
    def is_over(self) -> bool:
        """Whether everything passed or was found."""
        return self.start >= self.end

    @property
    def is_narrowed(self) -> bool:
        """Whether something failed and it is not known yet why."""
        return self._failed_to is not None

    @property
    def next(self) -> tuple[int, int]:
        """First offset of the next try, and the one after the last."""
        return self.start, self._stop

    def passed(self, to: int) -> None:
        """Requests before `to` are done with; it is at most the end of the try."""
        count = to - self.start
        self.start = to
        if self._failed_to is not None and to >= self._failed_to:
            self._failed_to = None
        if to < self._stop:
            return
        if self._failed_to is None:
            self._stop = min(self.end, to + 2 * count)
        elif to == self._at:
            self._stop = to + 1
        else:
            self._stop = min(self._failed_to, to + 2 * count)

    def failed(self, at: int | None = None) -> int | None:
        """The try failed; the request at fault if it was one alone, which is then done with.

        Args:
            at: Which was being decoded, if that is known.
        """
        start, stop = self.next
        if stop - start == 1:
            self.passed(stop)
            return start
        self._failed_to = stop
        self._at = at if at is not None and start <= at < stop else None
        cut = start + (stop - start) // 2 if self._at is None else self._at
        self._stop = max(cut, start + 1)
        return None


class Noted(list[LoggedRequest]):
    """Requests that tell which of them is taken."""

    def __init__(
        self, requests: Iterable[LoggedRequest], note: Callable[[LoggedRequest | None], None]
    ) -> None:
        """`note` is called before each is given away, and with none after the last."""
        super().__init__(requests)
        self._note = note

    def __iter__(self) -> Iterator[LoggedRequest]:
        """All, in order."""
        for one in super().__iter__():
            self._note(one)
            yield one
        self._note(None)
