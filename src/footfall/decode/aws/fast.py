"""The fast way of the AWS decoder: a whole column of many requests at a time.

`blocks.fast` says what a fast way is. What fields and columns mean stands in `fields` and `row`,
for both ways; here is only how whole columns of it are filled. Where few values stand in many
events (languages, time zones, users), a rule of `row` is asked once for each value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from footfall.decode.aws import fields
from footfall.decode.aws.event import AwsCommon
from footfall.decode.aws.row import (
    find_user,
    is_another_host,
    language_tag,
    mobile_system,
    referrer,
    rename_items,
    time_zone,
)
from footfall.decode.blocks import values
from footfall.decode.blocks.fast import Sheet, Taken, event_ids, is_empty, json_column, json_text
from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.fields import fill_aliases
from footfall.decode.blocks.parse import BROKEN, decoder
from footfall.decode.blocks.rows import BLANK, SCRATCH, SLOT, Row
from footfall.event import TIMESTAMP
from footfall.settings import DecodeSettings

_CONVERTED: Final[dict[str, values.Convert]] = {
    key: convert for key, (_, _, convert) in fields.ATTRIBUTE.items() if convert is not values.text
}
_ALIASED: Final = tuple(slot for slot, _, _ in fields.ATTRIBUTE_ALIASES.values())
_PLAIN: Final = {key: slot for key, (slot, _, _) in fields.EVENT.items()}
_COMMON: Final = tuple(
    (key, _PLAIN[key]) for key in AwsCommon.__struct_fields__ if _PLAIN[key] < SCRATCH
)
_NO_MAKE: Final = frozenset({None, "", "Gecko"})
"""Of all browsers, `navigator.product`: "Gecko"."""
_NO_ATTRIBUTES: Final[dict[str, Any]] = {}
_decode_user: Final = decoder()


class _Plan(msgspec.Struct, frozen=True, gc=False):
    """What becomes of attributes that have certain keys in a certain order."""

    known: tuple[str, ...]
    rest: tuple[str, ...]
    has_aliases: bool

    @classmethod
    def of(cls, shape: tuple[str, ...]) -> _Plan:
        rest = tuple(key for key in shape if key not in fields.ATTRIBUTE)
        return cls(
            tuple(key for key in shape if key in fields.ATTRIBUTE),
            rest,
            not fields.ATTRIBUTE_ALIASES.keys().isdisjoint(rest),
        )


def lay_out_events(taken: Sequence[Taken], settings: DecodeSettings) -> pa.Table:
    """Lay out requests with events of `AwsEvent`; see `LayOut`."""
    return _EventSheet(taken).lay_out(settings.text_bytes_max)


def lay_out_repeating(taken: Sequence[Taken], settings: DecodeSettings) -> pa.Table:
    """Lay out requests with their events' own fields, the rest in the templates; see `LayOut`."""
    return _AwsSheet(taken).lay_out(settings.text_bytes_max)


def fill_common(row: Row, common: Any) -> bool:
    """Put what all events of a request have in common into its template.

    Returns:
        Whether it could be; not if a property of each event would come of it.
    """
    for key, slot in _COMMON:
        found = getattr(common, key)
        if found is not None:
            row[slot] = found
    offset = common.zone_offset
    zone = None if offset is None else time_zone(offset)
    language, is_told = language_tag(
        common.locale, common.system_language or None, common.country_code or None
    )
    user = _user(bytes(common.user))
    if (
        user is None
        or not is_told
        or common.make not in _NO_MAKE
        or common.app_package_name is not None
        or (zone is None and offset is not None)
    ):
        return False
    row[SLOT["language"]] = language
    row[SLOT["time_zone"]] = zone
    if common.os_name is None and common.os_version is not None:
        row[SLOT["os"]] = mobile_system(row[SLOT["platform"]])
    row[SLOT["user_id"]], text = user
    row[SLOT["user_properties"]] = None if text is None else text.decode()
    return True


