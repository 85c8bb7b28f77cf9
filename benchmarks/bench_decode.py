"""Decode, enrich and duplicates: events a second on one core, on events of real SDK traffic.

`python benchmarks/bench_decode.py` prints each figure as the best of some runs, with the machine
and, as a yardstick, the time that parsing the same JSON alone takes (msgspec, untyped).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from footfall.decode import decode
from footfall.duplicates import DuplicateIndex
from footfall.enrich import enrich
from footfall.request import LoggedRequest, Request
from footfall.settings import load_settings
from sizes import parsed

CAPTURE = Path(__file__).parent.parent / "tests/captures/aws-clickstream-web.batch.jsonl"
EVENTS = 10_000
RUNS = 7
SETTINGS = load_settings()


def captured_events(*, lean: bool) -> list[dict[str, Any]]:
    """Events of the capture, `_page_load` (3 KB) aside; `lean`: without the campaign attributes.

    The page of the capture puts eight of them on each event, which most sites do not: 1.4 KB
    against 1.0 KB.
    """
    lines = map(json.loads, CAPTURE.read_text("utf-8").splitlines())
    events = [
        event
        for line in lines
        if line["method"] == "POST"
        for event in json.loads(line["body_text"])
        if event["event_type"] != "_page_load"
    ]
    if lean:
        for event in events:
            kept = event["attributes"].items()
            event["attributes"] = {k: v for k, v in kept if not k.startswith("_traffic_source_")}
    return events


def own_format(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same events as a sender of /v1/events would write them."""
    return [
        {
            "event_id": event["event_id"],
            "name": event["event_type"],
            "timestamp": event["timestamp"],
            "visitor_id": event["unique_id"],
            "page": {
                "url": event["attributes"].get("_page_url"),
                "title": event["attributes"].get("_page_title"),
            },
            "device": {key: event[key] for key in ("screen_width", "screen_height")},
            "properties": event["attributes"],
        }
        for event in events
    ]


def requests_of(events: list[dict[str, Any]], batch: int, protocol: str) -> list[LoggedRequest]:
    """Requests of `batch` events, `EVENTS` in all."""
    many = [events[index % len(events)] for index in range(EVENTS)]
    agent = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
    )
    headers = (("content-type", "application/json"), ("user-agent", agent))
    found = []
    for offset in range(EVENTS // batch):
        body = msgspec.json.encode(many[offset * batch : (offset + 1) * batch])
        query = f"platform=Web&appId=shop_web&event_bundle_sequence_id={offset}"
        request = Request(
            1, offset.to_bytes(16, "big"), 1_795_300_330_000_000, protocol, "shop_web", "shop_web",
            False, "POST", "/", query, headers, "192.0.2.7", body, len(body),
        )  # fmt: skip
        found.append(LoggedRequest(offset, request))
    return found


def best(work: Callable[[], object]) -> float:
    """Seconds of CPU of the fastest run."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def bench_decode(label: str, events: list[dict[str, Any]], batch: int, protocol: str) -> None:
    requests = requests_of(events, batch, protocol)
    size = sum(len(logged.request.body) for logged in requests) / EVENTS
    ledger = decode(requests, SETTINGS.decode).ledger
    assert (ledger.events, ledger.failed) == (EVENTS, 0), ledger
    seconds = best(lambda: decode(requests, SETTINGS.decode))

    def parse() -> None:
        for logged in requests:
            msgspec.json.decode(logged.request.body)

    ratio = seconds / best(parse)
    print(
        f"decode  {label:34}{EVENTS / seconds:>12,.0f} events/s"
        f"   {size:,.0f} B each, {ratio:.1f} × parsing alone"
    )


def bench_enrich(events: list[dict[str, Any]]) -> None:
    table = decode(requests_of(events, 20, "aws"), SETTINGS.decode).events
    seconds = best(lambda: enrich(table, SETTINGS.clock))
    print(f"enrich  {'all steps':34}{EVENTS / seconds:>12,.0f} events/s")


def bench_duplicates(events: list[dict[str, Any]], remembered: int) -> None:
    table = decode(requests_of(events, 20, "aws"), SETTINGS.decode).events
    random = np.random.default_rng(1)

    def fresh() -> pa.Table:
        ids = pa.py_buffer(random.bytes(16 * EVENTS))
        column = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), EVENTS, [None, ids])
        return table.set_column(0, table.schema.field(0), column)

    index = DuplicateIndex.empty(SETTINGS.duplicates)
    for number in range(remembered // EVENTS):
        index.keep(fresh(), 1 + number // 20)
    batches = [fresh() for _ in range(RUNS)]
    start = time.process_time()
    for batch in batches:
        index.keep(batch, 1 + remembered // EVENTS // 20)
    seconds = (time.process_time() - start) / RUNS
    label = f"{remembered:,} ids remembered"
    print(f"keep    {label:34}{EVENTS / seconds:>12,.0f} events/s")


def main() -> None:
    global EVENTS, RUNS
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--runs", type=int, default=RUNS, help="the best of them counts")
    parser.set_defaults(remembered=(100_000, 5_000_000))
    options = parsed(parser, events=200, runs=1, remembered=(1_000,))
    EVENTS, RUNS = options.events, options.runs
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    lean, full = captured_events(lean=True), captured_events(lean=False)
    for batch in (20, 1):
        bench_decode(f"aws, requests of {batch}", lean, batch, "aws")
    bench_decode("aws with campaign, requests of 20", full, 20, "aws")
    bench_decode("footfall, requests of 20", own_format(lean), 20, "footfall")
    bench_enrich(full)
    for remembered in options.remembered:
        bench_duplicates(full, remembered)


if __name__ == "__main__":
    main()
