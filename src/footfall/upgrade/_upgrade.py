"""Bring a home to this version's format and to the place where it lies.

Theory of operation. Step n makes a home of format n − 1 one of format n, and only then is n written
down. So a step that was interrupted is done again from its beginning: steps must bear that, and
leave the home readable for the step itself until its last effect. Afterwards, a lake that lies
elsewhere than its catalog says is registered anew (`footfall.lake.recovery.relocate`). The tail
and the notes of maintenance go before that: they name data files by absolute path, and what they
hold is made again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from footfall.errors import Corrupt
from footfall.home import Home, write_durably
from footfall.lake.location import is_moved
from footfall.machine.process import exclusive
from footfall.positions import Positions
from footfall.upgrade._format import FORMAT, check_format, read_format, write_format

Step = Callable[[Home], None]


def _say_positions(home: Home) -> None:
    """2 → 3: checkpoints and cuts say positions, where they said the offset of the only partition.

    Their digests hold. Epochs follow by a migration of the metadata database.
    """
    for note in sorted(home.root.glob("state/*/checkpoint-*/note.json")):
        _make_positions(note, "log_to", "log_to")
    for cut in sorted(home.root.glob("tail/*/cut.json")):
        _make_positions(cut, "log_offset", "positions")


def _make_positions(file: Path, old: str, new: str) -> None:
    try:
        said = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except msgspec.DecodeError:
        return  # damaged: whoever reads it says so
    offset = said.pop(old, None)
    if isinstance(offset, int):
        said[new] = Positions((offset,))
        write_durably(file, msgspec.json.encode(said))


STEPS: Final[Mapping[int, Step]] = {3: _say_positions}
"""Format → what makes it from the one before."""


def needs_upgrade(home: Home) -> bool:
    """Whether `upgrade` has anything to do; takes milliseconds.

    Raises:
        Invalid: a newer version of the program wrote the home.
        Corrupt: it cannot be read.
    """
    check_format(home)
    return read_format(home) < FORMAT or is_moved(home.lake_dir)


def upgrade(home: Home, steps: Mapping[int, Step] = STEPS) -> list[str]:
    """Do what is to be done, in order; one line about each thing that was.

    No part of the home may run meanwhile.

    Raises:
        Invalid: a newer version of the program wrote the home.
        Conflict: another process upgrades it.
        Corrupt: files are missing or damaged; the message says which.
    """
    check_format(home)
    done = []
    with exclusive(home.run_dir / "upgrade.lock", "another process upgrades this home"):
        for number in range(read_format(home) + 1, max(steps) + 1):
            if number not in steps:
                raise Corrupt(f"there is no way to format {number}; restore a backup: {home.root}")
            steps[number](home)
            write_format(home, number)
            done.append(f"format {number}")
        if is_moved(home.lake_dir):
            from footfall.lake.recovery.relocate import relocate

            _forget_places(home)
            tables = relocate(home.lake_dir)
            done.append(f"{tables} tables registered at {home.lake_dir}")
    return done


def _forget_places(home: Home) -> None:
    shutil.rmtree(home.root / "tail", ignore_errors=True)
    for state in (home.root / "state").glob("*"):
        shutil.rmtree(home.maintenance_dir(state.name), ignore_errors=True)