class _AwsSheet(Sheet):
    """The columns that events' own fields fill; templates have those of `AwsCommon`."""

    names_for_all = fields.NAMES

    def __init__(self, taken: Sequence[Taken]) -> None:
        super().__init__(taken)
        names = self.events[0].__struct_fields__
        fields_sent = zip(*map(msgspec.structs.astuple, self.events), strict=True)
        self._sent: dict[str, tuple[Any, ...]] = dict(zip(names, fields_sent, strict=True))
        self._attributes = [found or _NO_ATTRIBUTES for found in self._sent["attributes"]]
        self._shapes = [tuple(found) for found in self._attributes]
        self._plans = {shape: _Plan.of(shape) for shape in set(self._shapes)}
        self._extras: dict[int, list[tuple[str, object]]] = {}
        """Fields without a column that some events have, for `properties`."""

    def lay_out(self, text_bytes_max: int) -> pa.Table:
        """All columns, in an order in which each finds what it needs."""
        self.share()
        self.columns[SLOT["request_index"]] = self.request_index()
        self._use_fields()
        self._use_attributes()
        self._use_items()
        self._use_referrer()
        self._use_host()
        self._use_common()
        self._use_properties()
        return self.table(text_bytes_max)

    def _use_common(self) -> None:
        """Fill the columns of `AwsCommon`; here the templates have."""

    def _use_fields(self) -> None:
        """Top-level fields that are columns as they are, or nearly."""
        sent = self._sent
        for name, found in sent.items():
            slot = _PLAIN.get(name, SCRATCH)
            if slot < SCRATCH and not is_empty(found):
                self.columns[slot] = found
        self.use_names(sent["event_type"])
        self.check_ids(sent, fields.EVENT)
        created = np.array(sent["timestamp"], np.int64) * 1_000
        self.columns[SLOT["created_at"]] = pa.array(created).cast(TIMESTAMP)
        ids, others = event_ids(sent["event_id"], self.taken[0].logged.request.protocol)
        self.columns[SLOT["event_id"]] = ids
        if others is not None:
            self.columns[SLOT["client_event_id"]] = others

    def _use_attributes(self) -> None:
        """Reserved attributes; those of no event are not looked for."""
        for key in {key for plan in self._plans.values() for key in plan.known}:
            found = [attributes.get(key) for attributes in self._attributes]
            convert = _CONVERTED.get(key)
            made = self.texts(found) if convert is None else self.converted(found, convert)
            self.columns[fields.ATTRIBUTE[key][0]] = made

    def _use_items(self) -> None:
        if is_empty(self._sent["items"]):
            return
        made: list[bytes | None] = []
        for place, items in enumerate(self._sent["items"]):
            text = None
            if items:
                rename_items(items)
                text = json_text(items)
                if text is None:
                    self.fault((place,))
            made.append(text)
        self.columns[SLOT["items"]] = json_column(made)

    def _use_referrer(self) -> None:
        latest = self.columns.get(fields.LATEST_REFERRER)
        if latest is None:
            return
        hosts = self.columns.get(fields.LATEST_REFERRER_HOST) or [None] * len(latest)
        referrers = self._column(SLOT["page_referrer"])
        referrer_hosts = self._column(SLOT["referrer_host"])
        for place, sent in enumerate(zip(referrers, latest, hosts, strict=True)):
            found = referrer(*sent)
            if found is not None:
                referrers[place], referrer_hosts[place], kept = found
                for key, value in kept:
                    self._keep(place, key, value)

    def _use_host(self) -> None:
        """As `finish_row` does for one event."""
        hosts, urls = (self._values(SLOT[name]) for name in ("page_host", "page_url"))
        pairs = list(zip(hosts, urls, strict=True))
        others = {pair for pair in set(pairs) if is_another_host(*pair)}
        if others:
            for place, pair in enumerate(pairs):
                if pair in others:
                    self._keep(place, "host_name", pair[0])

    def _values(self, slot: int) -> Sequence[Any]:
        """A column to read."""
        found = self.columns.get(slot)
        if isinstance(found, pa.Array):
            return found.to_pylist()  # type: ignore[no-any-return]  # Arrow has no types
        return [None] * len(self.events) if found is None else found

    def _use_properties(self) -> None:
        """What has no column, in the order in which `finish_row` comes to it."""
        found: list[dict[str, object]] = []
        extras, plans = self._extras, self._plans
        for place, (attributes, shape) in enumerate(
            zip(self._attributes, self._shapes, strict=True)
        ):
            plan = plans[shape]
            properties = {key: attributes[key] for key in plan.rest}
            if plan.has_aliases:
                self._use_aliases(place, properties)
            if extras:
                for key, value in extras.get(place, ()):
                    properties[f"_event_{key}" if key in properties else key] = value
            found.append(properties)
        self.columns[SLOT["properties"]] = self.objects(found)

    def _use_aliases(self, place: int, properties: dict[str, object]) -> None:
        """Second names of attributes, for the columns of one event that are still free."""
        row = BLANK.copy()
        for slot in _ALIASED:
            row[slot] = self._column(slot)[place]
        fill_aliases(row, fields.ATTRIBUTE_ALIASES, properties, "")
        if row[SLOT["problems"]] is not None:
            self.fault((place,))
        for slot in _ALIASED:
            self._column(slot)[place] = row[slot]

    def _column(self, slot: int) -> list[Any]:
        """A column to write into."""
        found = self.columns.get(slot)
        if not isinstance(found, list):
            found = self.columns[slot] = [None] * len(self.events) if found is None else list(found)
        return found

    def _keep(self, place: int, key: str, value: object) -> None:
        if value is not None:
            self._extras.setdefault(place, []).append((key, value))


