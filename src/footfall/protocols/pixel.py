"""For places where only an image loads: `GET /v1/pixel.gif`, one event in the query.

Nobody reads the answer to an image; the statuses of refusals are for people who debug. What a
request brings as a body is of no use and never a reason to refuse it.
"""

from __future__ import annotations

import base64
from typing import Final

from footfall.protocols._protocol import Protocol
from footfall.protocols._route import Query, Reply, Route

GIF: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""A transparent GIF of one pixel: 43 bytes."""

IMAGE: Final = Route(
    paths=("/v1/pixel.gif",),
    methods=("GET",),
    keys=(Query("write_id"),),
    over_limit="cut",
    reply=Reply(body=GIF, content_type="image/gif", headers=(("cache-control", "no-store"),)),
    cors=False,
)

PIXEL: Final = Protocol(name="pixel", routes=(IMAGE,), decoder="footfall.decode.pixel:decode_pixel")
