"""What a look at a state says to who looked before: sessions closed since, open ones by app."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.session import SESSION_SCHEMA
from footfall.sessionize.rows.hot import closable
from footfall.sessionize.rows.packing import Keys
from footfall.sessionize.rows.state import SessionState
from footfall.sessionize.rows.table import session_rows
from footfall.sessionize.rows.visitors import code_visitors, in_one_piece

SAID_MAX: Final = 1 << 16
"""Sessions that are closed and not written; of more the first are looked at, until some are."""
_SAID: Final = ("session_id", "ended_at", "events", "views")
"""What tells one form of a session from another: a late event changes one of them."""
NOTHING: Final[Keys] = np.zeros(0, np.uint64)
"""Said so far."""


def new_closed(
    state: SessionState, closed_before: int, said: Keys, rows_max: int
) -> tuple[pa.Table, Keys]:
    """Sessions that `close` would write now, without those that were said.

    Args:
        state: With what is known now.
        closed_before: As of the definition.
        said: What the call before returned; `NOTHING` at first.
        rows_max: Most rows to return; the others stay unsaid.

    Returns:
        `SESSION_SCHEMA`, with the revision they will be written as; and what is said now: a hash of
        each form. Two that share one are said as one, once in 2^32 times as many.
    """
    room, parts, forms = SAID_MAX, list[pl.DataFrame](), [NOTHING]
    for segment in state.segments:
        rows = np.flatnonzero(closable(segment, closed_before))[:room]
        room -= len(rows)
        if not len(rows):
            continue
        form: Keys = segment.take(list(_SAID), rows).hash_rows().to_numpy()
        is_new = ~np.isin(form, said)
        most = np.flatnonzero(is_new)[:rows_max]
        rows_max -= len(most)
        is_new[most] = False  # those that are left are not said yet
        forms.append(form[~is_new])
        if len(most):
            parts.append(segment.take(state.columns.shown, rows[most]))
    now = np.concatenate(forms)
    if not parts:
        return SESSION_SCHEMA.empty_table(), now
    return session_rows(pl.concat(parts), 0, state.columns.engagement), now


def open_by_app(state: SessionState, closed_before: int) -> dict[str, int]:
    """How many sessions the watermark has not closed, for each app that has some."""
    found: dict[str, int] = {}
    for segment in state.segments:
        first, last = segment.rows.ended
        if last < closed_before:
            continue
        is_open = ~segment.dead
        if first < closed_before:
            is_open &= segment.rows.numbers("ended_at") >= closed_before
        for app, count in segment.rows.counts("app_id", np.flatnonzero(is_open)).items():
            found[app] = found.get(app, 0) + count
    return {app: found[app] for app in sorted(found)}


def known_ids(state: SessionState, sessions: pa.Table) -> pl.Series:
    """Ids of the sessions that the state has of the visitors of `sessions`."""
    apps, names = (in_one_piece(sessions.column(name)) for name in ("app_id", "visitor_id"))
    visitors, _ = code_visitors(apps, names)
    return state.find(visitors).frame(["session_id"])["session_id"]
