"""What is durable of a destination, and what people read of it while nobody runs it.

state/<project>/consumers/deliver/to-<name>.json         how far its files go; durable
state/<project>/consumers/deliver/to-<name>.shown.json   how it gets on; may be lost
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from footfall.errors import Corrupt
from footfall.home import Home, write_atomically, write_durably
from footfall.pipeline.consumers.notes import consumers_dir
from footfall.positions import Positions
from footfall.settings import DestinationSettings

CONSUMER: Final = "deliver"
ERROR_CHARS_MAX: Final = 400
_SHOWN: Final = ".shown.json"


class Cursor(msgspec.Struct, frozen=True, order=True):
    """A place between records: before row `row` of the source's rows of an epoch."""

    epoch: int
    row: int = 0
    """Counted before any filter, so that a change of filters moves nothing."""
    part: int = 0
    """How many files ended within this epoch before."""


class Plan(msgspec.Struct, frozen=True):
    """A file that is closed and not written yet; whoever does it again makes the same."""

    start: Cursor
    end: Cursor
    path: str
    destination: DestinationSettings
    """As it was: a change of settings counts from the next file on."""
    closed_at: int
    """Microseconds since 1970 UTC."""
    records: int


class Note(msgspec.Struct, frozen=True):
    """How far the files of one destination go."""

    cursor: Cursor
    """Every record before it is in a file, every one after it in none, but for those of `plan`."""
    plan: Plan | None = None
    files: int = 0
    records: int = 0
    bytes: int = 0
    """As written, compressed."""
    last_path: str = ""
    last_at: int = 0
    """When the last file was closed, microseconds; 0 for never."""
    epochs_lost: int = 0
    """Gone before they were written: the destination lagged beyond `consumers.keep_age_max`."""
    requests_lost: int = 0
    """Gone from the log before they were written."""

    @classmethod
    def new(cls, epoch: int = 1) -> Note:
        """Of a destination that begins with `epoch`."""
        return cls(Cursor(epoch))

    def begun_at(self, epoch: int) -> Note:
        """Of a destination that was not asked for during a while: it goes on from `epoch`."""
        plan = None if self.plan is None or self.plan.start.epoch < epoch else self.plan
        return msgspec.structs.replace(self, cursor=max(self.cursor, Cursor(epoch)), plan=plan)


class Shown(msgspec.Struct, frozen=True):
    """How a destination gets on; written now and then."""

    at: int = 0
    """When this was so, microseconds."""
    place: str = ""
    source: str = ""
    format: str = ""
    backlog_epochs: int = 0
    """Committed epochs whose records are not all in files."""
    backlog_requests: int = 0
    """Requests of these epochs."""
    waiting_since: int = 0
    """When the oldest of these epochs with a record was planned; 0 if nothing waits."""
    open_records: int = 0
    open_bytes: int = 0
    """Of the file that is being made, before compression."""
    delivered_to: Positions = Positions()
    """Everything decoded from requests before it is in files."""
    failures: int = 0
    """In a row."""
    error: str = ""
    failed_at: int = 0
    retry_at: int = 0


def deliver_dir(home: Home, project: str) -> Path:
    """Where the notes of all destinations of a project are."""
    return consumers_dir(home, project) / CONSUMER


def read_note(directory: Path, name: str) -> Note | None:
    """None for a destination that is new.

    Raises:
        Corrupt: it cannot be read; remove it, and the destination begins with the next epoch.
    """
    file = directory / f"to-{name}.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=Note)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise Corrupt(
            "the note of a delivery cannot be read; remove it, and the delivery begins with the"
            f" next epoch: {error} path={file}"
        ) from error


def write_note(directory: Path, name: str, note: Note) -> None:
    """Replace it; durable when this returns."""
    write_durably(directory / f"to-{name}.json", msgspec.json.encode(note))


def read_shown(directory: Path, name: str) -> Shown:
    """As it was written last, or as it is at first."""
    try:
        return msgspec.json.decode((directory / f"to-{name}{_SHOWN}").read_bytes(), type=Shown)
    except (OSError, msgspec.DecodeError):
        return Shown()


def write_shown(directory: Path, name: str, shown: Shown) -> None:
    """Replace it; what a power cut takes is only words."""
    with contextlib.suppress(OSError):
        write_atomically(directory / f"to-{name}{_SHOWN}", msgspec.json.encode(shown))


def shown_names(directory: Path) -> list[str]:
    """Destinations that there were when a pipeline last looked, in order."""
    found = (file.name.removesuffix(_SHOWN) for file in directory.glob(f"to-*{_SHOWN}"))
    return sorted(name.removeprefix("to-") for name in found)


def forget_shown(directory: Path, name: str) -> None:
    """Show a destination no more; its note stays."""
    (directory / f"to-{name}{_SHOWN}").unlink(missing_ok=True)
