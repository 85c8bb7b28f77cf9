"""From the records of one request to rows and failed records: the part all protocols share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import msgspec

from footfall.decode.blocks.fault import FailedRecord, Fault, failed_record, wrong_type
from footfall.decode.blocks.ids import place_id, uuid5, uuid_bytes
from footfall.decode.blocks.json import Batch
from footfall.decode.blocks.parse import check_depth
from footfall.decode.blocks.rows import BLANK, SLOT, Row, to_json
from footfall.decode.blocks.split import DEPTH_MAX
from footfall.event import FailureReason
from footfall.request import LoggedRequest, Request
from footfall.settings import DecodeSettings

VIEW_NAMES: Final = {"_page_view": "page_view", "_screen_view": "screen_view"}
"""Names that are changed whoever sends them, so that one name counts all views. A protocol whose
SDKs have more names of their own brings its own table; all other names are kept."""

RowMaker = Callable[[dict[str, object], int], Row]
"""One parsed record and its place → its row. Raises `Fault`, paths relative to the record."""

_REQUEST_INDEX: Final = SLOT["request_index"]
_EVENT_NAME: Final = SLOT["event_name"]
_CLIENT_EVENT_NAME: Final = SLOT["client_event_name"]
_EVENT_ID: Final = SLOT["event_id"]
_REQUEST_PROPERTIES: Final = SLOT["request_properties"]
_CLIENT_EVENT_ID: Final = SLOT["client_event_id"]

_ESCAPED_FACTOR: Final = 6
"""`\\u0001`: a byte as JSON."""
_SHARED: Final = frozenset({str, dict, list})

BRACKETS_SAFE: Final = DEPTH_MAX - 4
"""A part with at most so many brackets cannot make its record too deep: it is two levels down."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What a request was decoded to; `rows` and `failed` together are its records."""

    rows: list[Row]
    failed: list[FailedRecord]


class Decoder(Protocol):
    """One wire protocol. Pure: the same request gives the same outcome, on any machine."""

    def __call__(self, logged: LoggedRequest, settings: DecodeSettings) -> Outcome:
        """Rows and failed records of one request, by index.

        Raises:
            Fault: the request as a whole cannot be decoded.
        """
        ...


def new_template(logged: LoggedRequest) -> Row:
    """A row with what all events of a request share, to copy."""
    request = logged.request
    row = BLANK.copy()
    row[SLOT["app_id"]] = request.app_id
    row[SLOT["protocol"]] = request.protocol
    row[SLOT["received_at"]] = request.received_at
    row[SLOT["request_id"]] = request.request_id
    row[SLOT["log_offset"]] = logged.offset
    row[SLOT["ip"]] = request.client_ip or None
    row[SLOT["user_agent"]] = request.header("user-agent") or None
    return row


def parse_query(query: str) -> dict[str, str]:
    """Parameters of a query string, escapes and `+` undone; of a repeated one the last counts."""
    if "%" in query or "+" in query:
        return dict(parse_qsl(query, keep_blank_values=True))
    pairs = (part.partition("=") for part in query.split("&") if part)
    return {key: value for key, _, value in pairs}


def decode_records(
    batch: Batch, settings: DecodeSettings, make_row: RowMaker, name_keys: tuple[str, ...]
) -> Outcome:
    """Make a row of each record; those that are none fail alone.

    Args:
        batch: The records.
        settings: Bound on kept payloads.
        make_row: The protocol's rules.
        name_keys: Where a record says its event's name, for the failed ones.
    """
    rows: list[Row] = []
    failed: list[FailedRecord] = []
    for index, value in enumerate(batch.values):
        try:
            if value.__class__ is not dict:
                raise _not_an_event(value)
            row = make_row(value, index)
        except Fault as fault:
            fault = _placed(fault, value, batch.path(index), name_keys)
            payload = batch.payload(index)
            failed.append(failed_record(index, fault, payload, settings.payload_bytes_max))
        else:
            row[_REQUEST_INDEX] = index
            rows.append(row)
    return Outcome(rows, failed)


def check_shared(
    request: Request,
    template: Row,
    kept: dict[str, object],
    events: int,
    body_bytes: int,
    settings: DecodeSettings,
) -> None:
    """Refuse a request whose events share so much that writing it with each is a bomb.

    Raises:
        Fault: BODY_TOO_LARGE.
    """
    if shares_too_much(request, template, kept, events, body_bytes, settings):
        raise Fault(
            FailureReason.BODY_TOO_LARGE,
            "what all events of the request share is too large for so many; send fewer in a"
            f" request: events={events} inflated_bytes_max={settings.inflated_bytes_max}",
        )


