"""Whatever bytes come, compressed and nested in any way: the cost keeps to the stated bound.

Cost is counted: calls while weighing, decoding and enriching (a walk in Python makes some for each
byte or value; copies and parsing in C are held by `test_bounds`), bytes held at a time, and bytes
of rows against the weight that was said beforehand. And good neighbours live, unchanged.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Callable
from typing import Final

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.decode import decode, weight
from footfall.decode.blocks.body import unpacked_bytes_max
from footfall.enrich import enrich, warm_up
from footfall.request import LoggedRequest
from footfall.settings import load_settings
from tests.decode.builders import AWS_EVENT, limits, logged
from tests.decode.cost import counted, peak_bytes
from tests.decode.hostile import EMPTY_GZIP
from tests.decode.hostile_texts import KINDS, OWN_EVENT
from tests.decode.test_fuzz import NASTY
from tests.scale import scaled

SETTINGS: Final = limits(inflated_bytes_max=64 << 10, events_per_request_max=50)
CLOCK: Final = load_settings().clock
CALLS_PER_BYTE: Final = 4
"""Of what a body may unpack to."""
CALLS_BESIDE: Final = 20_000
"""For tables of some eighty columns, and 101 failed records."""
HELD_FACTOR: Final = 20
"""Times what a body may unpack to: an empty array takes 56 bytes and more, its text two."""
HELD_BESIDE: Final = 2 << 20
ROWS_BESIDE: Final = 32 << 10
"""For tables of no rows."""

PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "deflate": zlib.compress,
    "br": lambda body: brotli.compress(body, quality=3),
    "zstd": zstandard.compress,
}
PARTS: Final[dict[str, bytes]] = {"gzip": EMPTY_GZIP, "zstd": zstandard.compress(b"")}
GOOD: Final = [
    logged([AWS_EVENT] * 2, offset=0, request_id=b"a" * 16),
    logged({"events": [OWN_EVENT]}, offset=2, request_id=b"c" * 16, protocol="footfall"),
]


@st.composite
def texts(draw: st.DrawFn, protocol: str) -> bytes:
    """A hostile text, or one in another, or two beside each other; some bytes put in anywhere."""
    sizes = st.sampled_from([200, 3_000, 20_000, SETTINGS.inflated_bytes_max - 2_000])
    names = st.sampled_from(sorted(KINDS))
    body = KINDS[draw(names)](draw(sizes), protocol)
    if draw(st.booleans()):
        other = KINDS[draw(names)](draw(sizes), protocol)
        body = draw(
            st.sampled_from(
                [
                    b"[" + body + b"," + other + b"]",
                    body + b"\n" + other,
                    b'{"events":' + body + b',"context":' + other + b"}",
                    b'{"a":' + body + b',"events":[' + other + b"]}",
                ]
            )
        )
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.sampled_from(NASTY)) + body[at:]
    return body


@st.composite
def hostile(draw: st.DrawFn) -> LoggedRequest:
    """Such a text in up to five layers, some of many members, some of base64; or cut."""
    protocol = draw(st.sampled_from(["aws", "footfall"]))
    body = draw(texts(protocol))
    encodings = []
    for _ in range(draw(st.integers(0, 5))):
        name = draw(st.sampled_from([*PACKERS, "base64", "parts"]))
        if name == "base64":
            body = base64.b64encode(body)
            continue
        if name == "parts":
            name = draw(st.sampled_from(sorted(PARTS)))
            body = PACKERS[name](body) + PARTS[name] * draw(st.sampled_from([1, 900, 3_000]))
        else:
            body = PACKERS[name](body)
        encodings.append(name)
    if draw(st.integers(0, 9)) == 0:
        body = body[: draw(st.integers(0, len(body)))]
    query = draw(st.sampled_from(["", "a=%ff&&=", "q=" + "%41" * 2_000, "&b" * 500]))
    return logged(
        body,
        offset=1,
        request_id=b"b" * 16,
        protocol=protocol,
        query=query,
        headers=(("content-encoding", ",".join(encodings)), ("user-agent", "u" * 300)),
        app_id=draw(st.sampled_from(["shop", "shop", "shop", None])),
    )


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """What is loaded once is not the cost of a request."""
    warm_up()
    decode(GOOD, SETTINGS)


@settings(max_examples=scaled(40, 4_000), deadline=None)
@given(hostile())
def test_cost_keeps_to_its_bound_and_neighbours_live(request: LoggedRequest) -> None:
    """Small and clever requests are no more work than large and plain ones."""
    check(request)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_kind_keeps_to_the_bound(name: str) -> None:
    """The whole corpus, of which a sample of the fuzzer's sees a part only."""
    for protocol in ("aws", "footfall"):
        body = KINDS[name](SETTINGS.inflated_bytes_max - 2_000, protocol)
        headers = (("content-encoding", "zstd"),)
        for sent in (
            logged(body, offset=1, protocol=protocol, request_id=b"b" * 16),
            logged(
                zstandard.compress(body),
                offset=1,
                protocol=protocol,
                headers=headers,
                request_id=b"b" * 16,
            ),
        ):
            check(sent)


def check(request: LoggedRequest) -> None:
    """The oracle."""
    allowed = unpacked_bytes_max(len(request.request.body), SETTINGS)
    assert allowed <= SETTINGS.inflated_bytes_max

    def work() -> tuple[int, int]:
        weighed = weight(request.request, SETTINGS)
        decoded = decode([request], SETTINGS)
        enrich(decoded.events, CLOCK)
        return weighed, decoded.events.nbytes + decoded.failures.nbytes

    cost = counted(work)
    assert cost.total <= CALLS_PER_BYTE * allowed + CALLS_BESIDE, cost.calls.most_common(5)
    weighed, rows = cost.result
    assert rows <= weighed + ROWS_BESIDE
    assert peak_bytes(work) <= HELD_FACTOR * allowed + HELD_BESIDE

    together = decode([GOOD[0], request, GOOD[1]], SETTINGS)
    alone = decode(GOOD, SETTINGS)
    assert together.ledger.problems() == []
    others = [place != 1 for place in together.events.column("log_offset").to_pylist()]
    assert together.events.filter(others).equals(alone.events)
    assert alone.failures.num_rows == 0
