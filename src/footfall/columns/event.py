"""Columns of the lake's `events`. How to add one: docs/concepts/lake.md."""

from __future__ import annotations

from typing import Final

from footfall.columns.column import optional, required

EVENT_COLUMNS: Final = (
    required(
        1, "event_id", "uuid", "The event's id; the same one again is a duplicate and not stored."
    ),
    required(
        2, "event_name", "string", "What happened: `page_view`, `purchase`, or a name of your own."
    ),
    required(3, "app_id", "string", "App that the event was sent for."),
    optional(4, "platform", "string", "As sent: `Web`, `Android`, `iOS` and the like."),
    required(
        5, "protocol", "string", "How it was sent: `footfall`, `aws`, `pixel`, or a plug-in's name."
    ),
    optional(6, "client_event_id", "string", "The id as sent, where it is no UUID."),
    optional(
        7,
        "visitor_id",
        "string",
        "Anonymous id of the browser or device; without it there is no session.",
    ),
    optional(8, "user_id", "string", "Id after login, as sent."),
    optional(9, "device_id", "string", "Id of the device, as sent."),
    optional(
        10,
        "client_session_id",
        "string",
        "Session by the SDK's own count; ours do not depend on it.",
    ),
    optional(
        11, "client_session_number", "long", "Number of that session, by the SDK's own count."
    ),
    optional(
        12,
        "session_id",
        "uuid",
        "Session that the event belongs to now; it follows when late events change it.",
    ),
    optional(13, "created_at", "timestamptz", "When it happened, by the device's clock."),
    optional(14, "sent_at", "timestamptz", "When the request left, by the device's clock."),
    required(
        15, "received_at", "timestamptz", "When the request had come, by the collector's clock."
    ),
    required(
        16,
        "event_time",
        "timestamptz",
        "When it happened, derived from the three; sessions and days go by it.",
    ),
    required(
        17,
        "event_time_rule",
        "string",
        "How it was derived: `device`, `shifted`, `clamped` or `received`.",
    ),
    optional(18, "clock_offset_ms", "long", "`event_time` minus `created_at`, in milliseconds."),
    required(19, "request_id", "uuid", "Request that brought it."),
    required(20, "request_index", "int", "Its place in that request, from 0."),
    required(21, "log_offset", "long", "That request's offset in its partition of the log."),
    required(22, "epoch", "long", "Epoch that the event was committed with."),
    required(23, "is_late", "boolean", "Older than the watermark when it was read."),
    required(24, "is_bot", "boolean", "Sent by a program that says so in its user agent."),
    optional(25, "bot_reasons", "list<string>", "Why it counts as a bot.", element_id=80),
    optional(26, "page_url", "string", "Address of the page, as sent."),
    optional(27, "page_host", "string", "Its host, in lower case."),
    optional(28, "page_path", "string", "Its path."),
    optional(29, "page_query", "string", "Its query, without `?`."),
    optional(30, "page_title", "string", "Title of the page."),
    optional(31, "page_referrer", "string", "Address of the page before, as sent."),
    optional(32, "referrer_host", "string", "Its host."),
    optional(33, "screen_name", "string", "Screen of a mobile app."),
    optional(34, "screen_id", "string", "Its id, as sent."),
    optional(35, "screen_class", "string", "Its class in the app's code."),
    optional(36, "entrance", "boolean", "The SDK says that a visit began here."),
    optional(
        37,
        "source",
        "string",
        "Where the visit came from: `google`, a newsletter, a referring host.",
    ),
    optional(38, "medium", "string", "By what means: `cpc`, `email`, `referral`."),
    optional(39, "campaign", "string", "Name of the campaign."),
    optional(40, "campaign_id", "string", "Its id."),
    optional(41, "term", "string", "Search word of the campaign."),
    optional(42, "content", "string", "Which of several advertisements."),
    optional(43, "click_id", "string", "Id that an advertising platform added to the link."),
    optional(44, "click_id_platform", "string", "Which platform that is."),
    optional(45, "browser", "string", "From the user agent."),
    optional(46, "browser_version", "string", "From the user agent."),
    optional(47, "os", "string", "As sent, else from the user agent."),
    optional(48, "os_version", "string", "As sent, else from the user agent."),
    optional(49, "device_category", "string", "`desktop`, `mobile`, `tablet`, `bot` and the like."),
    optional(50, "device_brand", "string", "As sent, else from the user agent."),
    optional(51, "device_model", "string", "As sent, else from the user agent."),
    optional(52, "user_agent", "string", "As sent."),
    optional(53, "screen_width", "int", "Of the screen, in pixels."),
    optional(54, "screen_height", "int", "Of the screen, in pixels."),
    optional(55, "viewport_width", "int", "Of the visible part of the page, in pixels."),
    optional(56, "viewport_height", "int", "Of the visible part of the page, in pixels."),
    optional(57, "language", "string", "As sent, such as `en-GB`; else of the request."),
    optional(58, "time_zone", "string", "Of the device: an IANA name or an offset."),
    optional(59, "network_type", "string", "Wi-Fi, mobile and the like, as sent."),
    optional(60, "carrier", "string", "Mobile operator, as sent."),
    optional(61, "app_version", "string", "Of the app, as sent."),
    optional(62, "app_name", "string", "Of the app, as sent."),
    optional(63, "install_source", "string", "Where the app was installed from, as sent."),
    optional(64, "sdk_name", "string", "What sent it, as sent."),
    optional(65, "sdk_version", "string", "Its version."),
    optional(66, "geo_country", "string", "Reserved for the country; null so far."),
    optional(67, "ip", "string", "Address of the visitor."),
    optional(68, "value", "decimal(18, 6)", "Amount of money, six decimals."),
    optional(69, "currency", "string", "Of `value`, as sent, such as `EUR`."),
    optional(70, "engagement_ms", "long", "How long the page was looked at, in milliseconds."),
    optional(71, "search_term", "string", "What the visitor searched for on the site."),
    optional(72, "link_url", "string", "Address of a link that was clicked."),
    optional(73, "link_domain", "string", "Its host, as sent."),
    optional(74, "is_outbound", "boolean", "The link leads away from the site."),
    optional(75, "error_code", "string", "Of an error that the page or app reported."),
    optional(76, "error_message", "string", "Its text."),
    optional(77, "properties", "string", "All else that was sent, JSON."),
    optional(78, "user_properties", "string", "What was sent about the user, JSON."),
    optional(79, "items", "string", "Things bought or looked at, JSON."),
    optional(
        81,
        "client_event_name",
        "string",
        "The name as sent; `event_name` is the same for all SDKs.",
    ),
    optional(
        82,
        "request_properties",
        "string",
        "What the request said beside its events, JSON: `query`, `body`.",
    ),
    optional(
        83,
        "problems",
        "list<string>",
        "Fields that could not be used, each as `reason path`; their values: `properties`.",
        element_id=84,
    ),
    optional(
        85,
        "log_partition",
        "int",
        "Partition of the log that the request is in; null in older rows: 0.",
    ),
)
