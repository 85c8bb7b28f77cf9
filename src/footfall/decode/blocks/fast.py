"""Columns of many requests' events at once: what the fast ways of the protocols share.

Theory of operation. A fast way stands beside a protocol's decoder for speed alone. It *takes* a
request by parsing it with types, or leaves it; then all requests taken are laid out as columns, and
no row is ever made. The decoder owns acceptance and reasons: whatever a fast way finds unusual, on
taking or later, goes the decoder's way, the whole request at a time. Both ways give equal bytes
(`tests/decode/test_aws_fast.py`, `test_footfall_fast.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.fields import Fields
from footfall.decode.blocks.ids import uuid5, uuid_bytes
from footfall.decode.blocks.records import BRACKETS_SAFE, VIEW_NAMES
from footfall.decode.blocks.rows import DECODED_SCHEMA, ENCODER, SCRATCH, SLOT, Row, table_of
from footfall.decode.blocks.split import is_deeper_than
from footfall.decode.blocks.values import NO_IDS, Convert, identifier, text
from footfall.decode.blocks.values import name as check_name
from footfall.event import UUID16
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings

_TEXTS: Final = frozenset({str, type(None)})
_NO_TYPES: Final = frozenset({type(None)})
_TYPES: Final = tuple(DECODED_SCHEMA.types)

_encode: Final = ENCODER.encode


class Unusual(Exception):  # noqa: N818 (a value that travels by raise)
    """Requests that turned out to need the general way.

    Attributes:
        requests: Their places among those laid out.
    """

    def __init__(self, requests: Iterable[int]) -> None:
        super().__init__()
        self.requests = frozenset(requests)


LayOut = Callable[[Sequence["Taken"], DecodeSettings], pa.Table]
"""Events of all requests, in order, as a table of `DECODED_SCHEMA`; or raises `Unusual`: some
of the requests need the general way, lay out the others alone."""


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A request that a fast way took."""

    lay_out: LayOut
    """How it is laid out, together with others that have the same."""
    logged: LoggedRequest
    template: Row
    """What its events share, by slot."""
    kept: dict[str, object]
    """What the query says and has no column: properties of every event."""
    events: list[Any]
    """The protocol's typed events; at least one."""


Take = Callable[[LoggedRequest, DecodeSettings], Taken | None]
"""The fast way of one protocol: the request with its events parsed, or `None` if it is unusual."""


