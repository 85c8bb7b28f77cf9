"""A number that tells two payloads apart: same event id, same fingerprint, then it is a retry.

A fingerprint follows from columns of the event as the lake has them, and from nothing that sending
again may change: not from ids of event and request, the times of sending and receipt, the address,
what follows from headers, or what the request says beside its events (a counter of tries, a
sequence). Keys of an object have no order, and `1.0` is `1`. So it can be computed again from the
lake. Its definition is ours (docs/formats/duplicates.md), no library's: what was remembered stays
right across versions.

It is no defence: who wants two payloads of one fingerprint can make them, and loses one of them.
Two that differ by accident share one with a chance of about 2⁻⁶⁰.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.duplicates.keys import Keys, Places
from footfall.enrich.columns import column

UNKNOWN: Final = 0
"""Stands for a fingerprint that nobody has; equals every other."""

FINGERPRINT_COLUMNS: Final = (
    "event_name",
    "created_at",
    "visitor_id",
    "user_id",
    "page_url",
    "screen_name",
    "value",
    "currency",
    "engagement_ms",
    "search_term",
    "link_url",
    "error_code",
    "error_message",
    "properties",
    "user_properties",
    "items",
)
"""In this order, for ever; another list is another definition."""

_JSON: Final = frozenset({"properties", "user_properties", "items"})
_WHOLE_FRACTION: Final = r"([0-9])\.0([,}\]])"

_REPEATED: Final = frozenset({"event_name", "visitor_id", "user_id", "page_url", "screen_name"})
"""Columns with few distinct values in a batch: each is hashed once. Changes no result."""

_WORD: Final = np.uint64(0x9E37_79B9_7F4A_7C15)
_LENGTH: Final = np.uint64(0xC2B2_AE3D_27D4_EB4F)
_COLUMN: Final = np.uint64(0xD6E8_FEB8_6659_FD93)
"""Odd numbers without a pattern."""
_WORD_INVERSE: Final = np.uint64(pow(int(_WORD), -1, 2**64))

_CHUNK_WORDS: Final = 1 << 16
"""How many words are hashed at once: their arrays stay in the processor's cache (512 KiB each)."""

_32: Final = np.uint64(32)
_29: Final = np.uint64(29)
_TAILS: Final = np.array([(1 << (8 * size)) - 1 for size in range(8)], dtype=np.uint64)
_POWERS: Final = {
    int(base): np.cumprod(np.full(_CHUNK_WORDS + 1, base), dtype=np.uint64)
    for base in (_WORD, _WORD_INVERSE)
}


def fingerprints(events: pa.Table) -> Keys:
    """One for each event, never 0; all `UNKNOWN` if a column is missing.

    Args:
        events: With `FINGERPRINT_COLUMNS`, in the types of `EVENT_SCHEMA`.
    """
    total = np.zeros(events.num_rows, dtype=np.uint64)
    if not set(FINGERPRINT_COLUMNS) <= set(events.column_names):
        return total
    with np.errstate(over="ignore"):
        weight = _COLUMN
        for name in FINGERPRINT_COLUMNS:
            values = column(events, name)
            if name in _JSON:
                values = _comparable(values)
            _add(total, values, weight, is_repeated=name in _REPEATED)
            weight = weight * _COLUMN
        mixed = _mix(total)
    mixed[mixed == UNKNOWN] = 1
    return mixed


def _comparable(texts: pa.Array) -> pa.Array:
    """JSON as it is compared: `1` for `1.0`; `decode` has sorted its keys.

    A text within the JSON that looks like such a number is changed as well. It only makes two
    payloads equal that differ there alone.
    """
    if texts.null_count == len(texts) or not _has_dot_zero(texts):
        return texts
    return pc.replace_substring_regex(texts, _WHOLE_FRACTION, r"\1\2")


def _has_dot_zero(texts: pa.Array) -> bool:
    """Whether `.0` is in any of them, or where two meet; most batches have none.

    Two comparisons of all bytes take a twentieth of the time that Arrow's search takes.
    """
    ends = _ends(texts)
    start, size = int(ends[0]), int(ends[-1] - ends[0])
    if size == 0:
        return False
    data = np.frombuffer(texts.buffers()[2], np.uint8, size, start)
    return bool(((data[:-1] == ord(".")) & (data[1:] == ord("0"))).any())


def _add(total: Keys, values: pa.Array, weight: np.uint64, *, is_repeated: bool) -> None:
    """Add a column's part; a null's is nothing.

    Sums have no order, so each column has a weight of its own: else a text that moves from
    `page_url` to `link_url` would not show. An empty text is not null and adds something.
    """
    if values.null_count == len(values):
        return
    if values.null_count:
        places = np.flatnonzero(pc.is_valid(values).to_numpy(zero_copy_only=False))
        total[places] += _hash(values.drop_null(), is_repeated=is_repeated) * weight
    else:
        total += _hash(values, is_repeated=is_repeated) * weight


