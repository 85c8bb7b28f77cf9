"""Requests → events and failures: the loop over requests, and what holds whatever a decoder does.

Theory of operation. Each request is decoded alone, so the outcome does not depend on its
neighbours: the log may be cut in batches anywhere. A decoder says what is wrong by raising
`Fault` for the whole request, or by `Outcome.failed` for single records. Anything else it raises is
a bug of ours or of a plug-in: that request becomes an INTERNAL failure with its bytes kept, and the
others go on. Rows become columns for many requests at once; if a row has a value that its column
cannot hold, which is a bug as well, the requests are tried one by one to find the one that has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from operator import itemgetter
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from footfall.decode._registry import decoders, fast_ways
from footfall.decode.blocks.failures import failure_rows, failures_table
from footfall.decode.blocks.fast import LayOut, Take, Taken, Unusual
from footfall.decode.blocks.fault import Fault, failed_record
from footfall.decode.blocks.records import Outcome
from footfall.decode.blocks.rows import DECODED_SCHEMA, build
from footfall.event import FailureReason
from footfall.ledger import Ledger
from footfall.project import mask_server_keys
from footfall.request import LOST_PROTOCOL, REQUEST_VERSION, LoggedRequest
from footfall.settings import DecodeSettings


class Decoded(msgspec.Struct, frozen=True):
    """What became of some requests, in log order and by index within a request."""

    events: pa.Table
    """Columns of `EVENT_SCHEMA` that decoding fills, in its order."""
    failures: pa.Table
    """`FAILED_SCHEMA`; `epoch` is not known yet."""
    ledger: Ledger
    """`requests`, `decoded`, `undecodable`; `records`, `events`, `failed`."""


_Failed = list[dict[str, Any]]
_Outcomes = list[tuple[LoggedRequest, Outcome]]
_Placed = list[tuple[int, LoggedRequest, Outcome]]

FAST_WAYS: Final = fast_ways()
"""By protocol; see `blocks.fast`."""

_CHUNK_ROWS: Final = 2_000
"""Measured: 15 % more events per second than 500, and as many as 4,000 or all at once."""


def decode(
    requests: Sequence[LoggedRequest],
    settings: DecodeSettings,
    quarantined: Set[int] = frozenset(),
) -> Decoded:
    """Make events of requests.

    Pure, and per request: decoding a sequence equals decoding its requests one by one and putting
    the results one after the other. Never raises for what a request holds: each record is in
    exactly one of `events` and `failures`, and a request that has no records in one of `failures`.

    Args:
        requests: In log order.
        settings: Limits.
        quarantined: Offsets of requests that end the process: they are not decoded, they fail.

    Returns:
        Events, failures and how many of each.
    """
    tables = [DECODED_SCHEMA.empty_table()]
    failed: _Failed = []
    undecodable = 0
    for chunk in _in_chunks(requests, settings, quarantined):
        events, sound = _lay_out(chunk, settings)
        tables.append(events)
        for logged, found in sound:
            if found.failed:
                undecodable += found.failed[0].index < 0
                failed.extend(failure_rows(logged, found.failed))
    events = pa.concat_tables(tables).combine_chunks()
    return Decoded(
        events,
        failures_table(failed),
        Ledger(
            requests=len(requests),
            decoded=len(requests) - undecodable,
            undecodable=undecodable,
            records=events.num_rows + len(failed) - undecodable,
            events=events.num_rows,
            failed=len(failed) - undecodable,
        ),
    )


class _Chunk:
    """Some requests, each taken by a fast way or decoded the general way."""

    def __init__(self) -> None:
        self.rows = 0
        self.places = 0
        self.taken: dict[LayOut, list[tuple[int, Taken]]] = {}
        """By how they are laid out, each with its place among the requests."""
        self.general: _Placed = []

    def add(self, logged: LoggedRequest, settings: DecodeSettings, quarantined: Set[int]) -> None:
        """Take one request more."""
        if logged.offset in quarantined:
            self.general.append((self.places, logged, _whole(logged, _POISON, settings)))
            self.places += 1
            return
        request = logged.request
        take = FAST_WAYS.get(request.protocol)
        if take is not None and request.app_id is not None and request.version <= REQUEST_VERSION:
            taken = _take(take, logged, settings)
            if taken is not None:
                self.taken.setdefault(taken.lay_out, []).append((self.places, taken))
                self.places += 1
                self.rows += len(taken.events)
                return
        self._add_general(self.places, logged, settings)
        self.places += 1

    def _add_general(self, place: int, logged: LoggedRequest, settings: DecodeSettings) -> None:
        found = _outcome(logged, settings)
        self.general.append((place, logged, found))
        self.rows += len(found.rows)

    def lay_out_fast(self, lay_out: LayOut, settings: DecodeSettings) -> pa.Table:
        """Events of what a fast way took; what it gives back is decoded the general way."""
        placed = self.taken[lay_out]
        while placed:
            try:
                return lay_out([taken for _, taken in placed], settings)
            except Unusual as unusual:
                given_back = unusual.requests
            except MemoryError:
                raise
            except Exception:  # supervisor: a fast way's bug costs time, never an event
                given_back = frozenset(range(len(placed)))
            for at in sorted(given_back):
                place, taken = placed[at]
                self._add_general(place, taken.logged, settings)
            placed = [one for at, one in enumerate(placed) if at not in given_back]
            self.taken[lay_out] = placed
        return DECODED_SCHEMA.empty_table()


def _take(take: Take, logged: LoggedRequest, settings: DecodeSettings) -> Taken | None:
    try:
        return take(logged, settings)
    except MemoryError:
        raise
    except Exception:  # supervisor: a fast way's bug costs time, never an event
        return None


def _in_chunks(
    requests: Iterable[LoggedRequest], settings: DecodeSettings, quarantined: Set[int]
) -> Iterator[_Chunk]:
    """Requests in groups small enough to stay in the processor's cache while they are laid out."""
    chunk = _Chunk()
    for logged in requests:
        chunk.add(logged, settings, quarantined)
        if chunk.rows >= _CHUNK_ROWS:
            yield chunk
            chunk = _Chunk()
    if chunk.places:
        yield chunk


