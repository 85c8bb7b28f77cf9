"""Make a home from a backup.

The file `restoring` is there from the first byte to the last: every verb refuses a home that has
it, and another `restore` begins anew. The lake's tables are registered where they lie now, also
when that is where they were: the backup has only their newest snapshots.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath

from footfall.backup._backup import free_bytes
from footfall.backup._store import Manifest, Store, StoredFile
from footfall.errors import Corrupt, DiskFull, Invalid
from footfall.home import Home, make_directory, sync_directory, write_durably
from footfall.lake.location import table_locations


def restore(source: Path, home: Home) -> Manifest:
    """Make `home` what it was when the backup at `source` began, or a moment later.

    It cannot be opened yet: look at it, then call `finish_restore`.

    Raises:
        Invalid: there is no backup, or something is where the home should be.
        Corrupt: the backup is damaged; nothing that looks whole is left.
        DiskFull: it would not fit; nothing was written.
    """
    store = Store(source.expanduser().resolve())
    manifest = store.manifest()
    if manifest is None:
        raise Invalid(f"there is no whole backup: {source}")
    _check_target(home, sum(stored.bytes for stored in manifest.files))
    make_directory(home.root)
    write_durably(home.restoring_file, b"")
    for left in home.root.iterdir():
        if left != home.restoring_file:
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    for stored in manifest.files:
        target = home.root / _inner(stored)
        make_directory(target.parent)
        store.extract(stored, target)
    for directory in {(home.root / stored.path).parent for stored in manifest.files}:
        sync_directory(directory)
    if table_locations(home.lake_dir):
        from footfall.lake._relocate import relocate

        relocate(home.lake_dir)
    return manifest


def finish_restore(home: Home) -> None:
    """Let the home be opened; it survives a power cut."""
    home.restoring_file.unlink()
    sync_directory(home.root)


def _check_target(home: Home, needed_bytes: int) -> None:
    is_free = not home.root.exists() or home.restoring_file.exists()
    if not is_free and (not home.root.is_dir() or any(home.root.iterdir())):
        raise Invalid(f"something is there and would be lost; name another home: {home.root}")
    free = free_bytes(home.root)
    if free < needed_bytes:
        raise DiskFull(
            f"the backup does not fit; free some space: needed={needed_bytes} {free=} {home.root}"
        )


def _inner(stored: StoredFile) -> PurePosixPath:
    """The path, if it stays within the home: a manifest could have been tampered with."""
    path = PurePosixPath(stored.path)
    if path.is_absolute() or ".." in path.parts:
        raise Corrupt(f"the backup names a path outside of the home; use another: {stored.path}")
    return path