def _hash(values: pa.Array, *, is_repeated: bool) -> Keys:
    if is_repeated:
        # Ten thousand events have some twenty names: hash those, and look up each event's.
        encoded = pc.dictionary_encode(values)
        distinct = _mix(_texts(encoded.dictionary))
        found: Keys = distinct[encoded.indices.to_numpy()]
        return found
    if pa.types.is_string(values.type):
        return _mix(_texts(values))
    width = values.type.bit_width // 64
    words = np.frombuffer(
        values.buffers()[1],
        dtype="<u8",
        offset=8 * width * values.offset,
        count=width * len(values),
    ).reshape(-1, width)
    powers = np.cumprod(np.full(width, _WORD), dtype=np.uint64)
    weighed = ((words ^ (words >> _32)) * powers).sum(axis=1, dtype=np.uint64)
    return _mix(weighed + np.uint64(8 * width + 1) * _LENGTH)


def _mix(number: Keys) -> Keys:
    """Spread every bit over all others; two numbers never become one.

    Multiplying moves a bit to those above it only, shifting down brings it back below: with both,
    payloads that differ in one bit have fingerprints that differ in about 32.
    """
    mixed = number ^ (number >> _32)
    mixed *= _LENGTH
    mixed ^= mixed >> _29
    mixed *= _WORD
    mixed ^= mixed >> _32
    return mixed


def _texts(texts: pa.Array) -> Keys:
    """Σ w(j) · W^(j+1) over a text's words of eight bytes, plus (bytes + 1) · L.

    With w = word ^ (word >> 32). The last word is filled up with zeros, and may be zeros only. The
    sum is over all texts of a chunk in one go: powers count from the chunk's first word, and each
    text's sum is turned back by the power of its first word. Three texts of 8, 3 and 9 bytes:

        starts 0 8 11         counts 2 1 2 (whole words, and one more)     first 0 2 3    last 1 2 4
        byte of each word     0 8    8    11 19
        bytes that count      8 0    3    8 1       (those after belong to the next text: masked)
        power of each word    1 2    3    4 5
        turned back by        0      2    3         so each text's powers are 1, 2, …

    W is odd, so it has an inverse modulo 2^64, and turning back is exact.
    """
    ends = _ends(texts)
    starts, sizes = ends[:-1].astype(np.int64), np.diff(ends)
    words = _unaligned_words(texts.buffers()[2], int(ends[-1]))
    counts = (sizes >> 3).astype(np.int64) + 1
    tails = _TAILS[sizes & 7]
    found = np.empty(len(texts), dtype=np.uint64)
    for rows in _chunks(counts):
        last = np.cumsum(counts[rows]) - 1
        first = last + 1 - counts[rows]
        places = np.repeat(starts[rows] - 8 * first, counts[rows])
        places += 8 * np.arange(len(places))
        chunk = words[places]
        chunk[last] &= tails[rows]
        chunk ^= chunk >> _32
        chunk *= _powers(_WORD, len(chunk))
        back = _powers(_WORD_INVERSE, len(chunk) + 1)[first] * _WORD
        found[rows] = np.add.reduceat(chunk, first) * back
    found += (sizes.astype(np.uint64) + np.uint64(1)) * _LENGTH
    return found


def _ends(texts: pa.Array) -> Any:
    """Where each text ends among their bytes, after where the first begins."""
    return np.frombuffer(texts.buffers()[1], "<i4", len(texts) + 1, 4 * texts.offset)


def _unaligned_words(data: pa.Buffer | None, size: int) -> Any:
    """The eight bytes from each byte on, as numbers; a view of the buffer if it has room."""
    if data is None or data.size < size + 8:
        room = np.zeros(size + 8, dtype=np.uint8)
        if data is not None:
            room[:size] = np.frombuffer(data, np.uint8, size)
        data = pa.py_buffer(room)
    return np.ndarray((size + 1,), "<u8", buffer=data, strides=(1,))


def _chunks(counts: Places) -> Iterator[slice]:
    """Rows in pieces of about `_CHUNK_WORDS`; a longer one alone."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = int(ends[start - 1]) if start else 0
        end = int(np.searchsorted(ends, before + _CHUNK_WORDS, "right"))
        end = max(end, start + 1)
        yield slice(start, end)
        start = end


def _powers(base: np.uint64, count: int) -> Keys:
    """Powers of `base`: the first, the second, …."""
    kept = _POWERS[int(base)]
    return kept[:count] if count <= len(kept) else np.cumprod(np.full(count, base), dtype=np.uint64)
