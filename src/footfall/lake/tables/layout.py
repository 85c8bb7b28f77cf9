"""How rows lie in data files: encodings, statistics, sizes. Chosen by measurement.

Their order, and which bounds are kept, is each table's own: `footfall.lake.tables.specs`.

Measured on a million events of the demo's shop (`benchmarks/bench_bytes.py`, docs/performance.md):

- Sorted by visitor and time, what a visitor's events share (ids, device, campaign, session) costs
  next to nothing; in log order those columns alone take half as much again as everything else.
- Only plain and dictionary pages are written. On sorted rows zstd over plain 8-byte values beats
  delta encoding of timestamps (2.9 against 3.2 bytes) and byte-stream-split (3.6); delta encodings
  of texts win 0.2 bytes an event together, and cost every reader that does not know them.
- Ids of a visitor get no dictionary, which would hold each once and then be referred to by numbers
  as long as what zstd makes of a repetition. zstd's fast level is *better* there than the slow ones
  (1.28 against 1.45 bytes for `visitor_id`): its matches are long and far apart.
- JSON texts gain a sixth from the slow level, request ids a twentieth, the rest little.

Statistics are kept for columns that prune: a manifest entry holds two bounds for each, in every
data file, for ever. Random ids and JSON texts have none.
"""

from __future__ import annotations

from typing import Final

import msgspec
import pyarrow as pa

from footfall.lake.tables.specs import TABLES


class FileShape(msgspec.Struct, frozen=True):
    """How large files and their parts are, and how hard they are compressed."""

    row_group_rows: int
    """The least that a reader with statistics, and no page index, must read of a column."""
    file_bytes: int
    """A file is ended after the row group that makes it this large."""
    level: int
    """zstd level of columns that gain from a slow one."""


FRESH: Final = FileShape(row_group_rows=1 << 16, file_bytes=1 << 28, level=1)
"""Of an epoch's commit: written in its time, compacted within the hour."""
COMPACTED: Final = FileShape(row_group_rows=1 << 16, file_bytes=1 << 28, level=6)
"""Of rewritten files. Row groups of 65,536 events are 0.3 bytes an event larger than those of
262,144 and let a look-up of one visitor read a quarter."""

FAST_LEVEL: Final = 1


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OF_A_VISITOR: Final = _names("session_id visitor_id user_id device_id client_session_id ip")
_OF_A_ROW: Final = _names(
    "event_id client_event_id request_id failed_id replayed_as"
    " properties user_properties request_properties payload message"
)
"""Neither kind repeats enough for a dictionary."""
_RANDOM: Final = frozenset(("event_id", "failed_id"))
_WITHOUT_STATISTICS: Final = _names(
    "event_id client_event_id request_id session_id failed_id replayed_as"
    " properties user_properties items request_properties problems payload message"
)


def dictionary_columns(schema: pa.Schema) -> list[str]:
    """Parquet paths of columns with few distinct values.

    Those that turn out to have many fall back to plain pages by themselves.
    """
    return [
        path
        for name, kind, path in _paths(schema)
        if name not in _OF_A_VISITOR | _OF_A_ROW
        and (pa.types.is_string(kind) or pa.types.is_decimal(kind) or pa.types.is_binary(kind))
    ]


def compression_levels(schema: pa.Schema, level: int) -> dict[str, int]:
    """Zstd level of each Parquet path, `level` where a slow one pays."""
    fast = _OF_A_VISITOR | _RANDOM
    return {path: FAST_LEVEL if name in fast else level for name, _, path in _paths(schema)}


def statistics_columns(schema: pa.Schema) -> list[str]:
    """Parquet paths of columns whose row groups and pages say their bounds."""
    return [path for name, _, path in _paths(schema) if name not in _WITHOUT_STATISTICS]


def metrics_modes(table: str, schema: pa.Schema) -> dict[str, str]:
    """Iceberg's table properties for what manifests hold of each column."""
    bounded = TABLES[table].bounded
    prefix = "write.metadata.metrics."
    modes = {f"{prefix}column.{name}": "truncate(16)" for name in schema.names if name in bounded}
    none = {f"{prefix}column.{name}": "none" for name in schema.names if name not in bounded}
    return {f"{prefix}default": "none", **none, **modes}


def _paths(schema: pa.Schema) -> list[tuple[str, pa.DataType, str]]:
    """Name, type and Parquet path of each column; of a list its elements'."""
    found = []
    for field in schema:
        kind, path = field.type, field.name
        if pa.types.is_list(kind):
            kind, path = kind.value_type, f"{field.name}.list.element"
        found.append((field.name, kind, path))
    return found
