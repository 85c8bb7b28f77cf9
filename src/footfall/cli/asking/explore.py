"""`footfall trend`, `funnel`, `retention`, `paths`: a look at the explore models in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
from footfall.clock import SystemClock
from footfall.errors import Invalid

if TYPE_CHECKING:
    from rich.table import Table

    from footfall.explore.answer import EventsAnswer, FunnelAnswer, PathAnswer, RetentionAnswer
    from footfall.explore.question.common import Common

_OPERATORS: Final = (("!=", "is_not"), (">=", "gte"), ("<=", "lte"))
_SHORT_OPERATORS: Final = (("=", "is"), (">", "gt"), ("<", "lt"), ("~", "contains"))

LastOption = Annotated[
    str, typer.Option("--last", help="How far back: 48h, 30d, 12w, 6mo; the current one included.")
]
FromOption = Annotated[
    str | None, typer.Option("--from", help="First day or time, ISO 8601, instead of --last.")
]
ToOption = Annotated[str | None, typer.Option("--to", help="Last day, or first time after.")]
ZoneOption = Annotated[str, typer.Option("--zone", help="IANA time zone of days and weeks.")]
AppOption = Annotated[str, typer.Option("--app", help="One app; all without it.")]
ByOption = Annotated[
    list[str] | None, typer.Option("--by", help="Field to break down by; at most three.")
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="CONDITION", help="field=value, also != > >= < <= and ~ (contains)."
    ),
]
PerOption = Annotated[str, typer.Option("--per", help="visitor, user or session.")]


def trend(
    events: Annotated[
        list[str] | None, typer.Argument(help="Names; any event without.", metavar="EVENT")
    ] = None,
    measure: Annotated[
        str,
        typer.Option(
            help="events, visitors, users, sessions, sum, avg, median, p90, min, max, distinct."
        ),
    ] = "events",
    of: Annotated[str | None, typer.Option(help="Field that is summed or averaged.")] = None,
    granularity: Annotated[str, typer.Option(help="hour, day, week or month.")] = "day",
    last: LastOption = "7d",
    since: FromOption = None,
    until: ToOption = None,
    by: ByOption = None,
    where: WhereOption = None,
    zone: ZoneOption = "UTC",
    app: AppOption = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show how often something happens, over time.

    Example: footfall trend purchase --measure visitors --by source --last 30d.
    """
    from footfall.explore.question import EventsQuestion
    from footfall.explore.question.reading import read

    names: list[str | None] = [*events] if events else [None]
    series = [{"event": name, "measure": measure, "of": of} for name in names]
    options = _options(last, since, until, by, where, zone, app)
    question = read(EventsQuestion, {"series": series, "granularity": granularity, **options})
    answer: EventsAnswer = _answered(question, home, project)
    _print(answer, as_json, _trend_table)


