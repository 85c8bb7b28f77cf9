"""Which files are which table, and what their folders say: from paths alone.

A place's first-level folders are a table each, unless they are partitions (`year=2026`, `2026`) or
hold files of like columns. Folders below a table's root are its partitions: `name=value` gives a
column of that name, anything else `partition_0`, `partition_1`, … by its depth. A table may have
both, and each file has a value for those that its own folders say.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from footfall.catalog.entries import NAME, Partition

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


class Folder(msgspec.Struct, frozen=True):
    """Where a file has the value of a partition."""

    depth: int
    """Number of the folder, from the outside; -1: the file has none."""
    is_hive: bool
    """The folder is `name=value`."""


_NOWHERE: Final = Folder(-1, False)


def partitions_of(paths: Iterable[str], known: Sequence[Partition] = ()) -> tuple[Partition, ...]:
    """Partition columns, outermost first.

    Args:
        paths: Of the table's files, below its root.
        known: Those that were found or declared before; they stay, and others follow.
    """
    found, keys = list(known), {one.key for one in known}
    names = _declared(known)
    signs = {_keys(folders, names) for folders in {tuple(path.split("/")[:-1]) for path in paths}}
    for sign in sorted(signs, key=lambda one: (-len(one), one)):
        for key in sign:
            if key not in keys:
                keys.add(key)
                found.append(Partition(key, key))
    return tuple(found[:PARTITIONS_MAX])


def folders_with(path: str, partitions: Sequence[Partition]) -> tuple[Folder, ...]:
    """Where a file, below its table's root, has the value of each partition."""
    folders = path.split("/")[:-1]
    keys = _keys(folders, _declared(partitions))
    where = {key: Folder(at, _is_hive(folders[at])) for at, key in enumerate(keys)}
    return tuple(where.get(one.key, _NOWHERE) for one in partitions)


def _declared(partitions: Sequence[Partition]) -> tuple[str, ...]:
    return tuple(one.key for one in partitions if one.type)


def _keys(folders: Sequence[str], declared: Sequence[str]) -> tuple[str, ...]:
    """Which partition each folder is: those that were declared in their order or by their names."""
    return unique(_key(folder, depth, declared) for depth, folder in enumerate(folders))


def _key(folder: str, depth: int, declared: Sequence[str]) -> str:
    name = column_name(folder.partition("=")[0]) if _is_hive(folder) else ""
    if depth < len(declared) and name not in declared:
        return declared[depth]
    return name or f"partition_{depth}"


def _is_hive(folder: str) -> bool:
    return "=" in folder.lstrip("=")


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
