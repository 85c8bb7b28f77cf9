"""Decoding ahead in another process changes how fast it goes, and nothing else."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from footfall.clock import SECOND
from footfall.errors import Corrupt
from footfall.home import Home
from footfall.lake import TABLES, Lake
from footfall.log import LogSource, SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline import Prepared, Rules, prepare
from footfall.pipeline._run import CORES_MIN, build
from footfall.pipeline.feed import decode_ahead as module
from footfall.pipeline.feed import feed as feed_module
from footfall.pipeline.feed.decode_ahead import IDLE_SECONDS, DecodeAhead
from footfall.pipeline.feed.requests import read_requests
from footfall.positions import Place, Positions
from footfall.request import Request, encode_request
from footfall.settings import Settings, load_settings
from footfall.testing.sim_clock import SimClock
from tests.pipeline.harness import START_US, event, request
from tests.pipeline.plug_in import PROTOCOL, install

SETTINGS = ("pipeline.micro_batch_requests_max=7", "pipeline.epoch_events_max=40")
SECONDS_MAX = 60.0


def traffic(count: int) -> list[Request]:
    """Requests of one to three events, broken ones and ones that come twice among them."""
    made = []
    for number in range(count):
        at = START_US + number * SECOND
        events = [event(f"v{number % 5}", at, number // 2 * 3 + n) for n in range(number % 3 + 1)]
        body = b"{broken" if number % 11 == 10 else None
        made.append(request(number, events, at, body=body))
    return made


def filled(directory: Path, requests: Iterable[Request]) -> Home:
    """A home whose log holds `requests`."""
    home = Home(directory)
    Metadata.open(home).create_project("default")
    log = SqliteLog.writer(home.log_dir("default"), load_settings().log)
    log.append([encode_request(one) for one in requests])
    log.close()
    return home


class Ahead:
    """A `DecodeAhead` of a home's log, and what it is to be compared with."""

    def __init__(self, home: Home, *overrides: str) -> None:
        self.settings: Settings = load_settings(overrides=(*SETTINGS, *overrides))
        self.rules = Rules.of(self.settings)
        self.log = SqliteLog.reader(home.log_dir("default"))
        self.clock = SimClock(START_US)
        self.subject = DecodeAhead(
            LogSource.of(home, "default", self.settings.log),
            self.rules,
            self.settings.pipeline,
            self.clock,
        )

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *_: object) -> None:
        self.subject.close()
        self.log.close()

    @property
    def pid(self) -> int:
        assert self.subject._process is not None
        return self.subject._process._process.pid

    def answer(self, offset: int, quarantined: frozenset[int] = frozenset()) -> Prepared | None:
        """Ask, wait however long it takes to start, take."""
        self.subject.ask(Place(0, offset), quarantined)
        wait_for_answer(self.subject)
        return self.subject.take(Positions((offset,)))

    def expected(self, offset: int, quarantined: frozenset[int] = frozenset()) -> Prepared:
        """The same, in this process."""
        settings = self.settings.pipeline
        requests_max = settings.micro_batch_requests_max
        found = read_requests(self.log, Place(0, offset), requests_max, settings, self.rules.decode)
        return prepare(found, self.rules, quarantined)


def wait_for_answer(ahead: DecodeAhead) -> None:
    """Until it answered or its process ended."""
    process = ahead._process
    if process is not None and ahead._asked is not None:
        assert select.select([process._mine], [], [], SECONDS_MAX)[0]


def assert_equal(found: Prepared | None, expected: Prepared) -> None:
    assert found is not None
    assert found.requests == expected.requests
    assert (found.ledger, found.received_at) == (expected.ledger, expected.received_at)
    assert found.events.equals(expected.events, check_metadata=True)
    assert found.failures.equals(expected.failures, check_metadata=True)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return filled(tmp_path, traffic(30))


def test_it_prepares_what_the_pipeline_would(home: Home) -> None:
    with Ahead(home) as ahead:
        offset, failed = 0, []
        while found := ahead.answer(offset, frozenset({2, 9})):
            assert_equal(found, ahead.expected(offset, frozenset({2, 9})))
            failed += found.failures.column("reason").to_pylist()
            offset = found.requests.stop
        assert failed.count("poison") == 2  # and what is broken besides
        assert set(failed) - {"poison"}
        assert offset == 30  # and `None` at the log's end


def test_an_answer_for_another_offset_is_not_used(home: Home) -> None:
    """The pipeline went on by itself while the process started."""
    with Ahead(home) as ahead:
        ahead.subject.ask(Place(0, 0), frozenset())
        assert ahead.subject.take(Positions()) is None  # it is starting
        wait_for_answer(ahead.subject)
        assert ahead.subject.take(Positions((7,))) is None
        assert_equal(ahead.answer(7), ahead.expected(7))


