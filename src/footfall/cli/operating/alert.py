"""`footfall alert`: rules, who is told, what fired, and when a rule would have."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    open_project,
    print_json,
    settings_for,
)
from footfall.cli.terminal.verbs import group
from footfall.clock import SystemClock, time_text

if TYPE_CHECKING:
    from footfall.alerts.access import Alerts

app = group("Rules that fire, who is told, and what fired.", no_args_is_help=True)
channel_app = group("Where firings are sent.", no_args_is_help=True)
app.add_typer(channel_app, name="channel")

FIRINGS_SHOWN: Final = 50
NameArgument = Annotated[str, typer.Argument(metavar="RULE", help="Name of the rule.")]


@app.command("list")
def list_rules(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show rules and channels, and how they get on."""
    with _opened(home, project) as alerts:
        rules, channels = alerts.rules(), alerts.channels()
    if as_json:
        print_json({"rules": rules, "channels": channels})
        return
    for rule in rules:
        options = {name: value for name, value in rule.options.items() if name != "kind"}
        shown = " ".join(f"{name}={_shown(value)}" for name, value in options.items() if value)
        muted = f"  muted until {time_text(rule.muted_until)}" if rule.muted_until else ""
        typer.echo(f"{rule.name:<20} {rule.kind:<8} {shown}{muted}")
        if rule.problem:
            typer.echo(f"  cannot be looked at: {rule.problem}")
    if not rules:
        typer.echo('no rule yet; such as: footfall alert add short --when "duration_ms < 20000"')
    for channel in channels:
        sent = f", last sent {time_text(channel.sent_at)}" if channel.sent_at else ""
        typer.echo(
            f"channel {channel.name:<12} {channel.place}  {channel.waiting:,} wait,"
            f" {channel.dead:,} dead{sent}"
        )
        if channel.error:
            typer.echo(f"  {channel.error}")


@app.command("add")
def add(
    name: NameArgument,
    when: Annotated[
        str, typer.Option(help='Of sessions: an SQL condition, "duration_ms < 20000".')
    ] = "",
    definition: Annotated[str, typer.Option(help="Session definition; the default without.")] = "",
    measure: Annotated[
        str, typer.Option(help="count, rate, ratio, quantile, value or absence, in windows.")
    ] = "",
    of: Annotated[str, typer.Option(help="SQL expression that the measure is of.")] = "",
    where: Annotated[str, typer.Option(help="SQL condition: which rows are measured.")] = "",
    over: Annotated[str, typer.Option(help="events or sessions.")] = "",
    quantile: Annotated[float | None, typer.Option(help="From 0 to 1.")] = None,
    window: Annotated[str, typer.Option(help="Length of a window: 5m, 1h.")] = "",
    every: Annotated[str, typer.Option(help="How often one begins; when the last ends.")] = "",
    above: Annotated[float | None, typer.Option(help="Fire when the measure is above.")] = None,
    below: Annotated[float | None, typer.Option(help="Fire when the measure is below.")] = None,
    minimum: Annotated[int | None, typer.Option(help="Rows that a window must have.")] = None,
    anomaly: Annotated[
        bool, typer.Option("--anomaly", help="Fire when it is far from the same hour of weeks.")
    ] = False,
    deviations: Annotated[float | None, typer.Option(help="How far; 5 without.")] = None,
    weeks: Annotated[int | None, typer.Option(help="How many weeks; 4 without.")] = None,
    direction: Annotated[str, typer.Option(help="both, up or down.")] = "",
    time_zone: Annotated[str, typer.Option(help="Of the weeks; the app's without.")] = "",
    app_id: Annotated[str, typer.Option("--app", help="One app; all without it.")] = "",
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="Who is told; may be repeated.")
    ] = None,
    cool_down: Annotated[str, typer.Option(help="Tell nobody again for so long.")] = "",
    disabled: Annotated[
        bool, typer.Option("--disabled", help="Add it, but do not arm it.")
    ] = False,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Add or replace a rule; it counts within seconds.

    Examples: footfall alert add short --when "duration_ms < 20000" --channel ops;
    footfall alert add quiet --measure absence --window 5m --channel ops.
    """
    kind = "anomaly" if anomaly else "metric" if measure or not when else "session"
    given = {
        "app": app_id, "channels": channel, "cool_down": cool_down, "when": when,
        "definition": definition, "measure": measure, "of": of, "where": where, "over": over,
        "quantile": quantile, "window": window, "every": every, "above": above, "below": below,
        "minimum": minimum, "deviations": deviations, "weeks": weeks, "direction": direction,
        "time_zone": time_zone,
    }  # fmt: skip
    options = {name_: value for name_, value in given.items() if value not in ("", None, [])}
    with _opened(home, project) as alerts:
        alerts.add(name, kind=kind, enabled=not disabled, **options)
    typer.echo(f"added; what it would have done: footfall alert test {name} --over 30d")


@app.command("change")
def change(
    name: NameArgument,
    options: Annotated[
        list[str], typer.Argument(metavar="OPTION=VALUE", help="Without a value: as if not said.")
    ],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Change options of a rule; the others stay.

    Example: footfall alert change short "when=duration_ms < 5000" cool_down=10m enabled=false
    """
    from footfall.settings.alerts import read_changes

    with _opened(home, project) as alerts:
        alerts.change(name, **read_changes(options))
    typer.echo("changed")


