"""Sessions that one micro-batch began, and those it joined to others, by app."""

from __future__ import annotations

from collections import Counter

import msgspec
import polars as pl
import pyarrow as pa

from footfall.sessionize import Sessionized, SessionState, known_ids


class Opened(msgspec.Struct, frozen=True):
    """By app."""

    opened: Counter[str]
    joined: Counter[str]


def opened_by(before: SessionState, found: Sessionized) -> Opened:
    """Sessions of `found` that `before` did not have, and those it had that are no more."""
    touched = found.touched
    is_new = ~_ids(touched).is_in(known_ids(before, touched).implode())
    apps = pl.Series(pl.from_arrow(touched.column("app_id")))
    joined = pl.Series(pl.from_arrow(found.removed.column("app_id")))
    return Opened(Counter(apps.filter(is_new).to_list()), Counter(joined.to_list()))


def _ids(sessions: pa.Table) -> pl.Series:
    return pl.Series(pl.from_arrow(sessions.column("session_id")))