def shares_too_much(
    request: Request,
    template: Row,
    kept: dict[str, object],
    events: int,
    body_bytes: int,
    settings: DecodeSettings,
) -> bool:
    """Whether what is written with each event comes to more than `inflated_bytes_max` in all.

    A query, headers and the fields beside the events are sent once and stored with each event: a
    megabyte would become gigabytes.

    Args:
        request: Whose events.
        template: Row that each event's is copied from.
        kept: Properties that each event gets.
        events: How many there are.
        body_bytes: Size of the unpacked body, which the fields beside the events are part of.
        settings: The limit.
    """
    most = body_bytes + head_bytes(request)
    if _ESCAPED_FACTOR * events * most <= settings.inflated_bytes_max:
        return False
    shared = [value for value in template if value.__class__ in _SHARED]
    return events * len(to_json([shared, kept])) > settings.inflated_bytes_max


def head_bytes(request: Request) -> int:
    """Size of what a request says beside its body."""
    found = len(request.query)
    for _, value in request.headers:  # the weight of every request needs it: no generator
        found += len(value)
    return found


def set_name(row: Row, names: Mapping[str, str] = VIEW_NAMES) -> None:
    """Give an event the name that is the same for all SDKs, and keep the one that was sent.

    Args:
        row: With the name as sent; changed in place.
        names: Name as sent → the same for all; of this protocol.
    """
    sent: Any = row[_EVENT_NAME]
    row[_CLIENT_EVENT_NAME] = sent
    row[_EVENT_NAME] = names.get(sent, sent)


def set_event_id(row: Row, request: Request, index: int, sent: str | None) -> None:
    """Fill `event_id` from the id as sent; from the event's place in its request if none was.

    An id that is a UUID keeps its 16 bytes. Other text is kept in `client_event_id` and hashed.
    """
    if sent is None:
        row[_EVENT_ID] = place_id("event", request.request_id, index)
        return
    found = uuid_bytes(sent)
    if found is None:
        found = uuid5(request.protocol, sent.encode())
        row[_CLIENT_EVENT_ID] = sent
    row[_EVENT_ID] = found


def keep_about_request(row: Row, part: str, said: Mapping[str, object]) -> None:
    """Keep what a request says beside its events and no column has, in `request_properties`.

    It is not in the events' `properties`, because sending them again may change it: a counter of
    tries, a number against caches, a sequence. An event is the same whatever stands there.

    Args:
        row: The template of the request's events; changed in place.
        part: `query` or `body`.
        said: Names and values as sent; nothing happens if there are none.

    Raises:
        RecursionError: nested too deep; only a part of the body can be, which is checked before.
    """
    if said:
        other: Any = row[_REQUEST_PROPERTIES]
        found: Any = {} if other is None else msgspec.json.decode(other)
        row[_REQUEST_PROPERTIES] = to_json({**found, part: said})


def check_app(request: Request, sent: object, path: str) -> None:
    """An event may name the app its key belongs to, or the key itself, or no app.

    AWS SDKs know one `appId` only: it is the write id in the URL and `app_id` in each event.

    Raises:
        Fault: APP_MISMATCH.
    """
    if sent is not None and sent not in (request.app_id, request.credential):
        raise Fault(
            FailureReason.APP_MISMATCH,
            f"event names another app than the key it was sent with: {str(sent)[:100]!r}",
            path,
        )


def record_json(value: object, record: dict[str, object]) -> str:
    """JSON text of a part of a record.

    Raises:
        Fault: the record is nested too deep. Only a text with many brackets can be.
    """
    try:
        text = to_json(value)
    except RecursionError:
        check_depth(record)
        raise
    if text.count("{") + text.count("[") > BRACKETS_SAFE:
        check_depth(record)
    return text


def json_items(value: object) -> list[object] | None:
    """An array of objects, for `items`; an empty object is PHP's empty array, and no value."""
    if value == {}:
        return None
    if not isinstance(value, list):
        raise wrong_type("an array", value)
    for index, item in enumerate(value):
        if not isinstance(item, dict):
            fault = wrong_type("an object", item)
            fault.path = f"[{index}]"
            raise fault
    return value


def _not_an_event(value: object) -> Fault:
    if isinstance(value, Fault):
        return value
    try:
        check_depth(value)
    except Fault as fault:
        return fault
    return Fault(FailureReason.NOT_AN_EVENT, wrong_type("an object", value).message)


def _placed(fault: Fault, value: object, path: str, name_keys: tuple[str, ...]) -> Fault:
    """The fault as it is told: with the full path, and the name of the event if it has one."""
    if isinstance(value, Fault):
        return fault
    if isinstance(value, dict):
        try:
            check_depth(value)
        except Fault as deep:
            fault = deep
        names = (value.get(key) for key in name_keys)
        fault.event_name = next((name for name in names if isinstance(name, str)), None)
    fault.path = path + (fault.path or "")
    return fault
