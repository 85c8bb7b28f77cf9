"""Aggregates of a call's sessions: those of its events and those of earlier sessions, merged."""

from __future__ import annotations

import numpy as np
import polars as pl

from footfall.sessionize.gap.batch import Batch
from footfall.sessionize.gap.chains import Cut
from footfall.sessionize.gap.contest import Contest
from footfall.sessionize.gap.pieces import Pieces
from footfall.sessionize.gap.state.columns import FLAGS, SUMS
from footfall.sessionize.gap.state.packing import NEVER, Ints
from footfall.sessionize.gap.state.state import Found


def merge(
    batch: Batch, cut: Cut, found: Found, numbers: pl.DataFrame, row_session: Ints
) -> dict[str, pl.Series]:
    """Columns of `STATE_SCHEMA` for each session of `cut`, but names, id and what is written.

    Args:
        batch: The call's events.
        cut: Which session each is in; every session has an event or an earlier session.
        found: Earlier sessions that go into these, in any order.
        numbers: Their columns `NUMBERS`.
        row_session: The session that each goes into.
    """
    pieces = Pieces(batch, cut.piece)
    count = len(cut.chain)
    columns = {"chain_start": pl.Series(cut.chain), "rank": pl.Series(cut.rank)}
    for name in SUMS:
        total = np.zeros(count, np.int64)
        total[cut.piece_session] = pieces.sums[name]
        np.add.at(total, row_session, numbers[name].to_numpy())
        columns[name] = pl.Series(total)
    for name in FLAGS:
        flag = np.zeros(count, np.bool_)
        flag[cut.piece_session] = pieces.flags[name]
        flag[row_session[numbers[name].to_numpy()]] = True
        columns[name] = pl.Series(flag)
    since = numbers["pending_since"].to_numpy()
    waiting = np.full(count, NEVER)
    np.minimum.at(waiting, row_session[since > 0], since[since > 0])
    columns["pending_since"] = pl.Series(np.where(waiting == NEVER, 0, waiting))
    return columns | Contest(batch, pieces, found, row_session, cut.piece_session).columns(numbers)
