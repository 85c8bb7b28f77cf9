"""Log records as requests. A record that cannot be read still counts, as a request that failed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from typing import Final

import msgspec

from footfall.decode import weight
from footfall.errors import Corrupt
from footfall.log import Log
from footfall.pipeline.epoch.plan import EpochPlan
from footfall.positions import Place, Slice
from footfall.request import (
    LOST_PROTOCOL,
    LOST_RECORD,
    LoggedRequest,
    Request,
    decode_request,
)
from footfall.settings import DecodeSettings, PipelineSettings

UNREADABLE_PROTOCOL = "unreadable"

UNPACKED_FACTOR: Final = 4
"""How much larger a micro-batch may be in memory than `pipeline.micro_batch_bytes_max` of the log.

Usual bodies are two to three times as large, so for them it is no bound.
"""


def logged_requests(
    records: Iterable[tuple[int, bytes]], partition: int = 0
) -> list[LoggedRequest]:
    """Decode records of a partition; nothing raises, nothing is left out."""
    return [
        LoggedRequest(offset, _request(offset, record), partition) for offset, record in records
    ]


def read_request(log: Log, place: Place) -> list[LoggedRequest]:
    """One request; none if the log does not have it any more."""
    records = log.read(place.offset, records_max=1, bytes_max=1, partition=place.partition)
    return logged_requests([one for one in records if one[0] == place.offset], place.partition)


def read_requests(
    log: Log,
    place: Place,
    requests_max: int,
    pipeline: PipelineSettings,
    decode: DecodeSettings,
    quarantined: Set[int] = frozenset(),
) -> list[LoggedRequest]:
    """Requests from `place` on, without a gap: one micro-batch, empty at the partition's end.

    Args:
        log: To read.
        place: Of the first.
        requests_max: Most of them.
        pipeline: Bounds of a micro-batch in bytes.
        decode: What a request may hold.
        quarantined: Offsets of the partition's requests that will not be decoded, so that they are
            not unpacked.

    Raises:
        Corrupt: the log has later ones, but not these.
    """
    bytes_max = pipeline.micro_batch_bytes_max
    partition, offset = place
    records = log.read(offset, records_max=requests_max, bytes_max=bytes_max, partition=partition)
    if records and records[0][0] != offset:
        raise Corrupt(
            "the log lacks requests that are not in the lake; restore its segments:"
            f" {offset=} {partition=} oldest={records[0][0]}"
        )
    requests = logged_requests(records, partition)
    return within(requests, decode, UNPACKED_FACTOR * bytes_max, quarantined)


def of_protocols(requests: Iterable[LoggedRequest], protocols: Collection[str]) -> set[int]:
    """Offsets of the requests that came by one of `protocols`."""
    return {one.offset for one in requests if one.request.protocol in protocols}


def planned_requests(
    log: Log, plan: EpochPlan, pipeline: PipelineSettings
) -> Iterator[list[LoggedRequest]]:
    """All requests of an epoch that was planned, a micro-batch of one partition at a time.

    Raises:
        Corrupt: the log does not have them all.
    """
    for piece in plan.slices:
        yield from requests_of(log, piece, plan, pipeline)


def requests_of(
    log: Log, piece: Slice, plan: EpochPlan, pipeline: PipelineSettings
) -> Iterator[list[LoggedRequest]]:
    """The same of a piece of the epoch."""
    partition, offset, stop = piece
    quarantined = plan.quarantined_in(partition)
    while offset < stop:
        place = Place(partition, offset)
        requests = read_requests(
            log, place, stop - offset, pipeline, plan.rules.decode, quarantined
        )
        if not requests:
            raise ends_before(plan, place)
        yield requests
        offset = requests[-1].offset + 1


def ends_before(plan: EpochPlan, place: Place) -> Corrupt:
    """The log lacks what an epoch has."""
    return Corrupt(
        "the log ends before an epoch that was planned; restore its segments:"
        f" offset={place} epoch={plan.epoch}"
    )


def within(
    requests: Sequence[LoggedRequest],
    settings: DecodeSettings,
    weight_max: int,
    quarantined: Set[int] = frozenset(),
) -> list[LoggedRequest]:
    """The first of `requests`, as many as decoded weigh at most `weight_max` bytes, or one.

    What the log returns is bounded in bytes as they came; a body may hold hundreds of times as
    much. Weighing unpacks no more than it weighs, so it takes no longer than the bound allows; one
    request alone is not weighed.
    """
    if len(requests) == 1:
        return list(requests)
    kept: list[LoggedRequest] = []
    left = weight_max
    for logged in requests:
        if logged.offset in quarantined:
            left -= min(len(logged.request.body), settings.payload_bytes_max)
        else:
            left -= weight(logged.request, settings)
        if left < 0 and kept:
            break
        kept.append(logged)
    return kept


def _request(offset: int, record: bytes) -> Request:
    try:
        return decode_request(record)
    except msgspec.DecodeError:
        return _unreadable(offset, record)


def _unreadable(offset: int, record: bytes) -> Request:
    """Stand-in that decoding turns into a failed event with the record as its payload.

    The same record at the same offset gives the same request, as redone epochs need.
    """
    digest = hashlib.blake2b(record, digest_size=16, key=offset.to_bytes(8, "big"))
    return Request(
        version=0,
        request_id=digest.digest(),
        received_at=0,
        protocol=LOST_PROTOCOL if record == LOST_RECORD else UNREADABLE_PROTOCOL,
        app_id=None,
        credential="",
        trusted=False,
        method="",
        path="",
        query="",
        headers=(),
        client_ip="",
        body=record,
        body_bytes=len(record),
    )
