"""`POST /poc-kstream`: `{token, timestamp, tag, value}`, one record a request, or a list of them.

The tag is the event's name, the token its visitor: the app makes one for each page that is loaded,
and has no other notion of who somebody is. `value`, `latitude`, `longitude` and whatever else is
sent are properties.
"""

from __future__ import annotations

import hashlib
from typing import Final

from footfall.decode.blocks import values
from footfall.decode.blocks.body import open_body
from footfall.decode.blocks.fault import missing_field
from footfall.decode.blocks.fields import Fields, field, fill
from footfall.decode.blocks.read import read_batch
from footfall.decode.blocks.records import (
    Outcome,
    check_shared,
    decode_records,
    keep_about_request,
    new_template,
    parse_query,
    record_json,
    set_event_id,
    set_name,
)
from footfall.decode.blocks.rows import SLOT, Row
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings

FIELDS: Final[Fields] = {
    "tag": field("event_name", values.name),
    "token": field("client_session_id", values.identifier),
    "timestamp": field("created_at", values.moment),
}
_NAME: Final = SLOT["event_name"]
_TOKEN: Final = SLOT["client_session_id"]
_VISITOR: Final = SLOT["visitor_id"]
_CREATED_AT: Final = SLOT["created_at"]


def decode_kstream(logged: LoggedRequest, settings: DecodeSettings) -> Outcome:
    """Events of one request.

    Records have no id. One with token and timestamp is known by all it says, so that sending it
    again adds nothing; one without is known by its place.

    Raises:
        Fault: the request as a whole cannot be decoded.
    """
    request = logged.request
    body = open_body(request, settings)
    batch = read_batch(body, settings)
    template = new_template(logged)
    keep_about_request(template, "query", parse_query(request.query))
    check_shared(request, template, {}, len(batch.values), len(body), settings)

    def make_row(event: dict[str, object], index: int) -> Row:
        row = template.copy()
        properties: dict[str, object] = {}
        fill(row, event, FIELDS, properties, "")
        if row[_NAME] is None:
            raise missing_field("record has no tag; send tag", ".tag")
        set_name(row)
        row[_VISITOR] = row[_TOKEN]
        set_event_id(row, request, index, _id_of(event, row))
        kept = {name: value for name, value in properties.items() if value is not None}
        if kept:
            row[SLOT["properties"]] = record_json(kept, event)
        return row

    return decode_records(batch, settings, make_row, ("tag",))


def _id_of(event: dict[str, object], row: Row) -> str | None:
    if row[_TOKEN] is None or row[_CREATED_AT] is None:
        return None
    return hashlib.sha256(record_json(event, event).encode()).hexdigest()
