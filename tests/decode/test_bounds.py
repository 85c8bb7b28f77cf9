"""Work and memory follow what was received, whatever a request holds: one test for each bound."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import brotli
import pytest
import zstandard

from footfall.decode import _weight, decode, weight
from footfall.decode.blocks import inflate as _inflate
from footfall.decode.blocks.body import LAYERS_MAX, UNPACKED_BYTES_FREE, unpacked_bytes_max
from footfall.decode.blocks.inflate import PARTS_MAX
from footfall.decode.blocks.json import LONG_NUMBERS_MAX, VALUES_MAX
from footfall.decode.blocks.parse import NO_NUMBERS_MAX, SURROGATES_MAX
from footfall.decode.blocks.rows import cut_json
from footfall.request import LoggedRequest
from tests.decode.builders import (
    AWS_EVENT,
    SETTINGS,
    decode_one,
    failures_of,
    limits,
    logged,
)
from tests.decode.cost import counted, peak_bytes
from tests.decode.hostile import EMPTY_GZIP, padded
from tests.decode.hostile_texts import KINDS, MIB, OWN_EVENT

EVENT = json.dumps(AWS_EVENT).encode()
EMPTY_ZSTD = zstandard.compress(b"")


def encoding(name: str) -> dict[str, Any]:
    return {"headers": (("content-encoding", name),)}


class Meter:
    """Stands for a library's decompressor and counts what goes in and what comes back unused."""

    def __init__(self) -> None:
        self.parts = 0
        self.fed = 0
        self.handed_back = 0

    def wrap(self, make: Any) -> Any:
        meter = self

        class Part:
            def __init__(self, *arguments: Any) -> None:
                meter.parts += 1
                self._part = make(*arguments)

            def decompress(self, data: Any) -> bytes:
                meter.fed += len(data)
                found: bytes = self._part.decompress(data)
                meter.handed_back += len(self._part.unused_data)
                return found

            def __getattr__(self, name: str) -> Any:
                return getattr(self._part, name)

        return Part


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Meter:
    found = Meter()
    monkeypatch.setattr(_inflate.zlib, "decompressobj", found.wrap(zlib.decompressobj))
    real = zstandard.ZstdDecompressor

    class Decompressor:
        def __init__(self, **options: Any) -> None:
            self.decompressobj = found.wrap(real(**options).decompressobj)

    monkeypatch.setattr(_inflate.zstandard, "ZstdDecompressor", Decompressor)
    return found


@pytest.mark.parametrize(("one", "name"), [(EMPTY_GZIP, "gzip"), (EMPTY_ZSTD, "zstd")])
def test_empty_members_and_frames_are_counted(one: bytes, name: str, meter: Meter) -> None:
    """A megabyte holds a hundred thousand: each costs a decompressor and says nothing."""
    assert failures_of(one * 100_000, **encoding(name)) == [(-1, "bad_encoding", None)]
    assert meter.parts <= 2 * PARTS_MAX + 2  # the fast way and the general one


