"""The first of each event id is kept, whatever the batches, restarts and merges."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.clock import DAY, HOUR
from footfall.duplicates import DuplicateIndex, conflict_failures
from footfall.duplicates.runs_merge import Merger
from footfall.errors import Corrupt
from footfall.event import FAILED_SCHEMA, UUID16, conform
from footfall.settings import DuplicateSettings
from tests.duplicates.ids import SETTINGS, Event, Now, keep, outcome, places, small_runs, table
from tests.scale import scaled


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
    assert len(index) == 0
    assert keep(index, [("a", 1, 201)], epoch=2) == [0]


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
    index.expire(1000 * HOUR)
    assert keep(index, [("a", 1, 0)], epoch=2) == []


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
    assert places(index.keep(whole, 1).events) == [0, 1, 2, 7, 8, 9]


def test_the_same_id_with_another_payload_is_a_conflict() -> None:
    """The first is kept; later ones are compared with it, and with nothing in between."""
    index = DuplicateIndex.empty(SETTINGS)
    same = [("a", 1, 0)] * 4
    assert outcome(index.keep(table(same, ["x", "y", "x", "y"]), 1)) == ([0], 1, [1, 3])
    assert outcome(index.keep(table(same, ["y", "x", "x", None]), 1)) == ([], 2, [0, 3])
    other_app = [("b", 1, 0), ("a", 1, 0)]
    assert outcome(index.keep(table(other_app, ["y", "y"]), 1)) == ([0], 0, [1])


def test_without_a_fingerprint_nothing_is_a_conflict() -> None:
    """Ids of an older version, or of rows that lack columns, have none: what has one repeats it."""
    index = DuplicateIndex.empty(SETTINGS)
    index.keep(table([("a", 1, 0)], ["x"]).drop(["items"]), 1)
    assert outcome(index.keep(table([("a", 1, 0)], ["y"]), 1)) == ([], 1, [])
    assert outcome(index.keep(table([("a", 1, 0)], ["z"]).drop(["items"]), 1)) == ([], 1, [])


def test_a_conflict_is_a_failed_event_with_its_payload() -> None:
    """Whoever sent it can find it: nothing that came is lost."""
    rows = table([("a", 1, 0), ("a", 1, 0)], ['{"first":1}', '{"second":2}'])
    for name, value in (
        ("event_name", pa.array(["view", "buy"])),
        ("protocol", pa.array(["aws", "aws"])),
        ("request_id", pa.array([b"r" * 16] * 2, UUID16)),
        ("request_index", pa.array([3, 4], pa.int32())),
        ("log_offset", pa.array([7, 7], pa.int64())),
    ):
        if name in rows.column_names:
            rows = rows.drop([name])
        rows = rows.append_column(name, value)
    kept = DuplicateIndex.empty(SETTINGS).keep(rows, 1)
    (failure,) = conform(conflict_failures(kept.conflicts), FAILED_SCHEMA).to_pylist()
    assert failure["reason"] == "id_conflict"
    assert (failure["event_name"], failure["request_index"]) == ("buy", 4)
    assert b'"properties":"{\\"second\\":2}"' in failure["payload"]


class Oracle:
    """A dict, one event at a time."""

    def __init__(self, ids_max: int = 10**9) -> None:
        self.seen: dict[tuple[str, int], tuple[int, str | None]] = {}
        self.expired_before = 0
        self.ids_max = ids_max

    def keep(
        self, events: Sequence[Event], payloads: Sequence[str | None]
    ) -> tuple[list[int], int, list[int]]:
        kept, repeated, conflicts = [], 0, []
        for place, ((app, number, hour), payload) in enumerate(zip(events, payloads, strict=True)):
            if (app, number) not in self.seen:
                self.seen[app, number] = (max(hour, self.expired_before), payload)
                kept.append(place)
            elif self.seen[app, number][1] == payload:
                repeated += 1
            else:
                conflicts.append(place)
        return kept, repeated, conflicts

    def expire(self, watermark: int) -> None:
        self._forget((watermark - SETTINGS.horizon) // HOUR)
        hours = sorted({hour for hour, _ in self.seen.values()})
        while len(self.seen) > self.ids_max and len(hours) > 1:
            self._forget(hours.pop(0) + 1)

    def _forget(self, before: int) -> None:
        self.expired_before = max(self.expired_before, before)
        self.seen = {key: seen for key, seen in self.seen.items() if seen[0] >= self.expired_before}


events_of_a_batch = st.tuples(
    st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 12), st.integers(0, 3)),
    st.sampled_from(["x", "y", None]),
)
batches = st.lists(events_of_a_batch, max_size=8)
epochs = st.lists(
    st.tuples(st.lists(batches, max_size=4), st.integers(0, 40), st.sampled_from("-spl")),
    max_size=8,
)


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A directory; an index that was loaded may still merge files in it when the test is over."""
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


