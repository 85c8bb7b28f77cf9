"""Buckets agree across processes, versions and engines: golden values and the specification."""

from __future__ import annotations

import struct
import subprocess
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import Invalid
from footfall.lake.buckets import BUCKETS_MAX, buckets_of

GOLDEN = {
    "": (0, 0, 0),
    "iceberg": (9, 217, 729),
    "visitor-1": (15, 143, 1935),
    "7c9e6679-7425-40de-944b-e07fc1f90ae7": (3, 211, 2003),
    "żółć 🦊": (10, 26, 1562),
}
UINT = 0xFFFFFFFF


def _murmur(data: bytes) -> int:
    """MurmurHash3_x86_32 with seed 0, from its description."""
    hashed = 0
    for place in range(0, len(data) - len(data) % 4, 4):
        (word,) = struct.unpack_from("<I", data, place)
        hashed ^= _scrambled(word)
        hashed = ((hashed << 13 | hashed >> 19) * 5 + 0xE6546B64) & UINT
    tail = data[len(data) - len(data) % 4 :]
    hashed ^= _scrambled(int.from_bytes(tail, "little")) if tail else 0
    hashed ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        hashed = (hashed ^ hashed >> shift) * factor & UINT
    return hashed


def _scrambled(word: int) -> int:
    word = word * 0xCC9E2D51 & UINT
    word = (word << 15 | word >> 17) & UINT
    return word * 0x1B873593 & UINT


def _expected(data: bytes, count: int) -> int:
    return (_murmur(data) & 0x7FFFFFFF) % count


def test_the_specification_has_one_example() -> None:
    """Iceberg's appendix B: the text "iceberg" hashes to 1210000089."""
    assert _murmur(b"iceberg") == 1210000089


@given(st.lists(st.none() | st.text(max_size=40)), st.integers(1, BUCKETS_MAX))
def test_texts_are_where_the_specification_says(texts: list[str | None], count: int) -> None:
    """Written from its description; nulls are nowhere."""
    wanted = [None if text is None else _expected(text.encode(), count) for text in texts]
    assert buckets_of(pa.array(texts, pa.string()), count).to_pylist() == wanted
    chunks = pa.chunked_array([texts[:1], texts[1:]], pa.string())
    assert buckets_of(chunks, count).to_pylist() == wanted


@given(st.binary(min_size=16, max_size=16), st.integers(1, BUCKETS_MAX))
def test_ids_are_where_the_specification_says(value: bytes, count: int) -> None:
    """A UUID is hashed as its sixteen bytes."""
    ids = pa.array([value], pa.binary(16))
    assert buckets_of(ids, count).to_pylist() == [_expected(value, count)]


@pytest.mark.parametrize("text", GOLDEN)
def test_golden_values_stay(text: str) -> None:
    """A state's files are named by their bucket: another value loses them."""
    found = tuple(buckets_of(pa.array([text]), count)[0].as_py() for count in (16, 256, 4096))
    assert found == GOLDEN[text]


def test_another_process_agrees() -> None:
    """Python's own hash would not: it has a seed for each process."""
    script = (
        "import pyarrow as pa; from footfall.lake import buckets_of;"
        "print(buckets_of(pa.array(['visitor-1']), 4096)[0])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert int(done.stdout) == GOLDEN["visitor-1"][2]


@pytest.mark.parametrize(
    ("values", "count"), [(pa.array(["a"]), 0), (pa.array(["a"]), 1 << 16), (pa.array([1]), 4)]
)
def test_what_has_no_bucket_is_refused(values: pa.Array, count: int) -> None:
    """A sentence, not an error of a library's."""
    with pytest.raises(Invalid, match="buckets"):
        buckets_of(values, count)
