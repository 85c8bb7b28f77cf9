"""What is known of a consumer while nobody runs it: its position, and how it gets on.

    state/<project>/consumers/<name>/position.json   what it still needs; durable before it counts
    state/<project>/consumers/<name>/state.json      what it is doing, its last error; may be lost

Whoever lets go of epochs, requests or files reads the positions; people read both. Light to import.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from footfall.errors import Corrupt
from footfall.home import Home, make_directory, write_atomically, write_durably
from footfall.positions import Positions

ERROR_CHARS_MAX: Final = 500


class Needs(msgspec.Struct, frozen=True):
    """What a consumer still needs; everything below may change or go."""

    epoch: int
    """First epoch that it is not done with: after a restart it is given this one again."""
    positions: Positions | None = None
    """In each partition of the log, the first request that it still reads from there; `None`: it
    reads none."""
    files: tuple[str, ...] = ()
    """Data files of the lake that it still reads, absolute paths."""


class ConsumerPosition(msgspec.Struct, frozen=True):
    """`position.json`."""

    needs: Needs
    is_durable: bool = True
    """False: it goes on from the newest epoch after a restart, and holds nothing back."""
    lost: int = 0
    """Epochs that it was never given: it lagged beyond `consumers.keep_age_max`."""
    lost_to: int = 0
    """The last of them."""


class ConsumerState(msgspec.Struct, frozen=True):
    """`state.json`."""

    doing: str = ""
    """What was begun and not ended, such as `epoch 7`; the process may have died of it."""
    deaths: int = 0
    """In a row: how often the process ended while it did something."""
    failures: int = 0
    """In a row."""
    error: str = ""
    """The last one."""
    failed_at: int = 0
    """When that was, microseconds."""
    retry_at: int = 0
    """When it is tried again; 0 if it runs."""
    batches_left_out: int = 0
    """Micro-batches that it was too slow for, since it was started; their epochs it gets."""


class ConsumerNotes:
    """The two files of one consumer."""

    def __init__(self, directory: Path) -> None:
        """Make `directory`, where the consumer may keep files of its own as well."""
        make_directory(directory)
        self.directory = directory

    def position(self) -> ConsumerPosition | None:
        """As it was written last; `None` for a consumer that is new.

        Raises:
            Corrupt: it cannot be read; remove it, and the consumer begins with the next epoch.
        """
        return _position(self.directory)

    def state(self) -> ConsumerState:
        """As it was written last, or as it is at first."""
        return _state(self.directory)

    def write_position(self, position: ConsumerPosition) -> None:
        """Replace it; durable when this returns.

        Also of one that keeps nothing: a file torn by a power cut would keep it from starting.
        """
        write_durably(self.directory / "position.json", msgspec.json.encode(position))

    def write_state(self, state: ConsumerState) -> None:
        """Replace it; what a power cut takes is only words."""
        with contextlib.suppress(OSError):
            write_atomically(self.directory / "state.json", msgspec.json.encode(state))


def consumers_dir(home: Home, project: str) -> Path:
    """Where the consumers of a project have their directories."""
    return home.state_dir(project) / "consumers"


def consumer_names(directory: Path) -> list[str]:
    """Consumers that have or had a position below `directory`, installed or not, in order."""
    return sorted(file.parent.name for file in directory.glob("*/position.json"))


def read_position(directory: Path, name: str) -> ConsumerPosition | None:
    """See `ConsumerNotes.position`; makes no directory."""
    return _position(directory / name)


def read_state(directory: Path, name: str) -> ConsumerState:
    """See `ConsumerNotes.state`; makes no directory."""
    return _state(directory / name)


def _position(directory: Path) -> ConsumerPosition | None:
    file = directory / "position.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=ConsumerPosition)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Corrupt(
            "position of a consumer cannot be read; remove it, and the consumer begins with the"
            f" next epoch: {error} path={file}"
        ) from error


def _state(directory: Path) -> ConsumerState:
    try:
        return msgspec.json.decode((directory / "state.json").read_bytes(), type=ConsumerState)
    except (OSError, msgspec.DecodeError):
        return ConsumerState()