def funnel(
    steps: Annotated[
        list[str], typer.Argument(help="Names of events, in their order.", metavar="STEP")
    ],
    window: Annotated[str, typer.Option(help="From the first step to the last.")] = "7d",
    order: Annotated[str, typer.Option(help="ordered, strict or any.")] = "ordered",
    per: PerOption = "visitor",
    last: LastOption = "30d",
    since: FromOption = None,
    until: ToOption = None,
    by: ByOption = None,
    where: WhereOption = None,
    zone: ZoneOption = "UTC",
    app: AppOption = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show how many get from one step to the next.

    Example: footfall funnel page_view add_to_cart purchase --window 1d.
    """
    from footfall.explore.question import FunnelQuestion
    from footfall.explore.question.reading import read

    options = _options(last, since, until, by, where, zone, app)
    named = {"steps": [{"event": one} for one in steps], "window": window, "order": order}
    question = read(FunnelQuestion, {**named, "per": per, **options})
    answer: FunnelAnswer = _answered(question, home, project)
    _print(answer, as_json, _funnel_table)


def retention(
    start: Annotated[str | None, typer.Option(help="What begins; any event without.")] = None,
    back: Annotated[str | None, typer.Option(help="What is a return; any event without.")] = None,
    unit: Annotated[str, typer.Option(help="day, week or month.")] = "day",
    periods: Annotated[int, typer.Option(help="How many units after.")] = 7,
    mode: Annotated[str, typer.Option(help="on, or on_or_after.")] = "on",
    per: PerOption = "visitor",
    last: LastOption = "14d",
    since: FromOption = None,
    until: ToOption = None,
    by: ByOption = None,
    where: WhereOption = None,
    zone: ZoneOption = "UTC",
    app: AppOption = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show who comes back, by when they first came.

    Example: footfall retention --start page_view --unit week --last 12w.
    """
    from footfall.explore.question import RetentionQuestion
    from footfall.explore.question.reading import read

    options = _options(last, since, until, by, where, zone, app)
    named: dict[str, Any] = {"start": {"event": start}, "back": {"event": back}, "unit": unit}
    named |= {"periods": periods, "mode": mode, "per": per}
    question = read(RetentionQuestion, {**named, **options})
    answer: RetentionAnswer = _answered(question, home, project)
    _print(answer, as_json, _retention_table)


def paths(
    node: Annotated[
        str | None, typer.Argument(help="Where it begins; where visits do without.")
    ] = None,
    nodes: Annotated[str, typer.Option(help="events, pages or screens.")] = "pages",
    is_to: Annotated[bool, typer.Option("--to-node", help="What leads to it instead.")] = False,
    steps: Annotated[int, typer.Option(help="How many, from 2 to 10.")] = 4,
    top: Annotated[int, typer.Option(help="Nodes shown of each step.")] = 5,
    per: PerOption = "session",
    gap: Annotated[str, typer.Option(help="Per visitor or user: a pause that ends it.")] = "30m",
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="MATCH[=LABEL]", help="Nodes that are one: /product/*."),
    ] = None,
    last: LastOption = "7d",
    since: FromOption = None,
    until: ToOption = None,
    where: WhereOption = None,
    zone: ZoneOption = "UTC",
    app: AppOption = "",
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show where people go next, or came from.

    Example: footfall paths /cart --steps 3 --rule "/product/*=a product".
    """
    from footfall.explore.question import PathQuestion
    from footfall.explore.question.reading import read

    made = [dict(zip(("match", "label"), one.split("=", 1), strict=False)) for one in rules or ()]
    options = _options(last, since, until, None, where, zone, app)
    named: dict[str, Any] = {"node": node, "nodes": nodes, "direction": "to" if is_to else "from"}
    named |= {"steps": steps, "top": top, "per": per, "gap": gap, "rules": made}
    question = read(PathQuestion, {**named, **options})
    answer: PathAnswer = _answered(question, home, project)
    _print(answer, as_json, _path_table)


def _options(
    last: str,
    since: str | None,
    until: str | None,
    by: list[str] | None,
    where: list[str] | None,
    zone: str,
    app: str,
) -> dict[str, Any]:
    from footfall.explore.question.short import short_options

    if until is not None and since is None:
        raise Invalid("say --from as well: --to alone is no range")
    found = last if since is None else {"start": since, "end": until}
    conditions = [_condition(text) for text in where or ()]
    return short_options(
        {
            "range": found,
            "by": by,
            "where": {"all": conditions} if conditions else None,
            "zone": zone,
            "app": app,
        }
    )


def _condition(text: str) -> dict[str, Any]:
    """`page_path=/cart`: of the signs in it, the first is the operator."""
    import msgspec

    places = [
        (text.find(sign), -len(sign), sign, op)
        for sign, op in (*_OPERATORS, *_SHORT_OPERATORS)
        if sign in text
    ]
    if not places:
        raise Invalid(f"write --where field=value, also != > >= < <= and ~: {text!r}")
    place, _, sign, op = min(places)
    field, written = text[:place].strip(), text[place + len(sign) :].strip()
    value: Any = written
    if "." not in field or field.startswith("session.") or op in ("gt", "gte", "lt", "lte"):
        value = _typed(field, written, msgspec.json.decode)
    return {"field": field, "op": op, "value": value}


def _typed(field: str, written: str, decode: Any) -> Any:
    """What a column's kind wants: numbers and true or false are no texts there."""
    from footfall.explore.question.fields import Field, known_fields

    found = known_fields().find(field)
    kind = found.kind if isinstance(found, Field) else "text"
    if kind not in ("number", "boolean", "property"):
        return written
    try:
        value = decode(written)
    except ValueError:
        return written
    return value if isinstance(value, int | float) else written


