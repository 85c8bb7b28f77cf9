"""Which hosts are one site: a visitor who goes on within it was not referred by it."""

from __future__ import annotations

import functools

import pyarrow as pa
import pyarrow.compute as pc

from footfall.enrich.columns import per_distinct


@functools.lru_cache(maxsize=10_000)
def is_same_site(left: str, right: str) -> bool:
    """Whether two hosts are one site: equal but for `www.`, or one a subdomain of the other."""
    left, right = left.removeprefix("www."), right.removeprefix("www.")
    return left == right or left.endswith("." + right) or right.endswith("." + left)


def are_outside(referrers: pa.Array, pages: pa.Array) -> pa.Array:
    """Where there is a referring host, and it is not of the page's own site; never null."""
    pairs = pc.binary_join_element_wise(
        referrers, pages, "\n", null_handling="replace", null_replacement=""
    )
    return per_distinct(pairs, _is_outside, (("outside", pa.bool_()),))["outside"]


def _is_outside(pair: str) -> tuple[bool]:
    referrer, _, page = pair.partition("\n")
    return (bool(referrer) and not (page and is_same_site(referrer, page)),)
