"""Arrow columns, a few at a time: replace, and compute per distinct value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def with_columns(table: pa.Table, columns: Mapping[str, pa.Array | pa.ChunkedArray]) -> pa.Table:
    """`table` with columns replaced in their place, or added at the end."""
    for name, column in columns.items():
        index = table.schema.get_field_index(name)
        field = pa.field(name, column.type)
        if index < 0:
            table = table.append_column(field, column)
        else:
            table = table.set_column(index, field, column)
    return table


def column(table: pa.Table, name: str) -> pa.Array:
    """A column in one piece."""
    found = table.column(name)
    return found.chunk(0) if found.num_chunks == 1 else found.combine_chunks()


def per_distinct(
    texts: pa.Array,
    compute: Callable[[str], Sequence[Any]],
    fields: Sequence[tuple[str, pa.DataType]],
) -> dict[str, pa.Array]:
    """Columns computed once for each distinct text and given to every row that has it.

    Args:
        texts: Text column; nulls get null in every computed column.
        compute: A text → one value for each of `fields`.
        fields: Names and types of the computed columns.
    """
    encoded = pc.dictionary_encode(texts)
    results = [compute(text) for text in encoded.dictionary.to_pylist()]
    return {
        name: pa.array([result[place] for result in results], kind).take(encoded.indices)
        for place, (name, kind) in enumerate(fields)
    }
