"""BLAKE2b of many short messages at once, compiled; importing it costs a second and 130 MB.

The same as `hashlib.blake2b(message, digest_size=16, person=person)` of each message, and eight
times as fast, because no object is made for any. Only `session_ids` imports it, for large batches.
Compiled code is kept in the user's cache directory; where that cannot be written to, each process
compiles anew, which takes some seconds.

Source: RFC 7693.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
from numba.core import config as numba_config
from numba.misc import appdirs

from footfall.machine.compiled import kept

_CONFIG: Any = numba_config
_DIRECTORIES: Any = appdirs

Bytes = npt.NDArray[np.uint8]

_IV: Final = np.array(
    [
        *(0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1),
        *(0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179),
    ],
    np.uint64,
)
_ORDER: Final = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    np.uint8,
)
"""Which words of a block each round takes."""
_BLOCK: Final = 128
_PARAMETERS: Final = np.uint64(0x01010000 ^ 16)
"""Sixteen bytes of digest, no key, no tree."""


def _compiled(function: Any) -> Any:
    directory = _CONFIG.CACHE_DIR or str(_DIRECTORIES.user_cache_dir("footfall"))
    try:
        Path(directory).mkdir(parents=True, exist_ok=True)
        is_kept = os.access(directory, os.W_OK)
    except OSError:
        is_kept = False
    _CONFIG.CACHE_DIR = directory if is_kept else ""
    return kept(function, nogil=True) if is_kept else numba.njit(nogil=True)(function)


@_compiled
def _rotated(word, by):  # type: ignore[no-untyped-def] # compiled for words of 64 bits
    return (word >> np.uint64(by)) | (word << np.uint64(64 - by))


@_compiled
def _mixed(a, b, c, d, x, y):  # type: ignore[no-untyped-def] # compiled for words of 64 bits
    a = a + b + x
    d = _rotated(d ^ a, 32)
    c = c + d
    b = _rotated(b ^ c, 24)
    a = a + b + y
    d = _rotated(d ^ a, 16)
    c = c + d
    b = _rotated(b ^ c, 63)
    return a, b, c, d


@_compiled
def _compress(h, m, length, is_last):  # type: ignore[no-untyped-def] # compiled for words
    v0, v1, v2, v3, v4, v5, v6, v7 = h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
    v8, v9, va, vb, vd, vf = _IV[0], _IV[1], _IV[2], _IV[3], _IV[5], _IV[7]
    vc = _IV[4] ^ length
    ve = ~_IV[6] if is_last else _IV[6]
    for turn in range(12):
        s = _ORDER[turn]
        v0, v4, v8, vc = _mixed(v0, v4, v8, vc, m[s[0]], m[s[1]])
        v1, v5, v9, vd = _mixed(v1, v5, v9, vd, m[s[2]], m[s[3]])
        v2, v6, va, ve = _mixed(v2, v6, va, ve, m[s[4]], m[s[5]])
        v3, v7, vb, vf = _mixed(v3, v7, vb, vf, m[s[6]], m[s[7]])
        v0, v5, va, vf = _mixed(v0, v5, va, vf, m[s[8]], m[s[9]])
        v1, v6, vb, vc = _mixed(v1, v6, vb, vc, m[s[10]], m[s[11]])
        v2, v7, v8, vd = _mixed(v2, v7, v8, vd, m[s[12]], m[s[13]])
        v3, v4, v9, ve = _mixed(v3, v4, v9, ve, m[s[14]], m[s[15]])
    h[0] ^= v0 ^ v8
    h[1] ^= v1 ^ v9
    h[2] ^= v2 ^ va
    h[3] ^= v3 ^ vb
    h[4] ^= v4 ^ vc
    h[5] ^= v5 ^ vd
    h[6] ^= v6 ^ ve
    h[7] ^= v7 ^ vf


@_compiled
def _digest_all(texts, offsets, code, starts, person, found):  # type: ignore[no-untyped-def] # "
    longest = 0
    for one in range(len(offsets) - 1):
        longest = max(longest, offsets[one + 1] - offsets[one])
    message = np.zeros((longest + 8 + _BLOCK) // _BLOCK * _BLOCK, np.uint8)
    words = message.view(np.uint64)
    h = np.empty(8, np.uint64)
    for row in range(len(code)):
        low, high = offsets[code[row]], offsets[code[row] + 1]
        size = high - low + 8
        blocks = max((size + _BLOCK - 1) // _BLOCK, 1)
        message[: high - low] = texts[low:high]
        start = np.uint64(starts[row])
        for place in range(8):
            message[high - low + place] = np.uint8((start >> np.uint64(56 - 8 * place)) & 0xFF)
        message[size : blocks * _BLOCK] = 0
        h[:] = _IV
        h[0] ^= _PARAMETERS
        h[6] ^= person[0]
        h[7] ^= person[1]
        for block in range(blocks):
            is_last = block == blocks - 1
            length = np.uint64(size if is_last else (block + 1) * _BLOCK)
            _compress(h, words[16 * block : 16 * block + 16], length, is_last)
        found[row, 0] = h[0]
        found[row, 1] = h[1]


def digests(
    texts: Bytes,
    offsets: npt.NDArray[np.int64],
    code: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    person: bytes,
) -> bytes:
    """Sixteen bytes for each row: of the text of its code, and its start, 8 bytes big-endian.

    Args:
        texts: Bytes of all texts.
        offsets: Where each begins, and where the last ends.
        code: Which text, of each row.
        starts: Of each row.
        person: At most sixteen bytes.
    """
    found = np.empty((len(code), 2), np.uint64)
    _digest_all(texts, offsets, code, starts, np.frombuffer(person.ljust(16, b"\0"), "<u8"), found)
    return found.astype("<u8", copy=False).tobytes()
