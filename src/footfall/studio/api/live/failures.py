"""What came in and did not become an event, by reason."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from footfall.query import SqlRunner
from footfall.studio.api.scope import Scope, TimeRange

GROUPS_MAX: Final = 50
_SQL: Final = f"""
SELECT reason, part, protocol, credential, count(*) AS n, arg_max(message, received_at),
    arg_max(path, received_at), max(epoch_us(received_at)) AS last_us
FROM failed_events WHERE received_at >= make_timestamptz(CAST(? AS BIGINT))
    AND received_at <= make_timestamptz(CAST(? AS BIGINT)){{app}}
GROUP BY reason, part, protocol, credential ORDER BY last_us DESC LIMIT {GROUPS_MAX}
"""  # noqa: S608


class Failure(msgspec.Struct, frozen=True):
    """Failures that are alike."""

    reason: str
    """`footfall.event.FailureReason`."""
    part: Literal["record", "request"]
    """What `count` counts: events, or whole requests."""
    protocol: str
    credential: str | None
    """Write id, or the first characters of the server key."""
    count: int
    message: str | None
    """Of the newest: what was expected and found."""
    path: str | None
    """Of the newest: the field at fault."""
    last_at: int
    """Microseconds since 1970 UTC."""


class Arrivals(msgspec.Struct, frozen=True):
    """Answer of `GET /api/live/failures`."""

    failures: tuple[Failure, ...]
    """Newest first, at most `GROUPS_MAX`."""
    write_ids: tuple[str, ...]
    """Those that are known, to compare an unknown one with."""


async def read_arrivals(
    sql: SqlRunner, write_ids: tuple[str, ...], scope: Scope, during: TimeRange
) -> Arrivals:
    """Group the failed events and requests of a time; what failed is of people and bots alike.

    Raises:
        Unavailable: there is nothing to read yet.
    """
    of_app, values = scope.app_condition()
    found = await sql.run(_SQL.format(app=of_app), (during.from_us, during.to_us, *values))
    rows = msgspec.json.decode(found.body, type=list[list[str | int | None]])
    names = Failure.__struct_fields__
    failures = [dict(zip(names, row, strict=True)) for row in rows]
    return Arrivals(msgspec.convert(failures, tuple[Failure, ...]), write_ids)
