"""A backup has what lies in the home, and a restore writes nowhere else: no links, no way out.

A link would put the content of a file from anywhere into the backup, or leave out, without a word,
the directory that it stands for. So links are refused, wherever they point.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from footfall.backup._store import Manifest
from footfall.errors import Corrupt, Invalid
from footfall.home import Home

PARTS: Final = ("footfall.toml", "format.json", "metadata.db", "log", "lake", "state")
"""What of a home a backup has; a manifest that names anything else was tampered with."""

_TOLD_MAX: Final = 3


def refuse_links(home: Home) -> None:
    """Look at every name below the parts that are copied.

    Raises:
        Invalid: some are symbolic links; the message names the first.
    """
    found = sorted(path for part in PARTS for path in _links(home.root / part))
    if found:
        told = ", ".join(f"{path} -> {os.readlink(path)}" for path in found[:_TOLD_MAX])
        raise Invalid(
            "the home has symbolic links, which a backup does not follow; put what they name in"
            f" their place, or move the whole home: {len(found)} links, {told}"
        )


def check_inside(home: Home, source: Path) -> None:
    """Raise for a file that lies elsewhere than its name says: a link, or a name with `..`.

    Raises:
        Invalid: as said.
        FileNotFoundError: it is gone.
    """
    expected = home.root.resolve() / source.relative_to(home.root)
    if source.resolve(strict=True) != expected:
        raise Invalid(
            f"a backup has no file from outside of the home and follows no link: {source}"
        )


def check_paths(manifest: Manifest) -> None:
    """Refuse a manifest that names what no backup has; before anything is written.

    Raises:
        Corrupt: it names a path outside of the home, one twice, or one that is no part of a home.
    """
    seen = set()
    for stored in manifest.files:
        path = PurePosixPath(stored.path)
        is_plain = (
            path.as_posix() == stored.path and ".." not in path.parts and "\0" not in stored.path
        )
        if not is_plain or not path.parts or path.parts[0] not in PARTS:
            raise Corrupt(
                f"the backup names a path outside of the home; use another: {stored.path!r}"
            )
        if path in seen or any(above in seen for above in path.parents):
            raise Corrupt(f"the backup names a path twice; use another: {stored.path!r}")
        seen.add(path)


def _links(top: Path) -> Iterator[Path]:
    if top.is_symlink():
        yield top
        return
    for directory, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = Path(directory, name)
            if path.is_symlink():
                yield path
