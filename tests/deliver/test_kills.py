"""Every record is in exactly one file, though the process is killed and the store goes away.

Real processes and a real S3 server; time is the test's. Where within the delivery a process dies is
drawn from a seed, counted in effects.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall.clock import SECOND
from footfall.deliver.notes import deliver_dir, read_note
from footfall.deliver.operating.report import delivery_reports
from footfall.home import Home
from footfall.lake import Lake
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.request import encode_request
from footfall.settings import load_settings
from tests.deliver.bench import SETTINGS, destinations, files_below, records
from tests.pipeline.harness import START_US, event, request
from tests.scale import scaled
from tests.servers.s3 import S3Server

ROOT = Path(__file__).resolve().parents[2]
SEED = 20261129
DEATHS = scaled(3, 40)
EFFECTS_MAX = 160
"""Of a life; two rounds or so."""
ROUNDS_MAX = 4 * DEATHS


class Shop:
    """Traffic into a home, and a process that delivers it, again and again."""

    def __init__(self, directory: Path, server: S3Server, bucket: str) -> None:
        self.home = Home(directory / "home")
        self.server = server
        self.near = directory / "near"
        self.far = server.directory / "root" / bucket.removeprefix("s3://")
        options = server.options
        self.settings = (
            *SETTINGS,
            f"deliver.destinations={_destinations(self.near, bucket)}",
            f"deliver.s3_endpoint={options.endpoint}",
            f"deliver.s3_access_key={options.access_key}",
            f"deliver.s3_secret_key={options.secret_key}",
        )
        metadata = Metadata.open(self.home)
        metadata.create_project("default")
        metadata.close()
        settings = load_settings(overrides=self.settings)
        self.log = SqliteLog.writer(self.home.log_dir("default"), settings.log)
        self.now_us = START_US
        self._numbers = itertools.count()

    def send(self) -> None:
        """Some clicks of a few people; now and then one that is late."""
        now = self.now_us
        sent = []
        for number in itertools.islice(self._numbers, 8):
            at = now - (150 * SECOND if number % 7 == 0 else 0)
            sent.append(request(number, [event(f"v{number % 5}", at, number)], now))
        self.log.append([encode_request(one) for one in sent])

    @contextlib.contextmanager
    def process(self, die_at: int) -> Iterator[Process]:
        """One that lives until the `die_at`-th effect, or the end of the block."""
        process = Process(self, die_at)
        try:
            yield process
        finally:
            process.end()


class Process:
    """One life."""

    def __init__(self, shop: Shop, die_at: int) -> None:
        self._shop = shop
        arguments = (str(shop.home.root), str(shop.now_us), str(die_at), *shop.settings)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.deliver.dying", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        self.is_dead = not self._answered()

    def tell(self, command: str) -> bool:
        """Whether it lived to answer."""
        assert self._process.stdin is not None
        try:
            print(command, file=self._process.stdin, flush=True)
        except BrokenPipeError:
            self.is_dead = True
        else:
            self.is_dead = not self._answered()
        return not self.is_dead

    def _answered(self) -> bool:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            self._shop.now_us = int(line)
        else:
            assert self._process.wait() == -9, "it ended by itself"
        return bool(line)

    def end(self) -> None:
        """By SIGKILL, if it still lives."""
        self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()


def _destinations(near: Path, bucket: str) -> str:
    age = {"buffer_age": "60s"}
    return destinations(
        events={"source": "events", "compression": "gzip", "place": f"{near}/events", **age},
        raw={"source": "requests", "format": "csv", "place": f"{near}/raw", **age},
        far={"source": "events", "format": "parquet", "place": f"{bucket}/far", **age},
        sessions={"source": "sessions", "settle": "0s", "place": f"{bucket}/sessions", **age},
    )


@pytest.mark.timeout(scaled(600, 3_000))
def test_kills_and_a_store_that_comes_and_goes(
    tmp_path: Path, s3_server: S3Server, bucket: str
) -> None:
    """On the disk and in the bucket: files whole, and of every record one."""
    chance = random.Random(SEED)  # noqa: S311
    shop = Shop(tmp_path, s3_server, bucket)
    deaths = rounds = within = 0
    try:
        while deaths < DEATHS:
            with shop.process(chance.randrange(1, EFFECTS_MAX)) as process:
                while not process.is_dead:
                    rounds += 1
                    assert rounds < ROUNDS_MAX, "it does not die"
                    if rounds % 3 == 1:
                        s3_server.stop()
                    elif rounds % 3 == 2:
                        s3_server.start()
                    shop.send()
                    process.tell("round")
            deaths += 1
            within += _has_plan(shop)
            _check_whole(shop)
    finally:
        s3_server.start()
    with shop.process(0) as process:
        for command in ("round", "round", "end"):
            shop.send()
            assert process.tell(command)
    for report in delivery_reports(shop.home, "default", shop.now_us):
        assert report.is_well, str(report)
        assert report.backlog_requests == 0
    _check_once(shop)
    assert within >= DEATHS // 10 + 1, "deaths do not come while a file is written"


def _has_plan(shop: Shop) -> bool:
    """Whether the process died between a file's plan and the note that it is there."""
    directory = deliver_dir(shop.home, "default")
    notes = (read_note(directory, name) for name in ("events", "raw", "far", "sessions"))
    return any(note is not None and note.plan is not None for note in notes)


def _files(directory: Path) -> list[Path]:
    """Those that are shown to people: hidden names are of what is not finished."""
    found = files_below(directory)
    return [one for one in found if not any(part[0] == "." for part in one.parts)]


def _check_whole(shop: Shop) -> None:
    """Right after a death: each file that has its name can be read to its end."""
    for file in [*_files(shop.near), *_files(shop.far)]:
        assert records(file), file


def _rows(directory: Path) -> list[dict[str, Any]]:
    return [row for file in _files(directory) for row in records(file)]


def _check_once(shop: Shop) -> None:
    """Against the lake and the log."""
    lake = Lake(shop.home.lake_dir, "default")
    events = Counter(row["event_id"].hex() for row in lake.read("events").to_pylist())
    assert len(events) == shop.log.ends()[0]
    for place in (shop.near / "events", shop.far / "far"):
        assert Counter(row["event_id"].replace("-", "") for row in _rows(place)) == events
    offsets = Counter(int(row["log_offset"]) for row in _rows(shop.near / "raw"))
    assert offsets == Counter(range(shop.log.ends()[0]))
    sessions = Counter(
        (row["session_id"].hex(), row["revision"]) for row in lake.read("sessions").to_pylist()
    )
    assert max(revision for _, revision in sessions) > 1
    found = _rows(shop.far / "sessions")
    assert Counter((row["session_id"].replace("-", ""), row["revision"]) for row in found) == (
        sessions
    )
