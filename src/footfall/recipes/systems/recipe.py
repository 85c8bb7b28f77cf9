"""What a recipe is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from footfall.recipes.traffic import TimedRequest

SENT_LATER: Final = 20
"""One event in so many is sent after all others: it is late."""
SENT_TWICE: Final = 50
"""One in so many is sent a second time."""


class Part(msgspec.Struct, frozen=True):
    """Requests that are sent together, and what they amount to."""

    requests: tuple[TimedRequest, ...]
    events: int
    """Without those that come again."""
    duplicates: int


class Crawled(msgspec.Struct, frozen=True):
    """A folder below the files' directory that a crawl makes tables of."""

    name: str
    folder: str = ""


class Saved(msgspec.Struct, frozen=True):
    """A statement that is kept under a name."""

    name: str
    sql: str
    description: str


class Check(msgspec.Struct, frozen=True):
    """A number, or several, that must be equal over the files and over the lake."""

    what: str
    files: str
    """SQL over tables of the delivered files."""
    lake: str
    """SQL over the lake's own tables."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """One system; times in microseconds."""

    name: str
    app: str
    settings: Mapping[str, Any]
    """Of `footfall.toml`, as nested tables."""
    destinations: tuple[str, ...]
    is_quiet: str = ""
    """SQL whose number is 0 when nothing more follows from what was sent; then what is late is
    sent."""
    crawls: tuple[Crawled, ...] = ()
    statements: tuple[str, ...] = ()
    """Run once, after the crawls, as they are written."""
    saved: tuple[Saved, ...] = ()
    dashboard: Mapping[str, Any] | None = None
    checks: tuple[Check, ...] = ()
