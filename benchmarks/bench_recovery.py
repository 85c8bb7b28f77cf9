"""Seconds from kill -9 until an event is acknowledged again, and until readers see it.

    python benchmarks/bench_recovery.py [--rate 5000] [--kills 7] [--home DIR]

A real tree, pages included, under a steady load of requests of 20 events of about 1 KB, which
clients send again until they are acknowledged. In turn the collector alone and all processes at
once are killed; the latter are started again at that moment, as an init system does. The first
acknowledgement is that of a request sent after the kill; readers see it when a cut holds the log up
to there. Between kills the tree works for `--calm` seconds. At the end a clean stop commits
everything, and every acknowledged event must be in the lake once.

Yardstick, in the same run: the Python interpreter importing the same libraries.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from footfall.lake import Lake
from footfall.log import SqliteLog
from fresh import EVENTS, FreshBodies
from sizes import parsed
from tree import PROJECT, Tree, create_app, running

CLIENTS: Final = 4
RETRY_SECONDS: Final = 0.01
WAIT_SECONDS_MAX: Final = 120.0
GOAL_SECONDS: Final = 5.0
COLLECTOR: Final = ("collector",)
ALL: Final = ("supervisor", "collector", "worker", "studio")


class Client(threading.Thread):
    """Sends at its share of the rate; each request again until it is acknowledged."""

    def __init__(self, port: int, rate: float, series: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._interval = EVENTS / rate
        self._bodies = FreshBodies(EVENTS, series=series)
        self._connection: http.client.HTTPConnection | None = None
        self.stopping = threading.Event()
        self.acknowledged = 0
        self.answers: list[tuple[float, float]] = []
        """When each acknowledged request was sent for the last time, and acknowledged."""

    def run(self) -> None:
        due = time.perf_counter()
        while not self.stopping.is_set():
            body = bytes(self._bodies.next(time.time_ns() // 1_000_000))
            while not self._is_acknowledged(body):
                time.sleep(RETRY_SECONDS)
            self.acknowledged += EVENTS
            now = time.perf_counter()
            due = max(due + self._interval, now - 1)  # what was not sent is not made up for
            time.sleep(max(due - now, 0))

    def _is_acknowledged(self, body: bytes) -> bool:
        sent = time.perf_counter()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            path = (
                f"/collect?platform=Web&appId=shop_web&upload_timestamp={time.time_ns() // 10**6}"
            )
            self._connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection = None
            return False
        if answer.status == 200:
            self.answers.append((sent, time.perf_counter()))
        return answer.status == 200


def first_after(clients: list[Client], killed: float) -> float:
    """Seconds from the kill until a request that was sent after it is acknowledged."""
    deadline = killed + WAIT_SECONDS_MAX
    while time.perf_counter() < deadline:
        later = [
            acknowledged
            for client in clients
            for sent, acknowledged in client.answers[-1:]
            if sent > killed
        ]
        if later:
            return min(later) - killed
        time.sleep(0.001)
    raise AssertionError("nothing is acknowledged any more")


def visible_after(tree: Tree, killed: float) -> float:
    """Seconds from the kill until readers see what the log holds now."""
    with closing(SqliteLog.reader(tree.home.log_dir(PROJECT))) as log:
        end = log.ends()[0]
    while tree.cut().positions[0] < end:
        assert time.perf_counter() < killed + WAIT_SECONDS_MAX, "readers stay behind"
        time.sleep(0.005)
    return time.perf_counter() - killed


class Recovery(threading.Thread):
    """Measures one recovery while the main thread starts the tree again."""

    def __init__(self, tree: Tree, clients: list[Client], killed: float) -> None:
        super().__init__(daemon=True)
        self._arguments = tree, clients, killed
        self.acknowledged = self.visible = 0.0

    def run(self) -> None:
        tree, clients, killed = self._arguments
        self.acknowledged = first_after(clients, killed)
        self.visible = visible_after(tree, killed)


def killed(tree: Tree, clients: list[Client], names: tuple[str, ...]) -> Recovery:
    """Kill now, and measure from now."""
    at = time.perf_counter()
    tree.kill(*names)
    recovery = Recovery(tree, clients, at)
    recovery.start()
    return recovery


def measure(home: Path, options: argparse.Namespace) -> None:
    create_app(home)
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    settings = (f"collector.port={port}", "studio.port=0")
    clients = [Client(port, options.rate / CLIENTS, series) for series in range(CLIENTS)]
    done: dict[str, list[Recovery]] = {"collector": [], "whole tree": []}
    for number in range(options.kills + 1):
        with running(home, *settings, parts=()) as tree:
            if number == 0:
                for client in clients:
                    client.start()
            else:
                done["whole tree"][-1].join()
            time.sleep(options.calm)
            if number == options.kills:
                total = finish(tree, clients)
                break
            recovery = killed(tree, clients, COLLECTOR)
            done["collector"].append(recovery)
            recovery.join()
            time.sleep(options.calm)
            done["whole tree"].append(killed(tree, clients, ALL))
    print(f"load               {options.rate:10,.0f} events/s; {total:,} acknowledged, each once")
    for name, recoveries in done.items():
        show(f"{name}: first ack", [recovery.acknowledged for recovery in recoveries])
        show(f"{name}: visible", [recovery.visible for recovery in recoveries])
    print(f"goal               first ack within {GOAL_SECONDS:.0f} s")
    print(f"imports alone      {import_seconds():10.2f} s")


def finish(tree: Tree, clients: list[Client]) -> int:
    """Stop everything cleanly; how many events were acknowledged, all in the lake once."""
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(WAIT_SECONDS_MAX)
        assert not client.is_alive(), "a client was never acknowledged"
    tree.stop()
    total = sum(client.acknowledged for client in clients)
    ids = Lake(tree.home.lake_dir, PROJECT).read("events").column("event_id")
    assert (len(ids), len(ids.unique())) == (total, total), (len(ids), len(ids.unique()), total)
    assert tree.cut().ledger.problems() == []
    return total


def show(name: str, seconds: list[float]) -> None:
    """A line: least, middle, most."""
    ordered = sorted(seconds)
    least, middle, most = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    figures = f"{least:6.2f} / {middle:.2f} / {most:.2f} s"
    print(f"{name:22} {figures} (min / median / max of {len(ordered)})")


def import_seconds() -> float:
    code = "import pyarrow, polars, pyiceberg.catalog.sql, sqlalchemy"
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=5000.0, help="events a second")
    parser.add_argument("--kills", type=int, default=7, help="of each kind")
    parser.add_argument("--calm", type=float, default=5.0, help="seconds between kills")
    parser.add_argument("--home", type=Path, help="directory on the disk to measure")
    options = parsed(parser, rate=200.0, kills=1, calm=0.3)
    print(f"machine: {platform.platform()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(dir=options.home) as directory:
        measure(Path(directory) / "home", options)


if __name__ == "__main__":
    main()
