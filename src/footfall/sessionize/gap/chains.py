"""Runs of new events, and the chains that they and earlier sessions form.

Events of a batch, sorted, fall into *runs* without a gap longer than `gap`. Runs and the state's
sessions of the same visitors are intervals; sorted by start, a new *chain* begins where the running
maximum of ends is more than `gap` before the next start. A chain without any run is not looked at
again.

Before `cold` events are provisional, and what ends there is of another's chain only if they
overlap. Between them may be what was evicted, and moves the chain's windows. And by the gap alone
the late events of a busy visitor would grow together with what waits and with what a repair has
just made, until one provisional session covers all that the visitor did, and each event more would
make a repair that sweeps it begin again.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from footfall.sessionize.gap.limits import GapLimits
from footfall.sessionize.gap.rows import Rows
from footfall.sessionize.rows.packing import NEVER, Ints, Packing


class Runs(msgspec.Struct, frozen=True):
    """Runs of new events, ascending by (code, start)."""

    first: Ints
    """Position of the first event of each; events are sorted."""
    code: Ints
    start: Ints
    end: Ints
    events: Ints
    day: Ints
    marks: tuple[Ints, Ints, Ints]
    """Least and greatest mark of each, `NEVER` and its opposite for none; since when. By kind."""


def runs_of(
    codes: npt.NDArray[np.int32],
    times: Ints,
    definition: GapLimits,
    cold: Ints,
    days: Ints,
    marks: Ints,
) -> Runs:
    """The runs of a batch; arguments are those of `cuts.cut`, days those of the events."""
    changed = np.flatnonzero(codes[1:] != codes[:-1])
    begins = np.diff(times) > definition.gap
    begins[changed] = True  # another visitor; the difference says nothing there
    if definition.midnight is not None:
        begins |= days[1:] != days[:-1]
    # One by one, or two events of a run would join sessions that lie between them; the first that
    # is not before `cold`, too, as an evicted session may come before it in its window.
    begins |= (times[:-1] < cold[codes[:-1]]) & (times[1:] != times[:-1])
    first = np.concatenate([np.zeros(min(len(times), 1), np.int64), np.flatnonzero(begins) + 1])
    return Runs(
        first=first,
        code=codes[first].astype(np.int64),
        start=times[first],
        end=times[np.append(first[1:], len(times)) - 1] if len(first) else first,
        events=np.diff(first, append=len(times)),
        day=days[first],
        marks=_marks_of(first, times, marks),
    )


def _marks_of(run: Ints, times: Ints, marks: Ints) -> tuple[Ints, Ints, Ints]:
    if not len(run) or not marks.shape[1]:
        none = np.zeros((len(run), marks.shape[1]), np.int64)
        return none, none, none
    has = marks != 0
    return (
        np.minimum.reduceat(np.where(has, marks, NEVER), run),
        np.maximum.reduceat(np.where(has, marks, -NEVER), run),
        np.minimum.reduceat(np.where(has, times[:, None], NEVER), run),
    )


class Chains:
    """Runs and rows in one order, and the chains they form.

    Both come sorted, so each one's place among all is its own number and how many of the others are
    before it. Runs that start at 2 and 7, rows that start at 1, 2 and 9:

        run_place  rows before each run    2 2      run_at  2 3       (2 + 0, 2 + 1)
        row_at     number + runs before    0 1 4    (0 + 0, 1 + 0, 2 + 2)
        in order   row 1, row 2, run 2, run 7, row 9
    """

    def __init__(
        self, runs: Runs, rows: Rows, definition: GapLimits, cold: Ints, row_days: Ints
    ) -> None:
        run_code, run_start, run_end, run_events = runs.code, runs.start, runs.end, runs.events
        codes = 1 + max(int(run_code[-1]) if len(run_code) else 0, int(rows.code.max(initial=0)))
        packing = Packing(codes, run_start, run_end, rows.start, rows.end)
        row_key, run_key = packing.pack(rows.code, rows.start), packing.pack(run_code, run_start)
        self.run_place = np.searchsorted(row_key, run_key, "right")
        run_at = self.run_place + np.arange(len(run_code))
        row_at = np.searchsorted(run_key, row_key, "left") + np.arange(len(row_key))

        def mix(of_runs: Ints, of_rows: Ints) -> Ints:
            found = np.empty(len(run_at) + len(row_at), np.int64)
            found[run_at], found[row_at] = of_runs, of_rows
            return found

        code, start = mix(run_code, rows.code), mix(run_start, rows.start)
        end = mix(run_end, rows.end)
        # How far the visitor's intervals up to each one reach: a long session may end after those
        # that follow it. The visitor is in the high bits, so another's first end is above all
        # before it, and the maximum starts anew by itself.
        reached = packing.times(np.maximum.accumulate(packing.pack(code, end)))
        begins = np.ones(len(code), np.bool_)
        begins[1:] = (code[1:] != code[:-1]) | (start[1:] - reached[:-1] > definition.gap)
        if definition.midnight is not None:
            day = mix(runs.day, row_days)
            begins[1:] |= day[1:] != day[:-1]
        # What ends before `cold` is of one chain with the next only if they overlap, if either is a
        # row (why is said above); two runs beside each other go by the gap.
        is_apart = (reached[:-1] < cold[code[1:]]) & (start[1:] > reached[:-1])
        if is_apart.any():
            is_row = mix(np.zeros(len(run_at), np.int64), np.ones(len(row_at), np.int64)) > 0
            begins[1:] |= is_apart & (is_row[:-1] | is_row[1:])
        first = np.flatnonzero(begins)
        chain = np.cumsum(begins) - 1
        self.run_chain, self.row_chain = chain[run_at], chain[row_at]
        last = np.append(first[1:], len(code)) - 1 if len(first) else first
        self.first_start = start[first]
        self.code = code[first]
        self.start = _reduce(np.minimum, mix(run_start, rows.chain), first)
        self.end = reached[last]
        self.events = _reduce(np.add, mix(run_events, rows.events), first)
        # Any rank but 0, or a chain that began before what is in memory, means that part of the
        # chain was evicted: what is here is not all, and cannot be summed up as one session.
        ranked = _reduce(np.add, mix(np.zeros(len(run_at), np.int64), rows.rank), first)
        self.is_touched = np.zeros(len(first), np.bool_)
        self.is_touched[self.run_chain] = True
        self.is_simple = (
            (self.start == self.first_start)
            & (ranked == 0)
            & (self.end - self.start < definition.length_max)
            & (self.events <= definition.events_max)
        )
        for kind, is_first_counted in enumerate(definition.counts_first):
            has = rows.mark[:, kind] != 0
            least, most, since = (
                _reduce(function, mix(of_runs[:, kind], np.where(has, of_rows, none)), first)
                for function, of_runs, of_rows, none in (
                    (np.minimum, runs.marks[0], rows.mark[:, kind], NEVER),
                    (np.maximum, runs.marks[1], rows.mark[:, kind], -NEVER),
                    (np.minimum, runs.marks[2], rows.since[:, kind], NEVER),
                )
            )
            self.is_simple &= (least == most) | (least == NEVER)
            if is_first_counted:
                self.is_simple &= (since == NEVER) | (since == self.start)


def _reduce(function: np.ufunc, values: Ints, starts: Ints) -> Ints:
    found: Ints = function.reduceat(values, starts) if len(starts) else values[:0]
    return found
