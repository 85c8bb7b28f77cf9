"""AWS Clickstream SDKs (web, Android, Swift, and all built on them): `POST /collect?appId=…`.

A body is an array of events or one event, plain or as base64 text of gzip. Reserved attributes
become columns; every other attribute and every top-level field without a column goes to
`properties`, so nothing that was sent is lost. docs/formats/events-api.md says where each
field goes.

Source: the SDKs' published source, and their traffic as captured (tests/captures).
"""

from __future__ import annotations

import hashlib
from typing import Final

from footfall.decode.aws import fields
from footfall.decode.aws.row import finish_row
from footfall.decode.blocks import values
from footfall.decode.blocks.body import open_body
from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.fields import fill, note
from footfall.decode.blocks.read import read_batch
from footfall.decode.blocks.records import (
    Outcome,
    check_shared,
    decode_records,
    keep_about_request,
    new_template,
    parse_query,
)
from footfall.decode.blocks.rows import SLOT, Row
from footfall.request import LoggedRequest, Request
from footfall.settings import DecodeSettings

_NAME_KEYS: Final = ("event_type", "event_name")
_PLATFORM: Final = SLOT["platform"]
_SENT_AT: Final = SLOT["sent_at"]
_HASH_CHARACTERS: Final = 8


def decode_aws(logged: LoggedRequest, settings: DecodeSettings) -> Outcome:
    """Events of one request of an AWS Clickstream SDK.

    Raises:
        Fault: the request as a whole cannot be decoded.
    """
    request = logged.request
    body = open_body(request, settings, base64_gzip=True)
    template = new_template(logged)
    use_query(request, template)

    def make_row(event: dict[str, object], index: int) -> Row:
        row, unknown = template.copy(), dict[str, object]()
        fill(row, event, fields.EVENT, unknown, "")
        return finish_row(row, event, unknown, index, request)

    batch = read_batch(body, settings)
    check_shared(request, template, {}, len(batch.values), len(body), settings)
    return decode_records(batch, settings, make_row, _NAME_KEYS)


def use_query(request: Request, template: Row) -> None:
    """Put what the query says into the template.

    `hashCode` follows from the body: it is kept only where it does not match it.
    """
    query = parse_query(request.query)
    query.pop("appId", None)
    query.pop("compression", None)
    template[_PLATFORM] = query.pop("platform", None) or None
    kept: dict[str, object] = {}
    sequence = query.pop("event_bundle_sequence_id", "")
    if sequence:
        is_number = sequence.isascii() and sequence.isdigit() and len(sequence) < 19
        kept["event_bundle_sequence_id"] = int(sequence) if is_number else sequence
    upload = query.pop("upload_timestamp", "")
    try:
        template[_SENT_AT] = values.moment(upload)
    except Fault as fault:  # only the clock correction reads it; the event is good without
        note(template, fault, "query.upload_timestamp")
        kept["upload_timestamp"] = upload
    sent_hash = query.pop("hashCode", "")
    if sent_hash and hashlib.sha256(request.body).hexdigest()[:_HASH_CHARACTERS] != sent_hash:
        kept["hashCode"] = sent_hash
    keep_about_request(template, "query", {**query, **kept})
