"""The next requests of the log to decode together; one that is put aside costs nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Set

from footfall.log import Log
from footfall.pipeline._requests import logged_requests, read_requests
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings, PipelineSettings


def read_between(
    log: Log,
    start: int,
    stop: int,
    pipeline: PipelineSettings,
    decode: DecodeSettings,
    quarantined: Set[int],
) -> list[LoggedRequest]:
    """Requests from `start` on and before `stop`, as `read_requests`.

    What a request weighs is found by unpacking it, and that may be what it was quarantined for. So
    a quarantined one comes alone, and one alone is not weighed.

    Raises:
        Corrupt: as `read_requests`.
    """
    if start in quarantined or stop - start == 1:
        records = log.read(start, records_max=1, bytes_max=1)
        if not records or records[0][0] == start:
            return logged_requests(records)
    else:
        stop = min((known for known in quarantined if start < known < stop), default=stop)
    return read_requests(log, start, stop - start, pipeline, decode)


def of_protocols(requests: Iterable[LoggedRequest], protocols: Collection[str]) -> set[int]:
    """Offsets of the requests that came by one of `protocols`."""
    return {one.offset for one in requests if one.request.protocol in protocols}
