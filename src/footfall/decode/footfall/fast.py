"""The fast way of our own format: a whole column of many requests at a time.

`blocks.fast` says what a fast way is; what the columns mean is told in `decoder` and `fields`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from footfall.decode.blocks import values
from footfall.decode.blocks.fast import Sheet, Taken, event_ids, is_empty, json_column, json_text
from footfall.decode.blocks.ids import place_id, uuid5, uuid_bytes
from footfall.decode.blocks.parse import BROKEN, decoder
from footfall.decode.blocks.rows import DECODED_SCHEMA, SCRATCH, SLOT
from footfall.decode.footfall import fields
from footfall.decode.footfall.event import GROUPS, USER_KEY, FootfallEvent
from footfall.event import UUID16
from footfall.settings import DecodeSettings

_KEYS: Final = tuple(name.removeprefix("f_") for name in FootfallEvent.__struct_fields__)
_CONVERTED: Final = frozenset((values.duration_ms, values.money, values.moment, fields.address))
_decode_user: Final = decoder()


def lay_out_footfall(taken: Sequence[Taken], settings: DecodeSettings) -> pa.Table:
    """See `LayOut`."""
    return _FootfallSheet(taken).lay_out(settings.text_bytes_max)


class _FootfallSheet(Sheet):
    """The columns of our own events."""

    def __init__(self, taken: Sequence[Taken]) -> None:
        super().__init__(taken)
        sent = zip(*map(msgspec.structs.astuple, self.events), strict=True)
        self._sent: dict[str, tuple[Any, ...]] = dict(zip(_KEYS, sent, strict=True))

    def lay_out(self, text_bytes_max: int) -> pa.Table:
        """All columns."""
        self.share()
        self.columns[SLOT["request_index"]] = self.request_index()
        for key, (slot, _, convert) in fields.TRUSTED_EVENT.items():
            if slot < SCRATCH:
                self._put(slot, self._sent[key], convert)
        for key in GROUPS:
            self._use_group(key)
        self.use_names(self._sent["name"])
        self._use_ids()
        self._use_json()
        return self.table(text_bytes_max)

    def _put(self, slot: int, found: Sequence[Any], convert: values.Convert) -> None:
        """Fill a column from values as sent; what is there already stands where they are none."""
        if is_empty(found):
            return
        made: Sequence[Any] = found
        if convert is values.text:
            made = self.texts(list(found))
        elif convert in _CONVERTED:
            made = self.converted(found, convert)
        before = self.columns.get(slot)
        if before is not None and None in made:
            if isinstance(before, pa.Array):
                made = self.own_or_shared(made, DECODED_SCHEMA.names[slot])
            else:
                made = [
                    other if own is None else own for own, other in zip(made, before, strict=True)
                ]
        self.columns[slot] = made

    def _use_group(self, key: str) -> None:
        groups = self._sent[key]
        if is_empty(groups):
            return
        members = GROUPS[key].__struct_fields__
        nothing = (None,) * len(members)
        rows = [nothing if group is None else msgspec.structs.astuple(group) for group in groups]
        for member, found in zip(members, zip(*rows, strict=True), strict=True):
            slot, _, convert = fields.GROUPS[key][member.removeprefix("f_")]
            self._put(slot, found, convert)

    def _use_ids(self) -> None:
        sent = self._sent["event_id"]
        self.check_ids(self._sent, fields.TRUSTED_EVENT)
        if None not in sent:
            ids, others = event_ids(sent, self.taken[0].logged.request.protocol)
            self.columns[SLOT["event_id"]] = ids
            if others is not None:
                self.columns[SLOT["client_event_id"]] = others
            return
        made: list[bytes] = []
        kept: list[str | None] = []
        for request in self.taken:
            logged = request.logged.request
            for index, event in enumerate(request.events):
                one = event.f_event_id
                found = (
                    place_id("event", logged.request_id, index) if one is None else uuid_bytes(one)
                )
                kept.append(one if found is None else None)
                made.append(uuid5(logged.protocol, one.encode()) if found is None else found)
        self.columns[SLOT["event_id"]] = pa.array(made, UUID16)
        self.columns[SLOT["client_event_id"]] = kept

    def _use_json(self) -> None:
        kept = self.kept()
        self.columns[SLOT["properties"]] = self.objects(
            [
                {**shared, **(own or {})} if shared else own or {}
                for own, shared in zip(self._sent["properties"], kept, strict=True)
            ]
        )
        sent = [bytes(raw) for raw in self._sent[USER_KEY]]
        users = {raw: self._user(raw) for raw in set(sent)}
        if None in users.values():
            self.fault(place for place, raw in enumerate(sent) if users[raw] is None)
        self.columns[SLOT["user_properties"]] = json_column([users[raw] or None for raw in sent])
        items = self._sent["items"]
        if not is_empty(items):
            texts = [json_text(found) if found else b"" for found in items]
            self.fault(place for place, text in enumerate(texts) if text is None)
            self.columns[SLOT["items"]] = json_column([text or None for text in texts])

    def _user(self, raw: bytes) -> bytes | None:
        """JSON of properties of a user as sent, empty for none; `None` for unusual ones."""
        try:
            user = _decode_user(raw)
        except BROKEN:
            return None
        if user is None or user == {}:
            return b""
        return json_text(user) if user.__class__ is dict else None
