"""What rows an epoch gives a destination: from the lake, or requests from the log.

The same rows in the same order whenever they are asked for, so that a file that is made again is
the same file. Rows are counted before anything is left out.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from footfall.deliver.epochs import Epochs
from footfall.errors import Corrupt
from footfall.log import Log, LogSource
from footfall.pipeline import CommittedEpoch
from footfall.pipeline.consumers.notes import read_position
from footfall.pipeline.consumers.results import CONTINUOUS
from footfall.project import mask_in_address, mask_server_keys
from footfall.request import LOST_PROTOCOL, LOST_RECORD, Request, decode_request
from footfall.settings import DestinationSettings, Settings

ROWS_MAX: Final = 10_000
"""Of one chunk."""
CHUNK_REQUESTS_MAX: Final = 1_000
CHUNK_BYTES_MAX: Final = 16 << 20
REQUESTS: Final = "requests"
RESULTS: Final = "query_results"
_RESULT_ORDER: Final = ("query", "query_version", "window_start", "window_id", "revision")

REQUEST_SCHEMA: Final = pa.schema(
    [
        ("log_partition", pa.int32()),
        ("log_offset", pa.int64()),
        ("request_id", pa.string()),
        ("received_at", pa.timestamp("us", tz="UTC")),
        ("protocol", pa.string()),
        ("app_id", pa.string()),
        ("method", pa.string()),
        ("path", pa.string()),
        ("query", pa.string()),
        ("headers", pa.string()),
        ("client_ip", pa.string()),
        ("body", pa.string()),
        ("body_is_base64", pa.bool_()),
        ("body_bytes", pa.int64()),
    ]
)
"""A request as it was received. What damage of the log took has its place and `protocol` lost."""


class Chunk(NamedTuple):
    """Some rows of an epoch, and where each of them is among all that the epoch gave."""

    table: pa.Table
    rows: np.ndarray[Any, np.dtype[np.int64]]


class Source(Protocol):
    """Rows of one kind."""

    needs_log: bool

    def chunks(self, epoch: CommittedEpoch, row: int, epochs: Epochs) -> Iterator[Chunk]:
        """Rows from `row` on.

        Raises:
            EpochLost: they are not as they were committed any more.
            Invalid: there is no such table.
            Unavailable: they cannot be read now.
        """
        ...

    def is_ripe(self, epoch: CommittedEpoch, now: int) -> bool:
        """Whether an epoch's rows may be written yet."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class TableSource:
    """Rows of a table of the lake."""

    needs_log = False

    def __init__(self, table: str, destination: DestinationSettings) -> None:
        """Of one table."""
        self.table = table
        self._app = destination.app

    def chunks(self, epoch: CommittedEpoch, row: int, epochs: Epochs) -> Iterator[Chunk]:
        """See `Source`."""
        table = self._ordered(epoch.rows(self.table))
        keep = self._kept(table, epoch, epochs)
        for start in range(row - row % ROWS_MAX, table.num_rows, ROWS_MAX):
            yield _chunk(table.slice(start, ROWS_MAX), start, row, keep.slice(start, ROWS_MAX))

    def _ordered(self, table: pa.Table) -> pa.Table:
        """The same whenever it is read."""
        return _in_order(table)

    def _kept(self, table: pa.Table, epoch: CommittedEpoch, epochs: Epochs) -> pa.Array:
        """Which rows are wanted."""
        del epoch, epochs
        if not self._app or "app_id" not in table.schema.names:
            return pa.repeat(pa.scalar(True), table.num_rows)
        return pc.equal(table.column("app_id"), self._app).combine_chunks()

    def is_ripe(self, epoch: CommittedEpoch, now: int) -> bool:
        """As soon as it is committed."""
        del epoch, now
        return True

    def close(self) -> None:
        """Nothing to do."""


