"""Sessionize: events in, sessions out; exact, incremental, whatever the order of arrival.

A `SessionDefinition` places a table of events in the sessions of a `SessionState`, says which
session each event is in, and takes out what the watermark has passed: pure functions of tables. The
state holds aggregates of hot sessions and nothing of single events; what touches evicted sessions
is provisional until `repair` has read their neighbourhood from `History`. `Definitions` are those
of a project. Definitions, worked tables and caveats: docs/concepts/sessions.md.

Folders: `rows` and `aggregate` are what definitions are made from; each definition has its own,
which nobody outside imports.
"""

from __future__ import annotations

from footfall.sessionize.definition import (
    REPAIR_SCHEMA,
    History,
    Past,
    RepairLimits,
    SessionDefinition,
    Sessionized,
    key_of,
)
from footfall.sessionize.definitions import KINDS, Definitions, SessionStates
from footfall.sessionize.key import VISITOR, Key
from footfall.sessionize.rows.close import (
    WRITTEN_MAX,
    Closed,
    shortened_hot_age,
    within_hot_max,
)
from footfall.sessionize.rows.columns import EVENT_COLUMNS, StateColumns
from footfall.sessionize.rows.divide import divided, joined, raised
from footfall.sessionize.rows.hot import (
    OpenSessions,
    is_unwritten,
    open_sessions,
    unwritten,
    unwritten_parts,
)
from footfall.sessionize.rows.ids import session_ids
from footfall.sessionize.rows.seen import NOTHING, known_ids, new_closed, open_by_app
from footfall.sessionize.rows.state import Segment, SessionState
from footfall.sessionize.rows.stored import (
    SegmentNote,
    SegmentStore,
    files_of,
    in_files,
    restore,
    save,
)

__all__ = [
    "EVENT_COLUMNS",
    "KINDS",
    "NOTHING",
    "REPAIR_SCHEMA",
    "VISITOR",
    "WRITTEN_MAX",
    "Closed",
    "Definitions",
    "History",
    "Key",
    "OpenSessions",
    "Past",
    "RepairLimits",
    "Segment",
    "SegmentNote",
    "SegmentStore",
    "SessionDefinition",
    "SessionState",
    "SessionStates",
    "Sessionized",
    "StateColumns",
    "divided",
    "files_of",
    "in_files",
    "is_unwritten",
    "joined",
    "key_of",
    "known_ids",
    "new_closed",
    "open_by_app",
    "open_sessions",
    "raised",
    "restore",
    "save",
    "session_ids",
    "shortened_hot_age",
    "unwritten",
    "unwritten_parts",
    "within_hot_max",
]
