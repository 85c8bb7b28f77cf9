"""What is durable of a destination, and what people read of it while nobody runs it.

state/<project>/consumers/deliver/to-<name>.json         how far its files go; durable
state/<project>/consumers/deliver/to-<name>.shown.json   how it gets on; may be lost
state/<project>/consumers/deliver/to-<name>.filled.json  what was filled in; durable
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

import msgspec

from footfall.deliver.spans import Spans, count, union, without
from footfall.errors import Corrupt
from footfall.home import Home, write_atomically, write_durably
from footfall.pipeline.consumers.notes import consumers_dir
from footfall.positions import Positions
from footfall.settings import DestinationSettings

CONSUMER: Final = "deliver"
ERROR_CHARS_MAX: Final = 400
MISSING_MAX: Final = 200
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

    @property
    def last(self) -> int:
        """Last epoch that it has records of, or may have."""
        return self.end.epoch if self.end.row else self.end.epoch - 1


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
    missing: Spans = ()
    """Epochs of which no record is in its files nor will be, but for what is filled in: from before
    it began, from while it was taken out, and lost ones. The newest `MISSING_MAX` ranges."""

    @classmethod
    def new(cls, epoch: int = 1) -> Note:
        """Of a destination that begins with `epoch`."""
        return cls(Cursor(epoch), missing=union([(1, epoch - 1)]))

    def begun_at(self, epoch: int, *, is_put: bool) -> Note:
        """Of a destination that was not asked for during a while: it goes on from `epoch`.

        `is_put` says whether the planned file is where it belongs; where nobody knows, that it is:
        its records are then in no file twice.
        """
        plan = self.plan
        if plan is None or plan.start.epoch >= epoch:
            return self.skipped_to(epoch)
        cursor = plan.end if is_put else self.cursor
        return msgspec.structs.replace(self, cursor=cursor, plan=None).skipped_to(epoch)

    def skipped_to(self, epoch: int, in_doubt: Plan | None = None) -> Note:
        """It goes on from `epoch` at the earliest.

        Of an epoch that it has in part the rest is not among what is missing, nor is what may be in
        a file that is `in_doubt`: filling it in would write records again.
        """
        first = self.cursor.epoch + (self.cursor.row > 0)
        skipped: Spans = ((first, epoch - 1),)
        if in_doubt is not None:
            skipped = without(skipped, [(in_doubt.start.epoch, in_doubt.last)])
        missing = union(self.missing, skipped)[-MISSING_MAX:]
        return msgspec.structs.replace(
            self, cursor=max(self.cursor, Cursor(epoch)), missing=missing
        )


class FillPlan(msgspec.Struct, frozen=True):
    """A group that is being filled in."""

    place: str
    paths: tuple[str, ...]
    """Files that may be there."""


class FillNote(msgspec.Struct, frozen=True):
    """`to-<name>.filled.json`: what was filled in of one destination, by place."""

    filled: dict[str, Spans] = {}
    plan: FillPlan | None = None


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
    keep_age_max: int = 0
    """How long what waits is kept, microseconds."""
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
    paused_at: int = 0
    """Since when it is paused, microseconds; 0: it is not."""
    held: str = ""
    """Why nothing is written to it until somebody mends it; empty: it is not held."""


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


def read_filled(directory: Path, name: str) -> FillNote:
    """What was filled in of a destination.

    Raises:
        Corrupt: it cannot be read.
    """
    file = directory / f"to-{name}.filled.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=FillNote)
    except FileNotFoundError:
        return FillNote()
    except msgspec.DecodeError as error:
        raise Corrupt(
            "the note of what was filled in cannot be read; remove it, and all that is missing is"
            f" written, also what is there: {error} path={file}"
        ) from error


def write_filled(directory: Path, name: str, note: FillNote) -> None:
    """Replace it; durable when this returns."""
    write_durably(directory / f"to-{name}.filled.json", msgspec.json.encode(note))


def missing_epochs(directory: Path, name: str, note: Note, place: str) -> int:
    """How many epochs a destination has not got, nor will without filling in."""
    try:
        filled = read_filled(directory, name).filled.get(place, ())
    except Corrupt:
        filled = ()
    return count(without(note.missing, filled))


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
