"""From what closes a session to the webhook's arrival: p50 and p99, at some sessions a second.

    python benchmarks/bench_alerts.py [--seconds 30] [--rate 50] [--events 2000] [--home DIR]

A real `footfall serve`; a rule over sessions, a channel, a receiver in this process. Each visitor
sends one event, so a session closes when the watermark passes it by the gap: at its
acknowledgement plus `sessions.gap` plus `pipeline.watermark_lag`. The latency is from there. A
measure's rule over windows of ten seconds runs beside it; its latency is from the window's end plus
the lag. `--events` sends so many other events a second beside it, of visitors whose sessions stay
open. Where the time goes is told as well: until the firing was decided (watermark, preview,
condition, one transaction), and from there to the receiver (outbox, request).
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from footfall.alerts.desk import AlertDesk
from footfall.clock import SystemClock
from footfall.home import Home
from footfall.settings import load_settings
from sizes import parsed
from tree import create_app, running

GAP, LAG = 1.0, 0.2
SETTINGS = (
    f"sessions.gap={round(GAP * 1000)}ms",
    f"pipeline.watermark_lag={round(LAG * 1000)}ms",
    "alerts.private_addresses=true",
)
SECRET = "a-secret-of-the-benchmark"  # noqa: S105
WAIT_SECONDS = 30
OTHERS, PER_REQUEST = 200, 50
"""At 2,000 events a second each of them sends ten times a second: sessions stay open."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--events", type=float, default=0)
    arguments = parsed(parser, seconds=2, rate=5, events=100)
    with tempfile.TemporaryDirectory() as directory:
        root = arguments.home or Path(directory) / "home"
        measure(root, arguments.seconds, arguments.rate, arguments.events)


def measure(root: Path, seconds: float, rate: float, events: float) -> None:
    """Send, wait for what arrives, print."""
    acked: dict[str, float] = {}
    arrived: dict[str, float] = {}
    windows: list[float] = []
    server = receiver(arrived, windows)
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    home = Home(root)
    create_app(root)
    desk = AlertDesk(home, "default", load_settings(overrides=SETTINGS), SystemClock())
    desk.put_channel("bench", {"kind": "webhook", "url": url, "secret": SECRET})
    of_sessions = {"kind": "session", "when": "duration_ms < 20000", "channels": ["bench"]}
    of_windows = {"kind": "metric", "window": "10s", "above": 0, "channels": ["bench"]}
    desk.put_rule(desk.read_new_rule("short", of_sessions)[0])
    desk.put_rule(desk.read_new_rule("any", of_windows)[0])
    with running(root, *SETTINGS) as tree:
        stop = threading.Event()
        other = threading.Thread(target=send_others, args=(tree.collector, events, stop))
        other.start()
        send(tree.collector, seconds, rate, acked)
        deadline = time.monotonic() + WAIT_SECONDS
        while len(arrived) < len(acked) and time.monotonic() < deadline:
            time.sleep(0.05)
        stop.set()
        other.join()
    decided = decided_at(desk)
    late = [arrived[one] - at - GAP - LAG for one, at in acked.items() if one in arrived]
    print(f"sessions closed {len(acked)}, told {len(late)}, {rate:g} a second")
    show("session closed → webhook arrived", late)
    both = [one for one in decided if one in acked and one in arrived]
    show("  closed → decided", [decided[one] - acked[one] - GAP - LAG for one in both])
    show("  decided → arrived", [arrived[one] - decided[one] for one in both])
    show("window over → webhook arrived", windows)
    server.shutdown()


def send(collector: str, seconds: float, rate: float, acked: dict[str, float]) -> None:
    """One event a visitor, at an even rate; when each was acknowledged."""
    parts = urlsplit(collector)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    started = time.time()
    for number in range(round(seconds * rate)):
        time.sleep(max(0.0, started + number / rate - time.time()))
        event = {"name": "page_view", "visitor_id": f"v{number}"}
        body = json.dumps({"events": [event]})
        headers = {"content-type": "application/json", "x-write-id": "shop_web"}
        connection.request("POST", "/v1/events", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        acked[f"v{number}"] = time.time()


def send_others(collector: str, events: float, stop: threading.Event) -> None:
    """Events of visitors who are always there, `PER_REQUEST` a request."""
    parts = urlsplit(collector)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"content-type": "application/json", "x-write-id": "shop_web"}
    started, sent = time.time(), 0
    while events and not stop.wait(max(0.0, started + sent / events - time.time())):
        many = [
            {"name": "click", "visitor_id": f"other{(sent + one) % OTHERS}"}
            for one in range(PER_REQUEST)
        ]
        connection.request("POST", "/v1/events", json.dumps({"events": many}), headers)
        connection.getresponse().read()
        sent += PER_REQUEST


def decided_at(desk: AlertDesk) -> dict[str, float]:
    """When each visitor's firing was decided."""
    found: dict[str, float] = {}
    after: str | None = ""
    while after is not None:
        page = desk.history(1000, rule="short", after=after)
        for one in page.firings:
            found[one.details["visitor_id"]] = one.noted_at / 1e6
        after = page.next
    return found


def receiver(arrived: dict[str, float], windows: list[float]) -> ThreadingHTTPServer:
    """Notes when each session, and each window, was first told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body: Any = json.loads(self.rfile.read(int(self.headers["content-length"])))
            now = time.time()
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()
            for one in body["firings"]:
                details = one["details"]
                if "visitor_id" in details:
                    arrived.setdefault(details["visitor_id"], now)
                elif one["sequence"] == 1:
                    windows.append(now - details["window_end"] / 1e6 - LAG)

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            del format

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def show(what: str, seconds: list[float]) -> None:
    """Median and 99th percentile."""
    if len(seconds) < 2:
        print(f"{what}: too few, {len(seconds)}")
        return
    p99 = statistics.quantiles(seconds, n=100, method="inclusive")[98]
    print(f"{what}: p50 {statistics.median(seconds):.3f} s, p99 {p99:.3f} s, n {len(seconds)}")


if __name__ == "__main__":
    main()
