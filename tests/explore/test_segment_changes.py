"""Who joined a segment and who left it: between any two refreshes exactly what sets say."""

from __future__ import annotations

import random
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from footfall.clock import DAY
from footfall.errors import Invalid
from footfall.explore.segments import lists
from footfall.explore.segments.kept import SegmentSize
from footfall.explore.segments.reading import read_segment
from footfall.explore.segments.storage import Segments
from footfall.home import Home
from footfall.metadata.place import MetadataPlace
from footfall.testing import SimClock

PEOPLE = [f"shop/v{number}" for number in range(40)]
WHOSE = "visitor/"


@pytest.fixture
def store(tmp_path: Path) -> Segments:
    home = Home(tmp_path / "home")
    found = Segments(MetadataPlace.of(home), "default", SimClock(DAY))
    found.save("buyers", read_segment({"did": "buy"}))
    return found


def note(store: Segments, at: int, ids: list[str] | None, size: int, whose: str = WHOSE) -> None:
    store.note_size("buyers", SegmentSize(at, 1, size, 99, at, at), ids, whose)


def test_any_two_refreshes_differ_as_their_lists_do(store: Segments) -> None:
    """Oracle: sets of Python. Who came and went in between is neither; pages are the whole."""
    chance = random.Random(7)  # noqa: S311 (an example that is the same each time)
    held = {at: chance.sample(PEOPLE, chance.randint(0, len(PEOPLE))) for at in range(1, 9)}
    for at, ids in held.items():
        note(store, at, ids, len(ids))
    for first, last in combinations(held, 2):
        found = store.changes("buyers", first, last)
        before, after = set(held[first]), set(held[last])
        assert (set(found.joined), set(found.left)) == (after - before, before - after)
        counts = found.counts
        assert counts.size_before + counts.joined - counts.left == counts.size_after == len(after)
        pages, at = [], None
        while True:
            page = found.page("joined", at, 7)
            pages += [one.id for one in page.members]
            at = page.next
            if at is None:
                break
        assert pages == sorted(after - before)
    newest = store.changes("buyers", None, None).counts
    assert (newest.since, newest.until) == (7, 8)
    sizes = store.sizes("buyers")
    assert [(one.joined, one.left) for one in sizes[:1]] == [(None, None)]
    for one, following in pairwise(sizes):
        before, after = set(held[one.at]), set(held[following.at])
        assert (following.joined, following.left) == (len(after - before), len(before - after))
    assert store.last_sizes(3)["buyers"] == sizes[-3:]


def test_what_cannot_be_compared_says_so(store: Segments, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too few, too long, of other people, not kept: each in a sentence; sizes stay."""
    monkeypatch.setattr(lists, "LISTS_MAX", 4)
    note(store, 1, ["a"], 1)
    with pytest.raises(Invalid, match="less than twice"):
        store.changes("buyers", None, None)
    note(store, 2, None, 300_000)
    note(store, 3, ["a", "b"], 2)
    for since in (1, 2):
        with pytest.raises(Invalid, match="too long to be kept"):
            store.changes("buyers", since, 3)
    note(store, 4, ["u"], 1, "user/")
    with pytest.raises(Invalid, match="another unit"):
        store.changes("buyers", 3, 4)
    note(store, 5, ["u", "w"], 2, "user/")
    assert store.changes("buyers", None, None).joined == ("w",)
    assert store.changes("buyers", None, None).counts.unit == "user"
    with pytest.raises(Invalid, match="since=1"):
        store.changes("buyers", 1, 5)  # four lists are kept
    with pytest.raises(Invalid, match="until=9"):
        store.changes("buyers", None, 9)
    assert [one.size for one in store.sizes("buyers")] == [1, 300_000, 2, 1, 2]
    monkeypatch.setattr(lists, "CHANGES_MAX", 0)
    with pytest.raises(Invalid, match="nearer to each other"):
        store.changes("buyers", None, None)
    store.drop("buyers")
    with pytest.raises(Invalid, match="no segment"):
        store.changes("buyers", None, None)
