"""Make a home from a backup.

The file `restoring` is there from the first byte to the last: every verb refuses a home that has
it, and another `restore` begins anew. The lake's tables are registered where they lie now, also
when that is where they were: the backup has only their newest snapshots.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from footfall.backup._backup import free_bytes
from footfall.backup._links import check_paths
from footfall.backup._store import Manifest, Store
from footfall.errors import DiskFull, Invalid
from footfall.home import Home, make_directory, sync_directory, write_durably
from footfall.lake.location import table_locations
from footfall.machine.private import close_directory


def restore(source: Path, home: Home) -> Manifest:
    """Make `home` what it was when the backup at `source` began, or a moment later.

    It cannot be opened yet: look at it, then call `finish_restore`.

    Raises:
        Invalid: there is no backup, or something is where the home should be.
        Corrupt: the backup is damaged, or names or links to what is not its own; nothing that looks
            whole is left.
        DiskFull: it would not fit; nothing was written.
    """
    store = Store(source.expanduser().resolve())
    manifest = store.manifest()
    if manifest is None:
        raise Invalid(f"there is no whole backup: {source}")
    check_paths(manifest)
    _check_target(home, sum(stored.bytes for stored in manifest.files))
    make_directory(home.root)
    close_directory(home.root)
    write_durably(home.restoring_file, b"")
    for left in home.root.iterdir():
        if left != home.restoring_file:
            is_directory = left.is_dir() and not left.is_symlink()
            shutil.rmtree(left) if is_directory else left.unlink()
    for stored in manifest.files:
        target = home.root / stored.path
        make_directory(target.parent)
        store.extract(stored, target)
    for directory in {(home.root / stored.path).parent for stored in manifest.files}:
        sync_directory(directory)
    if table_locations(home.lake_dir):
        from footfall.lake.recovery.relocate import relocate

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