class SessionSource(TableSource):
    """Sessions of one definition that are closed, each kept back for a while.

    If late events change a session within that time only its newest revision is given; later ones
    are records of their own.
    """

    def __init__(self, destination: DestinationSettings, default: str) -> None:
        """Of the definition that the destination names; `default` is the default one's name."""
        self._definition = destination.definition or default
        self._is_default = self._definition == default
        super().__init__("sessions" if self._is_default else "other_sessions", destination)
        self._settle = destination.settle
        self._changed: dict[int, pa.Array] = {}

    def is_ripe(self, epoch: CommittedEpoch, now: int) -> bool:
        """After the settle delay."""
        return now >= epoch.planned_at + self._settle

    def _kept(self, table: pa.Table, epoch: CommittedEpoch, epochs: Epochs) -> pa.Array:
        keep = super()._kept(table, epoch, epochs)
        if not self._is_default:
            own = pc.equal(table.column("definition"), self._definition).combine_chunks()
            keep = pc.and_(keep, own)
        if not table.num_rows or not self._settle:
            return keep
        until = epoch.planned_at + self._settle
        later = [one for one in epochs.after(epoch.number) if one.planned_at <= until]
        self._changed = {n: ids for n, ids in self._changed.items() if n > epoch.number}
        for one in later:
            changed = pa.concat_arrays([self._ids(one)])
            keep = pc.and_(keep, pc.invert(pc.is_in(table.column("session_id"), changed)))
        return keep.combine_chunks() if isinstance(keep, pa.ChunkedArray) else keep

    def _ids(self, epoch: CommittedEpoch) -> pa.Array:
        """Sessions that an epoch wrote anew or took away."""
        if epoch.number not in self._changed:
            written = epoch.rows(self.table, ["session_id"]).column(0)
            removed = epoch.rows("session_changes", ["session_id"]).column(0)
            chunks = [*written.chunks, *removed.chunks]
            kind = pa.binary(16)
            ids = pa.concat_arrays([one.cast(kind) for one in chunks] or [pa.array([], kind)])
            self._changed[epoch.number] = ids
        return self._changed[epoch.number]


class ResultSource(TableSource):
    """Results of continuous queries, by the last epoch that each has.

    No epoch writes them: they are computed beside. Once the consumer that does it has been given
    the next epoch it writes none of this one any more, so an epoch's results wait for that.
    """

    def __init__(self, destination: DestinationSettings, consumers: Path) -> None:
        """Of the query that the destination names, or all; `consumers` is where positions are."""
        super().__init__(RESULTS, destination)
        self._query = destination.definition
        self._consumers = consumers

    def is_ripe(self, epoch: CommittedEpoch, now: int) -> bool:
        """Once there can be no more of it."""
        del now
        return epoch.number <= self.ripe_to()

    def ripe_to(self) -> int:
        """Last epoch of which there can be no more; 0 for none."""
        position = read_position(self._consumers, CONTINUOUS)
        return 0 if position is None else max(0, position.needs.epoch - 2)

    def _ordered(self, table: pa.Table) -> pa.Table:
        return table.sort_by([(name, "ascending") for name in _RESULT_ORDER])

    def _kept(self, table: pa.Table, epoch: CommittedEpoch, epochs: Epochs) -> pa.Array:
        keep = super()._kept(table, epoch, epochs)
        if not self._query:
            return keep
        return pc.and_(keep, pc.equal(table.column("query"), self._query).combine_chunks())


