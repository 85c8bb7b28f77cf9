"""What is known of earlier sessions: intervals, where they are in their chain, and marks."""

from __future__ import annotations

import msgspec

from footfall.sessionize.rows.packing import Bools, Ints


class Rows(msgspec.Struct, frozen=True):
    """Earlier sessions, ascending by (code, start); one entry a column."""

    code: Ints
    start: Ints
    end: Ints
    chain: Ints
    rank: Ints
    events: Ints
    before: Ints
    """Marks (`marks`), a column for each kind, none if nothing cuts by them; so the next two."""
    mark: Ints
    since: Ints

    def at(self, index: Ints | Bools) -> Rows:
        """Some of them."""
        return Rows(*(getattr(self, name)[index] for name in self.__struct_fields__))
