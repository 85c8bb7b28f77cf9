"""Usual requests of AWS SDKs, taken by the fast way.

Theory of operation. SDKs that send several events at a time write, in each of them, the same text
about device, app and user, half of the event. Where all events of a request have that text it is
cut out of the body, a mark in its place, and parsed once; the events, with their marks, are parsed
without it. The mark is a member with a name that nobody can guess. As many were put in as there are
events and each event has one at its top level, so each stands there once, and nowhere else: put the
text back, which is a list of members by itself, and it adds them to that event and changes nothing
else. No field is in both parts, so no name that occurs twice is missed.

In small, `R` the text that both events repeat, from the comma after the time up to `attributes`:

    body         [{"timestamp":1R,"attributes":{…}},{"timestamp":2R,"attributes":{…}}]
    split        [{"timestamp":1R     {…}},{"timestamp":2R     {…}}]
    parsed       [{"timestamp":1,"MARK":0,"attributes":{…}},{"timestamp":2,"MARK":0,…}]
    and once     {"app_version":"2.1","locale":"de_DE"}        R in braces, without its first comma

Had the second event its `attributes` within a map of its own, that map would get the mark and the
event would lack it, which cannot be parsed: the request goes the general way.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.clock import random_token
from footfall.decode.aws.decoder import use_query
from footfall.decode.aws.event import OWN_KEYS, AwsCommon, AwsEvent, event_struct
from footfall.decode.aws.fast import fill_common, lay_out_events, lay_out_repeating
from footfall.decode.blocks.body import open_body
from footfall.decode.blocks.fast import Taken
from footfall.decode.blocks.fault import Fault
from footfall.decode.blocks.json import check_values, has_more_than
from footfall.decode.blocks.parse import BROKEN, decoder
from footfall.decode.blocks.records import new_template, shares_too_much
from footfall.request import LoggedRequest, Request
from footfall.settings import DecodeSettings

_TIME: Final = b'"timestamp":'
_ATTRIBUTES: Final = b',"attributes":{'
"""Before and after what events repeat, in what web SDKs send."""
_MARK: Final = random_token(8)
_MARKED: Final = b',"%s":0%s' % (_MARK.encode(), _ATTRIBUTES)


_Marked: Final = event_struct("_Marked", OWN_KEYS, ("mark", int, msgspec.field(name=_MARK)))
"""An event without the text that all repeat."""

_decode: Final = decoder(list[AwsEvent])  # type: ignore[valid-type]  # made by defstruct
_decode_marked: Final = decoder(list[_Marked])  # type: ignore[valid-type]  # made by defstruct
_decode_common: Final = decoder(AwsCommon)


def take_aws(logged: LoggedRequest, settings: DecodeSettings) -> Taken | None:
    """See `Take`."""
    request = logged.request
    try:
        body = open_body(request, settings, base64_gzip=True)
        check_values(body)
    except Fault:
        return None
    if has_more_than(body, settings.events_max):
        return None
    return _take_repeating(body, logged, settings) or _take_events(body, logged, settings)


def _take_events(body: bytes, logged: LoggedRequest, settings: DecodeSettings) -> Taken | None:
    try:
        events = _decode(body)
    except BROKEN:
        return None
    if not _are_usual(events, logged.request, settings):
        return None
    template = new_template(logged)
    use_query(logged.request, template)
    if shares_too_much(logged.request, template, {}, len(events), len(body), settings):
        return None
    return Taken(lay_out_events, logged, template, {}, events)


def _take_repeating(body: bytes, logged: LoggedRequest, settings: DecodeSettings) -> Taken | None:
    """A request of several events that repeat a text; `None` if it is not plainly one."""
    pieces = body.split(_ATTRIBUTES, settings.events_max + 1)
    repeated = _after_time(pieces[0])
    last = pieces.pop()  # what follows the last event's separator; the others end with the text
    if len(pieces) < 2 or not repeated or not all(piece.endswith(repeated) for piece in pieces):
        return None
    times, size = len(pieces), len(repeated)
    pieces = [piece[:-size] for piece in pieces]
    try:
        events = _decode_marked(_MARKED.join([*pieces, last]))
        common = _decode_common(b"{%s}" % repeated[1:])
    except BROKEN:
        return None
    if len(events) != times or not _are_usual(events, logged.request, settings):
        return None
    template = new_template(logged)
    use_query(logged.request, template)
    if shares_too_much(
        logged.request, template, {}, len(events), len(body), settings
    ) or not fill_common(template, common):
        return None
    return Taken(lay_out_repeating, logged, template, {}, events)


def _after_time(piece: bytes) -> bytes:
    """What follows the time of an event, from the comma on."""
    time = piece.find(_TIME)
    comma = piece.find(b",", time)
    return piece[comma:] if 0 < time < comma else b""


def _are_usual(events: list[Any], request: Request, settings: DecodeSettings) -> bool:
    if not 0 < len(events) <= settings.events_max:
        return False
    allowed = (None, request.app_id, request.credential)
    return all(event.app_id in allowed for event in events)