class Sheet:
    """The columns of some requests' events while they are being filled."""

    names_for_all: Mapping[str, str] = VIEW_NAMES
    """As `records.set_name` has it."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        """Lay out nothing yet."""
        self.taken = taken
        self.events: list[Any] = [event for request in taken for event in request.events]
        self.columns: dict[int, Sequence[Any] | pa.Array] = {}
        """By slot; scratch slots are not stored, a missing column is null."""
        self._counts = np.array([len(request.events) for request in taken], np.int32)
        self._request_of = np.repeat(np.arange(len(taken), dtype=np.int32), self._counts)
        self._indices = pa.array(self._request_of)
        self._faulty: set[int] = set()

    def fault(self, places: Iterable[int]) -> None:
        """The events at `places` need the general way, and so do their requests."""
        self._faulty.update(places)

    def share(self) -> None:
        """Fill the columns of what each request's events share."""
        shared = zip(*(request.template[:SCRATCH] for request in self.taken), strict=True)
        columns = {
            slot: pa.array(found, _TYPES[slot])
            for slot, found in enumerate(shared)
            if not is_empty(found)
        }
        names = [str(slot) for slot in columns]
        rows = pa.RecordBatch.from_arrays(list(columns.values()), names).take(self._indices)
        self.columns.update(zip(columns, rows.columns, strict=True))

    def own_or_shared(self, found: Sequence[Any], name: str) -> Sequence[Any]:
        """Values of events; where they have none, what they share."""
        slot = SLOT[name]
        if None not in found:
            return found
        shared = (request.template[slot] for request in self.taken for _ in request.events)
        return [other if own is None else own for own, other in zip(found, shared, strict=True)]

    def request_index(self) -> pa.Array:
        """Place of each event in its request."""
        starts = np.cumsum(self._counts, dtype=np.int32) - self._counts
        places = np.arange(len(self.events), dtype=np.int32)
        return pa.array(places - starts[self._request_of])

    def kept(self) -> list[dict[str, object]]:
        """`Taken.kept` for each event."""
        return [request.kept for request in self.taken for _ in request.events]

    def texts(self, found: list[Any]) -> list[Any]:
        """Values of a text column, as `values.text` gives them."""
        if _TEXTS.issuperset(map(type, found)):
            return [value or None for value in found] if "" in found else found
        return self.converted(found, text)

    def converted(self, found: Sequence[Any], convert: Convert) -> list[Any]:
        """Each value converted, `None` left alone; events whose value cannot be are unusual."""
        made: list[Any] = []
        for place, value in enumerate(found):
            try:
                made.append(None if value is None else convert(value))
            except Fault:
                self._faulty.add(place)
                made.append(None)
        return made

    def use_names(self, sent: Sequence[str]) -> None:
        """Fill the columns of names: as sent, and the same for all SDKs."""
        shown: dict[str, str] = {}
        for name in set(sent):
            try:
                shown[name] = self.names_for_all.get(check_name(name), name)
            except Fault:
                shown[name] = ""
        if "" in shown.values():
            self.fault(place for place, name in enumerate(sent) if not shown[name])
        self.columns[SLOT["client_event_name"]] = sent
        self.columns[SLOT["event_name"]] = [shown[name] for name in sent]

    def check_ids(self, sent: Mapping[str, Sequence[Any]], fields: Fields) -> None:
        """Ids that are none need the general way: their type cannot tell them.

        Args:
            sent: The events' values by key.
            fields: The table of those keys; it says which of them are ids.
        """
        for key, (_, _, convert) in fields.items():
            found = sent.get(key, ()) if convert is identifier else ()
            if not NO_IDS.isdisjoint(found):
                self.fault(place for place, one in enumerate(found) if one in NO_IDS)

    def objects(self, found: Sequence[dict[str, Any]]) -> pa.Array:
        """JSON of an object for each event, null for an empty one."""
        texts = [json_text(value) if value else b"" for value in found]
        self.fault(place for place, text in enumerate(texts) if text is None)
        return json_column([text or None for text in texts])

    def table(self, text_bytes_max: int) -> pa.Table:
        """The finished table.

        Raises:
            Unusual: some event is.
        """
        if self._faulty:
            raise Unusual(int(self._request_of[place]) for place in self._faulty)
        columns = {slot: found for slot, found in self.columns.items() if slot < SCRATCH}
        return table_of(columns, len(self.events), text_bytes_max)


def event_ids(sent: Sequence[str], protocol: str) -> tuple[pa.Array, list[str | None] | None]:
    """`event_id` of ids as sent, and `client_event_id` of those that are no UUID, if any is not."""
    ids: list[bytes] = []
    others: list[str | None] = []
    for one in sent:
        plain = uuid_bytes(one)
        ids.append(plain if plain is not None else uuid5(protocol, one.encode()))
        others.append(one if plain is None else None)
    return pa.array(ids, UUID16), others if any(others) else None


def json_text(value: object) -> bytes | None:
    """JSON of a part of an event; `None` if it may make the event nested too deep."""
    try:
        found = _encode(value)
    except RecursionError:
        return None
    is_flat = found.count(b"{") + found.count(b"[") <= BRACKETS_SAFE
    return found if is_flat or not is_deeper_than(value, BRACKETS_SAFE) else None


def json_column(texts: Sequence[bytes | None]) -> pa.Array:
    """A text column of JSON as it was encoded: not made into `str` and back.

    Raises:
        OverflowError: more than a column holds.
    """
    column = pa.array(texts, pa.binary())
    if not isinstance(column, pa.Array):
        raise OverflowError("more JSON than a column holds")
    return column.cast(pa.string())


def is_empty(found: Sequence[Any]) -> bool:
    """Whether a column has no value at all."""
    return _NO_TYPES.issuperset(map(type, found))