def _answered(question: Common, home: Path, project: str) -> Any:
    """The answer, of a worker of its own, as `footfall sql` has one."""
    import asyncio

    from footfall.explore.asking import answering
    from footfall.explore.running import run_on
    from footfall.lake.location import check_location
    from footfall.lake.store.options import bucket_of
    from footfall.query import QueryPool

    place = open_project(home, project)
    check_location(place.lake_dir)
    settings = settings_for(place)
    pool = QueryPool(place, project, settings.query, bucket_of(settings.lake))
    now = SystemClock().now_us()

    async def run() -> Any:
        try:
            return await run_on(pool, lambda: answering(question, now))
        finally:
            await pool.close()

    return asyncio.run(run())


def _print(answer: Any, as_json: bool, table_of: Any) -> None:
    if as_json:
        print_json(answer)
        return
    from rich.console import Console

    from footfall.cli.terminal.table import ANY_WIDTH

    width = None if sys.stdout.isatty() else ANY_WIDTH
    Console(width=width, highlight=False).print(table_of(answer))
    for note in answer.notes:
        typer.echo(f"footfall: {note}", err=True)
    typer.echo(f"from {answer.start} to {answer.end}", err=True)


def _table(left: Sequence[str], right: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    from rich import box
    from rich.table import Table

    from footfall.cli.terminal.table import shown

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in left:
        table.add_column(shown(name), overflow="fold")
    for name in right:
        table.add_column(shown(name), justify="right")
    for row in rows:
        table.add_row(*[shown("" if one is None else str(one)) for one in row])
    return table


def _trend_table(answer: EventsAnswer) -> Table:
    rows = [row for row in answer.rows if not row.is_previous]
    heads = dict.fromkeys((row.number, _part(row, answer.by), row.series) for row in rows)
    by_place: dict[int | None, dict[Any, Any]] = {}
    for row in rows:
        key = (row.number, _part(row, answer.by), row.series)
        by_place.setdefault(row.bucket, {})[key] = _number(row.value)
    many = len({series for _, _, series in heads}) > 1
    names = [f"{series} {part}".strip() if many or not part else part for _, part, series in heads]
    lines = [
        [
            _begin(answer, place),
            *[found.get(key) for key in heads],
        ]
        for place, found in sorted(by_place.items(), key=lambda one: (one[0] is None, one[0] or 0))
    ]
    return _table(["from"], names, lines)


def _funnel_table(answer: FunnelAnswer) -> Table:
    lines = [
        [
            _part(row, answer.by),
            f"{row.step} {row.label}",
            f"{row.count:,}",
            _share(row.of_previous),
            _share(row.of_first),
            f"{row.dropped:,}",
        ]
        for row in answer.rows
    ]
    return _table(["group", "step"], ["reached", "of previous", "of first", "dropped"], lines)


def _retention_table(answer: RetentionAnswer) -> Table:
    periods = sorted({row.period for row in answer.rows})
    lines: dict[Any, list[Any]] = {}
    for row in answer.rows:
        begin = "all" if row.cohort is None else _day(answer.cohorts[row.cohort].start)
        line = lines.setdefault(
            (_part(row, answer.by), row.cohort), [_part(row, answer.by), begin, f"{row.size:,}"]
        )
        line.append(_share(row.rate) + ("" if row.is_complete or not row.size else " …"))
    return _table(["group", "cohort"], ["size", *map(str, periods)], list(lines.values()))


def _path_table(answer: PathAnswer) -> Table:
    lines = [
        [
            str(row.step),
            "(rest)" if row.is_rest else row.label,
            "(end)" if row.is_end else "(rest)" if row.next_is_rest else row.next_label,
            f"{row.count:,}",
        ]
        for row in answer.rows
    ]
    return _table(["step", "at", "next"], ["count"], lines)


def _begin(answer: EventsAnswer, place: int | None) -> str:
    return "all" if place is None else _day(answer.buckets[place].start)


def _day(start: str) -> str:
    """A date where it begins a day, else the whole time."""
    day, _, time = start.partition("T")
    return day if time.startswith("00:00:00") and "." not in time else start


def _part(row: Any, by: Sequence[str]) -> str:
    if not by or row.scope == "all":
        return ""
    if row.scope == "rest":
        return "(rest)"
    return ", ".join("(none)" if value is None else value for value in row.group)


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:,.15g}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
