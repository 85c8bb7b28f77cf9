"""Rows of panels as filters, and the events they leave, as SQL with bound parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

import msgspec

from footfall.errors import Invalid
from footfall.live import TEXT_LENGTH_MAX
from footfall.studio.api.scope import Scope, TimeRange
from footfall.studio.api.sql.runner import SqlValue

Panel = Literal["pages", "events", "sources", "devices", "browsers", "systems"]
FILTERS_MAX: Final = 8
VALUE_LENGTH_MAX: Final = 2_000

EVENT_FIELDS: Final = {"pages": "page", "events": "event_name"}
"""Panels that count events, and the field they count by."""
VISITOR_FIELDS: Final = {
    "sources": "source",
    "devices": "device",
    "browsers": "browser",
    "systems": "system",
}
"""Panels that count visitors by what they had last."""


class Filter(msgspec.Struct, frozen=True):
    """One row of a panel that the page is narrowed to."""

    panel: Panel
    value: str | None
    """`None`: events or visitors that have none."""


class Statement(msgspec.Struct, frozen=True):
    """The start of a statement, up to and with the CTEs `hits` and `seen`."""

    ctes: str
    parameters: tuple[SqlValue, ...]


def parse_filters(texts: Sequence[str]) -> tuple[Filter, ...]:
    """Filters as they stand in an address: `pages:/cart`, or `sources` for what has none.

    Raises:
        Invalid: too many, too long, or of no panel.
    """
    if len(texts) > FILTERS_MAX:
        raise Invalid(f"remove some filters: there are {len(texts)}, at most {FILTERS_MAX}")
    return tuple(_parse(text) for text in texts)


def _parse(text: str) -> Filter:
    name, colon, value = text.partition(":")
    if len(value) > VALUE_LENGTH_MAX:
        raise Invalid(f"a filter's value has at most {VALUE_LENGTH_MAX} characters: {name}")
    for panel in get_args(Panel):
        if name == panel:
            return Filter(panel, value if colon else None)
    raise Invalid(f"a filter is one of {', '.join(get_args(Panel))}: {name[:40]!r}")


def narrowed(filters: Sequence[Filter], scope: Scope, during: TimeRange) -> Statement:
    """CTEs `hits`, the events that are left, and `seen`, the visitors who made them.

    A page or an event narrows the events. What a visitor has (source, device, …) is what it had
    last in the range, as in the panels, so the number of a row is the number behind it.
    """
    whose, values = scope.conditions()
    parameters: list[SqlValue] = [during.from_us, during.to_us, *values]
    conditions = []
    for one in filters:
        condition, values = _condition(one)
        conditions.append(condition)
        parameters += values
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return Statement(_CTES.format(whose=whose, where=where), tuple(parameters))


def _condition(one: Filter) -> tuple[str, list[SqlValue]]:
    if one.panel in EVENT_FIELDS:
        field, also = f"e.{EVENT_FIELDS[one.panel]}", ""
    else:
        field, also = f"v.{VISITOR_FIELDS[one.panel]}", " AND e.visitor_id IS NOT NULL"
    if one.value is None:
        return f"{field} IS NULL{also}", []
    return f"{field} = ?", [one.value]


EVENT_COLUMNS: Final = """\
request_id, request_index, log_offset, received_us, happened_us, event_name, app_id, page,
    page_title, visitor_id, user_id, source, device, browser, system, is_late, is_bot"""
"""Of `hits`: the fields of `footfall.live.StreamEvent`, in its order."""
VIEWS: Final = ("page_view", "screen_view")
"""`footfall.session.VIEW_EVENTS`, whose module loads Arrow; a test compares them."""
_CUT: Final = TEXT_LENGTH_MAX
"""Values are told apart as far as the panels show them."""
_NAMES: Final = ", ".join(f"'{name}'" for name in VIEWS)
# `v` has one row for each (app, visitor id, bot or not), which is what a visitor is here.
_CTES: Final = f"""
WITH recent AS (
    SELECT request_id, request_index, log_offset, app_id, event_name, page_title, visitor_id,
        user_id, session_id, left(source, {_CUT}) AS source,
        left(device_category, {_CUT}) AS device, left(browser, {_CUT}) AS browser,
        left(os, {_CUT}) AS system, is_bot, is_late,
        left(coalesce(page_path, screen_name), {_CUT}) AS page,
        event_name IN ({_NAMES}) AS is_view,
        epoch_us(event_time) AS happened_us, epoch_us(received_at) AS received_us,
        epoch_us(received_at)::HUGEINT * {1 << 64} + log_offset * {1 << 20}::HUGEINT
            + request_index AS place
    FROM events
    WHERE event_time >= make_timestamptz(CAST(? AS BIGINT))
        AND event_time <= make_timestamptz(CAST(? AS BIGINT)){{whose}}
), visitors AS (
    SELECT app_id, visitor_id, is_bot, arg_max(source, place) AS source,
        arg_max(device, place) AS device, arg_max(browser, place) AS browser,
        arg_max(system, place) AS system
    FROM recent WHERE visitor_id IS NOT NULL GROUP BY app_id, visitor_id, is_bot
), hits AS (
    SELECT e.*, v.source AS last_source, v.device AS last_device, v.browser AS last_browser,
        v.system AS last_system
    FROM recent AS e LEFT JOIN visitors AS v USING (app_id, visitor_id, is_bot){{where}}
), seen AS (
    SELECT last_source AS source, last_device AS device, last_browser AS browser,
        last_system AS system, max(happened_us) AS last_us
    FROM hits WHERE visitor_id IS NOT NULL
    GROUP BY app_id, visitor_id, is_bot, last_source, last_device, last_browser, last_system
)
"""  # noqa: S608 (fields are ours; values are bound)
