"""Who was in a segment when its size was noted: what says who joined and who left.

Of the newest refresh all ids are kept, of each the ids that came and went since the one before. So
what it takes grows with what changes, and any two refreshes are compared by folding what lies
between. That is who was *noted*: events that come late change what a rule holds of, and the next
refresh has that as joins and leaves of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from footfall.errors import Invalid
from footfall.explore.answer import Member, Members
from footfall.explore.segments.definition import Segment, Unit
from footfall.explore.segments.kept import SegmentChanges, SegmentSize, Which
from footfall.metadata.place import MetadataPlace

LISTS_MAX: Final = 200
"""Refreshes of a segment that can be compared; older ones keep their size."""
CHANGES_MAX: Final = 2_000_000
"""Ids of one comparison; more are compared in parts."""
_ids: msgspec.json.Decoder[tuple[str, ...]] = msgspec.json.Decoder(tuple[str, ...])


class _Pair(msgspec.Struct, array_like=True):
    joined: tuple[str, ...]
    left: tuple[str, ...]


_pairs: msgspec.json.Decoder[_Pair] = msgspec.json.Decoder(_Pair)


class Changed(msgspec.Struct, frozen=True):
    """Who came and went between two refreshes."""

    counts: SegmentChanges
    joined: tuple[str, ...]
    """Ids, sorted."""
    left: tuple[str, ...]
    cut_sequence: int
    """Of the later refresh."""
    cut_at: int

    def page(self, which: Which, after: str | None = None, limit: int | None = None) -> Members:
        """Those who joined, or left, page by page as the members of a cell are."""
        ids = self.joined if which == "joined" else self.left
        rest = ids if after is None else tuple(one for one in ids if one > after)
        shown = rest if limit is None else rest[:limit]
        following = shown[-1] if len(shown) < len(rest) else None
        members = tuple(Member(one, None, None) for one in shown)
        return Members(self.counts.unit, members, following, self.cut_sequence, self.cut_at)


def whose(segment: Segment) -> str:
    """What the ids of a segment are of: lists of others are not compared with them."""
    return f"{segment.unit}/{segment.app}"


def note_list(
    connection: Any,
    key: Mapping[str, str],
    size: SegmentSize,
    ids: Sequence[str] | None,
    whose: str,
) -> None:
    """Keep who was counted, and how that differs from the refresh before; within a transaction."""
    from sqlalchemy import delete, select, update

    from footfall.metadata.database.insert import insert
    from footfall.metadata.database.tables import segment_lists as table

    columns = table.c
    mine = (columns.project == key["project"]) & (columns.name == key["name"])
    query = select(columns.at, columns.whose, columns.ids).where(mine, columns.at < size.at)
    before = connection.execute(query.order_by(columns.at.desc()).limit(1)).first()
    pair = None
    is_known = before is not None and before.ids is not None and before.whose == whose
    if ids is not None and is_known:
        then, now = set(_unpacked_ids(before.ids)), set(ids)
        pair = _Pair(tuple(sorted(now - then)), tuple(sorted(then - now)))
    values = {
        "whose": whose,
        "size": size.size,
        "ids": None if ids is None else _packed(sorted(ids)),
        "joined": None if pair is None else len(pair.joined),
        "left": None if pair is None else len(pair.left),
        "changes": None if pair is None else _packed(pair),
    }
    made = insert(connection, table).values(**key, at=size.at, **values)
    connection.execute(
        made.on_conflict_do_update(index_elements=["project", "name", "at"], set_=values)
    )
    connection.execute(update(table).where(mine, columns.at < size.at).values(ids=None))
    oldest = select(columns.at).where(mine).order_by(columns.at.desc()).offset(LISTS_MAX - 1)
    connection.execute(delete(table).where(mine, columns.at < oldest.limit(1).scalar_subquery()))


def changed(
    place: MetadataPlace, project: str, name: str, since: int | None, until: int | None
) -> Changed:
    """Who came and went between two refreshes.

    Args:
        place: Where it is kept.
        project: Whose.
        name: Of the segment.
        since: The earlier one, as its size says; `None`: the one before the later.
        until: The later one; `None`: the newest.

    Raises:
        Invalid: one of them is not kept, or somewhere between nobody was noted.
    """
    rows = place.rows(
        'SELECT l.at, l.whose, l.size, l.joined, l."left", s.cut_sequence, s.cut_published_at'
        " FROM segment_lists l JOIN segment_sizes s ON s.project = l.project AND s.name = l.name"
        " AND s.at = l.at WHERE l.project = ? AND l.name = ? ORDER BY l.at",
        (project, name),
    )
    ats = [int(row[0]) for row in rows]
    if len(ats) < 2:
        raise Invalid(
            f"{name} was refreshed less than twice since lists are kept; refresh it once more"
        )
    last = ats[-1] if until is None else until
    if last not in ats:
        raise Invalid(
            f"no refresh of {name} is kept of until={last}; its sizes say which there are"
        )
    earlier = [at for at in ats if at < last]
    first = (earlier[-1] if earlier else last) if since is None else since
    if first not in earlier:
        raise Invalid(f"no refresh of {name} before that one is kept of since={first}")
    between = rows[ats.index(first) + 1 : ats.index(last) + 1]
    if any(row[3] is None for row in between):
        raise Invalid(
            "between these refreshes the list of its members was too long to be kept, or was of"
            " other people (another unit or app); choose later ones"
        )
    if sum(int(row[3]) + int(row[4]) for row in between) > CHANGES_MAX:
        raise Invalid(
            f"more than {CHANGES_MAX} came and went between; choose refreshes nearer to each other"
        )
    joined, left = _folded(place, project, name, first, last)
    unit: Unit = "user" if str(between[-1][1]).startswith("user/") else "visitor"
    sizes = int(rows[ats.index(first)][2]), int(between[-1][2])
    counts = SegmentChanges(name, unit, first, last, *sizes, len(joined), len(left))
    return Changed(counts, joined, left, int(between[-1][5]), int(between[-1][6]))


def _folded(
    place: MetadataPlace, project: str, name: str, first: int, last: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who is there at the end and was not at the beginning, and the other way round."""
    rows = place.rows(
        "SELECT changes FROM segment_lists WHERE project = ? AND name = ? AND at > ? AND at <= ?",
        (project, name, first, last),
    )
    net: dict[str, int] = {}
    for (packed,) in rows:
        pair = _pairs.decode(zlib.decompress(bytes(packed)))
        for one in pair.joined:
            net[one] = net.get(one, 0) + 1
        for one in pair.left:
            net[one] = net.get(one, 0) - 1
    found = sorted(net)
    return tuple(x for x in found if net[x] > 0), tuple(x for x in found if net[x] < 0)


def _packed(value: Any) -> bytes:
    return zlib.compress(msgspec.json.encode(value))


def _unpacked_ids(packed: Any) -> tuple[str, ...]:
    return _ids.decode(zlib.decompress(bytes(packed)))
