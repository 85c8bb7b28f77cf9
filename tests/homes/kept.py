"""Homes that earlier versions made: unpack one, know what it holds."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def versions() -> list[str]:
    """Versions whose home is kept."""
    return sorted(file.name.removesuffix(".tar.gz") for file in FOLDER.glob("*.tar.gz"))


def unpack(version: str, home: Path) -> dict[str, Any]:
    """Make the home of `version` at `home`; what it holds, as `make.py` wrote it down."""
    with tarfile.open(FOLDER / f"{version}.tar.gz") as archive:
        archive.extractall(home, filter="data")
    return dict(json.loads((FOLDER / f"{version}.json").read_text()))
