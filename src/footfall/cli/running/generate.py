"""`footfall generate`: a realistic shop's traffic, sent to a collector or written to a file."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from footfall.cli._common import JsonOption, duration_of, print_json
from footfall.cli.running.sending import CONNECTIONS, send_requests, wait_for_collector
from footfall.cli.terminal.waiting import waiting
from footfall.clock import SystemClock
from footfall.errors import Invalid

if TYPE_CHECKING:
    from footfall.recipes.sender import SendReport
    from footfall.recipes.shop import ShopSettings
    from footfall.recipes.traffic import TimedRequest
    from footfall.recipes.truth import GroundTruth

UrlOption = Annotated[
    str | None, typer.Option("--url", help="Send to this collector: http://127.0.0.1:7700.")
]
OutOption = Annotated[
    str | None,
    typer.Option("--out", help="Write requests to this file as JSON lines; -: stdout."),
]
TruthOption = Annotated[
    Path | None, typer.Option("--truth", help="Write the true sessions and sums to this JSON file.")
]
RateOption = Annotated[float, typer.Option("--rate", min=0.1, help="Mean events per second.")]
DurationOption = Annotated[str, typer.Option("--duration", help="How long, such as 60s or 2h.")]
UsersOption = Annotated[int, typer.Option("--users", min=1, help="Visitors in that time.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Equal seeds give equal visitors.")]
BacklogOption = Annotated[
    str | None,
    typer.Option("--backlog", help="Also send as many events of this long before now, late."),
]
WriteIdOption = Annotated[str, typer.Option("--write-id", help="App to send to.")]
ConnectionsOption = Annotated[
    int, typer.Option("--connections", min=1, max=1024, help="Requests on their way at a time.")
]


def generate(
    url: UrlOption = None,
    out: OutOption = None,
    truth_file: TruthOption = None,
    rate: RateOption = 50.0,
    duration: DurationOption = "60s",
    users: UsersOption = 200,
    seed: SeedOption = 1,
    backlog: BacklogOption = None,
    write_id: WriteIdOption = "web",
    connections: ConnectionsOption = CONNECTIONS,
    as_json: JsonOption = False,
) -> None:
    """Make a realistic shop's traffic and send it, or write it down.

    Visitors follow a Pareto distribution; events come late, twice, out of order and broken, and the
    true sessions are known beforehand.
    """
    if (url is None) == (out is None):
        raise Invalid(
            "say either where to send to, --url http://127.0.0.1:7700,"
            " or what to write, --out requests.jsonl"
        )
    from footfall.recipes.shop import live_shops

    seconds = duration_of("--duration", duration)
    backlog_us = 0 if backlog is None else duration_of("--backlog", backlog)
    if url is not None:
        wait_for_collector(url)
    shops = live_shops(
        SystemClock().now_us(),
        rate=rate,
        duration_us=seconds,
        visitors=users,
        seed=seed,
        backlog_us=backlog_us,
        write_id=write_id,
    )
    with waiting() as wait:
        wait.for_("making the traffic of a shop")
        requests, truth = traffic(shops)
        if truth_file is not None:
            truth_file.write_bytes(msgspec.json.encode(truth))
        if out is not None:
            wait.for_(f"writing {truth.ledger.requests:,} requests")
            written = write_requests(requests, out)
    if out is not None:
        _tell(truth, {"written": written}, as_json=as_json, to_stderr=out == "-")
    elif url is not None:
        report = send_requests(url, requests, truth, connections=connections, quiet=as_json)
        _tell(truth, {"sent": report}, as_json=as_json, to_stderr=False)
        if report.acknowledged < truth.ledger.requests:
            raise typer.Exit(1)


def traffic(shops: Iterable[ShopSettings]) -> tuple[Iterator[TimedRequest], GroundTruth]:
    """Requests of several shops in order of time, and what they amount to together."""
    from footfall.recipes.shop import shop_requests, shop_truth
    from footfall.recipes.traffic import merge

    shops = tuple(shops)
    truths = [shop_truth(shop) for shop in shops]
    return merge(*(shop_requests(shop) for shop in shops)), sum(truths[1:], truths[0])


def write_requests(requests: Iterable[TimedRequest], out: str) -> int:
    """Write one JSON line for each request, and count them; `-` is standard output."""
    from footfall.recipes.traffic import encode_line

    counter = itertools.count()
    with contextlib.ExitStack() as stack:
        stream = sys.stdout.buffer if out == "-" else stack.enter_context(Path(out).open("wb"))
        for request in requests:
            stream.write(encode_line(request))
            next(counter)
        stream.flush()
    return next(counter)


def _tell(truth: GroundTruth, done: dict[str, Any], *, as_json: bool, to_stderr: bool) -> None:
    summary = {
        **done,
        "truth": {
            "ledger": truth.ledger,
            "visitors": len(truth.visitors),
            "sessions": truth.sessions,
        },
    }
    if as_json and not to_stderr:
        print_json(summary)
        return
    lines = list(_truth_lines(truth))
    if "written" in done:
        lines.append(f"written: {done['written']} requests")
    if "sent" in done:
        lines += _send_lines(done["sent"])
    for line in lines:
        typer.echo(line, err=to_stderr)


def _truth_lines(truth: GroundTruth) -> Iterator[str]:
    ledger = truth.ledger
    yield (
        f"{truth.sessions} sessions of {len(truth.visitors)} visitors: {ledger.events} events,"
        f" {ledger.duplicates} of them repeated, {ledger.failed} broken records and"
        f" {ledger.undecodable} broken bodies among them, in {ledger.requests} requests"
    )


def _send_lines(report: SendReport) -> Iterator[str]:
    yield (
        f"sent: {report.acknowledged} of {report.requests} requests acknowledged in"
        f" {report.seconds:.1f} s ({report.events_per_second:.0f} events/s); answers after"
        f" {report.latency_ms_p50:.1f} ms (p50), {report.latency_ms_p99:.1f} ms (p99);"
        f" {report.retries} retries"
    )
    if report.refused or report.given_up:
        refused = ", ".join(f"{count} × {status}" for status, count in report.refused.items())
        yield (
            f"not taken: {refused or 'none refused'}, {report.given_up} without an answer"
            f" (last: {report.last_error or 'none'})"
        )
