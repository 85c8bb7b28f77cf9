"""Which files are which table, and what their folders say: from paths alone.

A place's first-level folders are a table each, unless they are partitions (`year=2026`, `2026`) or
hold files of like columns. Folders below a table's root are its partitions: `name=value` gives a
column of that name, anything else `partition_0`, `partition_1`, … from the outside in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from footfall.catalog.entries import NAME

_PARTITION: Final = re.compile(r"[^=/]+=.*|\d{1,4}|\d{4}-\d{2}(-\d{2})?|\d{8,10}")
LIKE_MIN: Final = 0.7
"""Share of columns that files of two folders must have in common to be one table."""
PARTITIONS_MAX: Final = 32


def folders_of(paths: Iterable[str]) -> dict[str, list[str]]:
    """Paths by first-level folder; "" for files that lie in none."""
    found: dict[str, list[str]] = {}
    for path in paths:
        first, slash, _ = path.partition("/")
        found.setdefault(first if slash else "", []).append(path)
    return found


def are_partitions(folders: Collection[str]) -> bool:
    """Whether the names of first-level folders are values, not names of tables."""
    named = [folder for folder in folders if folder]
    return bool(named) and all(_PARTITION.fullmatch(folder) for folder in named)


def are_like(columns: Mapping[str, Collection[str]]) -> bool:
    """Whether folders, by their columns, hold the same kind of rows."""
    known = [set(names) for names in columns.values() if names]
    if len(known) < 2:
        return False
    return all(
        len(one & other) >= LIKE_MIN * len(one | other)
        for at, one in enumerate(known)
        for other in known[at + 1 :]
    )


def partitions_of(paths: Sequence[str], known: Sequence[str] = ()) -> tuple[tuple[str, ...], bool]:
    """Names of partition columns, and whether folders are `name=value`.

    Args:
        paths: Of the table's files, below its root.
        known: Names found before; they stay, and more may follow.
    """
    deepest = max((path.split("/")[:-1] for path in paths), key=len, default=[])
    deepest = deepest[:PARTITIONS_MAX]
    is_hive = bool(deepest) and all("=" in folder.strip("=") for folder in deepest)
    if is_hive:
        found = [column_name(folder.partition("=")[0]) for folder in deepest]
    else:
        found = [f"partition_{at}" for at in range(len(deepest))]
    names = [*known, *found[len(known) :]]
    return unique(names), is_hive


def partition_of(path: str) -> str:
    """The folders of a file, as reports name them."""
    return path.rpartition("/")[0]


def table_name(text: str) -> str:
    """A name that statements can have, from whatever a folder is called."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:63]
    return name if NAME.fullmatch(name) else f"t_{name}"[:63].rstrip("_")


def column_name(text: str) -> str:
    """A column's name in lower case; one without any is `column`."""
    return text.strip().lower()[:200] or "column"


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Names that no two share: `a`, `a_2`."""
    taken: set[str] = set()
    found = []
    for name in names:
        candidate, number = name, 2
        while candidate in taken:
            candidate, number = f"{name}_{number}", number + 1
        taken.add(candidate)
        found.append(candidate)
    return tuple(found)
