"""The Python client against a real HTTP server: what is tracked is sent, once it can be."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from footfall.client import Client, ClientStatistics, DeliveryWarning
from footfall.errors import Closed, Invalid
from tests.client.conftest import Collector, hearing


def test_an_event_arrives_as_it_was_tracked(collector: Collector) -> None:
    """Every field under its name in /v1/events, with an id and a time it did not have."""
    with Client(collector.url, write_id="web") as client:
        event_id = client.track(
            "signup",
            visitor_id="v1",
            user_id="u1",
            properties={"plan": "pro", "naïve": True},
            page={"url": "https://a.example/"},
            timestamp=datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC),
        )
    ((headers, body),) = collector.requests
    assert (headers[""], headers["x-write-id"]) == ("/v1/events", "web")
    assert body["events"] == [
        {
            "event_id": event_id,
            "name": "signup",
            "timestamp": "2026-01-02T03:04:05.678Z",
            "visitor_id": "v1",
            "user_id": "u1",
            "page": {"url": "https://a.example/"},
            "properties": {"plan": "pro", "naïve": True},
        }
    ]
    assert datetime.fromisoformat(body["sent_at"]).tzinfo == UTC


def test_events_share_requests_in_order(collector: Collector) -> None:
    """A request for each event would cost more than the event."""
    with Client(collector.url, key="fsk_secret", batch_max=10, flush_seconds=60) as client:
        for number in range(25):
            client.track("tick", properties={"n": number})
        assert client.flush()
        assert client.statistics() == ClientStatistics(sent=25)
    numbers = [event["properties"]["n"] for batch in collector.batches for event in batch]
    assert numbers == list(range(25))
    assert len(collector.batches) == 3
    assert collector.requests[0][0]["authorization"] == "Bearer fsk_secret"


def test_an_event_waits_no_longer_than_the_flush_interval(collector: Collector) -> None:
    """A lonely event must not wait for company for ever."""
    client = Client(collector.url, write_id="web", flush_seconds=0.01)
    client.track("lonely")
    with collector.came:
        assert collector.came.wait_for(lambda: collector.requests, 5)
    client.close()


@pytest.mark.parametrize("status", [500, 503, 429])
def test_attempts_carry_the_same_ids(collector: Collector, status: int) -> None:
    """The server may have taken the first attempt: only equal ids keep it from counting twice."""
    collector.answer = lambda number, _: status if number < 3 else 200
    with Client(collector.url, write_id="web") as client:
        event_id = client.track("paid")
        assert client.flush()
        statistics = client.statistics()
    ids = [event["event_id"] for batch in collector.batches for event in batch]
    assert ids == [event_id] * 3
    assert statistics == ClientStatistics(sent=1, last_error=f"answered {status}: because")


def test_a_server_that_comes_back_gets_everything(collector: Collector) -> None:
    """A deploy of the collector costs no event."""
    url = collector.url
    client = Client(url, write_id="web", flush_seconds=0.0)
    collector.answer = lambda number, _: 503 if number < 5 else 200
    ids = [client.track("tick") for _ in range(50)]
    assert client.flush()
    client.close()
    sent = {event["event_id"] for event in collector.batches[-1]} | {
        event["event_id"] for batch in collector.batches for event in batch
    }
    assert sent == set(ids)


def test_a_refused_batch_does_not_stop_the_next(collector: Collector) -> None:
    """One batch the server will never take must not block all that follow."""
    collector.answer = lambda number, _: 403 if number == 1 else 200
    with Client(collector.url, write_id="web", flush_seconds=0.0) as client:
        client.track("bad")
        with pytest.warns(DeliveryWarning):
            assert not client.flush()
        client.track("good")
        assert client.flush()
        assert client.statistics() == ClientStatistics(
            sent=1,
            refused=1,
            last_error="answered 403: because",
            refusals={"answered 403: because": 1},
        )


def test_a_batch_that_is_too_large_is_halved(collector: Collector) -> None:
    """The limit is the server's setting; the client finds what fits."""
    collector.answer = lambda _, events: 413 if len(events) > 2 else 200
    with Client(collector.url, write_id="web", batch_max=8, flush_seconds=60) as client:
        ids = [client.track("tick") for _ in range(8)]
        assert client.flush()
        assert client.statistics().sent == 8
    taken = [event["event_id"] for batch in collector.batches if len(batch) <= 2 for event in batch]
    assert taken == ids


