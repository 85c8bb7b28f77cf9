"""Make a home as a version of the program leaves it when it is killed; kept for later versions.

Run it with the source of that version, for example in a worktree of its commit:

    PYTHONPATH=<worktree>/src python tests/homes/make.py /srv/footfall tests/homes/0.1.0

It starts the real `footfall serve` below the first path, sends captured AWS SDK traffic and our own
events (late, twice, broken, undecodable), kills everything with SIGKILL at a moment when an epoch
is planned and not committed and the log has requests that no epoch has, and packs what is there.
Then the same version finishes its work, so that its own answer can be kept beside.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
import uuid
from pathlib import Path
from typing import Any

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
SETTINGS = """\
[collector]
port = 0

[log]
segment_bytes_max = "64KiB"

[pipeline]
epoch_age_max = "1s"
micro_batch_interval = "50ms"
checkpoint_epochs = 3
"""
HOUR_MS = 3_600_000
TRIES_MAX = 60
ROWS = """
SELECT event_id, event_name, visitor_id, epoch_us(event_time) AS event_time, session_id
FROM events ORDER BY ALL
"""


class Sent:
    """What was acknowledged."""

    def __init__(self) -> None:
        self.requests = 0
        self.records = 0
        self.events: list[str] = []
        self.aws_events = 0
        self.failed = 0
        self.undecodable = 0
        self.duplicates = 0


class Server:
    """The process tree of the version on `PYTHONPATH`."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._main: subprocess.Popen[bytes] | None = None

    def run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "footfall.cli.main", *arguments, "--home", str(self.home)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self) -> None:
        command = [sys.executable, "-m", "footfall.cli.main", "serve", "--no-studio", "--json"]
        self._main = subprocess.Popen(
            [*command, "--home", str(self.home)], stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._main.stdout is not None
        while b"}\n" != (line := self._main.stdout.readline()):
            assert line, "it did not start"

    def part(self, name: str) -> dict[str, Any]:
        return json.loads((self.home / "run" / f"{name}.json").read_text())

    def signal_worker(self, number: int) -> None:
        os.kill(self.part("worker")["pid"], number)

    def kill(self) -> None:
        assert self._main is not None
        self._main.kill()
        self._main.wait()
        for name in ("collector", "worker"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.part(name)["pid"], signal.SIGKILL)
        time.sleep(0.2)

    def stop(self) -> None:
        assert self._main is not None
        time.sleep(1)  # 0.1.0 prints its addresses before it takes signals
        self._main.terminate()
        assert self._main.wait(60) == 0

    def post(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        address = self.part("collector")["url"].removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=60)
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
        connection.close()
        assert status == 200, status


def send_events(server: Server, sent: Sent, events: list[dict[str, Any]]) -> None:
    headers = {"X-Write-Id": "web", "Content-Type": "application/json"}
    server.post("/v1/events", json.dumps({"events": events}).encode(), headers)
    sent.requests += 1
    sent.records += len(events)


def event(visitor: str, hours_ago: float, page: int = 0) -> dict[str, Any]:
    return {
        "event_id": str(uuid.uuid4()),
        "name": "page_view",
        "timestamp": int(time.time() * 1000 - hours_ago * HOUR_MS),
        "visitor_id": visitor,
        "page": {"url": f"https://shop.example/{page}?utm_source=news"},
        "properties": {"page": page, "naïve": "ä€𝄞"},
    }


def round_of_events(server: Server, sent: Sent, number: int) -> None:
    """Good, late, repeated and broken ones; a late one renames its older session."""
    now = [event(f"visitor-{number % 4}", 0, page) for page in range(5)]
    late = [event("late", 4 + number * 0.4), event("late", 30 + number % 3)]
    send_events(server, sent, now + late)
    sent.events += [one["event_id"] for one in now + late]
    send_events(server, sent, [now[0], {**event("x", 0), "name": ""}, event("far", 24 * 9000)])
    sent.duplicates += 1
    sent.failed += 2
    headers = {"X-Write-Id": "web", "Content-Type": "application/json"}
    server.post("/v1/events", b'{"events": [not json', headers)
    sent.requests += 1
    sent.undecodable += 1


def send_captures(server: Server, sent: Sent, name: str) -> None:
    seen = set()
    for line in (CAPTURES / name).read_text().splitlines():
        exchange = json.loads(line)
        body = exchange.get("body_text") or ""
        if exchange["method"] != "POST" or exchange["response_status"] != 200:
            continue
        records = json.loads(body)
        headers = {key: value for key, value in exchange["headers"] if key != "Host"}
        headers.pop("Content-Length", None)
        server.post(f"/collect?{exchange['query_raw']}", body.encode(), headers)
        sent.requests += 1
        sent.records += len(records)
        ids = [record["event_id"] for record in records]
        sent.aws_events += len({*ids} - seen)
        sent.duplicates += len(ids) - len({*ids} - seen)
        seen.update(ids)


def asked(home: Path, query: str) -> Any:
    with contextlib.closing(sqlite3.connect(home / "metadata.db")) as connection:
        return connection.execute(query).fetchone()[0]


def has_open_epoch(home: Path) -> bool:
    return bool(asked(home, "SELECT count(*) FROM epochs WHERE committed_at IS NULL"))


def wait_for_lake(home: Path, sent: Sent) -> None:
    """Until the lake has every request sent so far, so that a slow machine makes the same home."""
    query = "SELECT max(log_to) FROM epochs WHERE committed_at IS NOT NULL"
    deadline = time.monotonic() + 60
    while str(asked(home, query)).strip("[]") != str(sent.requests):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def kill_within_an_epoch(server: Server, sent: Sent) -> None:
    for number in range(10, 10 + TRIES_MAX):
        round_of_events(server, sent, number)
        deadline = time.monotonic() + 5
        while not has_open_epoch(server.home):
            assert time.monotonic() < deadline
        server.signal_worker(signal.SIGSTOP)
        round_of_events(server, sent, number + 1)  # no epoch has these
        server.kill()
        if has_open_epoch(server.home):
            return
        server.start()
    raise AssertionError("no epoch was open when it was killed")


def pack(home: Path, file: Path) -> None:
    shutil.rmtree(home / "run")
    with tarfile.open(file, "w:gz", compresslevel=9, format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(home.rglob("*")):
            if path.name.endswith("-shm"):
                continue
            entry = archive.gettarinfo(path, str(path.relative_to(home)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            if path.is_file():
                with path.open("rb") as stream:
                    archive.addfile(entry, stream)
            else:
                archive.addfile(entry)


def main(home: Path, target: Path) -> None:
    assert not home.exists(), f"in the way: {home}"
    home.mkdir(parents=True)
    (home / "footfall.toml").write_text(SETTINGS)
    server, sent = Server(home), Sent()
    server.run("key", "create", "web")
    server.run("key", "create", "shop_web", "--origin", "*")
    server.start()
    for number in range(5):
        round_of_events(server, sent, number)
        wait_for_lake(home, sent)
    send_captures(server, sent, "aws-clickstream-web.batch.jsonl")
    wait_for_lake(home, sent)
    server.stop()
    server.start()
    send_captures(server, sent, "aws-clickstream-web.immediate.jsonl")
    wait_for_lake(home, sent)
    kill_within_an_epoch(server, sent)
    pack(home, target.with_name(target.name + ".tar.gz"))
    server.start()
    server.stop()
    rows = json.loads(server.run("sql", ROWS, "--format", "json"))
    described = {
        "location": str(home),
        "requests": sent.requests,
        "records": sent.records,
        "failed": sent.failed,
        "undecodable": sent.undecodable,
        "duplicates": sent.duplicates,
        "aws_events": sent.aws_events,
        "own_events": sorted(sent.events),
        "rows": [list(row.values()) for row in rows],
    }
    text = json.dumps(described, indent=None, separators=(",", ":"))
    target.with_name(target.name + ".json").write_text(text.replace("],[", "],\n[") + "\n")
    shutil.rmtree(home)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
