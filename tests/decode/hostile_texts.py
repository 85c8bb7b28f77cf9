"""Texts made to cost as much as they can: one small function each, of about the size asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from tests.decode.builders import AWS_EVENT

MIB: Final = 1 << 20
OWN_EVENT: Final[dict[str, Any]] = {"name": "add_to_cart", "visitor_id": "v"}
EVENTS: Final = {"aws": AWS_EVENT, "footfall": OWN_EVENT}
PROPERTIES: Final = {"aws": "attributes", "footfall": "properties"}

Kind = Callable[[int, str], bytes]
"""Bytes wanted and protocol → a text of about that size."""

KINDS: Final[dict[str, Kind]] = {}


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
