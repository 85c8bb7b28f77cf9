"""Homes of demos: made afresh, and removed; a marker in it is what makes a directory a demo's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from footfall.errors import Invalid
from footfall.home import Home, make_directory
from footfall.machine.process import exclusive

MARKER: Final = "demo.json"
DEFAULT_HOME: Final = "footfall-demo"
"""Of the shop; those of recipes add their name."""


def start_afresh(home: Home) -> None:
    """Remove an old demo, and only that.

    Raises:
        Invalid: there is something else.
        Conflict: the demo is running.
    """
    if (home.root / MARKER).exists():
        remove(home)
    elif home.root.exists() and any(home.root.iterdir()):
        raise Invalid(f"not a demo, so it is left alone; name another --home: {home.root}")
    make_directory(home.root)
    text = '{"about": "made by footfall demo, which empties this directory"}\n'
    (home.root / MARKER).write_text(text)


def remove(home: Home) -> None:
    """Remove a demo with all its data.

    Raises:
        Conflict: it is running.
    """
    with exclusive(home.run_dir / "serve.lock", "this demo is running"):
        shutil.rmtree(home.root)


def demos_in(directory: Path) -> list[Home]:
    """Demos whose homes lie in a directory, under whatever name."""
    found = (one for one in sorted(directory.iterdir()) if (one / MARKER).is_file())
    return [Home(one.resolve()) for one in found if not one.is_symlink()]


def size_of(home: Home) -> int:
    """Bytes of all its files."""
    return sum(one.stat().st_size for one in home.root.rglob("*") if one.is_file())
