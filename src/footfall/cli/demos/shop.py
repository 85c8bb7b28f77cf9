"""`footfall demo` alone: the whole platform, a shop full of visitors, and the proof of it all."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from footfall.app import PARTS, Supervisor
from footfall.cli._common import (
    PROJECT_DEFAULT,
    JsonOption,
    PortOption,
    SetOption,
    StudioPortOption,
    check_steps,
    duration_of,
    open_home,
    print_json,
    settings_for,
    with_ports,
)
from footfall.cli.demos.homes import DEFAULT_HOME, start_afresh
from footfall.cli.operating.status import ledger_lines
from footfall.cli.running.serve import prepare, running_tree, tell
from footfall.cli.terminal.errors import EXIT_FAILED
from footfall.cli.terminal.waiting import Waiting, waiting
from footfall.clock import HOUR, SECOND, SystemClock
from footfall.errors import FootfallError, Invalid, Unavailable
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.machine.process import stop_on_signals

if TYPE_CHECKING:
    from footfall.recipes.sender import SendReport
    from footfall.recipes.truth import GroundTruth

APP: Final = "shop"
DEFAULT_DEMO_HOME: Final = Path(DEFAULT_HOME)
CATCH_UP_SECONDS: Final = 120.0
REPAIR_SECONDS: Final = 60.0
"""Four epochs."""
_SENT_WITHIN: Final = HOUR
"""However slow the machine, the past is sent by then."""
_POLL_SECONDS: Final = 0.1
_REPAIR_POLL_SECONDS: Final = 1.0


class DemoResult(msgspec.Struct, frozen=True):
    """What was sent and what the lake holds."""

    ledger: Ledger
    sessions: int
    visitors: int
    differences: tuple[str, ...]
    """What does not agree with the traffic's known truth; empty: everything does."""


def demo(
    context: typer.Context,
    home: Annotated[
        Path, typer.Option("--home", help="Directory of the demo; emptied if it is an old demo.")
    ] = DEFAULT_DEMO_HOME,
    duration: Annotated[str, typer.Option(help="How long to send before checking.")] = "30s",
    rate: Annotated[float, typer.Option(min=0.1, help="Mean events per second.")] = 60.0,
    users: Annotated[int, typer.Option(min=1, help="Visitors in that time.")] = 150,
    backlog: Annotated[str, typer.Option(help="Also a past: so much is sent late.")] = "3h",
    recent: Annotated[
        str, typer.Option(help="And a near past, so that the live page starts full; 0s: none.")
    ] = "30m",
    seed: Annotated[int, typer.Option(help="Equal seeds give equal visitors.")] = 1,
    once: Annotated[bool, typer.Option("--once", help="Stop after the check.")] = False,
    port: PortOption = None,
    studio_port: StudioPortOption = None,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
    as_json: JsonOption = False,
) -> None:
    """Run a made-up shop, and check the result against the truth.

    Everything is started, the shop's traffic goes through HTTP, and lake, ledgers and sessions are
    compared with what is known to be right. Afterwards traffic goes on until Ctrl-C, for the live
    page. Exits with 1 if anything differs.
    """
    if (verb := context.invoked_subcommand) is not None:
        if any(_is_given(context, name) for name in context.params):
            raise Invalid(f"these options are the shop's; write the options behind {verb}")
        return
    overrides = with_ports(overrides, port, studio_port)
    place = open_home(home)
    settings = settings_for(place, overrides)
    check_steps(settings)
    times = (
        duration_of("--duration", duration),
        duration_of("--backlog", backlog),
        duration_of("--recent", recent),
    )
    if max(times[1:]) + _SENT_WITHIN > settings.clock.event_age_max:
        raise Invalid(
            "--backlog and --recent must be an hour shorter than clock.event_age_max, as older"
            " events fail; make them shorter, or --set clock.event_age_max to more"
        )
    with waiting() as wait:
        start_afresh(place)
        prepare(place, PROJECT_DEFAULT, APP, wait)
    with running_tree(place, PROJECT_DEFAULT, overrides, PARTS) as supervisor:
        with waiting() as wait:
            ready = supervisor.start(lambda part: wait.for_(f"starting the {part}"))
        url = ready["collector"].url or ""
        if not as_json:
            tell(ready, supervisor.studio_token, place, as_json=False)
        result = _prove(place, url, rate, times, users, seed, quiet=as_json)
        _report(result, as_json=as_json)
        if result.differences:
            raise typer.Exit(EXIT_FAILED)
        if not once:
            _go_on(supervisor, url, rate, users, seed, quiet=as_json)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _prove(
    home: Home,
    url: str,
    rate: float,
    times: tuple[int, int, int],
    users: int,
    seed: int,
    *,
    quiet: bool,
) -> DemoResult:
    from footfall.cli.running.generate import traffic
    from footfall.cli.running.sending import send_requests
    from footfall.recipes.shop import live_shops

    duration, backlog, recent = times
    shops = live_shops(
        SystemClock().now_us(),
        rate=rate,
        duration_us=duration,
        visitors=users,
        seed=seed,
        backlog_us=backlog,
        recent_us=recent,
        write_id=APP,
    )
    with waiting() as wait:
        wait.for_("making the traffic of a shop")
        requests, truth = traffic(shops)
    report = send_requests(url, requests, truth, quiet=quiet)
    return _compare(home, truth, report)


