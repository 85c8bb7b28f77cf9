"""Requests made to cost as much as they can: one small function each, for tests and benchmarks.

A kind makes a text of about the size asked for. `requests` wraps each kind as a stranger would:
as it is, and compressed so that little is received and as much unpacked as may be.
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import brotli
import zstandard

from footfall.decode.blocks.body import UNPACKED_BYTES_FREE
from footfall.request import LoggedRequest
from footfall.settings import DecodeSettings
from tests.decode.builders import AWS_EVENT, RECEIVED_AT, logged

MIB: Final = 1 << 20
OWN_EVENT: Final[dict[str, Any]] = {"name": "add_to_cart", "visitor_id": "v"}
EVENTS: Final = {"aws": AWS_EVENT, "footfall": OWN_EVENT}
PROPERTIES: Final = {"aws": "attributes", "footfall": "properties"}

Kind = Callable[[int, str], bytes]
"""Bytes wanted and protocol → a text of about that size."""

KINDS: Final[dict[str, Kind]] = {}


class Hostile(NamedTuple):
    """A request and what is hostile about it."""

    name: str
    logged: LoggedRequest

    @property
    def received(self) -> int:
        """Bytes that were sent for it, lines of the head aside."""
        request = self.logged.request
        return len(request.body) + len(request.query) + sum(len(v) for _, v in request.headers)


def kind(make: Kind) -> Kind:
    KINDS[make.__name__] = make
    return make


def repeated(unit: bytes, size: int, start: bytes = b"", end: bytes = b"") -> bytes:
    return start + unit * max(1, (size - len(start) - len(end)) // len(unit)) + end


def listed(unit: bytes, size: int) -> bytes:
    """An array of the same element."""
    return repeated(unit + b",", size, b"[", unit + b"]")


def event(protocol: str, **more: Any) -> bytes:
    return json.dumps({**EVENTS[protocol], **more}).encode()


def within(protocol: str, value: bytes) -> bytes:
    """A good event with one property of that JSON."""
    whole = event(protocol, **{PROPERTIES[protocol]: {"x": 0}})
    return whole.replace(b'"x": 0', b'"x": ' + value)


# Elements, values, numbers.


@kind
def words_that_are_no_json(size: int, protocol: str) -> bytes:
    return repeated(b"x,", size, b"[")


@kind
def commas(size: int, protocol: str) -> bytes:
    return repeated(b",", size, b"[")


@kind
def whole_numbers(size: int, protocol: str) -> bytes:
    return listed(b"1", size)


@kind
def floats_at_the_edge_of_their_range(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, listed(b"1e300", size)) + b"]"


@kind
def floats_with_many_digits(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, listed(b"1." + b"9" * 800 + b"e-300", size)) + b"]"


@kind
def one_float_with_all_digits(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, b"1." + b"9" * size + b"e-300") + b"]"


@kind
def whole_numbers_with_many_digits(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, listed(b"9" * 4000, size)) + b"]"


@kind
def one_whole_number_with_all_digits(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, b"9" * size) + b"]"


@kind
def amounts(size: int, protocol: str) -> bytes:
    return listed(event(protocol, value=1e300, event_value=1e300, timestamp="9" * 41), size)


@kind
def not_a_number(size: int, protocol: str) -> bytes:
    return listed(b"NaN", size)


@kind
def not_a_number_in_events(size: int, protocol: str) -> bytes:
    return listed(within(protocol, b"NaN"), size)


# Brackets.


@kind
def opening_brackets(size: int, protocol: str) -> bytes:
    return repeated(b"[", size)


@kind
def opening_braces(size: int, protocol: str) -> bytes:
    return repeated(b'{"a":', size)


@kind
def nested_brackets(size: int, protocol: str) -> bytes:
    return b"[" * (size // 2) + b"]" * (size // 2)


@kind
def nested_in_events(size: int, protocol: str) -> bytes:
    return listed(within(protocol, b"[" * 90 + b"]" * 90), size)


@kind
def nested_as_deep_as_may_be(size: int, protocol: str) -> bytes:
    return listed(within(protocol, b"[" * 60 + b"]" * 60), size)


@kind
def deep_and_broad(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, listed(b"[" * 40 + b"]" * 40, size)) + b"]"


@kind
def brackets_that_do_not_match(size: int, protocol: str) -> bytes:
    return repeated(b"[}", size, b"[")


@kind
def empty_objects(size: int, protocol: str) -> bytes:
    return listed(b"{}", size)


@kind
def small_events(size: int, protocol: str) -> bytes:
    return listed(event(protocol), size)


@kind
def small_events_and_a_broken_one(size: int, protocol: str) -> bytes:
    return listed(event(protocol), size)[:-1] + b",NaN]"


@kind
def events_that_fail(size: int, protocol: str) -> bytes:
    return listed(b'{"name":{},"event_type":{}}', size)


@kind
def events_with_many_properties(size: int, protocol: str) -> bytes:
    found = {f"k{number}": number for number in range(80)}
    return listed(event(protocol, **{PROPERTIES[protocol]: found}), size)


@kind
def one_event_with_all_properties(size: int, protocol: str) -> bytes:
    found = {f"{number:x}": 1 for number in range(size // 12)}
    return b"[" + event(protocol, **{PROPERTIES[protocol]: found}) + b"]"


@kind
def properties_a_little_too_long(size: int, protocol: str) -> bytes:
    first = {"a" * 65_000: 1}
    found = first | {f"{number:06x}" + "b" * 500: 1 for number in range(size // 512)}
    return b"[" + event(protocol, **{PROPERTIES[protocol]: found}) + b"]"


@kind
def objects_in_objects(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, listed(b'{"a":{"b":1}}', size)) + b"]"


@kind
def items(size: int, protocol: str) -> bytes:
    whole = event(protocol, items=[{"id": "1"}])
    return b"[" + whole.replace(b'[{"id": "1"}]', listed(b'{"item_id":1}', size)) + b"]"


@kind
def user(size: int, protocol: str) -> bytes:
    key = "user" if protocol == "aws" else "user_properties"
    whole = event(protocol, **{key: {"a": 0}})
    return b"[" + whole.replace(b"0}", listed(b'{"a":1}', size) + b"}") + b"]"


# Keys and texts.


@kind
def repeated_keys(size: int, protocol: str) -> bytes:
    return b"[" + event(protocol)[:-1] + repeated(b',"a":1', size) + b"}]"


@kind
def one_huge_key(size: int, protocol: str) -> bytes:
    return b'[{"' + b"k" * size + b'":1}]'


@kind
def fault_under_a_huge_key(size: int, protocol: str) -> bytes:
    return b'{"events":[{}],"context":{"page":{"url":{},"' + b"k" * size + b'":1}}}'


@kind
def huge_name(size: int, protocol: str) -> bytes:
    return b"[" + event(protocol, name="n" * size, event_type="n" * size) + b"]"


@kind
def huge_text(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, b'"' + b"t" * size + b'"') + b"]"


@kind
def short_escapes(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, repeated(b"\\n", size, b'"', b'"')) + b"]"


@kind
def long_escapes(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, repeated(b"\\u0001", size, b'"', b'"')) + b"]"


@kind
def lone_surrogates(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, repeated(b"\\ud83c", size, b'"', b'"')) + b"]"


@kind
def lone_surrogates_in_events(size: int, protocol: str) -> bytes:
    return listed(within(protocol, b'"\\ud83c\\udf89\\udf89"'), size)


@kind
def lone_surrogate_among_backslashes(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, repeated(b"\\\\", size, b'"\\ud83c', b'"')) + b"]"


@kind
def backslashes(size: int, protocol: str) -> bytes:
    return repeated(b"\\", size, b'["')


@kind
def quotes(size: int, protocol: str) -> bytes:
    return repeated(b'"', size, b"[")


@kind
def unclosed_text_of_quotes(size: int, protocol: str) -> bytes:
    return repeated(b'\\"', size, b'["')


@kind
def no_utf8(size: int, protocol: str) -> bytes:
    return b"[" + within(protocol, repeated(b"\xff", size, b'"', b'"')) + b"]"


@kind
def no_utf8_in_events(size: int, protocol: str) -> bytes:
    return listed(within(protocol, b'"\xff"'), size)


@kind
def spaces(size: int, protocol: str) -> bytes:
    return repeated(b" ", size)


@kind
def spaces_before_an_event(size: int, protocol: str) -> bytes:
    return b" " * size + b"[" + event(protocol) + b"]"


@kind
def letters_between_spaces(size: int, protocol: str) -> bytes:
    return repeated(b"a ", size)


# Lines and envelopes.


@kind
def blank_lines(size: int, protocol: str) -> bytes:
    return repeated(b"\n", size, b"{}\n{}")


@kind
def lines_of_a_brace(size: int, protocol: str) -> bytes:
    return repeated(b"{\n", size)


@kind
def lines_of_events(size: int, protocol: str) -> bytes:
    return repeated(event(protocol) + b"\n", size)


@kind
def lines_of_broken_events(size: int, protocol: str) -> bytes:
    return repeated(within(protocol, b"NaN") + b"\n", size, event(protocol) + b"\n")


@kind
def lines_that_are_short(size: int, protocol: str) -> bytes:
    return repeated(b"{}\n", size)


@kind
def shared_by_many(size: int, protocol: str) -> bytes:
    events = listed(b'{"name":"a"}', size // 2)
    return b'{"events":' + events + b',"context":{"x":"' + b"c" * (size // 2) + b'"}}'


@kind
def shared_by_some(size: int, protocol: str) -> bytes:
    count = max(1, 15 * MIB // size)
    events = b"[" + b",".join([b'{"name":"a"}'] * count) + b"]"
    found = json.dumps({f"k{number}": 1 for number in range(size // 12)}).encode()
    return b'{"events":' + events + b',"properties":' + found + b"}"


@kind
def fields_beside_the_events(size: int, protocol: str) -> bytes:
    return b'{"events":[NaN],' + repeated(b'"a":1,', size) + b'"b":1}'


@kind
def envelope_of_words(size: int, protocol: str) -> bytes:
    return b'{"events":' + repeated(b"x,", size, b"[", b"x]") + b"}"


@kind
def envelope_of_objects(size: int, protocol: str) -> bytes:
    return b'{"a":NaN,"events":' + listed(b"{}", size) + b"}"


# Only one protocol's.


@kind
def marks_of_web_sdks(size: int, protocol: str) -> bytes:
    return listed(event(protocol).replace(b'"attributes": {}', b'"x":1,"attributes":{}'), size)


@kind
def names_of_attributes(size: int, protocol: str) -> bytes:
    return repeated(b',"attributes":{', size, b'[{"timestamp":1')


@kind
def urls_of_escapes(size: int, protocol: str) -> bytes:
    url = "https://shop.test/" + "%41a%00%2f" * 300 + "?utm_source=" + "%41" * 500
    page = {"_page_url": url, "_page_referrer": url}
    group = {"url": url, "referrer": url}
    return distinct(event(protocol, attributes=page, page=group), b"shop.test", size)


@kind
def urls_of_parameters(size: int, protocol: str) -> bytes:
    url = "https://shop.test/?" + "&".join(f"utm_{n}=%41" for n in range(490))
    whole = event(protocol, attributes={"_page_url": url}, page={"url": url})
    return distinct(whole, b"shop.test", size)


def distinct(whole: bytes, part: bytes, size: int) -> bytes:
    """An array of events in which `part` differs, so that nothing is computed once for all."""
    count = max(1, size // len(whole))
    return b"[" + b",".join(whole.replace(part, b"%d." % n + part) for n in range(count)) + b"]"


# Compressions. Each is given what it must unpack to.

EMPTY_GZIP: Final = gzip.compress(b"", mtime=0)


def padded(body: bytes, size: int) -> bytes:
    """A Zstandard body as large as `size`: a frame that decoders skip earns it more to unpack."""
    room = max(0, size - len(body) - 8)
    return body + b"\x50\x2a\x4d\x18" + struct.pack("<I", room) + bytes(room)


def stored_gzip(data: bytes) -> bytes:
    return gzip.compress(data, 0, mtime=0)


def compressed_requests(settings: DecodeSettings) -> Iterator[Hostile]:
    """What is hostile about the compression, whatever it holds."""
    most = settings.inflated_bytes_max
    free = UNPACKED_BYTES_FREE
    members = {"empty members": EMPTY_GZIP, "tiny members": gzip.compress(b" ", mtime=0)}
    bodies: list[tuple[str, str, bytes]] = []
    for name, one in members.items():
        for label, size in (("small", free), ("large", most)):
            packed = zstandard.compress(one * (size // len(one)))
            body = packed if label == "small" else padded(packed, most // 200)
            bodies.append((f"{name} in zstd, {label}", "zstd", body))
        bodies.append((f"{name}, as they are", "gzip", one * (MIB // len(one))))
    frames = zstandard.compress(b"")
    bodies.append(("empty frames", "zstd", frames * (MIB // len(frames))))
    wide = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=23)
    ).compressobj()
    frame = wide.compress(b" ") + wide.flush()
    bodies.append(("frames of wide windows", "zstd", frame * (MIB // len(frame))))
    bodies.append(("skipped frames", "zstd", b"\x50\x2a\x4d\x18\0\0\0\0" * (MIB // 8)))
    text = b"[" + b" " * (most - 2) + b"]"
    bodies.append(("bomb", "br", brotli.compress(text, quality=3)))
    deep = brotli.compress(brotli.compress(brotli.compress(text, quality=3), quality=3), quality=3)
    bodies.append(("bomb in bombs", "br, br, br", deep))
    layered = zstandard.compress(gzip.compress(base64.b64encode(gzip.compress(text[:free]))))
    bodies.append(("base64 in gzip in zstd", "zstd", layered))
    noise = zstandard.compress(b"A \n" * (free // 3))
    bodies.append(("base64 with spaces", "zstd", noise))
    bodies.append(("stored in stored", "gzip", stored_gzip(stored_gzip(stored_gzip(b"[" * MIB)))))
    for name, encoding, body in bodies:
        headers = (("content-encoding", encoding),)
        yield Hostile(f"compressed: {name}", logged(body[:MIB], headers=headers))


def head_requests() -> Iterator[Hostile]:
    """What is hostile about query and headers."""
    many = "&".join(f"{number:x}" for number in range(12_000))
    escapes = "a=" + "%41" * 21_000
    events = json.dumps([AWS_EVENT] * 200).encode()
    agents = {
        "letters": "a" * 8192,
        "names of bots": "bo " * 2700,
        "versions": "Mozilla/5.0 (" + "1." * 4000,
    }
    yield Hostile("head: many parameters", logged(events, query=many))
    yield Hostile("head: many parameters, plus signs", logged(events, query=many + "+"))
    yield Hostile("head: escapes", logged(events, query=escapes))
    for query in (many, escapes, "value=" + "9" * 60_000, "url=" + "%2541a" * 10_000):
        changes = {"protocol": "pixel", "method": "GET", "query": query}
        yield Hostile(f"pixel: {query[:12]}…", logged(b"", **changes))
    for name, agent in agents.items():
        headers = (("user-agent", agent), ("accept-language", "a;" * 4000))
        yield Hostile(f"head: user agent of {name}", logged(events, headers=headers))
    yield Hostile("head: unknown key", logged(EMPTY_GZIP * 40_000, app_id=None))


def requests(settings: DecodeSettings, names: frozenset[str] | None = None) -> Iterator[Hostile]:
    """All of them, each made when it is asked for."""
    for name, make in KINDS.items():
        if names is not None and name not in names:
            continue
        for protocol in EVENTS:
            yield from wrapped(name, make, protocol, settings)
    if names is None:
        yield from compressed_requests(settings)
        yield from head_requests()


def wrapped(name: str, make: Kind, protocol: str, settings: DecodeSettings) -> Iterator[Hostile]:
    """A kind as it is, in a kilobyte or two, and in as little as unpacks to the most."""
    most = settings.inflated_bytes_max
    headers = (("content-encoding", "zstd"),)
    plain = make(MIB - 4096, protocol)[:MIB]
    small = zstandard.compress(make(UNPACKED_BYTES_FREE - 4096, protocol))
    large = padded(zstandard.compress(make(most - 8192, protocol)), most // 200)
    for label, body, sent in (
        ("plain", plain, ()),
        ("small", small, headers),
        ("large", large, headers),
    ):
        changes = {"protocol": protocol, "headers": sent, "received_at": RECEIVED_AT}
        yield Hostile(f"{name}, {protocol}, {label}", logged(body, **changes))
