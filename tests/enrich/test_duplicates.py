"""The first of each event id is kept, whatever the batches, restarts and merges."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.clock import DAY, HOUR
from footfall.enrich import DuplicateIndex, duplicates
from footfall.enrich._runs import Run, merge
from footfall.errors import Corrupt
from footfall.event import TIMESTAMP, UUID16
from footfall.settings import DuplicateSettings
from tests.scale import scaled

SETTINGS = DuplicateSettings(horizon=3 * DAY)
Event = tuple[str, int, int]
"""App, id, hour of receipt."""


def event_id(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def table(events: Sequence[Event]) -> pa.Table:
    return pa.table(
        {
            "app_id": pa.array([app for app, _, _ in events], pa.string()),
            "event_id": pa.array([event_id(number) for _, number, _ in events], UUID16),
            "received_at": pa.array([hour * HOUR for _, _, hour in events], TIMESTAMP),
            "place": pa.array(range(len(events)), pa.int64()),
        }
    )


def keep(index: DuplicateIndex, events: Sequence[Event], epoch: int = 1) -> list[int]:
    """Places of the events that are kept."""
    kept, repeated = index.keep(table(events), epoch)
    assert kept.num_rows + repeated == len(events)
    places: list[int] = kept.column("place").to_pylist()
    return places


def test_the_first_counts() -> None:
    """Within a batch and between batches; apps do not share ids."""
    index = DuplicateIndex.empty(SETTINGS)
    assert keep(index, [("a", 1, 0), ("a", 2, 0), ("a", 1, 0), ("b", 1, 0), ("a", 2, 0)]) == [
        0,
        1,
        3,
    ]
    assert keep(index, [("a", 2, 0), ("a", 3, 0), ("b", 1, 0), ("b", 3, 0)]) == [1, 3]


def test_an_id_is_forgotten_after_the_horizon() -> None:
    """The hour it was received in must be wholly beyond the horizon of the watermark."""
    index = DuplicateIndex.empty(SETTINGS)
    keep(index, [("a", 1, 100)])
    index.expire((100 + 72 + 1) * HOUR - 1)
    assert keep(index, [("a", 1, 172)], epoch=2) == []
    index.expire((100 + 72 + 1) * HOUR)
    assert keep(index, [("a", 1, 173)], epoch=3) == [0]
    assert keep(index, [("a", 1, 173)], epoch=3) == []


def test_the_watermark_never_brings_ids_back() -> None:
    """Expiry is final: an older watermark changes nothing."""
    index = DuplicateIndex.empty(SETTINGS)
    keep(index, [("a", 1, 100)])
    index.expire(200 * HOUR)
    index.expire(0)
    assert (keep(index, [("a", 1, 201)], epoch=2), len(index)) == ([0], 1)


def test_a_fork_goes_its_own_way() -> None:
    """A preview that is thrown away must leave no trace, and a fork kept is a way back."""
    index = DuplicateIndex.empty(SETTINGS)
    keep(index, [("a", 1, 0)])
    fork = index.fork()
    assert keep(fork, [("a", 1, 0), ("a", 2, 0)]) == [1]
    assert keep(index, [("a", 2, 0), ("a", 3, 0)]) == [0, 1]
    assert keep(fork, [("a", 3, 0)]) == [0]


def test_ids_from_before_the_horizon_are_remembered_all_the_same() -> None:
    """Old requests at the head of the log: cut in two batches or one, the second one is dropped."""
    index = DuplicateIndex.empty(SETTINGS)
    index.expire(1000 * HOUR)
    assert keep(index, [("a", 1, 0)]) == [0]
    assert keep(index, [("a", 1, 0)]) == []


def test_no_events() -> None:
    """An idle micro-batch passes, and costs no run."""
    index = DuplicateIndex.empty(SETTINGS)
    assert keep(index, []) == []
    assert len(index) == 0


def test_sliced_tables_are_read_where_they_are() -> None:
    """Arrow slices share the buffers of the whole: their start is not the buffer's."""
    whole = table([("a", number, 0) for number in range(10)])
    index = DuplicateIndex.empty(SETTINGS)
    index.keep(whole.slice(3, 4), 1)
    kept, _ = index.keep(whole, 1)
    assert kept.column("place").to_pylist() == [0, 1, 2, 7, 8, 9]