class _EventSheet(_AwsSheet):
    """The columns of whole events."""

    def _use_common(self) -> None:
        platforms = self.own_or_shared(self._sent["platform"], "platform")
        self.columns[SLOT["platform"]] = platforms
        self._use_user()
        self._use_language()
        self._use_device()

    def _use_user(self) -> None:
        """Users, each parsed once for a text that is sent again and again."""
        sent = [bytes(raw) for raw in self._sent["user"]]
        found = {raw: _user(raw) for raw in set(sent)}
        users = [found[raw] for raw in sent]
        if None in found.values():
            self.fault(place for place, user in enumerate(users) if user is None)
        self.columns[SLOT["user_id"]] = [user and user[0] for user in users]
        self.columns[SLOT["user_properties"]] = json_column(
            [None if user is None else user[1] for user in users]
        )

    def _use_language(self) -> None:
        sent = self._sent
        asked = list(
            zip(sent["locale"], sent["system_language"], sent["country_code"], strict=True)
        )
        tags = {
            (locale, language, country): language_tag(locale, language or None, country or None)
            for locale, language, country in set(asked)
        }
        self.columns[SLOT["language"]] = [tags[key][0] for key in asked]
        if all(is_told for _, is_told in tags.values()):
            return
        for place, key in enumerate(asked):
            if not tags[key][1]:
                self._keep(place, "system_language", key[1] or None)
                self._keep(place, "country_code", key[2] or None)

    def _use_device(self) -> None:
        """As `row` does for one event, in the same order: it is that of the properties."""
        sent = self._sent
        if not _NO_MAKE.issuperset(sent["make"]):
            for place, make in enumerate(sent["make"]):
                self._keep(place, "make", None if make == "Gecko" else make or None)
        if not is_empty(sent["app_package_name"]):
            for place, package in enumerate(sent["app_package_name"]):
                self._keep(place, "app_package_name", package or None)
        zones = {
            offset: None if offset is None else time_zone(offset)
            for offset in set(sent["zone_offset"])
        }
        self.columns[SLOT["time_zone"]] = [zones[offset] for offset in sent["zone_offset"]]
        if any(zone is None for offset, zone in zones.items() if offset is not None):
            for place, offset in enumerate(sent["zone_offset"]):
                self._keep(place, "zone_offset", offset if zones[offset] is None else None)
        if not is_empty(sent["os_version"]):
            platforms = self.columns[SLOT["platform"]]
            self.columns[SLOT["os"]] = [
                mobile_system(platform) if os is None and version is not None else os
                for os, version, platform in zip(
                    sent["os_name"], sent["os_version"], platforms, strict=True
                )
            ]


def _user(raw: bytes) -> tuple[str | None, bytes | None] | None:
    """Id and JSON of a user as sent; `None` for one that is unusual."""
    try:
        user = _decode_user(raw)
        if user is None or user == {}:
            return None, None
        text = json_text(user)
        return None if text is None or user.__class__ is not dict else (find_user(user), text)
    except (Fault, *BROKEN):
        return None
