"""The session: one visitor's events without a gap longer than the inactivity timeout, as a row."""

from __future__ import annotations

from typing import Final

from footfall.columns import (
    OTHER_SESSION_COLUMNS,
    OVERRIDE_COLUMNS,
    REMOVED_COLUMNS,
    SESSION_COLUMNS,
)
from footfall.schema import arrow_schema

SESSION_SCHEMA: Final = arrow_schema(SESSION_COLUMNS)
"""Columns of the lake's `sessions`. Entry and exit page are `page_url` (else `screen_name`) of the
first and last view. `session_number` is what the SDK says, if it says it. `epoch` is the
epoch that wrote this revision."""

OVERRIDE_SCHEMA: Final = arrow_schema(OVERRIDE_COLUMNS)
"""Table `session_overrides`, and a cut's `overrides` file: events of the visitor in
[from_time, to_time] have this session id now, if they are of earlier epochs. Where several cover an
event the highest epoch counts; in a cut's file none overlap."""

REMOVED_SCHEMA: Final = arrow_schema(REMOVED_COLUMNS)
"""Table `session_changes`, and a cut's `removed` file: sessions of the lake that were joined,
renamed or split away. A row hides revisions written in epochs before its own."""

OTHER_SESSION_SCHEMA: Final = arrow_schema(OTHER_SESSION_COLUMNS)
"""Columns of the lake's `other_sessions`: sessions of the definitions that are not the default.
Only rows of the version that runs now count."""

VIEW_EVENTS: Final = frozenset({"page_view", "screen_view"})
"""Event names that count as views."""
