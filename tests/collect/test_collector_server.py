"""The whole collector on a socket: real requests, real junk, stops and deaths."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from footfall.collect import run
from footfall.errors import Conflict, Unavailable
from footfall.home import Home
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.project import App
from footfall.request import KEPT_HEADERS, decode_request
from footfall.settings import load_settings
from tests.collect.conftest import Running
from tests.collect.wire import POST, close, exchange

CAPTURES = Path(__file__).parents[1] / "captures"
Make = Callable[..., Any]


@pytest.mark.parametrize("mode", ["immediate", "batch"])
def test_captured_requests_of_the_real_sdk(running: Any, mode: str) -> None:
    """What the unmodified SDK sent is answered as it needs and kept byte for byte."""
    file = CAPTURES / f"aws-clickstream-web.{mode}.jsonl"
    captured = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    client = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    expected = []
    for request in captured:
        target = f"{request['path']}?{request['query_raw']}"
        body = request.get("body_text", "").encode()
        client.putrequest(request["method"], target, skip_host=True, skip_accept_encoding=True)
        for name, value in request["headers"]:
            client.putheader(name, value)
        client.endheaders(body)
        answer = client.getresponse()
        assert answer.read() == b""
        headers = {name.lower(): value for name, value in request["headers"]}
        assert answer.status == request["response_status"]
        assert answer.headers["Access-Control-Allow-Origin"] == headers["origin"]
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        if request["method"] == "POST":
            kept = [
                (name.lower(), value)
                for name, value in request["headers"]
                if name.lower() in KEPT_HEADERS
            ]
            expected.append((answer.headers["X-Request-ID"], request["query_raw"], kept, body))
    client.close()
    assert len(expected) > 10
    assert expected == [
        (_dashed(record.request_id), record.query, list(record.headers), record.body)
        for record in running.records()
    ]


def _dashed(request_id: bytes) -> str:
    text = request_id.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def test_answers_hide_the_server(running: Any) -> None:
    """No Server header; a Date, as HTTP asks of servers with a clock."""
    head = exchange(running.port, close(POST)).lower()
    assert b"\r\nserver:" not in head
    assert b"\r\ndate:" in head


def test_forwarded_addresses_are_not_believed(running: Any) -> None:
    """The HTTP server would believe them from the loopback; that is ours to decide."""
    exchange(running.port, close(POST.replace(b"Host", b"X-Forwarded-For: 6.6.6.6\r\nHost")))
    assert [record.client_ip for record in running.records()] == ["127.0.0.1"]


def test_revoked_key_is_refused_within_a_second(running: Any, home: Home) -> None:
    """A leaked id is stopped by a command in another process, without a restart."""
    assert exchange(running.port, close(POST)).startswith(b"HTTP/1.1 200")
    with contextlib.closing(Metadata.open(home)) as metadata:
        metadata.revoke_write_id("shop_web")
    deadline = time.monotonic() + 30  # one is what is promised; this machine may be busy
    while exchange(running.port, close(POST)).startswith(b"HTTP/1.1 200"):
        assert time.monotonic() < deadline
    assert exchange(running.port, close(POST)).startswith(b"HTTP/1.1 403")


def test_full_disk_is_over_when_it_is_over(template: Any, tmp_path: Path) -> None:
    """On a file system of 2 MiB: 503 when it is full, ready and 200 again when space is freed."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "footfall-test", str(mount)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        _fill_and_free(Home(mount), template[0])
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def _fill_and_free(home: Home, metadata: Path) -> None:
    home.metadata_file.write_bytes(metadata.read_bytes())
    (home.root / "other").write_bytes(bytes(1 << 19))
    running = Running(home, load_settings(overrides=["collector.port=0"]))
    try:
        statuses = []
        while not statuses or statuses[-1] == 200:
            statuses.append(_post(running.port, b"x" * 50_000))
        assert (statuses[-1], len(statuses) > 5) == (503, True)
        assert exchange(running.port, _get(b"/ready")).startswith(b"HTTP/1.1 503")
        (home.root / "other").unlink()
        assert exchange(running.port, _get(b"/ready")).startswith(b"HTTP/1.1 200")
        assert _post(running.port, b"y") == 200
        bodies = [record.body for record in running.records()]
        assert bodies == [b"x" * 50_000] * statuses.count(200) + [b"y"]
    finally:
        running.close()


def _get(path: bytes) -> bytes:
    return b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % path


def _post(port: int, body: bytes) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    client.request("POST", "/collect?appId=shop_web", body)
    status = client.getresponse().status
    client.close()
    return status


def test_address_that_is_taken_is_named(running: Any, tmp_path: Path) -> None:
    """One sentence with the settings to change, not a traceback."""
    settings = load_settings(overrides=[f"collector.port={running.port}"])
    with pytest.raises(Unavailable, match=r"collector\.port.*127\.0\.0\.1"):
        run(Home(tmp_path / "other"), settings)


