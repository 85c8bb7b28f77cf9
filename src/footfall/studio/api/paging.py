"""One page of a list that is longer than an answer may be, newest first.

A page ends with the place of its last row, and the next one begins after it: rows that come
meanwhile move nothing.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
from litestar.di import NamedDependency
from litestar.params import FromQuery

from footfall.errors import Invalid

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1_000
_PLACE: Final = re.compile(r"(\d{1,18})\.(\d{1,18})\.(\d{1,9})\.([0-9a-f-]{36})")


class Page(msgspec.Struct, frozen=True):
    """Which rows of the list are asked for."""

    limit: int = LIMIT_DEFAULT
    after: tuple[int, int, int, str] | None = None
    """Of the last row that is known already: when its request was received (microseconds), its
    offset in the log, its index in the request, and the request's id, which tells partitions of
    the log apart."""


async def asked_page(limit: FromQuery[int] = LIMIT_DEFAULT, after: FromQuery[str] = "") -> Page:
    """Of the query's `limit`, and `after`: what the page before said as `next`.

    Raises:
        Invalid: the limit is out of bounds, or `after` is not from a page.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise Invalid(f"limit is from 1 to {LIMIT_MAX}; ask for further pages with after")
    if not after:
        return Page(limit)
    place = _PLACE.fullmatch(after)
    if place is None:
        raise Invalid("after is what the page before has as next; leave it out for the first page")
    return Page(limit, (int(place[1]), int(place[2]), int(place[3]), place[4]))


def next_page(received_at: int, offset: int, index: int, request_id: str) -> str:
    """What `after` is for the page that follows a row; see `Page.after`."""
    return f"{received_at}.{offset}.{index}.{request_id}"


Paged = NamedDependency[Page]
