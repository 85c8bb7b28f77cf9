"""Runs of ids: filters, searches, files, merges."""

from __future__ import annotations

import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from footfall.clock import HOUR
from footfall.duplicates import DuplicateIndex
from footfall.duplicates import filter as _filter
from footfall.duplicates import runs_merge as _runs_merge
from footfall.duplicates.filter import Probe
from footfall.duplicates.keys import Keys, sort_keys
from footfall.duplicates.runs import NewIds, Run, look_up, make_run, merge
from footfall.duplicates.runs_merge import Merger, choose, merge_files
from footfall.duplicates.runs_store import write_run
from footfall.errors import Corrupt
from tests.duplicates.ids import SETTINGS, Now, keep, small_runs


def run_of(primary: Keys, secondary: Keys) -> Run:
    order = sort_keys(primary, secondary)
    prints = secondary[order] + np.uint64(1)
    return make_run(primary[order], secondary[order], prints, 0, (1, 1))


@pytest.mark.parametrize("is_in_file", [False, True])
def test_ids_made_to_collide_are_told_apart(tmp_path: Path, is_in_file: bool) -> None:
    """Ids whose first halves are equal on purpose get right answers."""
    rows = 2_000
    shared = np.full(rows, 7, dtype=np.uint64)
    secondary = np.arange(rows, dtype=np.uint64)
    odd = secondary % 2 == 1
    run = run_of(shared[odd], secondary[odd][::-1].copy())
    even = run_of(shared[~odd], secondary[~odd])
    both = merge([run, even])
    if is_in_file:
        run, even = write_run(tmp_path, run), write_run(tmp_path, even)
        both = merge_files(tmp_path, [run, even], "both.run")
    batch = NewIds.of(shared, secondary)
    assert look_up([run], batch)[0].tolist() == odd.tolist()
    is_found, found = look_up([both], batch)
    assert is_found.all()
    assert (found == secondary + np.uint64(1)).all()
    few = NewIds.of(shared[:9], secondary[:9])
    assert look_up([run], few)[0].tolist() == odd[:9].tolist()


def random_keys(seed: int, rows: int) -> tuple[Keys, Keys]:
    random = np.random.default_rng(seed)
    primary, secondary = random.integers(0, 2**64, (2, rows), dtype=np.uint64)
    order = sort_keys(primary, secondary)
    return primary[order], secondary[order]


def test_a_filter_passes_what_is_in_it_and_little_else() -> None:
    """No key of a run may be missed, ever; and few others passed, or disks are read for nothing."""
    mine, others = random_keys(1, 100_000), random_keys(2, 100_000)
    words = _filter.build(Probe.of(*mine), 100_000)
    assert len(_filter.passing(Probe.of(*mine), words)) == 100_000
    passed = len(_filter.passing(Probe.of(*others), words))
    assert passed / 100_000 < 0.003
    assert words.nbytes < 2.01 * 100_000


@pytest.mark.parametrize("searched", [1, 50, 256, 3_000])
def test_searches_of_a_file(tmp_path: Path, searched: int) -> None:
    """Few keys are searched for behind fences, many at once: with one answer."""
    primary, secondary = random_keys(3, 5_000)
    run = write_run(tmp_path, run_of(primary, secondary))
    wanted = np.sort(np.random.default_rng(4).choice(5_000, searched, replace=False))
    batch = NewIds.of(primary[wanted], secondary[wanted])
    is_found, found = look_up([run], batch)
    assert is_found.all()
    assert (found == secondary[wanted] + np.uint64(1)).all()
    strangers = NewIds.of(primary[wanted], secondary[wanted] ^ np.uint64(1))
    assert not look_up([run], strangers)[0].any()
    rows, is_there = run._search(primary[wanted], secondary[wanted])
    assert is_there.all()
    assert (rows == wanted).all()
    assert not run._search(primary[wanted] ^ np.uint64(1), secondary[wanted])[1].any()


def test_merged_files_are_as_runs_merged_in_memory(tmp_path: Path) -> None:
    """Slices, filter and all."""
    runs = [run_of(*random_keys(seed, 3_000)) for seed in range(3)]
    files = [write_run(tmp_path, run) for run in runs]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_runs_merge, "SLICE_ROWS", 1_000)
        merged = merge_files(tmp_path, files, "merged.run")
    expected = merge(runs)
    for name in ("primary", "secondary", "fingerprints", "words", "fences"):
        assert (getattr(merged, name) == getattr(expected, name)).all(), name
    inodes = (tmp_path / "merged.run").stat().st_ino
    merge_files(tmp_path, files, "merged.run")
    assert (tmp_path / "merged.run").stat().st_ino == inodes