def _compare(home: Home, truth: GroundTruth, report: SendReport) -> DemoResult:
    """Wait until everything acknowledged is visible, then hold the lake against the truth.

    Sessions that late events touch are repaired epoch by epoch, a bounded number in each: what
    differs is looked at again until nothing does, or the repairs had all the time they may need.
    """
    import footfall
    from footfall.recipes.truth import SESSIONS_SQL, ledger_differences

    clock = SystemClock()
    with waiting() as wait:
        ledger = wait_for(home, report.acknowledged, wait)
        wait.for_("comparing the lake with the truth")
        deadline = clock.monotonic() + REPAIR_SECONDS
        with footfall.open(home.root) as lake:
            while True:
                rows = [tuple(row.values()) for row in lake.sql(SESSIONS_SQL).rows()]
                differences = truth.differences(_typed(rows))
                if not differences or clock.monotonic() >= deadline:
                    break
                clock.sleep(_REPAIR_POLL_SECONDS)
    differences = ledger_differences(truth.ledger, ledger, report.maybe_twice) + differences
    return DemoResult(ledger, len(rows), len(truth.visitors), tuple(differences))


def _typed(rows: Iterable[tuple[object, ...]]) -> Iterable[tuple[str, int, int, int]]:
    for visitor, start, end, events in rows:
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert isinstance(events, int)
        yield str(visitor), start, end, events


def wait_for(home: Home, requests: int, wait: Waiting) -> Ledger:
    """Until so many requests are in the lake, repairs of late events included; the ledger."""
    from footfall.lake.cut import read_cut

    clock = SystemClock()
    deadline = clock.monotonic() + CATCH_UP_SECONDS
    wait.for_(f"waiting until the lake has all {requests:,} requests")
    while clock.monotonic() < deadline:
        cut = read_cut(home.cut_file(PROJECT_DEFAULT))
        if cut is not None and cut.ledger.requests >= requests and not cut.tail:
            return cut.ledger
        if cut is not None:
            wait.news(f"the lake has {cut.ledger.requests:,} of {requests:,} requests")
        clock.sleep(_POLL_SECONDS)
    raise Unavailable(
        f"the pipeline did not catch up in {CATCH_UP_SECONDS:.0f} s; see: footfall status"
    )


def _report(result: DemoResult, *, as_json: bool) -> None:
    if as_json:
        print_json(result)
        return
    for line in ledger_lines(result.ledger):
        typer.echo(line)
    typer.echo(f"sessions   {result.sessions:,} of {result.visitors:,} visitors")
    if not result.differences:
        typer.echo("truth      lake, ledgers and sessions are exactly what the shop sent")
    for difference in result.differences:
        typer.echo(f"DIFFERS    {difference}", err=True)


def _go_on(
    supervisor: Supervisor, url: str, rate: float, users: int, seed: int, *, quiet: bool
) -> None:
    """Keep visitors coming until a signal."""
    if not quiet:
        typer.echo("traffic goes on for the live page, at the address above; stop with Ctrl-C")
    traffic = threading.Thread(
        target=_send_for_ever, args=(url, rate, users, seed), name="traffic", daemon=True
    )
    traffic.start()
    with stop_on_signals(supervisor.request_stop):
        supervisor.watch()


def _send_for_ever(url: str, rate: float, users: int, seed: int) -> None:
    from footfall.cli.running.generate import traffic
    from footfall.recipes.sender import send_all
    from footfall.recipes.shop import live_shops

    clock = SystemClock()
    while True:
        seed += 1
        shops = live_shops(
            clock.now_us(),
            rate=rate,
            duration_us=60 * SECOND,
            visitors=users,
            seed=seed,
            write_id=APP,
        )
        try:
            send_all(url, traffic(shops)[0])
        except FootfallError:
            clock.sleep(1)
