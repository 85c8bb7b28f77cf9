"""What a supervisor hears of a worker: alive or hung, at work or not, and why."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall.clock import MINUTE
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.live import LiveState, SessionMeters, encode_snapshot
from footfall.log import Log, LogSource, SqliteLog
from footfall.metadata import Holder, Metadata
from footfall.pipeline import _health as health
from footfall.pipeline._lease import take
from footfall.pipeline._look import Look
from footfall.pipeline._pulse import Pulse
from footfall.pipeline._worker import observed
from footfall.settings import load_settings
from footfall.testing import SimClock

SETTINGS = load_settings(overrides=["pipeline.health_address=127.0.0.1:0"])


def ask(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_metrics_are_those_of_the_live_file(tmp_path: Path) -> None:
    """What Prometheus asks for is what the live page shows, and more; before the first it waits."""
    clock, file = SimClock(0), tmp_path / "live.json"
    meters = SessionMeters(1)
    meters.start("gap", "shop", 0, 3, 2)
    with observed(SETTINGS, clock, file, lambda: b"of_a_stage_above 1.0\n") as (_, url):
        assert url is not None
        assert ask(f"{url}/metrics")[0] == 503
        snapshot = LiveState().snapshot(
            0, open_sessions=0, totals=Ledger(), sessions=meters.shown(0)
        )
        file.write_bytes(encode_snapshot(snapshot))
        with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:  # noqa: S310
            text = answer.read()
            assert answer.headers["content-type"].startswith("text/plain")
    assert b'footfall_sessions_open{app="shop",definition="gap"} 2.0' in text
    assert text.endswith(b"\nof_a_stage_above 1.0\n")


class Worker:
    """A pulse, and what is answered about it."""

    def __init__(self, url: str, clock: SimClock, pulse: Pulse) -> None:
        self.clock, self.pulse, self._url = clock, pulse, url

    @property
    def answers(self) -> tuple[int, int]:
        """Status of health and of readiness."""
        return ask(f"{self._url}/health")[0], ask(f"{self._url}/ready")[0]

    @property
    def reason(self) -> str:
        """Why it is not ready."""
        return str(ask(f"{self._url}/ready")[1]["detail"])

    def get(self, path: str) -> tuple[int, Any]:
        return ask(self._url + path)


@pytest.fixture
def worker() -> Iterator[Worker]:
    clock = SimClock()
    with observed(SETTINGS, clock) as (pulse, url):
        assert url is not None
        yield Worker(url, clock, pulse)


def test_recovery_is_never_taken_for_a_hang(worker: Worker) -> None:
    """Restarted in the middle of it, a worker would only begin again, for ever."""
    assert worker.answers == (200, 503)
    worker.pulse.waits("it recovers what the one before left")
    worker.clock.advance(100 * MINUTE)
    assert worker.answers == (200, 503)
    assert worker.reason == ("the worker takes no work yet: it recovers what the one before left")


def test_a_loop_that_stands_still_is_ill_and_one_that_turns_is_well(worker: Worker) -> None:
    """A worker that hangs holds its lease and does nothing: only a restart helps."""
    worker.pulse.works()
    worker.clock.advance(9 * MINUTE)
    worker.pulse.turned()
    worker.clock.advance(9 * MINUTE)
    assert worker.answers == (200, 200)
    assert worker.get("/ready")[1] == {"status": "ready"}
    worker.clock.advance(2 * MINUTE)
    assert worker.answers == (503, 503)
    assert worker.reason == "the loop has not turned for 660 s; restart the worker"
    worker.pulse.turned()
    assert worker.answers == (200, 200)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Unavailable("the broker does not answer"), "the broker does not answer"),
        (PermissionError(13, "not allowed"), "what the work needs fails: [Errno 13] not allowed"),
    ],
)
def test_what_the_work_needs_makes_it_not_ready_and_not_ill(
    worker: Worker, failure: Exception, said: str
) -> None:
    """A restart brings no broker back: the worker stays, and readiness says what is missing."""

    def look() -> None:
        raise failure

    worker.pulse.works(look)
    assert worker.answers == (200, 503)
    assert worker.reason == said


def test_what_hangs_is_not_ready_in_bounded_time(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that does not come back ends neither the answers nor the process."""
    monkeypatch.setattr(health, "LOOK_SECONDS_MAX", 0.05)
    release = threading.Event()
    worker.pulse.works(lambda: release.wait() and None)
    try:
        assert worker.reason == "what the work needs does not answer"
        assert worker.get("/nothing")[0] == 404
    finally:
        release.set()


def test_an_address_that_is_taken_is_told() -> None:
    """Two workers of one machine with the same settings: the second says which to change."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings = load_settings(overrides=[f"pipeline.health_address=127.0.0.1:{port}"])
        with (
            pytest.raises(Unavailable, match=r"set pipeline\.health_address"),
            observed(settings, SimClock()),
        ):
            pass


@pytest.mark.parametrize(
    "address", ["7702", "127.0.0.1", "http://127.0.0.1:7702", "a:65536", "::1:1"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Told with all other mistakes of the settings, before anything starts."""
    with pytest.raises(Invalid) as caught:
        load_settings(environ={"FOOTFALL__PIPELINE__HEALTH_ADDRESS": f'"{address}"'})
    assert "host and port such as 127.0.0.1:7702" in str(caught.value.problems)


def test_ready_means_lease_and_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without either nothing that comes is seen by anybody, and no restart helps."""
    home, clock = Home(tmp_path), SimClock()

    def unreachable(_: object) -> Log:
        raise Unavailable("the broker does not answer")

    with contextlib.ExitStack() as stack:
        metadata = stack.enter_context(contextlib.closing(Metadata.open(home, clock)))
        metadata.create_project("default")
        lease = take(metadata, "default", SETTINGS.pipeline.lease, clock)
        look = Look(home, SETTINGS, "default", lease)
        stack.callback(look.close)
        look()

        with monkeypatch.context() as patch:
            patch.setattr(SqliteLog, "ends", unreachable)
            assert missing(look) == "the broker does not answer"
            patch.setattr(LogSource, "reader", unreachable)
            assert missing(look) == "the broker does not answer", "it is opened again"
        look()
        clock.advance(SETTINGS.pipeline.lease)
        assert missing(look).startswith("the lease could not be renewed")
        lease.renew()
        look()
        elsewhere = Holder("another boot", "another-host", 4711)
        metadata.take_lease("default", metadata.lease("default"), elsewhere)
        lease.renew()
        assert missing(look).startswith("the lease could not be renewed")


def missing(look: Look) -> str:
    with pytest.raises(FootfallError) as caught:
        look()
    return str(caught.value)
