"""Files of one day, files of none, and how a commit names both.

A day of event time is a partition. But an epoch's rows may fall on a thousand days, and a file for
each would make its commit take half a minute. So rows of days that are not *live* go to one file a
table that belongs to no day, by a second partition spec of the same table, one without fields. They
are rows of the table like any others, in the same commit, for every reader and every engine that
knows Iceberg; only, who asks for a day cannot tell from the manifest that it may leave the file
out. They *wait*: maintenance gives them to their days in bulk (`_waiting`).

Rejected: a second table for what waits. It takes a second commit, so each reader would have to be
told by the cut which of the two has a row, and other engines could not be told at all.

PyIceberg (0.12) writes the manifest of added files by the table's default spec. So a commit that
adds files of both kinds makes two snapshots, the default being another for the first of them;
whoever asks the catalog gets the last. In between there is nothing to see, except by travelling in
time: there rows may be missing, never twice.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container, Iterator, Sequence
from typing import Final

from pyiceberg.manifest import DataFile
from pyiceberg.table import Transaction
from pyiceberg.transforms import DayTransform

from footfall.lake.tables.specs import TABLES

Days = Container[int]
"""Days since 1970."""
NO_DAYS: Final[Days] = frozenset()
"""All rows go to files without a day."""
_LAST_DAY: Final = 1 << 31


def days_from(first: int) -> Days:
    """All days from `first` on."""
    return range(first, _LAST_DAY)


def day_of(file: DataFile) -> int | None:
    """Of all rows of a data file, days since 1970; none in a table without days, or if it waits."""
    return file.partition[0] if len(file.partition) else None


def is_waiting(table: str, file: DataFile) -> bool:
    """Whether the rows of a data file of `table` wait for their days."""
    return _has_days(table) and not len(file.partition)


def _has_days(table: str) -> bool:
    """A table that this version does not know waits for nothing."""
    return table in TABLES and TABLES[table].day is not None


def commits_of(table: str, files: Sequence[DataFile]) -> int:
    """How many snapshots it takes to add `files`; one for none."""
    return len({is_waiting(table, file) for file in files}) or 1


def append(transaction: Transaction, table: str, files: Sequence[DataFile]) -> None:
    """Stage the addition of `files`, of either kind."""
    for part in _kinds(transaction, table, files):
        with transaction.update_snapshot().merge_append() as snapshot:
            for file in part:
                snapshot.append_data_file(file)


def overwrite(
    transaction: Transaction, table: str, remove: Sequence[DataFile], add: Sequence[DataFile]
) -> None:
    """Stage a swap of files of either kind."""
    left = list(remove)
    for part in _kinds(transaction, table, add):
        with transaction.update_snapshot().overwrite() as snapshot:
            while left:
                snapshot.delete_data_file(left.pop())
            for file in part:
                snapshot.append_data_file(file)


def _kinds(
    transaction: Transaction, table: str, files: Sequence[DataFile]
) -> Iterator[list[DataFile]]:
    """First those that wait, while the table has no days by default, then the others."""
    waiting = [file for file in files if is_waiting(table, file)]
    others = [file for file in files if not is_waiting(table, file)]
    if waiting:
        with _without_days(transaction, table):
            yield waiting
    if others or not waiting:
        yield others


@contextlib.contextmanager
def _without_days(transaction: Transaction, table: str) -> Iterator[None]:
    name = TABLES[table].day_field
    with transaction.update_spec() as spec:
        spec.remove_field(name)
    yield
    with transaction.update_spec() as spec:
        spec.add_field(str(TABLES[table].day), DayTransform(), name)
