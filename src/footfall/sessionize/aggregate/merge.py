"""Aggregates of a call's sessions: those of its events and those of earlier sessions, merged."""

from __future__ import annotations

import numpy as np
import polars as pl

from footfall.sessionize.aggregate.contest import Contest
from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.aggregate.pieces import Pieces
from footfall.sessionize.rows.columns import FIRST, FLAGS, LAST, SUMS
from footfall.sessionize.rows.packing import NEVER, Ints
from footfall.sessionize.rows.plain import Made
from footfall.sessionize.rows.state import Found


def merge(
    events: SortedEvents,
    piece: Ints,
    piece_session: Ints,
    count: int,
    found: Found,
    numbers: pl.DataFrame,
    row_session: Ints,
) -> tuple[dict[str, pl.Series], dict[str, Made]]:
    """Columns of the state for each session, but names, id, what is written, and own ones.

    Those that are there, and those that are made when they are asked for.

    Args:
        events: The call's events.
        piece: Position of the first event of each run of events of one session.
        piece_session: The session that each is of, below `count`; one piece a session.
        count: How many sessions there are. Each has a piece or an earlier session.
        found: Earlier sessions that go into these, in any order.
        numbers: Their columns `StateColumns.numbers`.
        row_session: The session that each goes into.
    """
    pieces = Pieces(events, piece)
    columns: dict[str, pl.Series] = {}
    for name in SUMS:
        total = np.zeros(count, np.int64)
        total[piece_session] = pieces.sums[name]
        np.add.at(total, row_session, numbers[name].to_numpy())
        columns[name] = pl.Series(total)
    for name in FLAGS:
        flag = np.zeros(count, np.bool_)
        flag[piece_session] = pieces.flags[name]
        flag[row_session[numbers[name].to_numpy()]] = True
        columns[name] = pl.Series(flag)
    since = numbers["pending_since"].to_numpy()
    waiting = np.full(count, NEVER)
    np.minimum.at(waiting, row_session[since > 0], since[since > 0])
    columns["pending_since"] = pl.Series(np.where(waiting == NEVER, 0, waiting))
    contest = Contest(events, pieces, found, row_session, piece_session)
    times = {FIRST: np.full(count, NEVER), LAST: np.full(count, -NEVER)}
    for group, extreme in ((FIRST, np.minimum), (LAST, np.maximum)):
        times[group][piece_session] = pieces.times(group)
        extreme.at(times[group], row_session, numbers[group.time_column].to_numpy())
        columns[group.time_column] = pl.Series(times[group])
    return columns, contest.columns(numbers)
