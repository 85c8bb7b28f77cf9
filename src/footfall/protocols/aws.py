"""AWS Clickstream SDKs: `/collect`, by setting.

Success is status 200 exactly; on any other the SDK keeps the request and sends the same bytes
again, in order, up to 512 KiB, before anything newer. So a refusal that will never be over for a
request is a jam: a body over the limit is not refused but kept cut, an unknown id is quarantined
(or 403, by setting), and whatever the body is, it is taken, and judged later.
"""

from __future__ import annotations

from typing import Final

from footfall.protocols._protocol import Protocol
from footfall.protocols._refusal import USUAL_STATUSES, Refusal
from footfall.protocols._route import Query, Route

COLLECT: Final = Route(
    path_setting="aws_collect_path",
    methods=("GET", "POST"),
    keys=(Query("appId"),),
    without_key="unknown",
    over_limit="cut",
    statuses={**USUAL_STATUSES, Refusal.RATE: 503},
)

AWS: Final = Protocol(
    name="aws",
    routes=(COLLECT,),
    decoder="footfall.decode.aws.decoder:decode_aws",
    fast_way="footfall.decode.aws.take:take_aws",
)
