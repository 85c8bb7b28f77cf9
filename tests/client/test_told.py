"""Refusals are told: a program whose events go nowhere says so without being asked."""

from __future__ import annotations

import contextlib
import json
import threading
import warnings

import pytest

from footfall.client import Client, DeliveryWarning
from footfall.home import Home
from footfall.metadata import Metadata
from tests.client.conftest import Collector, events_of, hearing
from tests.collect.conftest import Running


def test_each_reason_is_told_once_and_counted(collector: Collector) -> None:
    """The answer's text at the first refusal; not one line for each of a million events."""
    collector.answer = lambda number, _: 403 if number < 4 else 400
    with hearing() as told:
        client = Client(collector.url, write_id="web")
        for _ in range(4):
            client.track("tick")
            assert not client.flush()
        statistics = client.close()
    first, second = told
    assert f"1 event was not taken by {collector.url}: answered 403: because." in first
    assert "write_id=" in first
    assert "answered 400: because." in second
    assert statistics.refusals == {"answered 403: because": 3, "answered 400: because": 1}
    assert statistics.refused == 4


def test_no_secret_is_told(collector: Collector) -> None:
    """Warnings end up in logs, which more people read than keys."""
    collector.answer = lambda *_: 403
    address = collector.url.replace("//", "//user:pass@")
    with hearing() as told:
        client = Client(address, key="fsk_hidden")
        client.track("tick")
        client.close()
    (text,) = told
    assert f"not taken by {collector.url}:" in text
    assert "pass@" not in text
    assert "hidden" not in text


def test_a_refusal_is_told_without_a_flush(collector: Collector) -> None:
    """A server never flushes; its log must say that its key is wrong."""
    collector.answer = lambda *_: 403
    told = threading.Event()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *_, **__: told.set()
        client = Client(collector.url, write_id="web", flush_seconds=0.0)
        client.track("tick")
        assert told.wait(60)
    client.close()


def test_where_warnings_are_errors_flush_raises_and_sending_goes_on(collector: Collector) -> None:
    """A warning raised in the thread would end it, and with it everything that is sent later."""
    collector.answer = lambda number, _: 403 if number == 1 else 200
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        client = Client(collector.url, write_id="web", flush_seconds=0.0)
        client.track("bad")
        with pytest.raises(DeliveryWarning, match="because"):
            client.flush()
        client.track("good")
        assert client.flush()
        assert client.close().sent == 1


def test_an_application_that_cannot_show_warnings_still_sends(collector: Collector) -> None:
    """Its hook is its own code; the thread must not end by it."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("hook")

    collector.answer = lambda number, _: 403 if number == 1 else 200
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = fail
        client = Client(collector.url, write_id="web", flush_seconds=0.0)
        client.track("bad")
        with pytest.raises(KeyError):
            client.flush()
        client.track("good")
        assert client.flush()
    client.close()


def test_reasons_kept_are_bounded(collector: Collector) -> None:
    """A proxy that answers with a different text each time must not fill the memory."""
    answers = iter(range(1000))

    def refuse(*_: object) -> int:
        collector.text = json.dumps({"detail": f"no {next(answers)}"}).encode()
        return 400

    collector.answer = refuse
    with hearing() as told:
        client = Client(collector.url, write_id="web", batch_max=1, flush_seconds=0.0)
        for _ in range(30):
            client.track("tick")
        assert not client.flush()
        statistics = client.close()
    assert len(told) == 20
    assert len(statistics.refusals) == 21
    assert statistics.refusals["other reasons"] == 10


def test_flush_is_about_what_came_since_the_last(collector: Collector) -> None:
    """One refusal must not make every later flush say that something is wrong."""
    collector.answer = lambda number, _: 403 if number == 1 else 200
    with hearing(), Client(collector.url, write_id="web") as client:
        client.track("bad")
        assert not client.flush()
        assert client.flush()
        client.track("good")
        assert client.flush()


def test_what_is_not_answered_in_time_is_not_flushed(collector: Collector) -> None:
    """`False` before it is durable, and still sent afterwards."""
    collector.answer = lambda *_: 503
    with Client(collector.url, write_id="web") as client:
        client.track("tick")
        assert not client.flush(0.05)
        assert client.statistics().waiting == 1
        collector.answer = lambda *_: 200
        assert client.flush()


def test_an_unknown_write_id_is_told(running: Running) -> None:
    """The collector keeps such events as failed ones and answers 200: they are in no report."""
    with hearing() as told:
        client = Client(running.url, write_id="wbe")
        client.track("tick")
        assert not client.flush()
        statistics = client.close()
    assert ["nobody knows this write id" in text for text in told] == [True]
    assert (statistics.sent, statistics.refused) == (0, 1)
    assert len(running.records()) == 1


def test_a_wrong_key_is_told_with_the_collectors_words(running: Running) -> None:
    """What the answer says, and what to look at."""
    with hearing() as told:
        client = Client(running.url, key="fsk_wrong")
        client.track("tick")
        assert not client.flush()
        client.close()
    (text,) = told
    assert "answered 401: nobody knows this server key. See write_id= or key= of" in text


def test_keys_work_from_the_moment_they_are_made(running: Running, home: Home) -> None:
    """`footfall key create`, then the first line of code: it must not be refused for a second."""
    with contextlib.closing(Metadata.open(home)) as metadata:
        with Client(running.url, write_id="web") as client:
            client.track("before")
            assert client.flush()
        key = metadata.create_server_key("default", "web")[0]
        with Client(running.url, key=key) as client:
            client.track("with a key")
            assert client.flush()
    assert [event["name"] for event in events_of(running)] == ["before", "with a key"]
