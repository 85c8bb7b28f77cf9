"""`repair`: provisional sessions made exact, a bounded number of events at a time."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from footfall.event import UUID16
from footfall.sessionize.aggregate.events import SortedEvents
from footfall.sessionize.definition import History, RepairLimits, Sessionized
from footfall.sessionize.gap.columns import marks_of
from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.place import Call
from footfall.sessionize.gap.placement import Moments
from footfall.sessionize.gap.repair.needs import Replay, range_table
from footfall.sessionize.gap.repair.neighbourhood import Known, Stretch, chain_of, stretch_of
from footfall.sessionize.rows.packing import Bools, Ints
from footfall.sessionize.rows.state import SessionState
from footfall.sessionize.rows.visitors import Visitors, code_visitors, in_one_piece

_REACH_GAPS = 4
"""The first look goes this many gaps beyond the session: farther than most chains."""


def repair(
    state: SessionState, history: History, definition: GapLimits, limits: RepairLimits
) -> Sessionized:
    """Make provisional sessions exact, those that wait longest first.

    For each visitor one stretch around its oldest provisional session is made anew from its events
    (`neighbourhood` beside this). Reads sessions near it first, which tell how far it reaches and
    how many events that is, and then only those events.

    Args:
        state: After the epoch before this one: every event it knows is in `history`.
        history: Of all epochs before this one.
        definition: As always.
        limits: Bounds of this call.

    Returns:
        As `sessionize`; `repairs` are those whose sweep goes on.
    """
    waiting = state.pending()
    targets = waiting.unique(["app_id", "visitor_id"], keep="first", maintain_order=True)
    targets = targets.head(limits.visitors_max)
    if not targets.height:
        return Sessionized.nothing(state)
    visitors, codes = _visitors(targets)
    near = _Near(state, visitors, codes, targets, history, definition)
    chosen = near.choose(definition, limits.events_max)
    index = np.array(list(chosen), np.int64)
    stretches = list(chosen.values())
    low, high, chain, rank = (
        np.array([getattr(one, name) for one in stretches], np.int64)
        for name in ("begin", "end", "chain", "rank")
    )
    events = history.events(range_table(visitors, codes[index].astype(np.int64), low, high))
    before = np.array([one.before for one in stretches], np.int64).reshape(len(stretches), -1)
    batch = SortedEvents(events)
    code = batch.visitors.codes_of(
        targets["app_id"].gather(pl.Series(index)), targets["visitor_id"].gather(pl.Series(index))
    )
    known = code >= 0
    order = np.argsort(code[known])
    replay = Replay(*(part[known][order] for part in (code, low, high, chain, rank, before)))
    call = Call(state, batch, definition, replay, near.lake_sessions(), is_isolated=True)
    code, high = code[known], high[known]
    short = np.array([one.is_cut_short for one in stretches], np.bool_)[known]
    oldest = targets["pending_since"].to_numpy().min()
    result = call.result(int(oldest), Moments(code[short], high[short]))
    is_whole = len(chosen) == targets.height and not any(one.is_cut_short for one in stretches)
    spent = sum(one.events for one in stretches)
    result.spent = spent if is_whole else max(spent, limits.events_max) + 1
    return result


def _visitors(targets: pl.DataFrame) -> tuple[Visitors, Ints]:
    """The targets' visitors, and the code of each target."""
    names = [
        in_one_piece(pa.chunked_array([targets[name].to_arrow().cast(pa.string())]))
        for name in ("app_id", "visitor_id")
    ]
    visitors, codes = code_visitors(*names)
    return visitors, codes.astype(np.int64)


