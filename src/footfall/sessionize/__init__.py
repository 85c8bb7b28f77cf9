"""Sessionize: events in, sessions out; exact, incremental, whatever the order of arrival.

`sessionize` places a table of events in the sessions of a `SessionState`, `assign` says which
session each event is in, `close` takes out what the watermark has passed. All are pure functions of
tables. The state holds aggregates of hot sessions and nothing of single events; what touches
evicted sessions is provisional until `repair` has read their neighbourhood from `History`.
Definition, worked tables and caveats: docs/concepts/sessions.md.
"""

from __future__ import annotations

from footfall.sessionize.gap.assign import assign
from footfall.sessionize.gap.close import Closed, close
from footfall.sessionize.gap.definition import GapDefinition, session_ids
from footfall.sessionize.gap.repair.provisional import RepairLimits, repair
from footfall.sessionize.gap.repair.repair import REPAIR_SCHEMA, History
from footfall.sessionize.gap.repair.restore import floor_of, restore
from footfall.sessionize.gap.sessionize import Sessionized, sessionize
from footfall.sessionize.gap.state.columns import EVENT_COLUMNS
from footfall.sessionize.gap.state.hot import (
    OpenSessions,
    has_closable,
    is_unwritten,
    open_sessions,
    shortened_hot_age,
    unwritten,
    unwritten_parts,
)
from footfall.sessionize.gap.state.state import Segment, SessionState
from footfall.sessionize.gap.state.stored import (
    SegmentNote,
    SegmentStore,
    describe,
    files_of,
    in_files,
    undescribe,
)

__all__ = [
    "EVENT_COLUMNS",
    "REPAIR_SCHEMA",
    "Closed",
    "GapDefinition",
    "History",
    "OpenSessions",
    "RepairLimits",
    "Segment",
    "SegmentNote",
    "SegmentStore",
    "SessionState",
    "Sessionized",
    "assign",
    "close",
    "describe",
    "files_of",
    "floor_of",
    "has_closable",
    "in_files",
    "is_unwritten",
    "open_sessions",
    "repair",
    "restore",
    "session_ids",
    "sessionize",
    "shortened_hot_age",
    "undescribe",
    "unwritten",
    "unwritten_parts",
]