@settings(max_examples=scaled(50, 1600), deadline=None)
@given(epochs, st.sampled_from([1, 4]), st.sampled_from([3, 10**6]), st.sampled_from([6, 10**6]))
def test_equals_a_dict(
    plan: list[tuple[list[list[tuple[Event, str | None]]], int, str]],
    factor: int,
    rows_max: int,
    ids_max: int,
) -> None:
    """Over epochs with expiry, restarts from disk and previews that are thrown away.

    With small runs, so that merging, its bounds and files all take part.
    """
    limits = DuplicateSettings(horizon=SETTINGS.horizon, ids_max=ids_max)
    index = DuplicateIndex(limits, merger=Merger(Now()))
    oracle, hour = Oracle(ids_max), 100
    with scratch() as name, small_runs(factor, rows_max):
        for epoch, (epoch_batches, hours, end) in enumerate(plan, 1):
            for batch in epoch_batches:
                events = [(app, number, hour + late) for (app, number, late), _ in batch]
                payloads = [payload for _, payload in batch]
                rows = table(events, payloads)
                index.fork().keep(rows, epoch)
                assert outcome(index.keep(rows, epoch)) == oracle.keep(events, payloads)
            hour += hours
            index.expire(hour * HOUR)
            oracle.expire(hour * HOUR)
            assert len(index) == len(oracle.seen)
            if end in "pl":
                index.persist(Path(name), epoch)
            if end == "l":
                index = DuplicateIndex.load(Path(name), epoch, limits)
            if end == "s":
                index.settle()


@settings(max_examples=scaled(30, 1000), deadline=None)
@given(st.lists(events_of_a_batch, max_size=30), st.data())
def test_batches_may_be_cut_anywhere(
    rows: list[tuple[Event, str | None]], data: st.DataObject
) -> None:
    """The epoch is processed again in one piece: it must keep what its previews kept."""
    whole = table([event for event, _ in rows], [payload for _, payload in rows])
    expected = outcome(DuplicateIndex.empty(SETTINGS).keep(whole, 1))
    index, start = DuplicateIndex.empty(SETTINGS), 0
    kept: list[int] = []
    repeated, conflicts = 0, []
    while start < len(rows):
        end = data.draw(st.integers(start + 1, len(rows)))
        found = outcome(index.keep(whole.slice(start, end - start), 1))
        kept, repeated, conflicts = kept + found[0], repeated + found[1], conflicts + found[2]
        start = end
    assert (kept, repeated, conflicts) == expected


@settings(max_examples=scaled(20, 600), deadline=None)
@given(st.lists(events_of_a_batch, max_size=40), st.randoms(use_true_random=False))
def test_rebuilt_from_the_events_kept(rows: list[tuple[Event, str | None]], random: Random) -> None:
    """In any order and pieces: the same answers as of the index that was lost; saved, too."""
    whole = table([event for event, _ in rows], [payload for _, payload in rows])
    index = DuplicateIndex.empty(SETTINGS)
    kept = index.keep(whole, 1).events
    order = list(range(kept.num_rows))
    random.shuffle(order)
    pieces = [kept.take(order[start : start + 3]) for start in range(0, len(order), 3)]
    watermark = (72 + 2) * HOUR
    index.expire(watermark)
    with scratch() as name, small_runs():
        directory = Path(name)
        rebuilt = DuplicateIndex.rebuild(pieces, directory, 1, watermark, SETTINGS)
        rebuilt.persist(directory, 1)
        loaded = DuplicateIndex.load(directory, 1)
        assert len(loaded) == len(rebuilt) == len(index)
        again = table([event for event, _ in rows], ["x"] * len(rows))
        expected = outcome(index.keep(again, 2))
        assert outcome(rebuilt.keep(again, 2)) == outcome(loaded.keep(again, 2)) == expected


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


def named(directory: Path) -> set[str]:
    """Run files that any note names."""
    notes = [json.loads(note.read_bytes()) for note in directory.glob("*.json")]
    return {run["file"] for note in notes for run in note["runs"]}


def test_old_states_go_and_shared_files_stay(tmp_path: Path) -> None:
    """The newest four states can be loaded; what they do not name is removed."""
    index = DuplicateIndex.empty(SETTINGS)
    for epoch in range(1, 13):
        keep(index, [("a", epoch, 0)], epoch)
        index.persist(tmp_path, epoch)
        index.settle()
    names = sorted(file.name for file in tmp_path.glob("*.json"))
    assert names == [f"ids-{epoch:012d}.json" for epoch in (9, 10, 11, 12)]
    assert {file.name for file in tmp_path.glob("*.run")} == named(tmp_path)
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


def test_a_plan_may_bring_another_horizon(tmp_path: Path) -> None:
    """Expiry goes by the plan of the epoch, also in a state that was written before it."""
    persisted(tmp_path)
    index = DuplicateIndex.load(tmp_path, 1)
    index.expire(3 * HOUR)
    assert len(index) == 100
    index.expire(3 * HOUR, DuplicateSettings(horizon=HOUR))
    assert len(index) == 0


def test_the_oldest_hours_go_when_there_are_too_many() -> None:
    """Memory has a bound: it is kept by forgetting early, and what is newest stays."""
    index = DuplicateIndex.empty(DuplicateSettings(horizon=3 * DAY, ids_max=5))
    events = [("a", number, number // 3) for number in range(9)]
    keep(index, events)
    index.expire(0)
    assert keep(index, events, 2) == [0, 1, 2, 3, 4, 5]
    index = DuplicateIndex.empty(DuplicateSettings(horizon=3 * DAY, ids_max=1))
    keep(index, events)
    index.expire(0)
    assert keep(index, events, 2) == [0, 1, 2, 3, 4, 5]


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
