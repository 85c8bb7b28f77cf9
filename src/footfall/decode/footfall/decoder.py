"""Our own wire format, `POST /v1/events`: for web SDK, servers and every other HTTP client.

A body is one event, an array, newline-delimited JSON, or an envelope `{"events": […]}` whose other
fields hold for all of its events. docs/formats/events-api.md is the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from footfall.decode.blocks import values
from footfall.decode.blocks.body import open_body
from footfall.decode.blocks.fault import Fault, missing_field
from footfall.decode.blocks.fields import Fields, fill, fill_aliases, note
from footfall.decode.blocks.parse import check_depth
from footfall.decode.blocks.read import read_envelope
from footfall.decode.blocks.records import (
    Outcome,
    check_app,
    check_shared,
    decode_records,
    keep_about_request,
    new_template,
    parse_query,
    record_json,
    set_event_id,
    set_name,
)
from footfall.decode.blocks.rows import SLOT, Row, to_json
from footfall.decode.footfall import fields
from footfall.event import FailureReason, ProblemReason
from footfall.request import LoggedRequest, Request
from footfall.settings import DecodeSettings

EVENTS: Final = "events"
_CONTEXT: Final = "context"
_NAME_KEYS: Final = ("name", "event", "event_name")
_EVENT_NAME: Final = SLOT["event_name"]
_SENT_AT: Final = SLOT["sent_at"]
_LANGUAGE: Final = SLOT["language"]
_PROPERTIES: Final = SLOT["properties"]
_USER_PROPERTIES: Final = SLOT["user_properties"]
_ITEMS: Final = SLOT["items"]


class Shared(msgspec.Struct, frozen=True, gc=False):
    """What all events of a request have in common."""

    request: Request
    fields: Fields
    row: Row
    properties: dict[str, object]


def decode_footfall(logged: LoggedRequest, settings: DecodeSettings) -> Outcome:
    """Events of one `POST /v1/events`.

    Raises:
        Fault: the request as a whole cannot be decoded.
    """
    request = logged.request
    body = open_body(request, settings)
    envelope, batch = read_envelope(body, EVENTS, settings)
    row = own_template(logged)
    use_query(request, row)
    shared_fields = fields.TRUSTED_EVENT if request.trusted else fields.EVENT
    properties: dict[str, object] = {}
    shared = Shared(request, shared_fields, row, properties)
    use_envelope(shared, envelope)
    check_shared(request, row, properties, len(batch.values), len(body), settings)

    def make_row(event: dict[str, object], index: int) -> Row:
        return _row(event, index, shared)

    return decode_records(batch, settings, make_row, _NAME_KEYS)


def own_template(logged: LoggedRequest) -> Row:
    """What all events of a request of ours share.

    A server speaks for its clients: its own address and user agent say nothing about them.
    """
    row = new_template(logged)
    if logged.request.trusted:
        row[SLOT["ip"]] = row[SLOT["user_agent"]] = None
    else:
        row[_LANGUAGE] = first_language(logged.request.header("accept-language"))
    return row


def first_language(accept_language: str | None) -> str | None:
    """`en-GB` of `en-GB,en;q=0.9`: browsers list what the user prefers first."""
    if not accept_language:
        return None
    tag = accept_language.partition(",")[0].partition(";")[0].strip()
    return tag if tag and tag != "*" else None


def fill_groups(
    row: Row, rest: dict[str, object], groups: Mapping[str, Fields], where: str
) -> None:
    """Take grouped fields (`page`, `device`, …) out of `rest`; what has no column stays there."""
    for key in [key for key in groups if key in rest]:
        try:
            group = values.mapping(rest[key] or {})
        except Fault as fault:
            note(row, fault, f"{where}.{key}")
            continue
        del rest[key]
        if not group:
            continue
        unknown: dict[str, object] = {}
        fill(row, group, groups[key], unknown, f"{where}.{key}")
        if unknown:
            rest[key] = unknown


def use_query(request: Request, row: Row) -> None:
    """Put what the query says into `row`."""
    query = parse_query(request.query)
    for key in fields.KEY_PARAMETERS:
        query.pop(key, None)
    kept: dict[str, object] = {}
    sent_at = query.pop("sent_at", "")
    try:
        row[_SENT_AT] = values.moment(sent_at)
    except Fault as fault:  # only the clock correction reads it; the events are good without
        note(row, fault, "query.sent_at")
        kept["sent_at"] = sent_at
    keep_about_request(row, "query", {**query, **kept})


def use_envelope(shared: Shared, envelope: dict[str, object]) -> None:
    """Fields beside `events` and in its `context` hold for every event that has none of its own.

    Those that cannot be used are noted with every event, and cost no event. What stands beside the
    events and has no column tells of the request, not of an event.
    """
    if not envelope:
        return
    context = envelope.pop(_CONTEXT, None)
    about_request: dict[str, object] = {}
    _share(shared, envelope, about_request, "request")
    own = shared.row[fields.OWN_PROPERTIES]
    if isinstance(own, dict):
        for key in own:
            about_request.pop(key, None)
        shared.properties.update(own)
    try:
        found = values.mapping(context or {})
    except Fault as fault:
        note(shared.row, fault, f"request.{_CONTEXT}")
        about_request[_CONTEXT] = context
        found = None
    keep_about_request(shared.row, "body", about_request)
    if found:
        _share(shared, found, shared.properties, f"request.{_CONTEXT}")


def _share(
    shared: Shared, source: dict[str, object], properties: dict[str, object], where: str
) -> None:
    """Give every event what `source` says, but for what would make it none."""
    known = {key: found for key, found in shared.fields.items() if key != "event_id"}
    for key in list(source):
        try:
            check_depth(source[key])
            if key in _NAME_KEYS and source[key] is not None:
                values.name(source[key])
        except Fault as fault:
            is_deep = fault.reason is FailureReason.NOT_JSON
            problem = Fault(ProblemReason.TOO_DEEP, fault.message) if is_deep else fault
            note(shared.row, problem, f"{where}.{key}")
            value = source.pop(key)
            kept = _as_text(value) if is_deep else value
            if kept is not None:
                properties[key] = kept
    _fill(shared.row, source, known, properties, where)


def _as_text(value: object) -> str | None:
    """JSON of what is nested too deep to be stored as what it is."""
    try:
        return to_json(value)
    except RecursionError:
        return None


def _row(event: dict[str, object], index: int, shared: Shared) -> Row:
    row = shared.row.copy()
    row[fields.EVENT_ID] = row[fields.OWN_PROPERTIES] = None
    properties = shared.properties.copy()
    _fill(row, event, shared.fields, properties, "")
    if row[_EVENT_NAME] is None:
        raise missing_field("event has no name; send name", ".name")
    check_app(shared.request, row[fields.APP_ID], ".app_id")
    set_name(row)
    set_event_id(row, shared.request, index, row[fields.EVENT_ID])  # type: ignore[arg-type]
    user, items = row[fields.USER_PROPERTIES], row[fields.ITEMS]
    if properties:
        row[_PROPERTIES] = record_json(properties, event)
    if user:
        row[_USER_PROPERTIES] = record_json(user, event)
    if items:
        row[_ITEMS] = record_json(items, event)
    return row


def _fill(
    row: Row,
    source: dict[str, object],
    known: Fields,
    properties: dict[str, object],
    where: str,
) -> None:
    """Put the fields of an event or a context in their columns, all others into `properties`."""
    row[fields.OWN_PROPERTIES] = None
    rest: dict[str, object] = {}
    fill(row, source, known, rest, where)
    if rest:
        fill_aliases(row, fields.ALIASES, rest, where)
        fill_groups(row, rest, fields.GROUPS, where)
    own = row[fields.OWN_PROPERTIES]
    if isinstance(own, dict):
        properties.update(own)
    else:
        own = {}
    for key, value in rest.items():
        if value is not None:
            properties[f"_event_{key}" if key in own else key] = value
