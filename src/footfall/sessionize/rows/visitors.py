"""The distinct visitors of a call.

Visitors get codes 0, 1, 2 … in the order of a 64-bit hash of their names, which is also the order
of the state's segments. The hash is not trusted: names are compared, and where two visitors share a
hash both the coding and the look-up in the state still tell them apart.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from footfall.sessionize.rows.packing import Bools, Ints, Keys
from footfall.sessionize.rows.plain import Made

_APP_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


def visitor_keys(apps: pl.Series, visitors: pl.Series) -> Keys:
    """A hash of each (app, visitor): fast, the same within a process, not free of collisions."""
    return _mixed(apps.hash(seed=1).to_numpy(), visitors)


def _mixed(app_keys: Keys, visitors: pl.Series) -> Keys:
    keys: Keys = visitors.hash().to_numpy()
    return keys ^ (app_keys * _APP_FACTOR)


class Visitors:
    """The distinct visitors of a call, by code."""

    def __init__(self, apps: pl.Series, visitors: pl.Series, keys: Keys) -> None:
        """Take names and hashes, ascending by hash."""
        self.apps = apps
        self.visitors = visitors
        self.keys = keys

    def __len__(self) -> int:
        return len(self.keys)

    def are(self, codes: Ints, apps: pl.Series, visitors: pl.Series) -> Bools:
        """Whether the visitors of `codes` have these names."""
        index = pl.Series(codes)
        same = (self.visitors.gather(index) == visitors) & (self.apps.gather(index) == apps)
        return same.to_numpy()

    def names(self, codes: Ints) -> dict[str, Made]:
        """Their `app_id` and `visitor_id`."""
        index = pl.Series(codes)
        return {
            "app_id": partial(self.apps.gather, index),
            "visitor_id": partial(self.visitors.gather, index),
        }

    def codes_of(self, apps: pl.Series, visitors: pl.Series) -> Ints:
        """Codes of other rows' visitors; -1 for those that are not among these."""
        mine = pl.DataFrame({"app": self.apps, "visitor": self.visitors}).with_row_index("code")
        asked = pl.DataFrame({"app": apps, "visitor": visitors})
        joined = asked.join(mine, on=["app", "visitor"], how="left", maintain_order="left")
        return joined["code"].cast(pl.Int64).fill_null(-1).to_numpy()


def code_visitors(apps: pa.Array, names: pa.Array) -> tuple[Visitors, npt.NDArray[np.int32]]:
    """Distinct visitors, and the code of each row."""
    encoded = apps.dictionary_encode()
    app = encoded.indices.to_numpy()
    distinct = pl.Series(pl.from_arrow(encoded.dictionary))
    visitors = pl.Series(pl.from_arrow(names))
    keys = _mixed(distinct.hash(seed=1).to_numpy()[app], visitors)
    # Finding equal hashes in a table is several times as fast as sorting all of them.
    hashed = pa.array(keys).dictionary_encode()
    different = hashed.dictionary.to_numpy()
    order = np.argsort(different)
    numbers = np.empty(len(order), np.int32)
    numbers[order] = np.arange(len(order), dtype=np.int32)
    codes = numbers[hashed.indices.to_numpy()]
    examples = np.empty(len(order), np.int64)
    examples[codes] = np.arange(len(codes))
    some = visitors.gather(pl.Series(examples))
    is_exact = bool((some.gather(pl.Series(codes)) == visitors).all())
    if is_exact and (len(distinct) <= 1 or np.array_equal(app[examples][codes], app)):
        return Visitors(distinct.gather(pl.Series(app[examples])), some, different[order]), codes
    return _code_by_name(distinct.gather(pl.Series(app)), visitors, keys)


def _code_by_name(
    apps: pl.Series, visitors: pl.Series, keys: Keys
) -> tuple[Visitors, npt.NDArray[np.int32]]:
    """The slow way, for when hashes collide."""
    rows = pl.DataFrame({"key": keys, "app": apps, "visitor": visitors})
    distinct = rows.unique().sort("key", "app", "visitor")
    found = Visitors(distinct["app"], distinct["visitor"], distinct["key"].to_numpy())
    return found, found.codes_of(apps, visitors).astype(np.int32)


def in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    """The same in one array."""
    if column.num_chunks == 1:
        return column.chunk(0)
    return column.combine_chunks() if column.num_chunks else pa.array([], column.type)
