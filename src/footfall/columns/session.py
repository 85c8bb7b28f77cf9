"""Columns of the lake's `sessions`, and of the notes about sessions that it has already."""

from __future__ import annotations

from typing import Final

from footfall.columns.column import optional, required

SESSION_COLUMNS: Final = (
    required(1, "session_id", "uuid", "The session's id; it follows from visitor and start."),
    required(
        2, "revision", "int", "How often it was written: 1, more when a late event changed it."
    ),
    required(3, "app_id", "string", "App that the events were sent for."),
    required(4, "visitor_id", "string", "Whose session it is."),
    optional(5, "user_id", "string", "Id after login, of the last event that has one."),
    required(6, "started_at", "timestamptz", "Event time of the first event."),
    required(7, "ended_at", "timestamptz", "Event time of the last event."),
    required(8, "duration_ms", "long", "Between the two, in milliseconds."),
    required(9, "events", "long", "How many events it has."),
    required(10, "views", "long", "How many of them are page or screen views."),
    required(11, "engagement_ms", "long", "How long pages were looked at, in milliseconds."),
    required(
        12,
        "is_engaged",
        "boolean",
        "Long enough, or views or engagement enough, or a key event: sessions.engaged_after.",
    ),
    required(13, "is_bounced", "boolean", "Not engaged, or a single event: sessions.bounced."),
    required(14, "is_bot", "boolean", "Any event is a bot's."),
    required(15, "first_event_name", "string", "Name of the first event."),
    required(16, "last_event_name", "string", "Name of the last event."),
    optional(17, "entry_page", "string", "Address (else screen) of the first view."),
    optional(18, "exit_page", "string", "Address (else screen) of the last view."),
    optional(
        19,
        "source",
        "string",
        "Where it came from; all eight of the first event that has a source.",
    ),
    optional(20, "medium", "string", "By what means."),
    optional(21, "campaign", "string", "Name of the campaign."),
    optional(22, "campaign_id", "string", "Its id."),
    optional(23, "term", "string", "Search word of the campaign."),
    optional(24, "content", "string", "Which of several advertisements."),
    optional(25, "click_id", "string", "Id that an advertising platform added to the link."),
    optional(26, "click_id_platform", "string", "Which platform that is."),
    optional(27, "referrer_host", "string", "Host that led here, of the first event that has one."),
    optional(28, "platform", "string", "Of the first event."),
    optional(29, "browser", "string", "Of the first event."),
    optional(30, "os", "string", "Of the first event."),
    optional(31, "device_category", "string", "Of the first event."),
    optional(32, "language", "string", "Of the first event."),
    optional(33, "geo_country", "string", "Of the first event; null so far."),
    optional(
        34, "value", "decimal(18, 6)", "Sum of the events' values; currencies are not converted."
    ),
    optional(35, "session_number", "long", "First number that an SDK sent for it."),
    required(36, "epoch", "long", "Epoch that wrote this revision."),
    optional(
        39,
        "interactions",
        "long",
        "How many events are interactions: not_interaction of its definition; -1: none began it.",
    ),
)

OTHER_SESSION_COLUMNS: Final = (
    *SESSION_COLUMNS,
    required(37, "definition", "string", "Name of the session definition."),
    required(38, "definition_version", "int", "Its version; only rows of today's count."),
)

OVERRIDE_COLUMNS: Final = (
    required(1, "app_id", "string", "App of the events."),
    required(2, "visitor_id", "string", "Whose events they are."),
    required(3, "from_time", "timestamptz", "First event time that is meant."),
    required(4, "to_time", "timestamptz", "Last event time that is meant."),
    required(5, "session_id", "uuid", "Session of these events, if they are of earlier epochs."),
    required(6, "epoch", "long", "Epoch that wrote the row."),
)

REMOVED_COLUMNS: Final = (
    required(1, "session_id", "uuid", "Session that is gone."),
    required(2, "app_id", "string", "App of its events."),
    required(3, "visitor_id", "string", "Whose session it was."),
    required(4, "epoch", "long", "Epoch that wrote the row; it hides revisions of earlier ones."),
)