class _Near:
    """Sessions near the targets, of state and lake, as far as their chains reach."""

    def __init__(
        self,
        state: SessionState,
        visitors: Visitors,
        codes: Ints,
        targets: pl.DataFrame,
        history: History,
        definition: GapLimits,
    ) -> None:
        self._visitors = visitors
        self._codes = codes
        self._time = targets["started_at"].to_numpy()
        self._gap = definition.gap
        self._definition = definition
        self._hot = _hot_rows(state, visitors, definition)
        self._lake: dict[int, pl.DataFrame] = {}
        self._tables: list[pa.Table] = []
        self._known: dict[int, Known] = {}
        self._look(history, targets["ended_at"].to_numpy())

    def choose(self, definition: GapLimits, events_max: int) -> dict[int, Stretch]:
        """Stretches by target, until `events_max` events are spent.

        One that is too large by itself takes what is left and is cut short; others wait.
        """
        chosen: dict[int, Stretch] = {}
        left = events_max
        for target, code in enumerate(self._codes.tolist()):
            known, time = self._known[code], int(self._time[target])
            low, high = chain_of(known, time, self._gap)
            chain = known.at(slice(low, high))
            whole = stretch_of(chain, time, definition, events_max)
            if whole.is_cut_short or whole.events > left:
                if chosen and (not whole.is_cut_short or left < events_max // 2):
                    continue
                whole = stretch_of(chain, time, definition, left)
            chosen[target] = whole
            left -= whole.events
            if left <= 0:
                break
        return chosen

    def lake_sessions(self) -> pa.Table:
        """All that were read, each once."""
        frame = pl.concat([pl.DataFrame(pl.from_arrow(table)) for table in self._tables])
        frame = frame.unique("session_id", keep="last", maintain_order=True)
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        index = table.schema.get_field_index("session_id")
        return table.set_column(index, "session_id", table.column("session_id").cast(UUID16))

    def _look(self, history: History, ended: Ints) -> None:
        """Read sessions, farther and farther, until every target's chain is in sight."""
        reach = _REACH_GAPS * self._gap
        short = np.arange(len(self._codes))
        low, high = self._time - reach, ended + reach
        while len(short):
            table = history.sessions(
                range_table(self._visitors, self._codes[short], low[short], high[short])
            )
            self._tables.append(table)
            self._take(table, self._codes[short])
            still = []
            for target in short.tolist():
                known = self._known[int(self._codes[target])]
                first, last = chain_of(known, int(self._time[target]), self._gap)
                begin, end = int(known.start[first]), int(known.end[first:last].max())
                is_short = low[target] >= begin - self._gap or high[target] <= end + self._gap
                low[target] = min(low[target], begin - reach)
                high[target] = max(high[target], end + reach)
                if is_short:
                    still.append(target)
            short = np.array(still, np.int64)
            reach *= 2

    def _take(self, table: pa.Table, codes: Ints) -> None:
        """Lay sessions of the lake under those of the state."""
        frame = pl.DataFrame(pl.from_arrow(table)).select(
            "app_id",
            "visitor_id",
            pl.col("started_at", "ended_at").dt.timestamp("us"),
            "events",
        )
        owner = self._visitors.codes_of(frame["app_id"], frame["visitor_id"])
        start, end, events = (
            frame[name].to_numpy() for name in ("started_at", "ended_at", "events")
        )
        for code in codes.tolist():
            mine = owner == code
            hot, mine = self._hot[code], np.flatnonzero(mine)
            day = self._definition.days(self._visitors, owner[mine], start[mine])
            self._known[code] = _merged(hot, start[mine], end[mine], events[mine], day)


def _hot_rows(state: SessionState, visitors: Visitors, definition: GapLimits) -> dict[int, Known]:
    found = state.find(visitors)
    frame = found.frame(definition.columns.numbers)
    names = ["started_at", "ended_at", "events", "chain_start", "rank", "pending_since"]
    columns = [frame[name].to_numpy() for name in names]
    before = next(marks_of(frame, definition.kinds))
    days = definition.days(visitors, found.codes, columns[0])
    rows: dict[int, Known] = {}
    for code in range(len(visitors)):
        mine = np.flatnonzero(found.codes == code)
        mine = mine[np.argsort(columns[0][mine])]
        start, end, events, chain, rank, since = (column[mine] for column in columns)
        is_hot: Bools = np.ones(len(mine), np.bool_)
        place = start, end, events, chain, rank, is_hot
        rows[code] = Known(*place, since == 0, days[mine], before[mine])
    return rows


def _merged(hot: Known, start: Ints, end: Ints, events: Ints, day: Ints) -> Known:
    """Sessions of the lake and the state; where both have one exactly, the state's."""
    new = ~np.isin(start, hot.start[hot.is_exact])
    none = np.zeros(int(new.sum()), np.int64)
    parts = {
        "start": start[new],
        "end": end[new],
        "events": events[new],
        "chain": none,
        "rank": none,
        "is_hot": none > 0,
        "is_exact": none == 0,
        "day": day[new],
        "before": np.zeros((len(none), hot.before.shape[1]), np.int64),
    }
    both = Known(**{name: np.concatenate([getattr(hot, name), parts[name]]) for name in parts})
    return both.at(np.argsort(both.start, kind="stable"))
