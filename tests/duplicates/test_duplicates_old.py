"""Duplicates that version 0.1.0 remembered are still known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from footfall.duplicates import DuplicateIndex
from footfall.duplicates.keys import keys_of, sort_keys
from footfall.errors import Corrupt
from tests.duplicates.ids import SETTINGS, keep, outcome, table

EVENTS = [("a", number, 100 + number % 3) for number in range(30)]


def write_old(directory: Path, *, expired_before: int = 0) -> None:
    """As version 0.1.0 wrote it; the bytes are described in `_runs_old`."""
    primary, secondary = keys_of(table(EVENTS))
    order = sort_keys(primary, secondary)
    hours = np.array([hour for _, _, hour in EVENTS], dtype="<i4")
    (directory / "old.run").write_bytes(
        b"FTFLIDS1"
        + len(EVENTS).to_bytes(8, "little")
        + primary[order].astype("<u8").tobytes()
        + secondary[order].astype("<u8").tobytes()
        + hours[order].tobytes()
    )
    note = {"epoch": 4, "horizon": SETTINGS.horizon, "expired_before": expired_before}
    run = {"file": "old.run", "rows": 30, "first_epoch": 1, "last_epoch": 4, "last_hour": 102}
    (directory / "ids-000000000004.json").write_text(json.dumps({"note": note, "runs": [run]}))


def test_known_and_without_conflicts(tmp_path: Path) -> None:
    """It had no fingerprints, so whatever has a known id repeats it; hours are as they were."""
    write_old(tmp_path)
    index = DuplicateIndex.load(tmp_path, 4)
    assert len(index) == 30
    rows = table(EVENTS, ["another payload"] * 30)
    assert outcome(index.fork().keep(rows, 5)) == ([], 30, [])
    index.expire((101 + 72) * 3_600_000_000)
    assert keep(index, EVENTS, 5) == [place for place in range(30) if place % 3 == 0]


def test_forgotten_hours_stay_forgotten(tmp_path: Path) -> None:
    """Their ids were in the file, and did not count any more."""
    write_old(tmp_path, expired_before=102)
    assert len(DuplicateIndex.load(tmp_path, 4)) == 10


def test_old_files_go_when_no_checkpoint_needs_them(tmp_path: Path) -> None:
    """Until then the old state can be loaded, however often a start is interrupted."""
    write_old(tmp_path)
    for _ in range(2):
        index = DuplicateIndex.load(tmp_path, 4)
    for epoch in range(5, 9):
        assert (tmp_path / "old.run").exists()
        index.persist(tmp_path, epoch)
        index.settle()
    assert not (tmp_path / "old.run").exists()
    assert keep(DuplicateIndex.load(tmp_path, 8), EVENTS, 9) == []


@pytest.mark.parametrize("damage", ["missing", "short", "other"])
def test_damage_is_told(tmp_path: Path, damage: str) -> None:
    """As with today's files."""
    write_old(tmp_path)
    file = tmp_path / "old.run"
    match damage:
        case "missing":
            file.unlink()
        case "short":
            file.write_bytes(file.read_bytes()[:-1])
        case _:
            file.write_bytes(b"x" + file.read_bytes()[1:])
    with pytest.raises(Corrupt):
        DuplicateIndex.load(tmp_path, 4)


def test_newer_notes_are_refused(tmp_path: Path) -> None:
    """A version that does not know them must not guess."""
    DuplicateIndex.empty(SETTINGS).persist(tmp_path, 1)
    note = tmp_path / "ids-000000000001.json"
    note.write_text(note.read_text().replace('"version":2', '"version":3'))
    with pytest.raises(Corrupt, match="version=3"):
        DuplicateIndex.load(tmp_path, 1)
