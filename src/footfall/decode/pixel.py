"""`GET /v1/pixel.gif`: one event in a query string, for mail and pages without scripts."""

from __future__ import annotations

from typing import Final

from footfall.decode.blocks.fields import fill
from footfall.decode.blocks.json import single
from footfall.decode.blocks.records import (
    Outcome,
    check_app,
    decode_records,
    keep_about_request,
    parse_query,
    set_event_id,
    set_name,
)
from footfall.decode.blocks.rows import SLOT, Row, to_json
from footfall.decode.footfall import fields
from footfall.decode.footfall.decoder import own_template
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings

_AGAINST_CACHES: Final = frozenset(
    (
        *("_", "r", "rnd", "rand", "random", "ord", "z", "ts", "nocache", "no_cache"),
        *("cb", "cachebust", "cachebuster", "cache_buster"),
        *("retry", "retries", "retry_count", "attempt"),
    )
)
"""Parameters that change when the same pixel is loaded again: they tell of the request."""
DEFAULT_NAME: Final = "page_view"
_EVENT_NAME: Final = SLOT["event_name"]
_PAGE_URL: Final = SLOT["page_url"]
_PROPERTIES: Final = SLOT["properties"]


def decode_pixel(logged: LoggedRequest, settings: DecodeSettings) -> Outcome:
    """The event of one pixel: always one record, good or failed; its payload is the query.

    Without `url` the page is what the browser says it is (`Referer`, often its origin only).
    """
    request = logged.request
    query: dict[str, object] = {**parse_query(request.query)}
    for key in fields.KEY_PARAMETERS:
        query.pop(key, None)
    template = own_template(logged)
    against = {key: query.pop(key) for key in _AGAINST_CACHES.intersection(query)}
    keep_about_request(template, "query", against)
    template[_PAGE_URL] = request.header("referer") or None
    template[_EVENT_NAME] = DEFAULT_NAME

    def make_row(event: dict[str, object], index: int) -> Row:
        row = template.copy()
        properties: dict[str, object] = {}
        fill(row, event, fields.PIXEL, properties, "")
        check_app(request, row[fields.APP_ID], ".app_id")
        set_name(row)
        set_event_id(row, request, index, row[fields.EVENT_ID])  # type: ignore[arg-type]
        if properties:
            row[_PROPERTIES] = to_json(properties)
        return row

    payload = request.query.encode(errors="surrogateescape")
    return decode_records(single(payload, query), settings, make_row, ("name",))
