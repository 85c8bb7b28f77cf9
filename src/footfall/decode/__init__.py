"""Request → canonical events, or failures with a closed set of reasons.

`decode` takes requests as the collector logged them and gives three things that add up: events,
failed events, and the counts of both. It is pure, and each request is decoded alone. One bad event
fails alone, with the reason and the JSON path of the field at fault; its neighbours live. No bytes
that a client sends make it raise. What protocols there are says `footfall.protocols`, where
installed packages add more; `blocks` is what their decoders are made of.
"""

from footfall.decode._decode import Decoded, decode
from footfall.decode._registry import decoders, leave_out, plug_ins
from footfall.decode._weight import weight
from footfall.decode.blocks.failures import failures_table
from footfall.decode.blocks.ids import failed_id, uuid5
from footfall.decode.blocks.records import Decoder, Outcome
from footfall.decode.blocks.rows import DECODED_SCHEMA

__all__ = [
    "DECODED_SCHEMA",
    "Decoded",
    "Decoder",
    "Outcome",
    "decode",
    "decoders",
    "failed_id",
    "failures_table",
    "leave_out",
    "plug_ins",
    "uuid5",
    "weight",
]