@pytest.mark.parametrize(("make", "name"), [(gzip.compress, "gzip"), (zstandard.compress, "zstd")])
def test_many_members_are_unpacked_without_copying_the_rest_of_each(
    make: Any, name: str, meter: Meter
) -> None:
    """What a library hands back behind a member is a copy: of the whole rest, it was quadratic."""
    body = b"[" + b",".join([EVENT] * (PARTS_MAX - 1)) + b"]"
    size = -(-len(body) // PARTS_MAX)
    packed = b"".join(make(body[at : at + size]) for at in range(0, len(body), size))
    decoded = decode_one(packed, **encoding(name))
    assert decoded.events.num_rows == PARTS_MAX - 1
    assert meter.parts == PARTS_MAX
    assert meter.fed < 4 * len(packed)
    assert meter.handed_back < 3 * len(packed)


def test_layers_are_counted_whatever_they_are() -> None:
    """By header, by magic number or as base64: each may be a bomb, so there are few."""
    body = b"[" + EVENT + b"]"
    for _ in range(LAYERS_MAX - 2):
        body = gzip.compress(body)
    body = base64.b64encode(body)
    assert decode_one(zstandard.compress(body), **encoding("zstd")).events.num_rows == 1
    deeper = base64.b64encode(gzip.compress(base64.b64decode(body)))
    assert failures_of(zstandard.compress(deeper), **encoding("zstd")) == [
        (-1, "bad_encoding", None)
    ]
    assert failures_of(gzip.compress(gzip.compress(gzip.compress(gzip.compress(EMPTY_GZIP))))) == [
        (-1, "bad_encoding", None)
    ]


def test_what_a_body_may_unpack_to_follows_from_its_size() -> None:
    """A hundred bytes must not be work for a second; copies of one event still pass."""
    events = b"[" + b",".join([EVENT] * 1000) + b"]"
    assert UNPACKED_BYTES_FREE // 2 < len(events) < UNPACKED_BYTES_FREE
    assert decode_one(brotli.compress(events), **encoding("br")).events.num_rows == 1000
    larger = b"[" + b",".join([EVENT] * 2000) + b"]"
    small = zstandard.compress(larger)
    assert failures_of(small, **encoding("zstd")) == [(-1, "body_too_large", None)]
    received = -(-len(larger) // SETTINGS.inflated_ratio_max)
    assert decode_one(padded(small, received), **encoding("zstd")).events.num_rows == 2000
    (row,) = decode_one(small, **encoding("zstd")).failures.to_pylist()
    assert "inflated_ratio_max=256" in row["message"]


def test_a_bomb_holds_no_more_than_the_limit() -> None:
    """Also Zstandard's, of which four bytes may become 128 KiB before anybody can look."""
    bomb = padded(zstandard.compress(bytes(64 * MIB)), MIB)
    request = logged(bomb, **encoding("zstd"))
    assert peak_bytes(lambda: decode([request], SETTINGS)) < 3 * SETTINGS.inflated_bytes_max


@pytest.mark.parametrize(
    ("name", "records"),
    [("words_that_are_no_json", 0), ("empty_objects", 41), ("whole_numbers", 41)],
)
@pytest.mark.parametrize("protocol", ["aws", "footfall"])
def test_elements_beyond_the_limit_are_not_parsed(name: str, records: int, protocol: str) -> None:
    """Each of two million broken elements was parsed four times before anybody counted."""
    settings = limits(events_per_request_max=20)
    request = logged(KINDS[name](100_000, protocol), protocol=protocol)
    cost = counted(lambda: decode([request], settings))
    assert cost.calls["parse_record"] <= 20 + 2
    ledger = cost.result.ledger
    assert (ledger.records, ledger.failed, ledger.undecodable) == (records, records, not records)


def test_what_is_beyond_is_kept_in_few_rows() -> None:
    """As many as the limit one each, with their bytes; of the others it is said how many."""
    settings = limits(events_per_request_max=2)
    body = b"[" + b",".join(b'{"n":%d}' % number for number in range(9)) + b"]"
    rows = decode_one(body, settings).failures.to_pylist()
    assert [
        (row["request_index"], row["reason"], row["path"], row["payload"]) for row in rows[2:]
    ] == [
        (2, "too_many_events", "$[2]", b'{"n":2}'),
        (3, "too_many_events", "$[3]", b'{"n":3}'),
        (4, "too_many_events", "$[4]", body[body.index(b'{"n":4}') : -1]),
    ]
    assert rows[-1]["message"] == "5 more events, of 9 in one request; send fewer"


@pytest.mark.parametrize("form", ["array", "broken", "envelope", "broken envelope", "lines"])
def test_events_within_the_limit_live(form: str) -> None:
    """Whatever form they come in, and the ledger says where the others are."""
    settings = limits(events_per_request_max=3)
    events = [json.dumps({**OWN_EVENT, "event_id": f"e{n}"}).encode() for n in range(8)]
    listed = b"[" + b",".join(events) + b"]"
    body = {
        "array": listed,
        "broken": listed[:-1] + b",nil]",
        "envelope": b'{"events":' + listed + b',"platform":"Web"}',
        "broken envelope": b'{"events":' + listed[:-1] + b',nil],"platform":"Web"}',
        "lines": b"\n".join(events),
    }[form]
    decoded = decode_one(body, settings, protocol="footfall")
    ids = decoded.events.column("client_event_id").to_pylist()
    assert ids == ["e0", "e1", "e2"]
    failed = decoded.failures.to_pylist()
    assert [row["request_index"] for row in failed] == [3, 4, 5, 6]
    assert {row["reason"] for row in failed} == {"too_many_events"}
    more = 3 if "broken" in form else 2
    assert failed[-1]["message"].startswith(f"{more} more events, of {6 + more} in one request")
    assert failed[-1]["payload"].startswith(events[6])


@pytest.mark.parametrize("form", ["array", "envelope", "lines"])
def test_what_is_no_number_costs_no_event_however_often(form: str) -> None:
    """Many are not mended in the body as a whole, but in each record."""
    count = NO_NUMBERS_MAX + 1
    listed = [b'{"name":"a","value":NaN}'] * count
    body = {
        "array": b"[" + b",".join(listed) + b"]",
        "envelope": b'{"events":[' + b",".join(listed) + b"]}",
        "lines": b"\n".join(listed),
    }[form]
    found = decode_one(body, protocol="footfall").events.column("problems").to_pylist()
    assert found == [["wrong_type value"]] * count


def test_lines_beyond_the_limit_are_not_parsed() -> None:
    """116 bytes of Brotli are eight million lines."""
    settings = limits(events_per_request_max=20)
    good = json.dumps(OWN_EVENT).encode()
    request = logged((good + b"\n") * 5_000, protocol="footfall")
    cost = counted(lambda: decode([request], settings))
    assert cost.calls["parse_record"] <= 20 + 2
    assert cost.result.ledger.records == 41
    blank = logged(good + b"\n" * 1_000_000 + good, protocol="footfall")
    cost = counted(lambda: decode([blank], settings))
    assert (cost.result.ledger.events, cost.total < 20_000) == (2, True)


def test_values_are_counted_before_they_are_parsed() -> None:
    """Each takes memory: twenty times its text."""
    assert failures_of(b"[" + b"[]," * VALUES_MAX + b"1]") == [(-1, "body_too_large", None)]
    assert failures_of(b"{" * (VALUES_MAX + 1)) == [(-1, "body_too_large", None)]


@pytest.mark.parametrize("protocol", ["aws", "footfall"])
def test_floats_are_read_by_our_own_reader(protocol: str) -> None:
    """The parser's takes 10 µs for one at the edge of the range: a megabyte would be seconds.

    Also where a user's properties and the members of a text that is too long are read.
    """
    count = 2_000
    numbers = [1e300] * count
    key = "attributes" if protocol == "aws" else "properties"
    user = "user" if protocol == "aws" else "user_properties"
    base = AWS_EVENT if protocol == "aws" else OWN_EVENT
    body = [{**base, key: {"x": numbers}, user: {"x": numbers}}]
    request = logged(body, protocol=protocol)
    cost = counted(lambda: decode([request], limits(text_bytes_max=1000)))
    assert cost.result.events.num_rows == 1
    assert cost.calls["read_float"] == 4 * count
    broken = logged(json.dumps(body).encode()[:-1] + b",nil]", protocol=protocol)
    again = counted(lambda: decode([broken], limits(text_bytes_max=1000)))
    assert again.result.events.equals(cost.result.events)
    assert again.calls["read_float"] >= 4 * count


def test_numbers_of_many_digits_are_few() -> None:
    """Their time goes with the square of their digits."""
    ones = b",".join([b"1" * 501] * (LONG_NUMBERS_MAX + 1))
    assert failures_of(b"[" + ones + b"]") == [(-1, "body_too_large", None)]
    text = EVENT[:-2] + b'"x":"' + b"0" * 100_000 + b'"}}'
    assert decode_one(text).events.num_rows == 1


def test_few_surrogates_are_mended() -> None:
    """Each costs a call; a body of nothing else is refused."""
    half = rb"\ud83c"
    few = EVENT[:-2] + b'"x":"' + half * 1000 + b'"}}'
    assert json.loads(decode_one(few).events["properties"][0].as_py()) == {"x": "�" * 1000}
    many = EVENT[:-2] + b'"x":"' + half * (SURROGATES_MAX + 1) + b'"}}'
    cost = counted(lambda: decode([logged(many)], SETTINGS))
    assert cost.calls["_repair"] == 0
    assert cost.result.failures["reason"].to_pylist() == ["body_too_large"]


def test_whole_emoji_are_not_counted() -> None:
    """What parses needs no mending."""
    emoji = EVENT[:-2] + b'"x":"' + rb"\ud83c\udf89" * (SURROGATES_MAX // 2 + 1) + b'"}}'
    assert decode_one(emoji).events.num_rows == 1


def shared_in(where: str, size: int, count: int) -> LoggedRequest:
    """A request whose events share a text of `size`."""
    events = [OWN_EVENT] * count
    if where == "query":
        return logged(events, protocol="footfall", query="a=" + "q" * size)
    if where == "header":
        agent = (("user-agent", "u" * size),)
        return logged([AWS_EVENT] * count, headers=agent)
    envelope = {
        "context": {"context": {"x": "c" * size}},
        "column": {"page": {"url": "u" * size}},
        "user": {"user_properties": {"x": "p" * size}},
    }[where]
    return logged({"events": events, **envelope}, protocol="footfall")


@pytest.mark.parametrize("where", ["query", "header", "context", "column", "user"])
def test_what_events_share_is_bounded_with_their_number(where: str) -> None:
    """Sent once and stored with each event: a megabyte would become gigabytes."""
    settings = limits(inflated_bytes_max=1 << 18)
    good = decode([shared_in(where, 2_000, 100)], settings)
    assert (good.events.num_rows, good.failures.num_rows) == (100, 0)
    request = shared_in(where, 2_000, 140)
    assert len(request.request.body) < 1 << 17
    found = decode([request], settings)
    assert found.failures["reason"].to_pylist() == ["body_too_large"]
    assert found.ledger.problems() == []


def test_members_that_do_not_fit_are_tried_a_thousand_times() -> None:
    """Each is encoded to know: of an event with half a million, most would be in vain."""
    text = json.dumps({"a" * 90: 1} | {f"{n:06}" + "b" * 20: 1 for n in range(9_000)})
    cost = counted(lambda: cut_json(text, 120))
    assert json.loads(cost.result) == {"a" * 90: 1, "_truncated": True}
    assert cost.calls["encode"] < 1_100


def test_names_and_paths_of_failures_are_cut() -> None:
    """Both are the sender's texts; the payload is bounded, so they are."""
    body = [{**AWS_EVENT, "event_type": "n" * 9_000, "attributes": {}}]
    (row,) = decode_one(body).failures.to_pylist()
    assert (row["reason"], row["event_name"]) == ("invalid_value", "n" * 1024)
    key = "k" * 9_000
    (row,) = (
        decode_one([OWN_EVENT | {"page": {}, "device": {}, "a" + key: 1}], protocol="footfall")
        .events.select(["problems"])
        .to_pylist()
    )
    assert row["problems"] is None


@pytest.mark.parametrize("changes", [{"app_id": None}, {"protocol": "unreadable"}])
def test_nothing_is_unpacked_for_what_is_not_decoded(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may send with a key that nobody knows: it must cost nothing."""

    def refuse(*arguments: Any, **options: Any) -> bytes:
        raise AssertionError("unpacked")

    monkeypatch.setattr(_weight, "open_body", refuse)
    body = gzip.compress(bytes(MIB))
    assert weight(logged(body, **changes).request, SETTINGS) < len(body) + 1000
    with pytest.raises(AssertionError, match="unpacked"):
        weight(logged(body).request, SETTINGS)


def test_a_body_that_fails_weighs_what_was_unpacked_to_know_it() -> None:
    """A thousand small bombs in a micro-batch were minutes of unpacking that weighed nothing."""
    bomb = logged(brotli.compress(bytes(64 * MIB)), **encoding("br"))
    assert weight(bomb.request, SETTINGS) >= unpacked_bytes_max(len(bomb.request.body), SETTINGS)
    events = logged([AWS_EVENT] * 20)
    heavy = logged(b"[" + b"x," * (len(events.request.body) // 2), offset=1)
    assert weight(heavy.request, SETTINGS) > 4 * len(heavy.request.body)


@pytest.mark.parametrize("way", ["aws", "array", "envelope", "lines", "gzip"])
def test_what_fits_in_size_fits_in_number(way: str) -> None:
    """10,000 events in 4 MB, and the smallest there are in the largest body sent as it is."""
    own = b'{"name":"t"}'
    many = 80_000
    body, protocol, count = {
        "aws": (json.dumps([{**AWS_EVENT, "pad": "x" * 200}] * 10_000).encode(), "aws", 10_000),
        "array": (b"[" + b",".join([own] * many) + b"]", "footfall", many),
        "envelope": (b'{"events":[' + b",".join([own] * many) + b"]}", "footfall", many),
        "lines": (b"\n".join([own] * many), "footfall", many),
        "gzip": (
            gzip.compress(
                b"[" + b",".join(b'{"name":"t","id":%d}' % n for n in range(many)) + b"]"
            ),
            "footfall",
            many,
        ),
    }[way]
    assert len(body) < MIB or way == "aws"
    ledger = decode_one(body, SETTINGS, protocol=protocol).ledger
    assert (ledger.events, ledger.failed, ledger.undecodable) == (count, 0, 0)


def test_the_bound_in_number_follows_the_bound_in_size() -> None:
    """A larger body is no use to who may not put more events into it; a number still holds."""
    twice = limits(inflated_bytes_max=2 * SETTINGS.inflated_bytes_max)
    assert twice.events_max in (2 * SETTINGS.events_max, 2 * SETTINGS.events_max + 1)
    assert limits(events_per_request_max=7).events_max == 7
