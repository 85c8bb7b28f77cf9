"""The open connections of a server, and who goes when there are too many.

Members stand in the order in which their turns began: a turn is a request, from its first byte to
the next one's, or the wait for the first. So who is slow stands in front with who is idle, and
sending a byte now and then does not help. That order is not kept up with each request, which would
cost; a member whose turn is another than when it was last looked at goes to the back when somebody
has to give way, or at the next look.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from typing import Final, Protocol

SPARE: Final = 256
"""Connections beyond the limit that are kept when nobody gives way: each gets an answer."""

_TRIES_MAX: Final = 64
"""How many members are looked at for one newcomer; bounds what a newcomer costs."""


class Member(Protocol):
    """What a crowd knows of a connection."""

    group: str | None
    """Counts together with the others of it; `None`: is not bounded with others."""

    @property
    def turn(self) -> object:
        """Another object (by identity) for another request."""
        ...

    @property
    def is_awaited(self) -> bool:
        """It is the client's turn: nothing is owed to it, no answer and no acknowledgement."""
        ...

    def drop(self) -> None:
        """Close at once."""
        ...


_Line = OrderedDict[Member, object]


class Crowd:
    """See the module's text. For one thread."""

    def __init__(self, members_max: int, group_members_max: int | None = None) -> None:
        """Nobody is there yet.

        Args:
            members_max: Of all.
            group_members_max: Of each group; `None`: as many as all.
        """
        self._members_max = members_max
        self._group_members_max = group_members_max or members_max
        self._line: _Line = OrderedDict()
        self._groups: dict[str, _Line] = {}
        self.dropped: Counter[str] = Counter()
        """How many had to go, by why: `address`, `total`, `refused` (nobody could)."""

    def __len__(self) -> int:
        return len(self._line)

    @property
    def is_full(self) -> bool:
        """There are more than should be, as nobody could give way: refuse what they ask."""
        return len(self._line) > self._members_max

    def members(self) -> list[Member]:
        """All, as they stand."""
        return list(self._line)

    def enter(self, member: Member) -> bool:
        """Take a newcomer in, and drop who has to give way for it.

        Returns:
            Whether there is a place for it. If not it did not enter: all the others wait for us.
        """
        if member.group is not None:
            own = self._groups.get(member.group, OrderedDict())
            if len(own) >= self._group_members_max and not self._make_room(own, "address"):
                self.dropped["refused"] += 1
                return False
        if (
            len(self._line) >= self._members_max
            and not self._make_room(self._line, "total")
            and len(self._line) >= self._members_max + SPARE
        ):
            self.dropped["refused"] += 1
            return False
        self._line[member] = member.turn
        if member.group is not None:
            self._groups.setdefault(member.group, OrderedDict())[member] = member.turn
        return True

    def leave(self, member: Member) -> None:
        """Forget a connection; nothing happens if it is not there any more."""
        self._line.pop(member, None)
        if member.group is None:
            return
        own = self._groups.get(member.group)
        if own is not None:
            own.pop(member, None)
            if not own:
                del self._groups[member.group]

    def look(self) -> None:
        """Put who began another turn behind; to be called from time to time."""
        for member in self.members():
            turn = member.turn
            if self._line[member] is not turn:
                _stand_behind(self._line, member, turn)
                own = self._groups.get(member.group) if member.group is not None else None
                if own is not None:
                    _stand_behind(own, member, turn)

    def _make_room(self, line: _Line, why: str) -> bool:
        """Drop the first who waits for nothing of ours."""
        for _ in range(min(len(line), _TRIES_MAX)):
            member, turn = next(iter(line.items()))
            if member.turn is turn and member.is_awaited:
                self.leave(member)
                member.drop()
                self.dropped[why] += 1
                return True
            _stand_behind(line, member, member.turn)
        return False


def _stand_behind(line: _Line, member: Member, turn: object) -> None:
    line[member] = turn
    line.move_to_end(member)
