"""Ids of sessions: a hash of definition, app, visitor and start."""

from __future__ import annotations

import hashlib
import struct
import sys
from collections.abc import Iterable
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.rows.packing import Ints
from footfall.sessionize.rows.visitors import Visitors

_BYTES: Final = 16
"""Of an id; and BLAKE2b's own limit of what it is personalised with."""
COMPILED_MIN: Final = 1 << 16
"""So many ids at once are worth compiled code: it costs 130 MB, and a second to be loaded."""


def session_ids(
    name: str, version: int, apps: Iterable[str], visitors: Iterable[str], starts: Iterable[int]
) -> list[bytes]:
    """Sixteen bytes for each (app, visitor, start in microseconds).

    BLAKE2b-128, personalised with `footfall.<name>.<version>` (with its BLAKE2b-128 where that is
    longer than 16 bytes), of: length of the app id in UTF-8 bytes (4 bytes, big-endian), app id,
    visitor id, start (8 bytes, big-endian, signed). So another definition, or another version of
    it, never gives an id that this one gave.
    """
    template = hashlib.blake2b(digest_size=_BYTES, person=_person(name, version))
    prefixes: dict[str, hashlib.blake2b] = {}
    found = []
    for app, visitor, start in zip(apps, visitors, starts, strict=True):
        prefix = prefixes.get(app)
        if prefix is None:
            prefix = template.copy()
            prefix.update(_prefix(app))
            prefixes[app] = prefix
        digest = prefix.copy()
        digest.update(visitor.encode() + struct.pack(">q", start))
        found.append(digest.digest())
    return found


def ids_of(name: str, version: int, visitors: Visitors, code: Ints, starts: Ints) -> pl.Series:
    """The same of sessions of these visitors, by their codes."""
    if len(code) >= COMPILED_MIN and sys.byteorder == "little":
        return _compiled_ids(name, version, visitors, code, starts)
    index = pl.Series(code)
    apps, names = (column.gather(index).to_list() for column in (visitors.apps, visitors.visitors))
    return pl.Series(session_ids(name, version, apps, names, starts.tolist()), dtype=pl.Binary)


def _compiled_ids(
    name: str, version: int, visitors: Visitors, code: Ints, starts: Ints
) -> pl.Series:
    from footfall.sessionize.rows.blake2 import digests

    different = visitors.apps.unique()
    prefixes = pl.Series([_prefix(app) for app in different], dtype=pl.Binary)
    place = visitors.apps.replace_strict(different, range(len(different)), return_dtype=pl.UInt32)
    texts = pl.DataFrame({"p": prefixes.gather(place), "v": visitors.visitors.cast(pl.Binary)})
    whole = texts.select(pl.col("p") + pl.col("v")).to_series()
    array = whole.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = array.buffers()
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    found = digests(np.frombuffer(data, np.uint8), bounds, code, starts, _person(name, version))
    plain = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(_BYTES), len(code), [None, pa.py_buffer(found)]
    )
    return pl.Series(pl.from_arrow(plain), dtype=pl.Binary)


def _prefix(app: str) -> bytes:
    text = app.encode()
    return struct.pack(">I", len(text)) + text


def _person(name: str, version: int) -> bytes:
    person = f"footfall.{name}.{version}".encode()
    return person if len(person) <= _BYTES else hashlib.blake2b(person, digest_size=_BYTES).digest()
