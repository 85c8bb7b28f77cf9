"""Who may read what we write: the user that runs us, and nobody else.

A home holds what visitors did, and keys. So every process of ours makes files as `0600` and
directories as `0700`, those that libraries and SQLite write among them, and a home's own directory
is closed whatever the mask was. What an earlier version left open is closed when the home is next
opened. Below `lake/` nothing is closed again: an operator may let a group of readers in, with an
access control list (docs/operate/permissions.md).
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from footfall.errors import Invalid
from footfall.home import Home, is_home

_MASK: Final = 0o077
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_PASSING: Final = stat.S_IXGRP
"""What the home's own directory may have: a group that passes through, to the lake."""
_OWN: Final = frozenset(
    {"format.json", "log", "metadata.db", "restoring", "run", "state", "studio.db", "tail"}
)
"""What of a home's directory is closed: whatever else lies there is somebody else's."""
_ROOT: Final = 0


def keep_private() -> None:
    """Make what this process and its children write its user's alone; call it first of all."""
    os.umask(_MASK)


def close_home(home: Home) -> list[str]:
    """Take away what other users can do in the home, but for the lake; what to tell, a line each.

    A directory that is no home is left alone: somebody may have mistyped its name. A few looks at
    files when there is nothing to do. Where it cannot be done, because another user
    owns the file or the file system is read-only, that is told and everything goes on.

    Raises:
        Invalid: this user has no business in the home; the message says who has.
    """
    if not _is_there(home.root):
        return []
    _check_user(home.root)
    if not is_home(home.root):
        return []
    opened = _opened(home)
    failed = [path for entry in opened for path in _close(home, entry)]
    if failed:
        told = "other users have access to the home, and this user cannot take it away"
        return [f"{told}: {len(failed)} files, the first: {failed[0]}"]
    more = f" and {len(opened) - 1} more" if len(opened) > 1 else ""
    return [f"closed to other users: {opened[0]}{more}"] if opened else []


def close_directory(directory: Path) -> None:
    """Keep other users out of a directory and so out of all below it, as far as this user may."""
    mode = stat.S_IMODE(directory.stat().st_mode)
    if mode & _OTHERS:
        with contextlib.suppress(OSError):
            directory.chmod(mode & ~_OTHERS)


def others_access(home: Home) -> list[str]:
    """What other users can do in the home, a line each; nothing below a closed directory counts."""
    return [f"{stat.S_IMODE(path.stat().st_mode):o} {path}" for path in _opened(home)]


def is_lake_shared(home: Home) -> bool:
    """Whether a group passes through the home to the lake: an operator's wish, see the docs."""
    passes = _access_bits(home.root) & _PASSING
    return bool(passes and home.lake_dir.is_dir() and _access_bits(home.lake_dir))


def _opened(home: Home) -> list[Path]:
    """The home and what lies in it, as far as it is open; nothing in a closed directory is."""
    if not _access_bits(home.root):
        return []
    own = (path for path in home.root.iterdir() if path.name.partition("-")[0] in _OWN)
    return [path for path in (home.root, *sorted(own)) if _access(home, path)]


def _is_there(root: Path) -> bool:
    try:
        return root.is_dir()
    except PermissionError as error:
        raise Invalid(
            f"this user cannot look there; run it as the user whose home it is: {root}"
        ) from error


def _check_user(root: Path) -> None:
    """Raise for a user who cannot work there, and for root where files of its own would harm."""
    me = os.geteuid()
    metadata = Home(root).metadata_file
    if me == _ROOT:
        owner = metadata.stat().st_uid if metadata.exists() else _ROOT
        if owner != _ROOT:
            raise Invalid(
                "the superuser's files would shut the server out of its home; run this as the"
                f" home's user: sudo -u {_name(owner)} footfall … --home {root}"
            )
    elif not os.access(root, os.R_OK | os.X_OK, effective_ids=True):
        name = _name(root.stat().st_uid)
        raise Invalid(
            f"this home belongs to {name}; run this as that user: sudo -u {name} footfall …"
            f" --home {root}"
        )


def _access(home: Home, path: Path) -> int:
    """Bits of others on one of the home's own entries that should not be there."""
    bits = _access_bits(path)
    if path == home.root:
        return bits & ~_PASSING
    return 0 if path.is_symlink() else bits


def _access_bits(path: Path) -> int:
    try:
        return path.lstat().st_mode & _OTHERS
    except FileNotFoundError:
        return 0


def _close(home: Home, entry: Path) -> list[Path]:
    """Close a file, or a directory with all below it; what could not be closed."""
    failed = []
    for path in (entry,) if entry == home.root else _below(entry):
        try:
            mode = path.lstat().st_mode
            if mode & _OTHERS and not stat.S_ISLNK(mode):
                path.chmod(stat.S_IMODE(mode) & ~_OTHERS)
        except FileNotFoundError:
            continue
        except OSError:  # another user's, or a file system that is read-only
            failed.append(path)
    return failed


def _below(entry: Path) -> Iterator[Path]:
    yield entry
    if entry.is_dir():
        for directory, folders, files in os.walk(entry):
            yield from (Path(directory, name) for name in (*folders, *files))


def _name(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"#{user_id}"
