"""Rows lost to damage: a data file that cannot be read leaves the table, and what went is kept.

Only where a person asked for it. The commit that takes the file out also sets the table property
`footfall.lost`, so that ledgers and tables go on adding up, and a row that is missing otherwise
still shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import msgspec
from pyiceberg.manifest import DataFile

from footfall.errors import Conflict
from footfall.lake.commit.lake import Lake
from footfall.lake.location import place_of

LOST_PROPERTY: Final = "footfall.lost"


class LostRows(msgspec.Struct, frozen=True):
    """What damage took out of one table, since ever."""

    rows: int = 0
    epochs: dict[int, int] = {}
    """Of epochs whose ledger was known at the time."""


def lost_rows(lake: Lake, table: str) -> LostRows:
    """What damage took out of `table` so far."""
    text = lake.table(table).properties.get(LOST_PROPERTY)
    return LostRows() if text is None else msgspec.json.decode(text, type=LostRows)


def replace_damaged(
    lake: Lake, table: str, paths: Collection[str], add: Sequence[DataFile], lost: LostRows
) -> None:
    """Put `add` in the place of damaged data files, and note what is lost with them.

    Args:
        lake: Nobody else maintains it.
        table: One of `TABLES`.
        paths: Of the damaged files, as `inspect_data_files` names them.
        add: Durable files with what could be made again of their rows.
        lost: The other rows of theirs.

    Raises:
        Conflict: one of the files is not in the table any more; look again.
        CommitUnknown: as `Lake.commit`; look again.
    """
    files = [file for file in lake.data_files(table) if place_of(file.file_path) in paths]
    before = lost_rows(lake, table)
    properties = {}
    if lost.rows:
        epochs = Counter(before.epochs)
        epochs.update(lost.epochs)
        after = LostRows(before.rows + lost.rows, dict(sorted(epochs.items())))
        properties[LOST_PROPERTY] = msgspec.json.encode(after).decode()
    if len(files) != len(paths) or not lake.replace(table, files, add, properties):
        raise Conflict(f"data files were replaced meanwhile; run it again: {table=}")
