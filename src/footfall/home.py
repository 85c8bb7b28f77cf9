"""Where things lie below `$FOOTFALL_HOME`; the only module that spells these paths."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

OWNER_ONLY: Final = 0o700


class Home(msgspec.Struct, frozen=True):
    """Paths of one installation. Creating it touches nothing on disk."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """The user's settings; may be missing."""
        return self.root / "footfall.toml"

    @property
    def format_file(self) -> Path:
        """Which format the home has; missing in homes of the first version."""
        return self.root / "format.json"

    @property
    def restoring_file(self) -> Path:
        """There while `footfall restore` is at work, or was interrupted: the home is not whole."""
        return self.root / "restoring"

    @property
    def metadata_file(self) -> Path:
        """SQLite database of projects, apps, keys, epochs."""
        return self.root / "metadata.db"

    @property
    def studio_file(self) -> Path:
        """SQLite database of one-time links and sessions of the pages: see `footfall.signin`."""
        return self.root / "studio.db"

    @property
    def run_dir(self) -> Path:
        """Sockets, pid and readiness files of the running process tree."""
        return self.root / "run"

    def log_dir(self, project: str) -> Path:
        """Segments of the project's log."""
        return self.root / "log" / project

    @property
    def lake_dir(self) -> Path:
        """Iceberg warehouse and its SQLite catalog (`catalog.db`)."""
        return self.root / "lake"

    def tail_dir(self, project: str) -> Path:
        """Arrow IPC files of micro-batches that are not in the lake yet."""
        return self.root / "tail" / project

    def state_dir(self, project: str) -> Path:
        """Checkpoints, named after their epoch."""
        return self.root / "state" / project

    def maintenance_dir(self, project: str) -> Path:
        """What maintenance notes of its work: see docs/formats/maintenance.md."""
        return self.state_dir(project) / "maintenance"

    def catalog_dir(self, project: str) -> Path:
        """Locks of crawls, and the readable parts of files that are not as they should be."""
        return self.state_dir(project) / "catalog"

    def index_dir(self, project: str) -> Path:
        """The journey index: a cache, that may be deleted. See docs/formats/journey-index.md."""
        return self.root / "index" / project

    @property
    def kernels_dir(self) -> Path:
        """What was compiled for it."""
        return self.root / "index" / "kernels"

    def cut_file(self, project: str) -> Path:
        """The newest cut; replaced by atomic rename. See `footfall.lake.cut`."""
        return self.tail_dir(project) / "cut.json"

    def live_file(self, project: str) -> Path:
        """The newest live snapshot; replaced by atomic rename. See `footfall.live`."""
        return self.tail_dir(project) / "live.json"


def is_home(directory: Path) -> bool:
    """Whether there is an installation, be it damaged."""
    home = Home(directory)
    signs = (home.metadata_file, home.format_file, home.settings_file, home.restoring_file)
    if any(sign.exists() for sign in signs):
        return True
    remains = ("lake/catalog.db", "tail/*/cut.json", "log/*/*.db")
    return any(next(directory.glob(remain), None) is not None for remain in remains)


def make_directory(directory: Path, mode: int = OWNER_ONLY) -> None:
    """Make a directory, and those above it, that are still there after a power cut.

    What lies in it is as durable as its name: a synced file of a directory that was not synced is
    lost with it.

    Args:
        directory: What to make; one that is there stays as it is.
        mode: Who may do what in those that are made. By default the owner alone, whatever the
            process's mask; a wider one is narrowed by the mask, or widened by a default access
            control list of the directory above.

    Raises:
        OSError: it cannot be made.
    """
    if directory.is_dir():
        return
    make_directory(directory.parent, mode)
    directory.mkdir(mode, exist_ok=True)
    sync_directory(directory.parent)


def write_atomically(file: Path, data: bytes, *, synced: bool = False) -> None:
    """Replace `file` by rename; readers see the old bytes or the new, never a part.

    After a power cut a `synced` one is whole if it is there at all; another may be there in part.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as stream:
        stream.write(data)
        if synced:
            stream.flush()
            os.fsync(stream.fileno())
    temporary.replace(file)


def write_durably(file: Path, data: bytes) -> None:
    """Replace `file` by rename; after a power cut it has the old bytes or the new ones, whole.

    Raises:
        OSError: the old bytes stay.
    """
    write_atomically(file, data, synced=True)
    sync_directory(file.parent)


def sync_file(file: Path) -> None:
    """Make the bytes of `file` survive a power cut."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def sync_directory(directory: Path) -> None:
    """Make names created, renamed or removed in `directory` survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def bytes_of(file: Path) -> int:
    """Size of a file that another process may remove at any moment: 0 when it is not there.

    One look: between asking whether it is there and asking how large it is, it can go.
    """
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