def test_a_full_queue_drops_and_counts(collector: Collector) -> None:
    """The application is never blocked, and what is lost is known."""
    collector.answer = lambda *_: 503
    client = Client(collector.url, write_id="web", queue_max=5, flush_seconds=0.0)
    with hearing() as told:
        for _ in range(8):
            client.track("tick")
    assert ["5 events wait already" in text for text in told] == [True]
    statistics = client.statistics()
    assert (statistics.waiting, statistics.dropped) == (5, 3)
    with pytest.warns(DeliveryWarning, match="closed before all"):
        assert client.close(0.05).dropped == 8


def test_closing_ends_in_time_when_nobody_answers() -> None:
    """A program must be able to end although its collector is down."""
    client = Client("http://127.0.0.1:9", write_id="web", flush_seconds=0.0)
    client.track("lost")
    with pytest.warns(DeliveryWarning, match="ConnectionRefusedError"):
        statistics = client.close(0.1)
    assert (statistics.dropped, statistics.waiting, statistics.sent) == (1, 0, 0)
    assert "ConnectionRefusedError" in str(statistics.last_error)
    with pytest.raises(Closed):
        client.track("after")
    assert client.close(0.1) == statistics


def test_what_is_queued_is_sent_at_exit(collector: Collector) -> None:
    """Scripts end right after their last event."""
    program = (
        "from footfall.client import Client\n"
        f"client = Client({collector.url!r}, write_id='web', flush_seconds=60)\n"
        "client.track('last words')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
    assert [event["name"] for batch in collector.batches for event in batch] == ["last words"]


def test_the_client_needs_the_standard_library_only() -> None:
    """It runs inside other people's applications: no dependency, no second's import."""
    program = (
        "import sys\n"
        "import footfall.client\n"
        "names = {name.partition('.')[0] for name in sys.modules}\n"
        "foreign = names - set(sys.stdlib_module_names) - {'footfall', '__main__', '__mp_main__'}\n"
        "foreign = {n for n in foreign if not n.startswith(('_', 'sitecustomize'))}\n"
        "assert not foreign, foreign\n"
    )
    subprocess.run([sys.executable, "-S", "-c", _with_source(program)], check=True, timeout=30)


def _with_source(program: str) -> str:
    import footfall

    source = str(footfall.__file__).removesuffix("footfall/__init__.py")
    return f"import sys; sys.path.insert(0, {source!r})\n{program}"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "collector"}, "not an address"),
        ({"key": "fsk_x"}, "either write_id"),
        ({"write_id": None}, "either write_id"),
        ({"write_id": None, "key": "fsk_…"}, "key has characters"),
        ({"write_id": "web\n"}, "write_id has characters"),
        ({"url": "http://127.0.0.1:9/a b"}, "path has characters"),
    ],
)
def test_a_wrong_client_is_refused_at_once(wrong: dict[str, Any], said: str) -> None:
    """Not in a thread, minutes later, where nobody sees it."""
    with pytest.raises(Invalid, match=said):
        Client(**({"url": "http://127.0.0.1:9", "write_id": "web"} | wrong))


def test_an_address_nobody_can_look_up_is_told() -> None:
    """The thread ends by nothing: an event after it would wait for ever."""
    with hearing() as told:
        client = Client("http://a..b", write_id="web", flush_seconds=0.0)
        for _ in range(2):
            client.track("tick")
            assert not client.flush()
        assert client.close().refused == 2
    assert ["Is url= of the Client the address" in text for text in told] == [True]


@pytest.mark.parametrize(
    "event",
    [
        {"name": ""},
        {"name": "x", "timestamp": datetime(2026, 1, 1)},  # noqa: DTZ001 (the mistake)
        {"name": "x", "properties": {"when": datetime(2026, 1, 1, tzinfo=UTC)}},
        {"name": "x", "properties": {"ratio": float("nan")}},
        {"name": "x", "properties": {"text": "x" * 70_000}},
    ],
    ids=["no name", "naive", "no JSON", "NaN", "large"],
)
def test_a_wrong_event_is_refused_where_it_is_made(
    collector: Collector, event: dict[str, Any]
) -> None:
    """The caller sees the mistake; the batch of others is not spoilt by it."""
    with Client(collector.url, write_id="web") as client, pytest.raises(Invalid):
        client.track(**event)
