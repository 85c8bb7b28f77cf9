"""What each part of the fast ways of decoding buys, in share of the CPU from HTTP to Iceberg.

    python benchmarks/bench_fast_ways.py [--rounds 25] [--seconds 10] [--rate 20000] [--no-tree]

Each part is turned off alone, and the decoder measured with and without it in turn, in processor
time of this process: `decode` of 2,000 events, the least of many rounds. Beside it a real tree
takes the same events by HTTP and commits them; the share is of what one costs there. A
part that buys less than a tenth is not worth its code (ADR 13).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec

import bench_decode
from bench_pipeline import wait_until_visible
from footfall.decode import _decode, decode
from footfall.decode.aws import take as aws_take
from footfall.request import LoggedRequest
from fresh import FreshBodies
from sizes import parsed
from tree import Watch, create_app, generator, result_of, running

SETTINGS = bench_decode.SETTINGS.decode
EVENTS = 2_000
SHARE_MIN = 0.10
DOCUMENTED_US = 23.3
"""Collector and worker at 61,500 events/s, docs/performance.md; with `--no-tree`."""

Off = Callable[[], contextlib.AbstractContextManager[Any]]


PARTS: dict[str, tuple[tuple[str, ...], Off]] = {
    "fast way as a whole": (
        ("aws", "footfall"),
        lambda: mock.patch.object(_decode, "FAST_WAYS", {}),
    ),
    "shared text cut out and spread": (
        ("aws",),
        lambda: mock.patch.object(aws_take, "_take_repeating", return_value=None),
    ),
}
"""Name → the protocols that have it, and how it is turned off."""


@contextlib.contextmanager
def _on() -> Iterator[None]:
    yield


def requests_of(protocol: str, batch: int) -> list[LoggedRequest]:
    """Requests of `batch` events: those that the tree gets, in the words of the protocol."""
    bodies = FreshBodies(batch)
    made = [bytes(bodies.next(1_795_300_330_000 + n)) for n in range(EVENTS // batch)]
    found = bench_decode.requests_of([{}], EVENTS, protocol)[0].request
    if protocol != "aws":
        made = [msgspec.json.encode(bench_decode.own_format(json.loads(body))) for body in made]
    return [
        LoggedRequest(
            offset,
            msgspec.structs.replace(
                found, request_id=offset.to_bytes(16, "big"), body=body, body_bytes=len(body)
            ),
        )
        for offset, body in enumerate(made)
    ]


def cpu_us(requests: list[LoggedRequest], off: Off) -> float:
    """Microseconds of processor time for an event."""
    with off():
        start = time.process_time()
        decode(requests, SETTINGS)
        return (time.process_time() - start) * 1e6 / EVENTS


def paired(requests: list[LoggedRequest], off: Off, rounds: int) -> tuple[float, float]:
    """With the part, and without it: the least of each, of rounds in turn."""
    found = [(cpu_us(requests, _on), cpu_us(requests, off)) for _ in range(rounds)]
    return min(with_ for with_, _ in found), min(without for _, without in found)


def tree_us(seconds: float, rate: float) -> float:
    """Processor time of collector and pipeline for an event, from HTTP to committed rows."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory) / "home"
        create_app(home)
        with running(home) as tree:
            time.sleep(2)
            before = tree.cpu_seconds()
            sent = result_of(generator(tree.collector, rate, seconds, series=1))
            with Watch(tree) as watch:
                wait_until_visible(tree, watch)
            spent = tree.cpu_seconds()
            tree.stop()
    parts = {name: (spent[name] - before[name]) * 1e6 / sent["acknowledged"] for name in spent}
    shown = ", ".join(f"{name} {used:.1f}" for name, used in parts.items())
    print(f"tree: µs/event of {shown} at {sent['acknowledged'] / sent['seconds']:,.0f} events/s")
    return sum(parts.values())


def report(protocol: str, batch: int, whole_us: float, rounds: int) -> None:
    requests = requests_of(protocol, batch)
    decode(requests, SETTINGS)
    print(f"{protocol}, requests of {batch}")
    for name, (protocols, off) in PARTS.items():
        if protocol not in protocols:
            continue
        with_, without = paired(requests, off, rounds)
        bought = without - with_
        share = bought / (whole_us + bought)
        verdict = "" if share >= SHARE_MIN else "   under a tenth"
        print(
            f"  {name:32}{with_:7.2f} µs/event, without {without:6.2f}:"
            f" {bought:6.2f} = {share:6.1%}{verdict}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=20_000.0, help="events a second")
    parser.add_argument("--no-tree", action="store_true", help="take the documented figure")
    options = parsed(parser, rounds=1, no_tree=True)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    whole_us = DOCUMENTED_US if options.no_tree else tree_us(options.seconds, options.rate)
    for protocol, batch in (("aws", 20), ("aws", 1), ("footfall", 20)):
        report(protocol, batch, whole_us, options.rounds)


if __name__ == "__main__":
    main()
