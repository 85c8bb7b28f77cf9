"""Cuts beside the lake: one writer wins, none goes back, on a directory and a real S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from footfall.errors import Conflict, Corrupt, LeaseLost, Unavailable
from footfall.lake.cut import Cut, Plan
from footfall.lake.shared_cut import SharedCut
from footfall.lake.store.local import LocalStore
from footfall.lake.store.store import Store
from footfall.ledger import Ledger
from footfall.positions import Positions
from tests.lake.faulty_store import FaultyStore
from tests.servers.s3 import S3Server


@pytest.fixture(params=["local", "object store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "local":
        yield LocalStore(tmp_path / "lake")
    else:
        server: S3Server = request.getfixturevalue("s3_server")
        yield server.store(f"{request.getfixturevalue('bucket')}/prefix")


def _cut(sequence: int, term: int = 1, epoch: int = 0) -> Cut:
    return Cut("p", sequence, 0, Positions(), epoch, 0, Ledger(), term=term)


def test_the_older_writer_replaces_nothing(store: Store) -> None:
    """One that was paused and woke up would show yesterday's rows, and name files that are gone."""
    old, new = SharedCut(store, "p"), SharedCut(store, "p")
    assert old.newest() is None
    old.publish(_cut(7, term=1))
    new.publish(_cut(8, term=2, epoch=5))
    with pytest.raises(LeaseLost, match="taken this project over"):
        old.publish(_cut(99, term=1))
    assert old.newest() == _cut(8, term=2, epoch=5)


def test_the_newer_writer_passes_a_sequence_it_had_not_seen(store: Store) -> None:
    """Sequences never go back, though the older one published after the newer one looked."""
    SharedCut(store, "p").publish(_cut(50, term=1))
    published = SharedCut(store, "p").publish(_cut(8, term=2))
    assert (published.sequence, published.term) == (51, 2)
    assert SharedCut(store, "p").newest() == published


class _Raced(SharedCut):
    """Another writer publishes between this one's look and its write."""

    def __init__(self, store: Store, other: Cut) -> None:
        super().__init__(store, "p")
        self._others = [other]
        self._plain = SharedCut(store, "p")

    def _check(self, before: Cut, cut: Cut) -> None:
        super()._check(before, cut)
        if self._others:
            self._plain.publish(self._others.pop())


def test_a_newer_writer_between_look_and_write_wins(store: Store) -> None:
    """The moment in which a plain write would lose the newer cut."""
    SharedCut(store, "p").publish(_cut(1, term=1))
    with pytest.raises(LeaseLost):
        _Raced(store, _cut(2, term=2)).publish(_cut(3, term=1))
    newest = SharedCut(store, "p").newest()
    assert newest is not None
    assert newest.term == 2


class _Forgetful(LocalStore):
    """Takes a note and says that another was first, as a client does that sent it twice."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.times = 1

    def swap_note(self, path: str, data: bytes, tag: str | None) -> str:
        new = super().swap_note(path, data, tag)
        if self.times:
            self.times -= 1
            raise Conflict("another writer changed the note")
        return new


def test_lost_answer_is_no_other_writer(tmp_path: Path) -> None:
    """What was published is found to be one's own: the sequence does not jump."""
    store = _Forgetful(tmp_path)
    SharedCut(LocalStore(tmp_path), "p").publish(_cut(3))
    assert SharedCut(store, "p").publish(_cut(4)).sequence == 4
    assert SharedCut(store, "p").newest() == _cut(4)


def test_refused_write_leaves_the_cut_before(tmp_path: Path) -> None:
    """A store that is away costs time only: readers go on with the cut they have."""
    SharedCut(LocalStore(tmp_path), "p").publish(_cut(3))
    with pytest.raises(Unavailable):
        SharedCut(FaultyStore(LocalStore(tmp_path), 1, "refused"), "p").publish(_cut(4))
    assert SharedCut(LocalStore(tmp_path), "p").newest() == _cut(3)


def test_damaged_cut_is_told_and_replaced(store: Store) -> None:
    """The next epoch mends it; a damaged plan keeps every data file."""
    cuts = SharedCut(store, "p")
    cuts.publish(_cut(3))
    store.write(cuts.path("cut.json"), b"{")
    with pytest.raises(Corrupt, match="next epoch replaces it"):
        cuts.newest()
    cuts.publish(_cut(9))
    assert cuts.newest() == _cut(9)
    plan = Plan("events", 1, ("s3://b/x.parquet",), 1)
    store.write(cuts.path("plan-events-1.json"), msgspec.json.encode(plan))
    assert cuts.planned_files() == {"s3://b/x.parquet"}
    store.write(cuts.path("plan-events-2.json"), b"{")
    with pytest.raises(Corrupt):
        cuts.planned_files()
