"""Which session an event is in, when a lost state is made from the lake."""

from __future__ import annotations

import polars as pl

from footfall.lake.read.history import holding


def test_sessions_hold_what_lies_within_them_ends_included() -> None:
    """An event at the last moment is its session's; one between two sessions is nobody's."""
    sessions = pl.DataFrame(
        {
            "app_id": ["a", "a", "a"],
            "visitor_id": ["v", "w", "v"],
            "started_at": [200, 100, 100],
            "ended_at": [220, 100, 120],
            "session_id": [b"second", b"other", b"first"],
        }
    )
    events = [("v", 220), ("v", 99), ("w", 100), ("v", 100), ("v", 121), ("x", 100), ("v", 200)]
    found = holding(
        pl.DataFrame(
            {
                "app_id": ["a"] * len(events),
                "visitor_id": [visitor for visitor, _ in events],
                "event_time": [time for _, time in events],
            }
        ),
        sessions,
    )
    assert found.to_list() == [b"second", None, b"other", b"first", None, None, b"second"]
