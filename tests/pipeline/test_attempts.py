"""Deaths are counted, errors of the outside are not, and progress forgets both."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import DiskFull
from footfall.pipeline.poison.attempts import WATCHFUL_EPOCHS, Attempts
from footfall.positions import Slice


def _die(file: Path, start: int, end: int, error: type[BaseException] = MemoryError) -> Attempts:
    """A process that works on the range and ends; what the next one finds."""
    attempts = Attempts(file)
    with pytest.raises(error), attempts.working([Slice(0, start, end)]):
        raise error
    return Attempts(file)


def test_deaths_add_up_with_their_ranges(tmp_path: Path) -> None:
    """Micro-batches are cut anew after each start; suspects are all of them."""
    file = tmp_path / "attempts.json"
    for start, end in ((10, 20), (10, 25), (12, 22)):
        found = _die(file, start, end)
    assert (found.deaths, found.suspects) == (3, (Slice(0, 10, 25),))


@pytest.mark.parametrize("error", [DiskFull, OSError, KeyboardInterrupt])
def test_errors_of_the_outside_are_no_deaths(tmp_path: Path, error: type[BaseException]) -> None:
    """A full disk must never make requests suspects."""
    assert _die(tmp_path / "attempts.json", 1, 2, error).deaths == 0


def test_idle_end_is_no_death(tmp_path: Path) -> None:
    """Killed between micro-batches."""
    file = tmp_path / "attempts.json"
    with Attempts(file).working([Slice(0, 1, 2)]):
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
    with attempts.working([Slice(0, 1, 5)]):
        with attempts.working([Slice(0, 5, 9)]):
            pass
        other = Attempts(file)
        assert (other.deaths, other.suspects) == (1, (Slice(0, 1, 9),))


def test_torn_file_is_none(tmp_path: Path) -> None:
    """It is not synced: after a power cut anything may be there."""
    file = tmp_path / "attempts.json"
    _die(file, 1, 2)
    file.write_bytes(file.read_bytes()[:9])
    assert Attempts(file).deaths == 0


def _die_recovering(file: Path) -> Attempts:
    attempts = Attempts(file)
    with pytest.raises(MemoryError), attempts.recovering():
        raise MemoryError
    return Attempts(file)


def test_deaths_while_recovering_are_counted_until_one_recovers(tmp_path: Path) -> None:
    """They are nobody's work: without this a start that dies at its checkpoint dies for ever."""
    file = tmp_path / "attempts.json"
    assert [_die_recovering(file).recover_deaths for _ in range(3)] == [1, 2, 3]
    attempts = Attempts(file)
    assert attempts.deaths == 0
    with pytest.raises(DiskFull), attempts.recovering():
        raise DiskFull("no space")
    assert Attempts(file).recover_deaths == 3
    with Attempts(file).recovering():
        pass
    assert Attempts(file).recover_deaths == 0


def test_batches_get_smaller_with_deaths_and_larger_with_epochs(tmp_path: Path) -> None:
    """One death may be anybody's kill; an epoch takes back one halving."""
    file = tmp_path / "attempts.json"
    assert [_die(file, 1, 2).halvings for _ in range(3)] == [0, 2, 4]
    attempts = Attempts(file)
    attempts.searched(has_found=False)
    assert attempts.halvings == 4
    left = []
    for epoch in range(1, 7):
        attempts.progress(epoch)
        left.append(Attempts(file).halvings)
    assert left == [3, 2, 1, 0, 0, 0]


def test_after_some_were_found_one_death_is_enough_for_a_while(tmp_path: Path) -> None:
    """Whoever sent them sends more: three deaths each time would be minutes."""
    file = tmp_path / "attempts.json"
    assert not _die(file, 1, 2).is_due
    Attempts(file).searched(has_found=True)
    assert _die(file, 5, 6).is_due
    attempts = Attempts(file)
    attempts.progress(WATCHFUL_EPOCHS)
    assert not _die(file, 8, 9).is_due


def test_what_a_search_cleared_is_not_searched_again(tmp_path: Path) -> None:
    """The process that searches may be killed as well: the next goes on where it was."""
    file = tmp_path / "attempts.json"
    for _ in range(3):
        _die(file, 10, 90)
    Attempts(file).search_on([Slice(0, 50, 90)])
    again = Attempts(file)
    assert again.is_due
    assert again.suspects == (Slice(0, 50, 90),)