class Oracle:
    """A dict, one event at a time."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, int], int] = {}
        self.expired_before = -(10**9)

    def keep(self, events: Sequence[Event]) -> list[int]:
        places = []
        for place, (app, number, hour) in enumerate(events):
            if self.seen.get((app, number), -(10**9) - 1) < self.expired_before:
                self.seen[(app, number)] = max(hour, self.expired_before)
                places.append(place)
        return places

    def expire(self, watermark: int) -> None:
        self.expired_before = max(self.expired_before, (watermark - SETTINGS.horizon) // HOUR)


batches = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 12), st.integers(0, 3)), max_size=8
)
epochs = st.lists(
    st.tuples(st.lists(batches, max_size=4), st.integers(0, 40), st.booleans()), max_size=8
)


@settings(max_examples=scaled(80, 1600), deadline=None)
@given(epochs, st.sampled_from([1, 4]), st.sampled_from([3, 10**6]))
def test_equals_a_dict(
    plan: list[tuple[list[list[Event]], int, bool]], factor: int, rows_max: int
) -> None:
    """Over epochs with expiry, restarts from disk and previews that are thrown away.

    With small runs, so that merging, its bounds and files all take part.
    """
    index, oracle, hour = DuplicateIndex.empty(SETTINGS), Oracle(), 100
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "MERGE_FACTOR", factor)
        patch.setattr(duplicates, "RUN_ROWS_MAX", rows_max)
        for epoch, (epoch_batches, hours, is_restarted) in enumerate(plan, 1):
            for batch in epoch_batches:
                events = [(app, number, hour + late) for app, number, late in batch]
                keep(index.fork(), events, epoch)
                assert keep(index, events, epoch) == oracle.keep(events)
            hour += hours
            index.expire(hour * HOUR)
            oracle.expire(hour * HOUR)
            if is_restarted:
                index.persist(Path(name), epoch)
                index = DuplicateIndex.load(Path(name), epoch)


@settings(max_examples=scaled(50, 1000), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.just(5)), max_size=30),
    st.data(),
)
def test_batches_may_be_cut_anywhere(events: list[Event], data: st.DataObject) -> None:
    """The epoch is processed again in one piece: it must keep what its previews kept."""
    whole = keep(DuplicateIndex.empty(SETTINGS), events)
    index, found, start = DuplicateIndex.empty(SETTINGS), [], 0
    while start < len(events):
        end = data.draw(st.integers(start + 1, len(events)))
        found += [start + place for place in keep(index, events[start:end])]
        start = end
    assert found == whole


def test_ids_made_to_collide_are_told_apart() -> None:
    """Ids whose first halves are equal on purpose get right answers."""
    rows = 2_000
    shared = np.full(rows, 7, dtype=np.uint64)
    secondary = np.arange(rows, dtype=np.uint64)
    hours = np.zeros(rows, dtype=np.int32)
    odd = secondary % 2 == 1
    run = Run.sort(shared[odd], secondary[odd][::-1].copy(), hours[odd], 1)
    assert run.contains(shared, secondary, 0).tolist() == odd.tolist()
    even = Run.sort(shared[~odd], secondary[~odd], hours[~odd], 1)
    both = merge(run, even, 0)
    assert both is not None
    assert both.contains(shared, secondary, 0).all()
    assert (both.secondary == secondary).all()


def test_few_runs_whatever_the_number_of_batches() -> None:
    """Each lookup asks every run: their number must grow with the logarithm only."""
    index = DuplicateIndex.empty(SETTINGS)
    for number in range(200):
        keep(index, [("a", number, 0)], epoch=1 + number // 10)
    assert len(index._runs) <= 8


def persisted(directory: Path) -> DuplicateIndex:
    index = DuplicateIndex.empty(SETTINGS)
    keep(index, [("a", number, 0) for number in range(100)])
    index.persist(directory, 1)
    return index


def test_persist_writes_only_what_is_new(tmp_path: Path) -> None:
    """A checkpoint every minute must not write three days of ids each time."""
    index = persisted(tmp_path)
    before = {file.name: file.stat().st_ino for file in tmp_path.glob("*.run")}
    keep(index, [("a", 1000, 0)], epoch=2)
    index.persist(tmp_path, 2)
    after = {file.name: file.stat().st_ino for file in tmp_path.glob("*.run")}
    assert len(after) == 2
    assert before.items() <= after.items()


def test_ids_of_the_next_epoch_are_not_written(tmp_path: Path) -> None:
    """Previews go on while a checkpoint is written, and must not be in it.

    After a crash they are done again, and would find themselves there.
    """
    index = DuplicateIndex.empty(SETTINGS)
    keep(index, [("a", 1, 0)], epoch=1)
    keep(index, [("a", 2, 0)], epoch=2)
    index.persist(tmp_path, 1)
    assert keep(DuplicateIndex.load(tmp_path, 1), [("a", 1, 0), ("a", 2, 0)], epoch=2) == [1]
    assert keep(index, [("a", 1, 0), ("a", 2, 0)], epoch=2) == []


def test_old_states_go_and_shared_files_stay(tmp_path: Path) -> None:
    """The newest four states can be loaded; what they do not name is removed."""
    index = DuplicateIndex.empty(SETTINGS)
    for epoch in range(1, 13):
        keep(index, [("a", epoch, 0)], epoch)
        index.persist(tmp_path, epoch)
    names = sorted(file.name for file in tmp_path.glob("*.json"))
    assert names == [f"ids-{epoch:012d}.json" for epoch in (9, 10, 11, 12)]
    assert len(list(tmp_path.glob("*.run"))) <= 12
    for epoch in (9, 10, 11, 12):
        loaded = DuplicateIndex.load(tmp_path, epoch)
        assert keep(loaded, [("a", number, 0) for number in range(1, 14)], 13) == list(
            range(epoch, 13)
        )


def test_doing_epochs_again_replaces_their_states(tmp_path: Path) -> None:
    """After falling back to an older checkpoint, states of the lost future are not kept for it."""
    index = persisted(tmp_path)
    fork = index.fork()
    for epoch in range(2, 7):
        keep(index, [("a", 1000 + epoch, 0)], epoch)
        index.persist(tmp_path, epoch)
    shutil.copy(tmp_path / "ids-000000000006.json", tmp_path / "ids-000000000009.json")
    fork.persist(tmp_path, 2)
    assert sorted(file.name for file in tmp_path.glob("*.json")) == ["ids-000000000002.json"]
    assert len(DuplicateIndex.load(tmp_path, 2)) == 100


def test_another_horizon_may_be_set_when_loading(tmp_path: Path) -> None:
    """Settings change between runs; what was seen does not."""
    persisted(tmp_path)
    index = DuplicateIndex.load(tmp_path, 1, DuplicateSettings(horizon=HOUR))
    index.expire(2 * HOUR)
    assert len(index) == 0


@pytest.mark.parametrize("damage", ["no note", "note", "no run", "short run", "run"])
def test_damage_is_told(tmp_path: Path, damage: str) -> None:
    """Half an index would let duplicates through in silence."""
    persisted(tmp_path)
    (note,), (run,) = tmp_path.glob("*.json"), tmp_path.glob("*.run")
    match damage:
        case "no note":
            note.unlink()
        case "note":
            note.write_bytes(b"{")
        case "no run":
            run.unlink()
        case "short run":
            os.truncate(run, 100)
        case _:
            run.write_bytes(b"x" * run.stat().st_size)
    with pytest.raises(Corrupt):
        DuplicateIndex.load(tmp_path, 1)


class DiedError(Exception):
    pass


def test_a_crash_while_persisting_leaves_the_state_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dying at each rename in turn: the older state loads, the newer one whole or not at all."""
    real: Any = Path.replace
    for survived in range(3):
        directory = tmp_path / str(survived)
        index = persisted(directory)
        keep(index, [("a", 1000, 0)], epoch=2)
        calls = 0

        def replace(self: Path, target: Path, allowed: int = survived) -> Path:
            nonlocal calls
            if calls == allowed:
                raise DiedError
            calls += 1
            return real(self, target)  # type: ignore[no-any-return]

        monkeypatch.setattr(Path, "replace", replace)
        is_done = True
        try:
            index.persist(directory, 2)
        except DiedError:
            is_done = False
        monkeypatch.undo()
        assert is_done == (survived == 2)
        assert len(DuplicateIndex.load(directory, 1)) == 100
        if is_done:
            assert len(DuplicateIndex.load(directory, 2)) == 101
        index.persist(directory, 2)
        assert not list(directory.glob(".*.tmp"))
