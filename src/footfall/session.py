"""The session: one visitor's events without a gap longer than the inactivity timeout, as a row."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from footfall.event import MONEY, TIMESTAMP, UUID16

_TEXT = pa.string()


def _text(names: str) -> list[pa.Field]:
    return [pa.field(name, _TEXT) for name in names.split()]


SESSION_SCHEMA: Final = pa.schema(
    [
        pa.field("session_id", UUID16, nullable=False),
        pa.field("revision", pa.int32(), nullable=False),
        pa.field("app_id", _TEXT, nullable=False),
        pa.field("visitor_id", _TEXT, nullable=False),
        pa.field("user_id", _TEXT),
        pa.field("started_at", TIMESTAMP, nullable=False),
        pa.field("ended_at", TIMESTAMP, nullable=False),
        pa.field("duration_ms", pa.int64(), nullable=False),
        pa.field("events", pa.int64(), nullable=False),
        pa.field("views", pa.int64(), nullable=False),
        pa.field("engagement_ms", pa.int64(), nullable=False),
        pa.field("is_engaged", pa.bool_(), nullable=False),
        pa.field("is_bounced", pa.bool_(), nullable=False),
        pa.field("is_bot", pa.bool_(), nullable=False),
        pa.field("first_event_name", _TEXT, nullable=False),
        pa.field("last_event_name", _TEXT, nullable=False),
        *_text(
            "entry_page exit_page source medium campaign campaign_id term content"
            " click_id click_id_platform referrer_host"
            " platform browser os device_category language geo_country"
        ),
        pa.field("value", MONEY),
        pa.field("session_number", pa.int64()),
        pa.field("epoch", pa.int64(), nullable=False),
    ]
)
"""Columns of the lake's `sessions`. Entry and exit page are `page_url` (else `screen_name`) of the
first and last view. `session_number` is what the SDK says, if it says it. `epoch` is the
epoch that wrote this revision."""

VIEW_EVENTS: Final = frozenset({"page_view", "screen_view"})
"""Event names that count as views."""
