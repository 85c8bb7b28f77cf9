"""`footfall demo`, and `footfall demo retail | beer-shop | touchwood | clean`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from footfall.cli._common import (
    JsonOption,
    PortOption,
    SetOption,
    StudioPortOption,
    open_home,
    settings_for,
    with_ports,
)
from footfall.cli.demos import homes, shop
from footfall.cli.demos.given import EVENTS_MAX, Given, home_of
from footfall.cli.terminal.verbs import group
from footfall.clock import MINUTE, SECOND, SystemClock, random_token
from footfall.errors import Invalid
from footfall.machine.process import stop_on_signals

if TYPE_CHECKING:
    from footfall.app import Supervisor
    from footfall.cli.demos.cooking import Kitchen
    from footfall.recipes.systems import Part

app = group(
    "Run a made-up shop or a published system, and check it.",
    invoke_without_command=True,
)
app.callback()(shop.demo)

RATE_MAX: Final = 1_000
PAST: Final = 40 * MINUTE
"""So far back made-up events reach. Sessions of it are in memory still."""

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Directory of the demo; emptied if it is an old demo.")
]
OnceOption = Annotated[bool, typer.Option("--once", help="Stop after the check.")]
StillOption = Annotated[
    bool, typer.Option("--still", help="Send nothing more after the check; the server goes on.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Equal seeds give equal events.")]
AgeOption = Annotated[
    str, typer.Option("--buffer-age", help="Close a file at this age, 60s to 900s.")
]
SizeOption = Annotated[
    str, typer.Option("--buffer-size", help="Close a file at this size, 1MiB to 128MiB.")
]
PrefixOption = Annotated[
    str, typer.Option("--prefix", help="Of file names; YYYY, MM, DD, HH: when it is closed.")
]
BucketOption = Annotated[
    str, typer.Option("--bucket", help="Files go to s3://bucket/prefix, not into the home.")
]
EventsOption = Annotated[
    int, typer.Option("--events", help="So many are sent before the check, 1 to 1,000,000.")
]


@app.command("retail")
def retail(
    home: HomeOption = None,
    events: EventsOption = 2_000,
    buffer_age: AgeOption = "60s",
    buffer_size: SizeOption = "5MiB",
    prefix: PrefixOption = "YYYY/MM/DD/HH/",
    bucket: BucketOption = "",
    seed: SeedOption = 1,
    once: OnceOption = False,
    still: StillOption = False,
    port: PortOption = None,
    studio_port: StudioPortOption = None,
    overrides: SetOption = [],  # noqa: B006 (Typer makes a new list for each call)
    as_json: JsonOption = False,
) -> None:
    """Clicks on products: CSV files, a table, a pie and bars.

    What API Gateway, Lambda, Kinesis, Firehose, S3, Athena and QuickSight do in the published
    system, in one home on this machine.
    """
    from footfall.cli.demos.cooking import Kitchen, files_of
    from footfall.recipes.systems.retail import APP, NAME, RetailSettings, retail_traffic
    from footfall.recipes.systems.retail import retail as recipe_of

    given = Given()
    given.whole("--events", events, 1, EVENTS_MAX)
    given.buffers(buffer_age, buffer_size)
    bucket = given.place(bucket, prefix)
    given.check()
    place = home_of(home, NAME)
    chosen = RetailSettings(events, buffer_age, buffer_size, prefix, seed)
    recipe = recipe_of(chosen, files_of(place, bucket))
    kitchen = Kitchen(
        place,
        recipe,
        _quick(with_ports(overrides, port, studio_port)),
        as_json=as_json,
        bucket=bucket,
    )
    with kitchen.running() as supervisor:
        now = SystemClock().now_us()
        kitchen.report(kitchen.cook(retail_traffic(chosen, now, now - PAST, APP), {}))

        def more(now: int, turn: int) -> Part:
            some = RetailSettings(events=300, seed=seed + turn)
            return retail_traffic(some, now + MINUTE, now, APP)[0]

        if not once:
            _go_on(kitchen, supervisor, None if still else more, quiet=as_json)


@app.command("beer-shop")
def beer_shop(
    home: HomeOption = None,
    events: EventsOption = 6_000,
    rate: Annotated[int, typer.Option(help="Events a second, 1 to 1,000.")] = 40,
    step: Annotated[
        str, typer.Option(help="Length of a session's window, 1s to 15m; such as 30s or 1m.")
    ] = "30s",
    live: Annotated[
        str, typer.Option(help="How long clicks come as they happen, before the check; 0s to 10m.")
    ] = "20s",
    buffer_age: AgeOption = "60s",
    buffer_size: SizeOption = "5MiB",
    bucket: BucketOption = "",
    seed: SeedOption = 1,
    once: OnceOption = False,
    still: StillOption = False,
    port: PortOption = None,
    studio_port: StudioPortOption = None,
    overrides: SetOption = [],  # noqa: B006
    as_json: JsonOption = False,
) -> None:
    """Sessions by steps of time: files, views, alerts, charts.

    What Kinesis with its windows in SQL, Lambda, CloudWatch, Firehose, Glue, Athena and QuickSight
    do in the published system. What it gets wrong is right here: a late event changes its session.
    """
    from footfall.cli.demos.cooking import Kitchen, files_of
    from footfall.cli.demos.hook import Hook, handler_of, serving
    from footfall.cli.demos.short import short_sessions
    from footfall.recipes.systems.beer_shop import APP, NAME, STEP_MAX, BeerSettings, beer_traffic
    from footfall.recipes.systems.beer_shop import beer_shop as recipe_of

    given = Given()
    given.whole("--events", events, 1, EVENTS_MAX)
    given.whole("--rate", rate, 1, RATE_MAX)
    given.buffers(buffer_age, buffer_size)
    bucket = given.place(bucket)
    step_us = given.duration("--step", step, SECOND, STEP_MAX)
    live_us = given.duration("--live", live, 0, 10 * MINUTE)
    if step_us % SECOND:
        given.problems.append(f"--step is in whole seconds: {step}")
    if 0 < rate * PAST // SECOND < events <= EVENTS_MAX:
        given.problems.append(
            f"--events is at most --rate times {PAST // SECOND} seconds, the past that is made up;"
            f" lower --events or raise --rate: {events}"
        )
    given.check()
    place = home_of(home, NAME)
    chosen = BeerSettings(events, rate, step_us, buffer_age, buffer_size, seed)
    secret = random_token(16)
    hook = Hook(place.root / "short-sessions.log", secret, is_shown=not as_json)
    with serving(handler_of(hook)) as address:
        recipe = recipe_of(chosen, files_of(place, bucket), address, secret)
        kitchen = Kitchen(
            place,
            recipe,
            _quick(with_ports(overrides, port, studio_port)),
            as_json=as_json,
            bucket=bucket,
            also=lambda project: short_sessions(project, hook, began),
        )
        with kitchen.running() as supervisor:
            began = SystemClock().now_us()
            parts = beer_traffic(chosen, began, live_us, APP)
            kitchen.report(kitchen.cook(parts, {"alerts": str(hook.log.resolve())}))

            def more(now: int, turn: int) -> Part:
                some = BeerSettings(events=0, rate=rate, seed=seed + turn)
                return beer_traffic(some, now, MINUTE, APP)[1]

            if not once:
                hook.show()
                _go_on(kitchen, supervisor, None if still else more, quiet=as_json)


@app.command("touchwood")
def touchwood(
    home: HomeOption = None,
    events: EventsOption = 300,
    client_id: Annotated[
        str, typer.Option(help="What the page calls itself: letters, digits and .-_ only.")
    ] = "touchwood-app",
    buffer_age: AgeOption = "60s",
    buffer_size: SizeOption = "50MiB",
    prefix: PrefixOption = "YYYY/MM/DD/HH/",
    bucket: BucketOption = "",
    seed: SeedOption = 1,
    once: OnceOption = False,
    port: PortOption = None,
    studio_port: StudioPortOption = None,
    overrides: SetOption = [],  # noqa: B006
    as_json: JsonOption = False,
) -> None:
    """A page to click: likes, language, place; JSON files.

    What the page, load balancer, Lambda and Firehose of the published system do. The page's address
    is printed; it shows what arrived.
    """
    from footfall.cli.demos.cooking import Kitchen, files_of
    from footfall.cli.demos.hook import serving
    from footfall.cli.demos.page import Arrived, page_handler
    from footfall.recipes.systems.touchwood import NAME, TouchwoodSettings, touchwood_traffic
    from footfall.recipes.systems.touchwood import touchwood as recipe_of

    given = Given()
    given.whole("--events", events, 1, EVENTS_MAX)
    given.app("--client-id", client_id)
    given.buffers(buffer_age, buffer_size)
    bucket = given.place(bucket, prefix)
    given.check()
    place = home_of(home, NAME)
    chosen = TouchwoodSettings(events, client_id, prefix, buffer_age, buffer_size, seed)
    recipe = recipe_of(chosen, files_of(place, bucket))
    kitchen = Kitchen(
        place,
        recipe,
        _quick(with_ports(overrides, port, studio_port)),
        as_json=as_json,
        bucket=bucket,
    )
    with kitchen.running() as supervisor, contextlib.ExitStack() as stack:
        arrived = stack.enter_context(Arrived(place))
        page = stack.enter_context(serving(page_handler(arrived, kitchen.url, client_id)))
        now = SystemClock().now_us()
        parts = touchwood_traffic(chosen, now, now - PAST)
        kitchen.report(kitchen.cook(parts, {"page": page}))
        if not once:
            _go_on(kitchen, supervisor, None, quiet=as_json)


@app.command("clean")
def clean(
    home: HomeOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for scripts.")] = False,
) -> None:
    """Remove demos here, with all their data.

    They are listed first, and removed once it is confirmed by typing: homes, and what is below
    their buckets' prefixes. Nothing else is touched.
    """
    if home is not None and not (home / homes.MARKER).is_file():
        raise Invalid(f"not a demo, so it is left alone: {home}")
    found = homes.demos_in(Path.cwd()) if home is None else [open_home(home)]
    if not found:
        typer.echo("no demos here; name one with --home")
        return
    homes.check_stopped(found)
    stores = []
    for one in found:
        typer.echo(f"{homes.size_of(one) / 1e6:>10,.1f} MB  {one.root}")
        if bucket := homes.bucket_of(one):
            store, objects = homes.objects_below(bucket, settings_for(one))
            stores.append((store, objects))
            typer.echo(f"{sum(each.size for each in objects) / 1e6:>10,.1f} MB  {bucket}")
    if not yes:
        word = typer.prompt("All of it goes, data included. Type 'permanently delete' to confirm")
        if word.strip() != "permanently delete":
            raise Invalid("nothing was removed: it was not confirmed")
    for store, objects in stores:
        for each in objects:
            store.delete(each.path)
    for one in found:
        homes.remove(one)
    typer.echo(f"removed {len(found)} {'demo' if len(found) == 1 else 'demos'}")


def _go_on(
    kitchen: Kitchen,
    supervisor: Supervisor,
    more: Callable[[int, int], Part] | None,
    *,
    quiet: bool,
) -> None:
    """Until a signal: more traffic, and each minute what came is taken into the tables."""
    if not quiet:
        typer.echo("goes on, and each minute the tables take in new files; stop with Ctrl-C")

    def work() -> None:
        clock, turn = SystemClock(), 0
        while True:
            turn += 1
            began = clock.monotonic()
            if more is not None:
                kitchen.send_more(more(clock.now_us(), turn))
            clock.sleep(max(1.0, MINUTE / SECOND - (clock.monotonic() - began)))
            kitchen.refresh()

    threading.Thread(target=work, name="demo", daemon=True).start()
    with stop_on_signals(supervisor.request_stop):
        supervisor.watch()


def _quick(overrides: list[str]) -> list[str]:
    """Epochs are short, so that nobody waits; what is said on the command line counts."""
    return ["pipeline.epoch_age_max=2s", "pipeline.watermark_lag=1s", *overrides]
