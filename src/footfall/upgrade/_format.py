"""The number in `format.json`: which version's files a home has. See docs/formats/home.md."""

from __future__ import annotations

from typing import Final

import msgspec

from footfall.errors import Corrupt, Invalid
from footfall.home import Home, make_directory, write_durably

FORMAT: Final = 3
"""What this version writes. Counted up by every change that an older program could not read."""

OLDEST: Final = 2
"""The oldest that can be brought here. A home without `format.json` is taken for one: a part alone
made it, from Python for example, and the steps bear homes that are new already."""


class _Format(msgspec.Struct, frozen=True):
    format: int


def read_format(home: Home) -> int:
    """Number of the home's format; a home that does not exist yet has this version's.

    Raises:
        Corrupt: `format.json` cannot be read.
    """
    try:
        return msgspec.json.decode(home.format_file.read_bytes(), type=_Format).format
    except FileNotFoundError:
        return OLDEST if home.metadata_file.exists() else FORMAT
    except msgspec.DecodeError as error:
        raise Corrupt(
            f"format.json is damaged; restore it from a backup: path={home.format_file}"
        ) from error


def write_format(home: Home, number: int) -> None:
    """Make `number` the home's format; it survives a power cut."""
    write_durably(home.format_file, msgspec.json.encode(_Format(number)))


def stamp_new(home: Home) -> None:
    """Make the directory of a home that is new; one that exists is left as it is."""
    make_directory(home.root)
    if not is_stamped(home):
        write_format(home, FORMAT)


def is_stamped(home: Home) -> bool:
    """Whether there is a home of some version; its metadata may lie in a database elsewhere."""
    return home.metadata_file.exists() or home.format_file.exists()


def check_format(home: Home) -> None:
    """Refuse a home of a later format, or one that is not whole.

    Raises:
        Invalid: a newer version of the program wrote it, or restoring it was interrupted.
        Corrupt: `format.json` cannot be read.
    """
    if home.restoring_file.exists():
        raise Invalid(
            f"restoring this home is not finished; run footfall restore again: home={home.root}"
        )
    found = read_format(home)
    if found > FORMAT:
        raise Invalid(
            "a newer version of Footfall wrote this home; upgrade the program or restore a backup:"
            f" home={home.root} format={found} known={FORMAT}"
        )
