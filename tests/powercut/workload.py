"""The recorded work: a real collector and a pipeline, several epochs, a restart of each.

    python -m tests.powercut.workload HOME SEED ROUNDS SENT_FILE

Requests are sent one after the other, so the n-th answer in the recording is that of the n-th
request. They hold late events (some for sessions long written and evicted), repeated ids and broken
bodies. Segments are small: the log rotates and is trimmed. One collector dies by SIGKILL and is
followed by another; so is one pipeline, with an epoch just closed. Every other round data files are
merged, overrides folded, snapshots forgotten and files removed.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import msgspec

from footfall.clock import MINUTE, SystemClock
from footfall.home import Home
from footfall.machine.process import read_ready

SETTINGS = (
    "collector.port=0",
    "log.segment_bytes_max=8KiB",
    "log.keep_age_min=60s",
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=2",
    "sessions.gap=5m",
    "sessions.hot_age=10m",
    "sessions.file_rows_min=1",
    "lake.tail_grace=120s",
    "lake.merge_runs=2",
    "lake.fold_rows=1",
    "lake.snapshots_max=2",
    "lake.file_grace=60s",
    (
        "deliver.destinations={"
        'clicks={source="events", compression="gzip", buffer_age="60s"},'
        'raw={source="requests", format="csv", buffer_age="60s"},'
        'visits={source="sessions", format="parquet", settle="0s", buffer_age="60s"}}'
    ),
)
START_SECONDS_MAX = 60


class Sent(msgspec.Struct, frozen=True):
    """One request, as the check needs it."""

    event_ids: tuple[str, ...]
    """Of valid events; empty for a broken body."""
    broken: str | None = None
    """Text of a broken body, in no other request."""


class _Collector:
    def __init__(self, home: Home) -> None:
        self._home = home
        (home.run_dir / "collector.json").unlink(missing_ok=True)
        command = [sys.executable, "-m", "footfall.cli.main", "collector", "--home", str(home.root)]
        command += [part for setting in SETTINGS for part in ("--set", setting)]
        self.process = subprocess.Popen(command)
        deadline = time.monotonic() + START_SECONDS_MAX
        while (ready := read_ready(home, "collector")) is None:
            assert self.process.poll() is None, "the collector ended"
            assert time.monotonic() < deadline, "the collector does not start"
            time.sleep(0.02)
        assert ready.url is not None
        self._host = ready.url.removeprefix("http://")

    def post(self, body: bytes) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=30)
        headers = {"X-Write-Id": "shop", "Content-Type": "application/json"}
        connection.request("POST", "/v1/events", body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        assert response.status == 200, response.status


class _Pipeline:
    def __init__(self, home: Home, start_us: int) -> None:
        module = "tests.powercut.pipeline_process"
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, str(home.root), str(start_us), *SETTINGS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.now_us = start_us
        self._answer()

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        print(command, file=self.process.stdin, flush=True)
        self._answer()

    def _answer(self) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the pipeline ended"
        self.now_us = int(line)


class _Traffic:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
        self._numbers: list[int] = []
        self.sent: list[Sent] = []

    def body(self, now_us: int) -> bytes:
        chance = self.chance
        if chance.random() < 0.08:
            text = f"{{broken {len(self.sent)}"
            self.sent.append(Sent((), text))
            return text.encode()
        events = [self._event(now_us) for _ in range(chance.randint(1, 6))]
        self.sent.append(Sent(tuple(str(event["event_id"]) for event in events)))
        return json.dumps({"events": events}).encode()

    def _event(self, now_us: int) -> dict[str, Any]:
        chance = self.chance
        number = len(self._numbers)
        if self._numbers and chance.random() < 0.06:
            number = chance.choice(self._numbers)
        self._numbers.append(number)
        # An id's event is always the same: what comes again is a repeat, not another event.
        own = random.Random(number)  # noqa: S311
        late = own.choice([0, 0, 0, 0, 1, 3, 9, 25]) * MINUTE
        return {
            "event_id": str(uuid.UUID(int=number + 1)),
            "name": own.choice(["page_view", "click", "purchase"]),
            "timestamp": (now_us - late - own.randrange(20 * MINUTE // 10)) // 1000,
            "visitor_id": f"v{own.randrange(5)}",
            "page": {"url": f"https://shop.example/{'p' * own.randrange(300)}"},
        }


def main() -> None:
    """Do it all."""
    home, seed, rounds = Home(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
    clock = SystemClock()
    command = [sys.executable, "-m", "footfall.cli.main", "key", "create", "shop"]
    subprocess.run([*command, "--home", str(home.root), "--quiet"], check=True)
    traffic = _Traffic(seed)
    start_us = clock.now_us()
    collector, pipeline = _Collector(home), _Pipeline(home, start_us)
    for number in range(rounds):
        if number == rounds // 2:
            collector.process.send_signal(signal.SIGKILL)
            collector.process.wait()
            collector = _Collector(home)
        if number == rounds // 2 + 1:
            pipeline.process.send_signal(signal.SIGKILL)
            pipeline.process.wait()
            pipeline = _Pipeline(home, pipeline.now_us)
        for _ in range(3):
            for _ in range(traffic.chance.randint(1, 3)):
                collector.post(traffic.body(clock.now_us()))
            pipeline.tell("step")
        pipeline.tell("advance 20")
        if number == rounds // 2:
            pipeline.tell("step")  # begins the epoch and dies in it
        else:
            pipeline.tell("close")
        pipeline.tell("advance 70")
        if number % 2:
            pipeline.tell("maintain")
    pipeline.tell("finish")
    collector.post(traffic.body(clock.now_us()))
    pipeline.tell("step")
    for process in (pipeline.process, collector.process):
        process.kill()
        process.wait()
    Path(sys.argv[4]).write_bytes(msgspec.json.encode((pipeline.now_us, traffic.sent)))


if __name__ == "__main__":
    main()
