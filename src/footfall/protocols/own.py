"""Our own protocol: `POST /v1/events`.

The key comes in a header, in the query (so that `sendBeacon` works) or, for servers, as
`Authorization`, which counts first. Any content type is taken: text/plain spares a page the
preflight. Our clients send again on 429 and 5xx and give up on other 4xx, with the message.
"""

from __future__ import annotations

from typing import Final

from footfall.protocols._protocol import Protocol
from footfall.protocols._route import REQUEST_ID_MARK, Authorization, Header, Query, Reply, Route

EVENTS: Final = Route(
    paths=("/v1/events",),
    keys=(Authorization(), Header("x-write-id"), Header("x-write-key"), Query("write_id")),
    reply=Reply(
        body=b'{"accepted":true,"request_id":"%b"}' % REQUEST_ID_MARK,
        content_type="application/json",
    ),
    # Kept as failed events, since nobody knows the write id: a client that can read is told.
    quarantined=Reply(
        body=b'{"accepted":true,"quarantined":true,"request_id":"%b"}' % REQUEST_ID_MARK,
        content_type="application/json",
    ),
    form="problem",
)

FOOTFALL: Final = Protocol(
    name="footfall",
    routes=(EVENTS,),
    decoder="footfall.decode.footfall.decoder:decode_footfall",
    weight="footfall.decode.footfall.weight:shared_bytes",
    fast_way="footfall.decode.footfall.take:take_footfall",
)