def test_what_is_merged_when(tmp_path: Path) -> None:
    """Eight of a size in the newest hour; two in hours before it; never beyond the bound."""

    def of(hour: int, rows: int) -> Run:
        run = make_run(*random_keys(rows, rows), np.ones(rows, dtype=np.uint64), hour, (1, 1))
        return write_run(tmp_path, run)

    small = [of(5, 10 + number) for number in range(8)]
    large = of(5, 1_000)
    assert choose([*small[:7], large]) == ()
    assert choose([large, *small]) == tuple(small)
    assert choose([*small[:7], large, of(4, 9)]) == ()
    closed = (of(4, 9), of(4, 2_000))
    assert choose([*small[:7], *closed]) == closed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_runs_merge, "RUN_ROWS_MAX", 2_008)
        assert choose([*small[:7], *closed]) == ()


def test_a_merge_goes_on_beside_checkpoints(tmp_path: Path) -> None:
    """What it makes is used once it is there, and no file that it needs or makes is removed."""
    gate = threading.Event()
    with ThreadPoolExecutor(1) as executor, small_runs():
        executor.submit(gate.wait)
        index = DuplicateIndex(SETTINGS, merger=Merger(executor))
        for epoch in range(1, 10):
            keep(index, [("a", epoch, 0)], epoch)
            index.persist(tmp_path, epoch)
        assert len(index._runs) == 9
        gate.set()
        index.settle()
        assert len(index._runs) == 7
        index.persist(tmp_path, 9)
        loaded = DuplicateIndex.load(tmp_path, 9)
        everything = [("a", number, 0) for number in range(1, 11)]
        assert keep(loaded, everything, 10) == keep(index, everything, 10) == [9]


class Later(Executor):
    """Does what it is given at once, and says so when it is told to."""

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        self.done: Future[Any] = Future()
        self.result = work(*arguments, **named)
        return self.done

    def release(self) -> None:
        self.done.set_result(self.result)


def under_way(directory: Path) -> tuple[DuplicateIndex, Later]:
    """Three files of hour 0 are being merged."""
    executor = Later()
    index = DuplicateIndex(SETTINGS, merger=Merger(executor))
    for epoch in range(1, 4):
        keep(index, [("a", epoch, 0)], epoch)
        index.persist(directory, epoch)
    return index, executor


def test_a_merged_file_that_no_note_names_yet_is_not_removed(tmp_path: Path) -> None:
    """It was finished just after the checkpoint looked."""
    with small_runs():
        index, executor = under_way(tmp_path)
        index.persist(tmp_path, 4)
        executor.release()
        index.persist(tmp_path, 5)
        assert len(index._runs) == 1
        assert keep(DuplicateIndex.load(tmp_path, 5), [("a", n, 0) for n in range(1, 5)], 6) == [3]


def test_a_merge_does_not_bring_back_what_was_forgotten(tmp_path: Path) -> None:
    """The hour went while its files were merged."""
    with small_runs():
        index, executor = under_way(tmp_path)
        index.expire(100 * HOUR)
        executor.release()
        index.settle()
        assert len(index) == 0


def test_a_merge_without_room_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full: the files there are do as well, and checkpoints go on."""

    def fail(*_: object) -> Run:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(_runs_merge, "merge_files", fail)
    with small_runs():
        index = DuplicateIndex.empty(SETTINGS)
        for epoch in range(1, 10):
            keep(index, [("a", epoch, 0)], epoch)
            index.persist(tmp_path, epoch)
            index.settle()
        assert keep(index, [("a", number, 0) for number in range(1, 11)], 10) == [9]


def test_few_files_whatever_the_number_of_checkpoints(tmp_path: Path) -> None:
    """An hour of checkpoints leaves some files, and one when the hour is over."""
    index = DuplicateIndex(SETTINGS, merger=Merger(Now()))
    for epoch in range(1, 61):
        keep(index, [("a", 10 * epoch + number, 5) for number in range(10)], epoch)
        index.persist(tmp_path, epoch)
    assert len(index._runs) <= 16
    for epoch in range(61, 65):
        keep(index, [("a", 10 * epoch, 6)], epoch)
        index.persist(tmp_path, epoch)
    assert [len(run) for run in index._runs if run.hour == 5] == [600]


def test_newer_notes_are_refused(tmp_path: Path) -> None:
    """A version that does not know them must not guess."""
    DuplicateIndex.empty(SETTINGS).persist(tmp_path, 1)
    note = tmp_path / "ids-000000000001.json"
    note.write_text(note.read_text().replace('"version":2', '"version":3'))
    with pytest.raises(Corrupt, match="version=3"):
        DuplicateIndex.load(tmp_path, 1)
