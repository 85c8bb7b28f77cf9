"""Deaths are counted, errors of the outside are not, and progress forgets both."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import DiskFull
from footfall.pipeline._attempts import Attempts


def _die(file: Path, start: int, end: int, error: type[BaseException] = MemoryError) -> Attempts:
    """A process that works on the range and ends; what the next one finds."""
    attempts = Attempts(file)
    with pytest.raises(error), attempts.working(start, end):
        raise error
    return Attempts(file)


def test_deaths_add_up_with_their_ranges(tmp_path: Path) -> None:
    """Micro-batches are cut anew after each start; suspects are all of them."""
    file = tmp_path / "attempts.json"
    for start, end in ((10, 20), (10, 25), (12, 22)):
        found = _die(file, start, end)
    assert (found.deaths, found.suspects) == (3, (10, 25))


@pytest.mark.parametrize("error", [DiskFull, OSError, KeyboardInterrupt])
def test_errors_of_the_outside_are_no_deaths(tmp_path: Path, error: type[BaseException]) -> None:
    """A full disk must never make requests suspects."""
    assert _die(tmp_path / "attempts.json", 1, 2, error).deaths == 0


def test_idle_end_is_no_death(tmp_path: Path) -> None:
    """Killed between micro-batches."""
    file = tmp_path / "attempts.json"
    with Attempts(file).working(1, 2):
        pass
    assert Attempts(file).deaths == 0


def test_only_new_epochs_are_progress(tmp_path: Path) -> None:
    """A restart redoes epochs since its checkpoint: that alone must not forget the deaths."""
    file = tmp_path / "attempts.json"
    Attempts(file).progress(4)
    _die(file, 1, 2)
    again = _die(file, 1, 2)
    again.progress(4)
    assert Attempts(file).deaths == 2
    again.progress(5)
    assert Attempts(file).deaths == 0


def test_work_beside_other_work_counts_until_both_end(tmp_path: Path) -> None:
    """An epoch is committed while the next micro-batch is previewed."""
    file = tmp_path / "attempts.json"
    attempts = Attempts(file)
    with attempts.working(1, 5):
        with attempts.working(5, 9):
            pass
        other = Attempts(file)
        assert (other.deaths, other.suspects) == (1, (1, 9))


def test_torn_file_is_none(tmp_path: Path) -> None:
    """It is not synced: after a power cut anything may be there."""
    file = tmp_path / "attempts.json"
    _die(file, 1, 2)
    file.write_bytes(file.read_bytes()[:9])
    assert Attempts(file).deaths == 0