@app.command("remove")
def remove(
    name: NameArgument, home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT
) -> None:
    """Forget a rule; what fired stays in the history."""
    with _opened(home, project) as alerts:
        alerts.remove(name)
    typer.echo("removed")


@app.command("mute")
def mute(
    name: NameArgument,
    duration: Annotated[str, typer.Option("--for", help="2h, 7d; 0s ends it.")] = "2h",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Tell nobody of a rule's firings for a while; the history has them."""
    with _opened(home, project) as alerts:
        until = alerts.mute(name, duration)
    typer.echo(f"muted until {time_text(until)}" if until else "not muted")


@app.command("history")
def history(
    rule: Annotated[str, typer.Argument(metavar="[RULE]", help="Only of this rule.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = FIRINGS_SHOWN,
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show what fired, newest first, and what became of its notices."""
    with _opened(home, project) as alerts:
        found = alerts.history(limit, rule=rule)
    if as_json:
        print_json(found)
        return
    for one in found.firings:
        told = (
            one.quiet or ", ".join(f"{n.channel} {n.state}" for n in one.notices) or "nobody told"
        )
        seen = f", seen by {one.acknowledged_by}" if one.acknowledged_at else ""
        typer.echo(
            f"{time_text(one.at)}  {one.rule:<20} {one.state:<9} {one.delivery_id}  {told}{seen}"
        )
        for notice in one.notices:
            if notice.error:
                typer.echo(f"  {notice.channel}: {notice.error}")
    if not found.firings:
        typer.echo("nothing fired yet")


@app.command("ack")
def ack(
    delivery_ids: Annotated[list[str], typer.Argument(metavar="ID", help="As history has it.")],
    by: Annotated[str, typer.Option(help="Who you are; your login without.")] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Note that you have seen firings."""
    with _opened(home, project) as alerts:
        done = alerts.acknowledge(delivery_ids, by or getpass.getuser())
    typer.echo(f"acknowledged {done:,}")


@app.command("retry")
def retry(home: HomeOption = HOME_DEFAULT, project: ProjectOption = PROJECT_DEFAULT) -> None:
    """Send again what could not be sent and was given up."""
    with _opened(home, project) as alerts:
        typer.echo(f"{alerts.revive():,} notices are sent again")


@app.command("test")
def back_test(
    name: NameArgument,
    over: Annotated[str, typer.Option(help="How far back: 30d, 12h.")] = "30d",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Say when a rule would have fired, over what the lake has."""
    with _opened(home, project) as alerts:
        found = alerts.test(name, over)
    if as_json:
        print_json(found)
        return
    typer.echo(
        f"{name} would have fired {found.fired:,} times since {time_text(found.since)}, and told"
        f" channels {found.told:,} times"
    )
    for one in found.firings[-FIRINGS_SHOWN:]:
        value = one.details.get("value") if "window_end" in one.details else one.subject
        typer.echo(f"{time_text(one.at)}  {'told ' if one.told else 'quiet'}  {_shown(value)}")
    if found.is_cut_off:
        typer.echo("there are more sessions than are looked at; test over less time")


@channel_app.command("add")
def add_channel(
    name: Annotated[str, typer.Argument(metavar="CHANNEL")],
    url: Annotated[str, typer.Option(help="Address of a webhook, or as Apprise writes it.")] = "",
    secret: Annotated[
        str,
        typer.Option(
            envvar="FOOTFALL_ALERT_SECRET", help="What webhooks are signed with.", show_envvar=True
        ),
    ] = "",
    action: Annotated[str, typer.Option(help="Installed action (footfall.actions).")] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Add or replace a channel: webhook, Apprise, an action."""
    is_webhook = url.startswith(("http://", "https://"))
    kind = "action" if action else "webhook" if is_webhook else "apprise"
    given = {"kind": kind, "url": url, "secret": secret, "action": action}
    with _opened(home, project) as alerts:
        alerts.add_channel(name, **{option: text for option, text in given.items() if text})
    typer.echo(f"added; try it: footfall alert channel test {name}")


@channel_app.command("change")
def change_channel(
    name: Annotated[str, typer.Argument(metavar="CHANNEL")],
    url: Annotated[str, typer.Option(help="Its new address.")] = "",
    secret: Annotated[
        str,
        typer.Option(envvar="FOOTFALL_ALERT_SECRET", help="Its new secret.", show_envvar=True),
    ] = "",
    action: Annotated[str, typer.Option(help="Another installed action.")] = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Change a channel; what is not given stays."""
    given = {"url": url, "secret": secret, "action": action}
    with _opened(home, project) as alerts:
        alerts.change_channel(name, **{option: text for option, text in given.items() if text})
    typer.echo(f"changed; try it: footfall alert channel test {name}")


@channel_app.command("remove")
def remove_channel(
    name: Annotated[str, typer.Argument(metavar="CHANNEL")],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Forget a channel that no rule names."""
    with _opened(home, project) as alerts:
        alerts.remove_channel(name)
    typer.echo("removed")


@channel_app.command("test")
def try_channel(
    name: Annotated[str, typer.Argument(metavar="CHANNEL")],
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
) -> None:
    """Send a made-up firing now."""
    with _opened(home, project) as alerts:
        alerts.test_channel(name)
    typer.echo("it was taken")


def _opened(home: Path, project: str) -> Alerts:
    from footfall.alerts.access import Alerts

    found = open_project(home, project)
    return Alerts(found, project, settings_for(found), SystemClock())


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
