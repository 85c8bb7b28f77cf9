"""What decoders are built from: bodies, JSON, fields, values, rows and faults.

The names in `__all__` are for packages, too (docs/extend/protocol.md): a test holds what they are
called and take. All else in this folder may change with any version.
"""

from footfall.decode.blocks import values
from footfall.decode.blocks.body import open_body
from footfall.decode.blocks.fault import Fault, invalid_value, missing_field, wrong_type
from footfall.decode.blocks.fields import Fields, field, fill, fill_aliases, note, text
from footfall.decode.blocks.json import Batch, single
from footfall.decode.blocks.read import read_batch, read_envelope
from footfall.decode.blocks.records import (
    Outcome,
    check_app,
    check_shared,
    decode_records,
    json_items,
    keep_about_request,
    new_template,
    parse_query,
    record_json,
    set_event_id,
    set_name,
)
from footfall.decode.blocks.rows import SCRATCH, SCRATCH_SLOTS, SLOT, Row

__all__ = [
    "SCRATCH",
    "SCRATCH_SLOTS",
    "SLOT",
    "Batch",
    "Fault",
    "Fields",
    "Outcome",
    "Row",
    "check_app",
    "check_shared",
    "decode_records",
    "field",
    "fill",
    "fill_aliases",
    "invalid_value",
    "json_items",
    "keep_about_request",
    "missing_field",
    "new_template",
    "note",
    "open_body",
    "parse_query",
    "read_batch",
    "read_envelope",
    "record_json",
    "set_event_id",
    "set_name",
    "single",
    "text",
    "values",
    "wrong_type",
]
