"""Homes of demos: made afresh, and removed; a marker in it is what makes a directory a demo's."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from footfall.errors import Invalid
from footfall.home import Home, make_directory
from footfall.machine.process import exclusive

if TYPE_CHECKING:
    from footfall.lake.store.objects import ObjectStore
    from footfall.lake.store.store import Listed
    from footfall.settings import Settings

MARKER: Final = "demo.json"
DEFAULT_HOME: Final = "footfall-demo"
"""Of the shop; those of recipes add their name."""


def start_afresh(home: Home, bucket: str = "") -> None:
    """Remove an old demo, and only that; `bucket` is where this one's files go, if in a bucket.

    Raises:
        Invalid: there is something else.
        Conflict: the demo is running.
    """
    if (home.root / MARKER).exists():
        remove(home)
    elif home.root.exists() and any(home.root.iterdir()):
        raise Invalid(f"not a demo, so it is left alone; name another --home: {home.root}")
    make_directory(home.root)
    about = "made by footfall demo, which empties this directory"
    (home.root / MARKER).write_bytes(msgspec.json.encode({"about": about, "bucket": bucket}))


def bucket_of(home: Home) -> str:
    """Where the demo's files are, as `s3://bucket/prefix`; "" if they are in its home."""
    found: str = msgspec.json.decode((home.root / MARKER).read_bytes()).get("bucket", "")
    return found


def objects_below(bucket: str, settings: Settings) -> tuple[ObjectStore, list[Listed]]:
    """The store, and what is in it below `s3://bucket/prefix`.

    Raises:
        Unavailable: the store does not answer.
    """
    from footfall.catalog.defining import s3_options
    from footfall.lake.store.objects import ObjectStore
    from footfall.lake.store.options import SCHEME

    store = ObjectStore(bucket, s3_options(settings))
    is_whole = "/" not in bucket.removeprefix(SCHEME)
    return store, list(store.list(f"{bucket}/" if is_whole else bucket))


def remove(home: Home) -> None:
    """Remove a demo with all its data.

    Raises:
        Conflict: it is running.
    """
    with _stopped(home):
        shutil.rmtree(home.root)


def check_stopped(homes: Sequence[Home]) -> None:
    """Look that none is running, before anything of any is removed; raises as `remove`."""
    for one in homes:
        with _stopped(one):
            pass


def _stopped(home: Home) -> AbstractContextManager[None]:
    return exclusive(home.run_dir / "serve.lock", "this demo is running")


def demos_in(directory: Path) -> list[Home]:
    """Demos whose homes lie in a directory, under whatever name."""
    found = (one for one in sorted(directory.iterdir()) if (one / MARKER).is_file())
    return [Home(one.resolve()) for one in found if not one.is_symlink()]


def size_of(home: Home) -> int:
    """Bytes of all its files."""
    return sum(one.stat().st_size for one in home.root.rglob("*") if one.is_file())
