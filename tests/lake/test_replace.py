"""Data files are swapped whole, beside appends, and never under someone who swapped them before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.expressions.visitors import _ManifestEvalVisitor
from pyiceberg.manifest import DataFile, ManifestFile

from footfall.errors import Conflict
from footfall.lake import Lake
from footfall.lake.store.locks import LakeLocks
from footfall.testing.events import event_table, uuid_of

CONFLICTS = 3


def _events(epoch: int, count: int = 2) -> pa.Table:
    return event_table(
        {"epoch": epoch, "event_id": uuid_of(f"{epoch} {number}"), "log_offset": number}
        for number in range(count)
    )


def _ids(lake: Lake) -> list[bytes]:
    return sorted(lake.read("events", ("event_id",)).column("event_id").to_pylist())


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake", "default")
    for epoch in (1, 2, 3):
        lake.commit("events", _events(epoch), epoch)
    return lake


def _rival(tmp_path: Path) -> Lake:
    """Another writer, which does not wait for the first: only the catalog decides between them."""
    rival = Lake(tmp_path / "lake", "default")
    rival.locks = LakeLocks(tmp_path, "default")
    return rival


def _rewritten(lake: Lake, files: list[DataFile]) -> list[DataFile]:
    """One file with the rows of `files`; nothing is committed."""
    assert len(files) == len(lake.data_files("events")), "tests rewrite everything there is"
    return lake.write_files("events", lake.read("events"), lake.new_id())


def _before_each_commit(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, effects: list[Callable[[], object]]
) -> None:
    """Let `effects` happen, one each time, between what `lake` reads and what it commits."""
    real = lake._reload

    def reload(table: str) -> object:
        current = real(table)
        if effects:
            effects.pop(0)()
        return current

    monkeypatch.setattr(lake, "_reload", reload)


def test_replace_swaps_files_and_keeps_rows_and_epoch(lake: Lake, tmp_path: Path) -> None:
    """Compaction is invisible but for the number of files."""
    ids, files = _ids(lake), lake.data_files("events")
    new = _rewritten(lake, files)
    assert lake.replace("events", files, new, {"footfall.test": "7"})
    assert _ids(lake) == ids
    assert (lake.epoch("events"), len(lake.plan("events").files)) == (3, 1)
    assert lake._reload("events").properties["footfall.test"] == "7"
    fresh = Lake(tmp_path / "lake", "default")
    assert fresh.plan("events") == lake.plan("events")
    assert lake.commit("events", _events(4), 4)
    assert set(lake.plan("events").files) == set(
        Lake(tmp_path / "lake", "default").plan("events").files
    )


def test_replace_keeps_rows_appended_while_it_commits(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rewrite takes minutes and the pipeline does not wait: each lost race is looked at again."""
    rival = _rival(tmp_path)
    files = lake.data_files("events")
    new = _rewritten(lake, files)
    epochs = range(4, 4 + CONFLICTS)
    _before_each_commit(
        lake,
        monkeypatch,
        [lambda epoch=epoch: rival.commit("events", _events(epoch), epoch) for epoch in epochs],
    )
    assert lake.replace("events", files, new)
    expected = [
        uuid_of(f"{epoch} {number}") for epoch in range(1, epochs.stop) for number in (0, 1)
    ]
    assert _ids(rival) == sorted(expected)
    assert (rival.epoch("events"), len(rival.plan("events").files)) == (epochs[-1], 1 + CONFLICTS)


def test_replace_is_tried_again_where_the_library_misses_a_file(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Threads of PyIceberg share what decides which manifest may name a file to delete.

    One that overtakes another makes it pass a manifest by, as here all of them do the first time.
    """
    is_raced = True
    real = _ManifestEvalVisitor.eval

    def overtaken(visitor: _ManifestEvalVisitor, manifest: ManifestFile) -> bool:
        return False if is_raced else real(visitor, manifest)

    def end_race() -> None:
        nonlocal is_raced
        is_raced = False

    before, files = _ids(lake), lake.data_files("events")
    new = _rewritten(lake, files)
    monkeypatch.setattr(_ManifestEvalVisitor, "eval", overtaken)
    _before_each_commit(lake, monkeypatch, [lambda: None, end_race])
    assert lake.replace("events", files, new)
    assert not is_raced
    assert (_ids(lake), len(lake.plan("events").files)) == (before, 1)


def test_append_keeps_files_replaced_while_it_commits(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way round: the pipeline's append loses to a replace, and lands on top of it."""
    rival = _rival(tmp_path)
    files = rival.data_files("events")
    new = _rewritten(rival, files)
    assert lake.plan("events").rows == 6
    _before_each_commit(
        lake, monkeypatch, [lambda: None, lambda: rival.replace("events", files, new)]
    )
    assert lake.commit("events", _events(4), 4)
    assert len(_ids(lake)) == len(set(_ids(lake))) == 8
    assert len(lake.plan("events").files) == 2


def test_replace_of_a_file_that_is_gone_changes_nothing(lake: Lake) -> None:
    """Two rewrites of the same files, or one redone after a crash: the second would double rows."""
    files = lake.data_files("events")
    first, second = _rewritten(lake, files), _rewritten(lake, files)
    assert lake.replace("events", files, first)
    ids, plan = _ids(lake), lake.plan("events")
    assert not lake.replace("events", files, second)
    assert not lake.replace("events", files[:1], second)
    assert (_ids(lake), lake.plan("events")) == (ids, plan)


def test_replace_gives_up_after_many_conflicts(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is maintenance: it comes again later, and must not spin."""
    rival = _rival(tmp_path)
    files = lake.data_files("events")
    new = _rewritten(lake, files)
    epochs = range(4, 24)
    _before_each_commit(
        lake,
        monkeypatch,
        [lambda epoch=epoch: rival.commit("events", _events(epoch, 1), epoch) for epoch in epochs],
    )
    with pytest.raises(Conflict):
        lake.replace("events", files, new)
    assert rival.plan("events").rows == 6 + rival.epoch("events") - 3


def test_replacing_beside_appends_loses_and_doubles_nothing(lake: Lake, tmp_path: Path) -> None:
    """Both at full speed, each from its own process's view of the table."""
    last, appender = 20, Lake(tmp_path / "lake", "default")

    def append() -> None:
        for epoch in range(4, last + 1):
            appender.commit("events", _events(epoch), epoch)

    thread = threading.Thread(target=append)
    thread.start()
    replaced = 0
    while thread.is_alive():
        files, rows = lake.data_files("events"), lake.read("events")
        if rows.num_rows == sum(file.record_count for file in files):
            replaced += lake.replace(
                "events", files, lake.write_files("events", rows, lake.new_id())
            )
    thread.join()
    expected = [uuid_of(f"{epoch} {number}") for epoch in range(1, last + 1) for number in (0, 1)]
    assert _ids(appender) == sorted(expected)
    assert replaced
