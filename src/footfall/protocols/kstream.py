"""`POST /poc-kstream`: what the demo app of "Clickstream Collector" (2022) sends, unchanged.

The app is named by the header `client_id`. A token in `Authorization` is made by the page itself
with a key that nobody else has, so it proves nothing and is not looked at.
"""

from __future__ import annotations

from typing import Final

from footfall.protocols._protocol import Protocol
from footfall.protocols._refusal import USUAL_STATUSES, Refusal
from footfall.protocols._route import Header, Reply, Route

RECORDS: Final = Route(
    paths=("/poc-kstream",),
    keys=(Header("client_id"),),
    reply=Reply(
        body=b'{"response_code":"200","message":"Clickstream collected."}',
        content_type="application/json",
    ),
    statuses={**USUAL_STATUSES, Refusal.UNKNOWN_KEY: 404},
)

KSTREAM: Final = Protocol(
    name="kstream",
    routes=(RECORDS,),
    decoder="footfall.decode.kstream:decode_kstream",
)