def test_a_killed_process_costs_speed_only(home: Home) -> None:
    with Ahead(home) as ahead:
        assert ahead.answer(0) is not None
        os.kill(ahead.pid, signal.SIGKILL)
        assert ahead.answer(7) is None
        ahead.subject.ask(Place(0, 7), frozenset())
        assert ahead.subject._process is None  # not again and again
        ahead.clock.advance(round(IDLE_SECONDS * SECOND))
        assert_equal(ahead.answer(7), ahead.expected(7))


def test_it_ends_when_it_is_not_needed(home: Home) -> None:
    with Ahead(home) as ahead:
        assert ahead.answer(0) is not None
        pid = ahead.pid
        ahead.subject.rest()
        os.kill(pid, 0)
        ahead.clock.advance(round(IDLE_SECONDS * SECOND))
        ahead.subject.rest()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_it_cannot_read_is_left_to_the_pipeline(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A log with a gap: the process says nothing of it, the pipeline says it all."""
    home = filled(tmp_path, traffic(3))
    log = SqliteLog.writer(
        home.log_dir("default"), load_settings(overrides=["log.segment_bytes_max=1KiB"]).log
    )
    for one in traffic(30):
        log.append([encode_request(one)])
    log.trim(Positions((20,)))
    start = log.starts()[0]
    log.close()
    assert start > 0
    with Ahead(home) as ahead:
        assert ahead.answer(0) is None
        assert capfd.readouterr().err == ""
        with pytest.raises(Corrupt, match="the log lacks requests"):
            ahead.expected(0)


def test_a_plug_in_that_ends_it_ends_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_ins = install(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", f"{plug_ins}:{os.environ.get('PYTHONPATH', '')}")
    poison = Request(
        **{
            name: getattr(request(1, [], START_US), name)
            for name in Request.__struct_fields__
            if name not in ("protocol", "headers")
        },
        protocol=PROTOCOL,
        headers=(("referer", "exit"),),
    )
    home = filled(tmp_path / "home", [*traffic(1), poison])
    with Ahead(home) as ahead:
        assert ahead.answer(0) is None
        assert ahead.subject._process is None


_PARENT = """
import sys, time
from pathlib import Path
from tests.pipeline.test_decode_ahead import Ahead, Home
ahead = Ahead(Home(Path(sys.argv[1])))
assert ahead.answer(0) is not None
print(ahead.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_a_pipeline_that_is_killed(home: Home) -> None:
    command = [sys.executable, "-c", _PARENT, str(home.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + SECONDS_MAX
    while Path(f"/proc/{pid}/cmdline").exists() and _is_running(pid):
        assert time.monotonic() < deadline, "it outlives its pipeline"
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _worked_off(home: Home) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Let a pipeline work the log off, and what the lake has then."""
    settings = load_settings(overrides=SETTINGS)
    log = SqliteLog.reader(home.log_dir("default"))
    pipeline = build(
        home, settings, "default", log, SimClock(START_US + 60 * SECOND), is_process=True
    )
    with closing(pipeline), closing(log):
        pipeline.recover()
        while pipeline.step():
            pipeline._take_commit(wait=True)  # not whenever the thread comes to it
        pipeline.finish()
    lake = Lake(home.lake_dir, "default")
    for table in TABLES:
        found = lake.read(table)
        by = [(name, "ascending") for name in found.column_names if name in _KEYS]
        yield table, found.sort_by(by).to_pylist()


_KEYS = ("epoch", "log_offset", "request_index", "session_id", "event_id")


def test_the_lake_is_the_same_with_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row, epoch and session of a pipeline that gets nearly all from the process."""
    monkeypatch.setattr(feed_module, "BUSY_EVENTS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: CORES_MIN)
    delivered = []
    take = DecodeAhead.take

    def patient(self: DecodeAhead, positions: Positions) -> Prepared | None:
        wait_for_answer(self)
        found = take(self, positions)
        delivered.append(found is not None)
        return found

    monkeypatch.setattr(module.DecodeAhead, "take", patient)
    ahead = dict(_worked_off(filled(tmp_path / "ahead", traffic(60))))
    assert delivered.count(True) >= 60 // 7
    delivered.clear()
    monkeypatch.setattr(feed_module, "BUSY_EVENTS", 10**9)
    alone = dict(_worked_off(filled(tmp_path / "alone", traffic(60))))
    assert not any(delivered)
    assert ahead == alone
    assert len(alone["events"]) > 50
