"""The shop's traffic through the real decoder: it takes exactly what the truth says it must."""

from __future__ import annotations

from footfall.clock import DAY, HOUR, uuid7
from footfall.decode import decode
from footfall.recipes.shop import ShopSettings, shop_requests, shop_truth
from footfall.recipes.traffic import TimedRequest
from footfall.request import KEPT_HEADERS, REQUEST_VERSION, LoggedRequest, Request
from footfall.settings import load_settings


def logged(offset: int, request: TimedRequest) -> LoggedRequest:
    """The request as the collector would have appended it."""
    return LoggedRequest(
        offset,
        Request(
            version=REQUEST_VERSION,
            request_id=uuid7(request.send_at_us),
            received_at=request.send_at_us,
            protocol="aws" if request.path == "/collect" else "footfall",
            app_id="web",
            credential="web",
            trusted=False,
            method=request.method,
            path=request.path,
            query=request.query,
            headers=tuple(header for header in request.headers if header[0] in KEPT_HEADERS),
            client_ip="127.0.0.1",
            body=request.body,
            body_bytes=len(request.body),
        ),
    )


def test_the_decoder_takes_what_the_truth_says() -> None:
    """A broken record that passed, or a good one that failed, would be blamed on the lake."""
    settings = ShopSettings(
        start_us=20_000 * DAY, duration_us=3 * HOUR, visitors=80, events=2_000, broken_share=0.05
    )
    truth = shop_truth(settings).ledger
    requests = [logged(*pair) for pair in enumerate(shop_requests(settings))]
    found = decode(requests, load_settings().decode).ledger
    assert (truth.requests, truth.decoded, truth.undecodable) == (
        found.requests,
        found.decoded,
        found.undecodable,
    )
    # Repeats are told apart after decoding.
    assert (truth.records, truth.failed, truth.events + truth.duplicates) == (
        found.records,
        found.failed,
        found.events,
    )
