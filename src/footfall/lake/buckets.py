"""In which of n parts of the work a visitor, or an event's id, belongs; the same for ever.

Parts that are done in different processes, on different machines, by different versions, or by
another engine must agree on it. So it is no hash of ours and no library's: it is Iceberg's `bucket`
transform, the 32-bit MurmurHash 3 of a text's UTF-8 or of sixteen bytes, without its sign,
modulo n. Spark, Trino and Flink have it by that name. An app's name is not part of it: visitors of
two apps who have one id share a bucket, and nothing depends on that.

Source: Iceberg table specification, appendix B; docs/formats/buckets.md.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from footfall.errors import Invalid

BUCKETS_MAX: Final = 1 << 15


def buckets_of(values: pa.Array | pa.ChunkedArray, count: int) -> pa.Array | pa.ChunkedArray:
    """The bucket of each value, 0 to `count` - 1, as 32-bit integers; null for null.

    Args:
        values: Texts, such as visitor ids, or binaries of sixteen bytes, such as event ids.
        count: How many buckets there are.

    Raises:
        Invalid: `count` is out of range, or `values` are of another type.
    """
    from pyiceberg_core import transform

    if not 1 <= count <= BUCKETS_MAX:
        raise Invalid(f"a number of buckets from 1 to {BUCKETS_MAX}, not {count}")
    kind = values.type
    if pa.types.is_fixed_size_binary(kind):
        values = values.cast(pa.binary())
    elif not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise Invalid(f"buckets are of texts or of ids of sixteen bytes, not of {kind}")
    if isinstance(values, pa.ChunkedArray):
        parts = [transform.bucket(chunk, count) for chunk in values.chunks]
        return pa.chunked_array(parts, type=pa.int32())
    return transform.bucket(values, count)
