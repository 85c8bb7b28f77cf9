"""What a look at a state says to who looked before: sessions closed since, open ones by app."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.sessionize.rows.hot import closable
from footfall.sessionize.rows.state import SessionState
from footfall.sessionize.rows.table import session_rows
from footfall.sessionize.rows.visitors import code_visitors, in_one_piece

SAID_MAX: Final = 1 << 18
"""Sessions that are closed and not written; of more the first are looked at, until some are."""
_SAID: Final = ("session_id", "ended_at", "events", "views")
"""What tells one form of a session from another: a late event changes one of them."""


def new_closed(
    state: SessionState, closed_before: int, said: pl.DataFrame | None, rows_max: int
) -> tuple[pa.Table, pl.DataFrame]:
    """Sessions that `close` would write now, without those that were said.

    Args:
        state: With what is known now.
        closed_before: As of the definition.
        said: What the call before returned; none at first.
        rows_max: Most rows to return; the others stay unsaid.

    Returns:
        `SESSION_SCHEMA`, with the revision they will be written as; and what is said now.
    """
    room, parts, forms = SAID_MAX, [state.columns.empty()], []
    for segment in state.segments:
        rows = np.flatnonzero(closable(segment, closed_before))[:room]
        room -= len(rows)
        if not len(rows):
            continue
        form = segment.take(list(_SAID), rows)
        is_new = _is_new(form, said)
        most = np.flatnonzero(is_new)[: max(rows_max, 0)]
        rows_max -= len(most)
        is_new[most] = False  # those that are left are not said yet
        forms.append(form.filter(pl.Series(~is_new)))
        if len(most):
            parts.append(segment.take(list(state.columns.schema), rows[most]))
    none = state.columns.empty().select(_SAID)
    return (
        session_rows(pl.concat(parts), 0, state.columns.engagement),
        pl.concat([none, *forms]),
    )


def _is_new(
    form: pl.DataFrame, said: pl.DataFrame | None
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if said is None or not said.height:
        return np.ones(form.height, np.bool_)
    known = form.join(
        said.with_columns(is_said=True), on=list(_SAID), how="left", maintain_order="left"
    )
    return known["is_said"].is_null().to_numpy().copy()


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