def _lay_out(chunk: _Chunk, settings: DecodeSettings) -> tuple[pa.Table, _Outcomes]:
    """Events of a chunk in the order of its requests, and the outcomes of the general way."""
    tables = []
    places: list[int] = []
    for lay_out in list(chunk.taken):
        tables.append(chunk.lay_out_fast(lay_out, settings))
        for place, taken in chunk.taken[lay_out]:
            places.extend([place] * len(taken.events))
    if not chunk.general:
        if len(tables) == 1:
            return tables[0], []
        sound: _Placed = []
    else:
        chunk.general.sort(key=itemgetter(0))
        table, sound = _build(chunk.general, settings)
        tables.append(table)
        for place, _, found in sound:
            places.extend([place] * len(found.rows))
    order = np.argsort(np.array(places, np.int64), kind="stable")
    events = pa.concat_tables(tables).combine_chunks()
    if (order[1:] < order[:-1]).any():
        events = events.take(pa.array(order))
    return events, [(logged, found) for _, logged, found in sound]


def _build(outcomes: _Placed, settings: DecodeSettings) -> tuple[pa.Table, _Placed]:
    """Rows as a table; requests whose rows cannot be one become INTERNAL failures."""
    rows = [row for _, _, found in outcomes for row in found.rows]
    try:
        return build(rows, settings.text_bytes_max), outcomes
    except _BUILD_ERRORS:
        return _build_each(outcomes, settings)


_BUILD_ERRORS = (pa.ArrowException, TypeError, ValueError, OverflowError)


def _outcome(logged: LoggedRequest, settings: DecodeSettings) -> Outcome:
    request = logged.request
    if request.protocol == LOST_PROTOCOL:
        message = f"the log lost this request to damage: offset={logged.offset}"
        return _whole(logged, Fault(FailureReason.LOST, message), settings)
    if request.app_id is None:
        reason = FailureReason.UNKNOWN_WRITE_ID
        message = f"nobody knows this write id; create it or mend the sender: {request.credential}"
        return _whole(logged, Fault(reason, message), settings)
    decoder = decoders().get(request.protocol)
    if decoder is None or request.version > REQUEST_VERSION:
        message = (
            "nothing that is installed decodes it; a plug-in may be missing, or a newer Footfall:"
            f" protocol={request.protocol} record_version={request.version}"
        )
        return _whole(logged, Fault(FailureReason.UNSUPPORTED, message), settings)
    try:
        return decoder(logged, settings)
    except Fault as fault:
        return _whole(logged, fault, settings)
    except MemoryError:
        raise  # says nothing about the request: the same one may pass on another day
    except Exception as error:  # supervisor: a decoder's bug must not stop the pipeline
        return _whole(logged, _internal(error), settings)


_POISON: Final = Fault(
    FailureReason.POISON,
    "decoding it ends the process or takes too long; if a plug-in decodes it, mend that and send it"
    " again",
)


def _internal(error: Exception) -> Fault:
    kind = type(error).__name__
    message = f"decoder failed; please report this with the payload: {kind}: {str(error)[:200]}"
    return Fault(FailureReason.INTERNAL, message)


def _whole(logged: LoggedRequest, fault: Fault, settings: DecodeSettings) -> Outcome:
    """The request as one failure; its payload is the body as received, else the query."""
    request = logged.request
    payload = mask_server_keys(request.body or request.query.encode(errors="surrogateescape"))
    failed = failed_record(-1, fault, payload, settings.payload_bytes_max)
    if request.body_bytes > failed.payload_bytes:
        failed = msgspec.structs.replace(failed, payload_bytes=request.body_bytes)
    return Outcome([], [failed])


def _build_each(outcomes: _Placed, settings: DecodeSettings) -> tuple[pa.Table, _Placed]:
    tables = [DECODED_SCHEMA.empty_table()]
    sound: _Placed = []
    for place, logged, outcome in outcomes:
        try:
            tables.append(build(outcome.rows, settings.text_bytes_max))
        except _BUILD_ERRORS as error:
            sound.append((place, logged, _whole(logged, _internal(error), settings)))
        else:
            sound.append((place, logged, outcome))
    return pa.concat_tables(tables).combine_chunks(), sound
