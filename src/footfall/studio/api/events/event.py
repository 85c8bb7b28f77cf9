"""One event with every column, and the request it came in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from footfall.errors import FootfallError, Invalid
from footfall.positions import Place
from footfall.query import SqlRunner
from footfall.request import LoggedRequest, decode_request
from footfall.studio.api.events.raw_request import RawRequest, raw_request
from footfall.studio.api.status.status import LogReader
from footfall.studio.edge.problems import NotFound

UUID_PATTERN: Final = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
LOG_OFFSET_MAX: Final = (1 << 63) - 1
_EVENT_SQL: Final = (
    "SELECT * FROM events WHERE request_id = CAST(? AS UUID) AND request_index = ? LIMIT 1"
)
ColumnValue = str | int | float | bool | list[str] | None


class EventColumn(msgspec.Struct, frozen=True):
    """One column of the event."""

    name: str
    type: str
    value: ColumnValue


class Missing(msgspec.Struct, frozen=True):
    """Why one half of the answer is not there."""

    reason: Literal["trimmed", "failed", "unknown"]
    """Not kept any more; an error, see `detail`; or where it lies is not known."""
    detail: str


class EventDetail(msgspec.Struct, frozen=True):
    """Answer of `GET /api/events/…`: what can be shown of it, and why the rest cannot."""

    request_id: str
    request_index: int
    columns: tuple[EventColumn, ...] | None
    columns_missing: Missing | None
    request: RawRequest | None
    request_missing: Missing | None


async def read_event(
    sql: SqlRunner,
    open_log: Callable[[], LogReader],
    request_id: str,
    request_index: int,
    log_offset: int | None,
) -> EventDetail:
    """Look up an event.

    Args:
        sql: Finds the columns.
        open_log: Opens the log the request is in.
        request_id: UUID.
        request_index: Place in the request.
        log_offset: Where the request is in the log's first partition, if known: then it is shown
            even when the columns, which say it themselves, cannot be read.

    Raises:
        NotFound: there is no such event.
        Invalid: `log_offset` is none.
    """
    if log_offset is not None and not 0 <= log_offset <= LOG_OFFSET_MAX:
        raise Invalid(f"log_offset is a whole number from 0 to {LOG_OFFSET_MAX}")
    if not UUID_PATTERN.match(request_id):
        raise NotFound(f"an event's address has a request id (UUID): request_id={request_id!r}")
    columns, columns_missing = await _columns(sql, request_id, request_index)
    offset = _int_column(columns, "log_offset", log_offset)
    partition = _int_column(columns, "log_partition", 0) or 0
    place = None if offset is None else Place(partition, offset)
    request, request_missing = await asyncio.to_thread(_request, open_log, place, request_id)
    if columns is None and request is None and columns_missing == _NO_EVENT:
        raise NotFound(
            f"there is no such event: request_id={request_id} request_index={request_index}"
        )
    return EventDetail(
        request_id, request_index, columns, columns_missing, request, request_missing
    )


_NO_EVENT: Final = Missing("unknown", "the event is not in the lake or its tail")


async def _columns(
    sql: SqlRunner, request_id: str, request_index: int
) -> tuple[tuple[EventColumn, ...] | None, Missing | None]:
    try:
        answer = await sql.run(_EVENT_SQL, (request_id, request_index))
    except FootfallError as error:
        return None, Missing("failed", str(error))
    rows = msgspec.json.decode(answer.body, type=list[list[ColumnValue]])
    if not rows:
        return None, _NO_EVENT
    pairs = zip(answer.columns, rows[0], strict=True)
    return tuple(EventColumn(c.name, c.type, value) for c, value in pairs), None


def _int_column(
    columns: tuple[EventColumn, ...] | None, name: str, otherwise: int | None
) -> int | None:
    for column in columns or ():
        if column.name == name and isinstance(column.value, int):
            return column.value
    return otherwise


def _request(
    open_log: Callable[[], LogReader], place: Place | None, request_id: str
) -> tuple[RawRequest | None, Missing | None]:
    if place is None:
        return None, Missing("unknown", "the place of the request in the log is not known")
    try:
        log = open_log()
        try:
            records = log.read(place.offset, records_max=1, bytes_max=1, partition=place.partition)
        finally:
            log.close()
        if not records or records[0][0] != place.offset:
            return None, Missing(
                "trimmed", "the log does not keep this request any more; see log.keep_age_min"
            )
        logged = LoggedRequest(place.offset, decode_request(records[0][1]), place.partition)
    except FootfallError as error:
        return None, Missing("failed", str(error))
    except msgspec.DecodeError as error:
        return None, Missing("failed", f"the record is not a request: {error}")
    found = raw_request(logged)
    if found.request_id != request_id:
        return None, Missing("unknown", f"another request is at this place: log_offset={place}")
    return found, None