def test_second_collector_of_a_project_is_refused(running: Any) -> None:
    """Its log has one writer."""
    with pytest.raises(Conflict):
        run(running.home, load_settings(overrides=["collector.port=0"]))


# Processes

SCRIPT = """
import sys
from pathlib import Path
from footfall import collect
from footfall.home import Home
from footfall.settings import load_settings
collect.run(Home(Path(sys.argv[1])), load_settings(overrides=["collector.port=0"]),
            parent_pipe_fd=int(sys.argv[2]), on_ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


class Process:
    """A collector as a process of its own, whose parent we are."""

    def __init__(self, home: Home) -> None:
        self.read_fd, self.write_fd = os.pipe()
        os.set_inheritable(self.read_fd, True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(home.root), str(self.read_fd)],
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=(self.read_fd,),
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(":")[2])

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate(timeout=20)
        for descriptor in (self.read_fd, self.write_fd):
            with contextlib.suppress(OSError):
                os.close(descriptor)


@pytest.fixture
def process(home: Home) -> Iterator[Process]:
    process = Process(home)
    yield process
    process.close()


def test_sigterm_finishes_what_was_accepted(process: Process, home: Home) -> None:
    """Each request sent before the stop is answered and stored; the process ends with status 0."""
    acked, sent = asyncio.run(_load(process, until=process.process.terminate))
    assert process.process.communicate(timeout=20)[0] == "stopped\n"
    assert process.process.returncode == 0
    names = {name.rpartition(".")[2] for name in os.listdir(home.log_dir("default"))}
    assert names == {"db", "lock"}
    _check_log(home, acked, sent)


def test_death_of_the_parent_stops_it(process: Process) -> None:
    """However hard the supervisor died: no orphan holds the log and the port."""
    os.close(process.write_fd)
    assert process.process.communicate(timeout=20)[0] == "stopped\n"
    assert process.process.returncode == 0


@pytest.mark.parametrize("seed", range(4))
def test_kill_under_load_keeps_all_that_was_acknowledged(
    process: Process, home: Home, seed: int
) -> None:
    """Killed at any moment: what a client was told is stored is stored, once."""
    delay = random.Random(seed).uniform(0.05, 0.6)  # noqa: S311
    timer = threading.Timer(delay, lambda: os.kill(process.process.pid, signal.SIGKILL))
    acked, sent = asyncio.run(_load(process, until=timer.start))
    timer.join()
    _check_log(home, acked, sent)
    with contextlib.closing(SqliteLog.writer(home.log_dir("default"), load_settings().log)) as log:
        end = log.ends()[0]
        assert log.append([b"next"]).offset == end >= len(acked)


async def _load(process: Process, until: Callable[[], None]) -> tuple[set[bytes], set[bytes]]:
    """Send numbered bodies on eight connections until the server is gone; acknowledged, sent."""
    acked: set[bytes] = set()
    sent: set[bytes] = set()

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            for count in range(100_000):
                body = b"%d-%d" % (number, count)
                sent.add(body)
                writer.write(
                    b"POST /collect?appId=shop_web HTTP/1.1\r\nHost: x\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
                )
                if (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200"):
                    acked.add(body)
                if len(acked) == 200:
                    until()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    await asyncio.wait_for(asyncio.gather(*(client(number) for number in range(8))), 60)
    return acked, sent


def _check_log(home: Home, acked: set[bytes], sent: set[bytes]) -> None:
    with contextlib.closing(SqliteLog.reader(home.log_dir("default"))) as log:
        found = log.read(0, records_max=1_000_000, bytes_max=1 << 30)
    bodies = [decode_request(record).body for _, record in found]
    assert len(acked) >= 200
    assert acked <= set(bodies) <= sent
    assert len(bodies) == len(set(bodies))


def test_collector_stays_light(home: Home) -> None:
    """It starts at once and stays small: no engine is loaded, in no corner."""
    script = (
        "import sys, footfall.collect\n"
        "heavy = set('pyarrow polars duckdb pyiceberg sqlalchemy alembic litestar numpy'.split())\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_new_project_is_served_without_a_restart(tmp_path: Path, make_running: Make) -> None:
    """The collector may start first: no metadata, no app, later both."""
    home = Home(tmp_path / "fresh")
    settings = load_settings(overrides=["collector.port=0", "collector.unknown_write_ids=refuse"])
    running = Running(home, settings)
    try:
        assert _post(running.port, b"[]") == 403
        with contextlib.closing(Metadata.open(home)) as metadata:
            metadata.create_project("default")
            metadata.create_app(App("default", "shop_web", "Shop"))
        deadline = time.monotonic() + 30
        while _post(running.port, b"[]") != 200:
            assert time.monotonic() < deadline
    finally:
        running.close()
