"""Which windows an epoch's rows changed: pure, rows in, windows out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.continuous.statement import WindowRef, window_id
from footfall.settings import QueryDefinition, Window

if TYPE_CHECKING:
    from footfall.pipeline import CommittedEpoch

_NEVER = 0


class EpochChanges:
    """Rows of one epoch, each table read once however many queries ask."""

    def __init__(self, epoch: CommittedEpoch, default: str) -> None:
        """Read nothing yet; `default` is the definition that `session_id` of events follows."""
        self._epoch = epoch
        self._default = default
        self._read: dict[tuple[str, ...], pa.Table] = {}

    def windows(self, query: QueryDefinition, windows_max: int) -> tuple[list[WindowRef], int]:
        """Windows of a query that the epoch changed, and how many older ones were left out.

        At most `windows_max`, the newest.
        """
        window = Window.of(query.window)
        if not window.session:
            return of_starts(self._starts(query, window), window, windows_max)
        found = self._closed(query, window.session)
        left_out = max(0, len(found) - windows_max)
        return sorted(found, key=lambda one: one.start)[left_out:], left_out

    def _starts(self, query: QueryDefinition, window: Window) -> np.ndarray:
        """Event times that changed, as the last window start at or before each."""
        if query.over == "sessions":
            times = [self._times("sessions", "started_at", query.app)]
        else:
            times = [self._times("events", "event_time", query.app)]
            if "session_id" in query.sql.lower():
                times.append(self._renamed(query.app, window))
        return np.unique(np.concatenate(times) // window.step)

    def _times(self, table: str, column: str, app: str) -> np.ndarray:
        rows = self._of_app(self._rows(table, ("app_id", column)), app)
        return np.asarray(rows.column(column).cast(pa.int64()))

    def _renamed(self, app: str, window: Window) -> np.ndarray:
        """A moment in each window of which events may have got another session."""
        rows = self._rows("session_overrides", ("app_id", "from_time", "to_time"))
        rows = self._of_app(rows, app)
        first = rows.column("from_time").cast(pa.int64()).to_pylist()
        last = rows.column("to_time").cast(pa.int64()).to_pylist()
        step = window.step
        moments = [
            np.arange(start // step, end // step + 1) * step
            for start, end in zip(first, last, strict=True)
        ]
        return np.concatenate(moments) if moments else np.empty(0, np.int64)

    def _closed(self, query: QueryDefinition, definition: str) -> list[WindowRef]:
        """Sessions of a definition that the epoch wrote, and those that it took away."""
        columns = ("app_id", "session_id", "started_at", "ended_at")
        if definition == self._default:
            rows = self._rows("sessions", columns)
        else:
            rows = self._rows("other_sessions", (*columns, "definition"))
            rows = rows.filter(pc.equal(rows.column("definition"), definition))
        rows = self._of_app(rows, query.app)
        found = [
            WindowRef(session_id(key), start, end)
            for key, start, end in zip(
                rows.column("session_id").to_pylist(),
                rows.column("started_at").cast(pa.int64()).to_pylist(),
                rows.column("ended_at").cast(pa.int64()).to_pylist(),
                strict=True,
            )
        ]
        gone = self._of_app(self._rows("session_changes", ("app_id", "session_id")), query.app)
        known = {window.id for window in found}
        ids = map(session_id, gone.column("session_id").to_pylist())
        return [*found, *(WindowRef(one, _NEVER, _NEVER) for one in ids if one not in known)]

    def _rows(self, table: str, columns: tuple[str, ...]) -> pa.Table:
        key = (table, *columns)
        if key not in self._read:
            self._read[key] = self._epoch.rows(table, columns)
        return self._read[key]

    def _of_app(self, rows: pa.Table, app: str) -> pa.Table:
        return rows.filter(pc.equal(rows.column("app_id"), app)) if app else rows


def of_starts(starts: np.ndarray, window: Window, windows_max: int) -> tuple[list[WindowRef], int]:
    """The newest windows that have a moment in one of the steps `starts`, and how many are older.

    With windows of 5 minutes, one each minute, an event at 10:07:30 lies in those that start at
    10:03, 10:04, 10:05, 10:06 and 10:07. A year of late events may be in millions of windows: no
    more than are kept are made, and the others are only counted.

    Args:
        starts: Numbers of steps, each once, in order.
        window: Of time.
        windows_max: How many are kept.
    """
    if not len(starts):
        return [], 0
    # A size that is no multiple of the step: the first of them may end before the moment, and then
    # it is asked in vain.
    before = math.ceil(window.size / window.step)
    total = before + int(np.minimum(np.diff(starts), before).sum())
    newest = starts[-windows_max:, None] - np.arange(before)
    kept = np.unique(newest)[-windows_max:] * window.step
    found = [WindowRef(window_id(start), start, start + window.size) for start in kept.tolist()]
    return found, total - len(found)


def session_id(value: bytes) -> str:
    """An id as SQL writes it."""
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
