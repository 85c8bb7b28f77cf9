"""What a runner needs of an engine: map slices, then group by bucket and apply, some times over.

What goes from step to step is *pieces*: bytes for a bucket. An engine looks at buckets and never
into pieces, so no type of a column has to pass through it, and no rule is known to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

from footfall.errors import Unavailable
from footfall.pipeline.poison.bounds import unbounded
from footfall.pipeline.poison.poison import Bound

Kind = Literal["seed", "part", "keyed", "outcome"]
"""`seed`: the bucket is worked on though it has nothing else. `part`: rows. `keyed`: the same rows
by another key of theirs. `outcome`: for the driver; steps hand it on as it is."""


class Piece(NamedTuple):
    """Something for one bucket."""

    kind: Kind
    bucket: int
    number: int
    """Pieces of a bucket are worked on in this order, however they arrived."""
    data: bytes


class TasksFailed(Unavailable):
    """What ran the functions failed as often as it may; nothing was committed.

    A request may be at fault, which ends whoever works on it: look for it, and try without it.
    """


First = Callable[[int], Iterable[Piece]]
"""Pieces of the task of this number."""
Step = Callable[[int, Sequence[Piece]], Iterable[Piece]]
"""From all pieces of a bucket, in order, to pieces for buckets of the next step."""


class Engine(Protocol):
    """Runs functions on data; any of them may be run again, also when it had run to its end."""

    bound: Bound
    """Keeps what decodes within its time, where the functions run."""

    def run(self, tasks: int, first: First, steps: Sequence[Step]) -> list[Piece]:
        """Do `first` for tasks 0 to `tasks` - 1, then each step for every bucket that has pieces.

        Returns:
            The last step's pieces, each bucket's once, in any order.

        Raises:
            TasksFailed: what ran the functions failed again and again; nothing was committed.
        """

    def close(self) -> None:
        """Give everything back."""


def in_order(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces of one bucket as steps get them."""
    return sorted(pieces, key=lambda piece: (piece.kind, piece.number))


class LocalEngine:
    """A loop in this process."""

    bound: Bound = staticmethod(unbounded)

    def run(self, tasks: int, first: First, steps: Sequence[Step]) -> list[Piece]:
        """See `Engine.run`."""
        pieces = [piece for task in range(tasks) for piece in first(task)]
        for step in steps:
            buckets: dict[int, list[Piece]] = {}
            for piece in pieces:
                buckets.setdefault(piece.bucket, []).append(piece)
            pieces = [
                piece
                for bucket, mine in sorted(buckets.items())
                for piece in step(bucket, in_order(mine))
            ]
        return pieces

    def close(self) -> None:
        """See `Engine.close`."""
