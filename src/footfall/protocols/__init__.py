"""What a wire protocol is: its routes, its decoder, and how installed packages bring more.

One `Protocol` says all that the platform needs to know of a protocol: where its requests come in,
how their sender is found, what is answered (the collector's side, plain data), and what decodes
them (the pipeline's side, named or given). Ours stand in `aws`, `own` and `pixel`; packages add
theirs with an entry point in the group `footfall.protocols`. Nothing here opens a socket or loads
an engine.
"""

from __future__ import annotations

from footfall.protocols._protocol import Protocol, resolve
from footfall.protocols._refusal import (
    DETAILS,
    RETRY_AFTER_SECONDS,
    USUAL_STATUSES,
    Refusal,
    is_over_later,
)
from footfall.protocols._registry import (
    BUILT_IN,
    ENTRY_POINT_GROUP,
    load_plug_in,
    plug_in_clashes,
    plug_in_names,
)
from footfall.protocols._route import (
    REQUEST_ID_MARK,
    Authorization,
    Header,
    InBody,
    Key,
    Query,
    Reply,
    Route,
    tidy_path,
)

__all__ = [
    "BUILT_IN",
    "DETAILS",
    "ENTRY_POINT_GROUP",
    "REQUEST_ID_MARK",
    "RETRY_AFTER_SECONDS",
    "USUAL_STATUSES",
    "Authorization",
    "Header",
    "InBody",
    "Key",
    "Protocol",
    "Query",
    "Refusal",
    "Reply",
    "Route",
    "is_over_later",
    "load_plug_in",
    "plug_in_clashes",
    "plug_in_names",
    "resolve",
    "tidy_path",
]