class RequestSource:
    """Requests as they were received, from the log."""

    needs_log = True

    def __init__(self, destination: DestinationSettings, log: LogSource) -> None:
        """Open nothing yet."""
        self._app = destination.app
        self._source = log
        self._log: Log | None = None
        self.lost = 0
        """Requests that the log did not have any more."""

    def chunks(self, epoch: CommittedEpoch, row: int, epochs: Epochs) -> Iterator[Chunk]:
        """See `Source`; rows are counted over the partitions, one after the other."""
        del epochs
        if self._log is None:
            self._log = self._source.reader()
        before = 0
        for piece in epoch.log_from.slices_to(epoch.log_to):
            offset = piece.start + max(0, row - before)
            while offset < piece.stop:
                found = self._log.read(
                    offset,
                    records_max=min(CHUNK_REQUESTS_MAX, piece.stop - offset),
                    bytes_max=CHUNK_BYTES_MAX,
                    partition=piece.partition,
                )
                found = [one for one in found if one[0] < piece.stop]
                if not found:
                    starts = self._log.starts()[piece.partition]
                    if starts < piece.stop:
                        raise Corrupt(
                            "the log does not give a request that an epoch has; run footfall"
                            f" doctor: partition={piece.partition} offset={offset}"
                        )
                    self.lost += piece.stop - offset
                    break
                self.lost += found[0][0] - offset
                rows = [_request_row(piece.partition, at, record) for at, record in found]
                table = pa.Table.from_pylist(rows, REQUEST_SCHEMA)
                places = np.array([before + at - piece.start for at, _ in found], np.int64)
                yield self._wanted(Chunk(table, places))
                offset = found[-1][0] + 1
            before += piece.requests

    def _wanted(self, chunk: Chunk) -> Chunk:
        if not self._app:
            return chunk
        keep = pc.fill_null(pc.equal(chunk.table.column("app_id"), self._app), False)
        return Chunk(chunk.table.filter(keep), chunk.rows[keep.to_numpy(zero_copy_only=False)])

    def is_ripe(self, epoch: CommittedEpoch, now: int) -> bool:
        """As soon as it is committed."""
        del epoch, now
        return True

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()


def source_of(
    destination: DestinationSettings, settings: Settings, log: LogSource, consumers: Path
) -> Source:
    """What gives a destination its rows; `consumers` has the positions of all consumers."""
    if destination.source == REQUESTS:
        return RequestSource(destination, log)
    if destination.source == "sessions":
        return SessionSource(destination, settings.sessions.default)
    if destination.source == RESULTS:
        return ResultSource(destination, consumers)
    return TableSource(destination.source, destination)


def _in_order(table: pa.Table) -> pa.Table:
    """Give sessions an order where the lake leaves it open: of one visitor several may start."""
    names = table.schema.names
    order = ("app_id", "visitor_id", "started_at", "revision", "session_id")
    if not all(name in names for name in order):
        return table
    return table.sort_by([(name, "ascending") for name in order])


def _chunk(table: pa.Table, first: int, row: int, keep: pa.Array) -> Chunk:
    places = np.arange(first, first + table.num_rows, dtype=np.int64)
    mask = keep.to_numpy(zero_copy_only=False).astype(bool) & (places >= row)
    return Chunk(table.filter(pa.array(mask)), places[mask])


def _request_row(partition: int, offset: int, record: bytes) -> dict[str, Any]:
    place = {"log_partition": partition, "log_offset": offset}
    if record == LOST_RECORD:
        return place | {"protocol": LOST_PROTOCOL}
    try:
        request = decode_request(record)
    except msgspec.DecodeError:
        return place | {"protocol": LOST_PROTOCOL}
    body, is_base64 = _body(request)
    return place | {
        "request_id": str(uuid.UUID(bytes=request.request_id)),
        "received_at": request.received_at,
        "protocol": request.protocol,
        "app_id": request.app_id,
        "method": request.method,
        "path": _masked(request.path),
        "query": _masked(request.query),
        "headers": msgspec.json.encode(
            {name: _masked(value) for name, value in request.headers}
        ).decode(),
        "client_ip": request.client_ip,
        "body": body,
        "body_is_base64": is_base64,
        "body_bytes": request.body_bytes,
    }


def _body(request: Request) -> tuple[str, bool]:
    """As text if it is text, else in base64; a server key in it is masked, as everywhere."""
    try:
        return mask_server_keys(request.body).decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(request.body).decode(), True


def _masked(text: str) -> str:
    return mask_in_address(text.encode("utf-8", "replace")).decode()
