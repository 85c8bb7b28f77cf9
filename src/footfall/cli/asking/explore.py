"""`footfall trend`, `funnel`, `retention`, …: a look at the explore models in a terminal.

Every verb has the options that every question has; they are written once, and `_verb` gives them
to each.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from footfall.cli._common import (
    HOME_DEFAULT,
    PROJECT_DEFAULT,
    HomeOption,
    JsonOption,
    ProjectOption,
    metadata_place,
    open_project,
    print_json,
    settings_for,
)
from footfall.clock import SystemClock
from footfall.errors import Invalid

if TYPE_CHECKING:
    from footfall.explore.question.common import Common

_OPERATORS: Final = (("!=", "is_not"), (">=", "gte"), ("<=", "lte"))
_SHORT_OPERATORS: Final = (("=", "is"), (">", "gt"), ("<", "lt"), ("~", "contains"))
_BETWEEN: Final = ".."


def _shared(
    last: Annotated[
        str, typer.Option("--last", help="How far back: 48h, 30d, 12w, 6mo; with the current one.")
    ] = "30d",
    since: Annotated[
        str | None, typer.Option("--from", help="First day or time, ISO 8601, instead of --last.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Last day, or first time after.")
    ] = None,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Field to break down by; at most three.")
    ] = None,
    top: Annotated[int, typer.Option(help="Groups (of paths: nodes) that are shown.")] = 10,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="field=value; also != > >= < <=, ~ (contains), =1..5 (between).",
        ),
    ] = None,
    bots: Annotated[str, typer.Option(help="exclude, include or only.")] = "exclude",
    previous: Annotated[
        bool, typer.Option("--previous", help="Beside the range of the same length before.")
    ] = False,
    zone: Annotated[str, typer.Option("--zone", help="IANA time zone of days and weeks.")] = "UTC",
    app: Annotated[str, typer.Option("--app", help="One app; all without it.")] = "",
) -> dict[str, Any]:
    """Options of every question, as a question has them."""
    from footfall.explore.question.short import short_options

    if until is not None and since is None:
        raise Invalid("say --from as well: --to alone is no range")
    conditions = [_condition(text) for text in where or ()]
    return short_options(
        {
            "range": last if since is None else {"start": since, "end": until},
            "by": by,
            "top": top,
            "where": {"all": conditions} if conditions else None,
            "bots": bots,
            "compare": "previous" if previous else None,
            "zone": zone,
            "app": app,
        }
    )


def _where_it_is(
    home: HomeOption = HOME_DEFAULT,
    project: ProjectOption = PROJECT_DEFAULT,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row a number, for programs.")] = False,
) -> tuple[Path, str, str]:
    """Whose data, and in which form."""
    if as_json and as_csv:
        raise Invalid("say either --json or --csv")
    return home, project, "json" if as_json else "csv" if as_csv else "table"


def _verb(
    model: str, **defaults: Any
) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., None]]:
    """A verb of a function that says what its model wants to know besides.

    Args:
        model: Whose question it asks.
        defaults: Of shared options, where the verb has others.
    """
    parts: dict[Callable[..., Any], dict[str, Any]] = {_shared: defaults, _where_it_is: {}}

    def made(own: Callable[..., dict[str, Any]]) -> Callable[..., None]:
        @functools.wraps(own)
        def run(**given: Any) -> None:
            def take(part: Callable[..., Any]) -> Any:
                names = inspect.signature(part).parameters
                return part(**{name: given[name] for name in names if name in given})

            home, project, form = take(_where_it_is)
            _answer(model, {**take(_shared), **take(own)}, home, project, form)

        listed = list(inspect.signature(own, eval_str=True).parameters.values())
        for part, changed in parts.items():
            for each in inspect.signature(part, eval_str=True).parameters.values():
                default = changed.get(each.name, each.default)
                listed.append(each.replace(default=default))
        keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in listed]
        run.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]  # Typer reads it
        run.__annotations__ = {each.name: each.annotation for each in keywords}
        return run

    return made


PerOption = Annotated[str, typer.Option("--per", help="visitor, user or session.")]


@_verb("events", last="7d")
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
    formula: Annotated[
        list[str] | None, typer.Option(help="Such as B / A * 100, of the events in their order.")
    ] = None,
    granularity: Annotated[str, typer.Option(help="hour, day, week or month.")] = "day",
) -> dict[str, Any]:
    """Show how often something happens, over time.

    Example: footfall trend purchase --measure visitors --by source --last 30d.
    """
    names: list[str | None] = [*events] if events else [None]
    series = [{"event": name, "measure": measure, "of": of} for name in names]
    return {"series": series, "formulas": formula or [], "granularity": granularity}


@_verb("funnel")
def funnel(
    steps: Annotated[
        list[str], typer.Argument(help="Names of events, in their order.", metavar="STEP")
    ],
    window: Annotated[str, typer.Option(help="From the first step to the last.")] = "7d",
    order: Annotated[str, typer.Option(help="ordered, strict or any.")] = "ordered",
    exclude: Annotated[
        list[str] | None, typer.Option(help="Event that must not happen between the steps.")
    ] = None,
    per: PerOption = "visitor",
) -> dict[str, Any]:
    """Show how many get from one step to the next.

    Example: footfall funnel page_view add_to_cart purchase --window 1d.
    """
    named = [{"event": one} for one in steps]
    left_out = [{"event": one} for one in exclude or ()]
    return {"steps": named, "window": window, "order": order, "exclude": left_out, "per": per}


@_verb("retention", last="14d")
def retention(
    start: Annotated[str | None, typer.Option(help="What begins; any event without.")] = None,
    back: Annotated[str | None, typer.Option(help="What is a return; any event without.")] = None,
    unit: Annotated[str, typer.Option(help="day, week or month.")] = "day",
    periods: Annotated[int, typer.Option(help="How many units after.")] = 7,
    mode: Annotated[str, typer.Option(help="on, or on_or_after.")] = "on",
    per: PerOption = "visitor",
) -> dict[str, Any]:
    """Show who comes back, by when they first came.

    Example: footfall retention --start page_view --unit week --last 12w.
    """
    events = {"start": {"event": start}, "back": {"event": back}}
    return {**events, "unit": unit, "periods": periods, "mode": mode, "per": per}


@_verb("path", last="7d", top=5)
def paths(
    node: Annotated[
        str | None, typer.Argument(help="Where it begins; where visits do without.")
    ] = None,
    nodes: Annotated[str, typer.Option(help="events, pages or screens.")] = "pages",
    is_to: Annotated[bool, typer.Option("--to-node", help="What leads to it instead.")] = False,
    steps: Annotated[int, typer.Option(help="How many, from 2 to 10.")] = 4,
    per: PerOption = "session",
    gap: Annotated[str, typer.Option(help="Per visitor or user: a pause that ends it.")] = "30m",
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="MATCH[=LABEL]", help="Nodes that are one: /product/*."),
    ] = None,
) -> dict[str, Any]:
    """Show where people go next, or came from.

    Example: footfall paths /cart --steps 3 --rule "/product/*=a product".
    """
    made = [dict(zip(("match", "label"), one.split("=", 1), strict=False)) for one in rules or ()]
    direction = "to" if is_to else "from"
    named: dict[str, Any] = {"node": node, "nodes": nodes, "direction": direction, "rules": made}
    return {**named, "steps": steps, "per": per, "gap": gap}


@_verb("lifecycle")
def lifecycle(
    active: Annotated[
        str | None, typer.Option(help="What counts as being there; any event without.")
    ] = None,
    unit: Annotated[str, typer.Option(help="day, week or month.")] = "week",
    per: Annotated[str, typer.Option("--per", help="visitor or user.")] = "visitor",
) -> dict[str, Any]:
    """Show who is new, came again, came back, stays away.

    Example: footfall lifecycle --active page_view --unit week --last 8w.
    """
    return {"active": {"event": active}, "unit": unit, "per": per}


@_verb("attribution")
def attribution(
    goal: Annotated[str, typer.Argument(help="Event that is a conversion.")],
    touches: Annotated[
        list[str] | None, typer.Argument(help="Events that may lead to it.", metavar="TOUCH")
    ] = None,
    field: Annotated[
        str | None, typer.Option(help="Sessions by this field instead, such as source.")
    ] = None,
    model: Annotated[
        str, typer.Option(help="first, last, linear, position, time_decay or markov.")
    ] = "last",
    window: Annotated[str, typer.Option(help="How long before it a touch counts.")] = "30d",
    value: Annotated[str | None, typer.Option(help="Field with what the goal is worth.")] = None,
) -> dict[str, Any]:
    """Show what led to a goal, and how much of it.

    Example: footfall attribution purchase --field source --model linear.
    """
    named: dict[str, Any] = {"goal": {"event": goal}, "model": model, "window": window}
    each = [{"event": one} for one in touches or ()]
    chosen = "source" if field is None and not each else field
    return {**named, "touches": each, "field": chosen, "value": value}


@_verb("compare")
def compare(
    variant: Annotated[str, typer.Argument(help="Field that says which variant somebody got.")],
    goal: Annotated[str, typer.Argument(help="Event that is hoped for.")],
    exposure: Annotated[
        str | None, typer.Option(help="Event that shows the variant; any event without.")
    ] = None,
    control: Annotated[
        str | None, typer.Option(help="Variant that others are held against.")
    ] = None,
) -> dict[str, Any]:
    """Show which variant of an experiment does better.

    Example: footfall compare properties.variant purchase --exposure page_view.
    """
    named = {"variant": variant, "goal": {"event": goal}, "control": control}
    return {**named, "exposure": {"event": exposure}}


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
    low, dots, high = written.partition(_BETWEEN)
    if op == "is" and dots and low and high:
        ends = [_typed(field, each, msgspec.json.decode) for each in (low, high)]
        return {"field": field, "op": "between", "value": ends}
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


def _answer(model: str, options: dict[str, Any], home: Path, project: str, form: str) -> None:
    """Ask, and show what came back."""
    from footfall.explore.kinds import KINDS
    from footfall.explore.question.reading import read

    question = read(KINDS[model].question, options)
    answer = _answered(question, home, project)
    if form == "json":
        print_json(answer)
        return
    from footfall.cli.asking.explore_tables import print_answer, print_csv

    if form == "csv":
        print_csv(question, answer)
    else:
        print_answer(model, answer)


def _answered(question: Common, home: Path, project: str) -> Any:
    """The answer, of a worker of its own, as `footfall sql` has one."""
    import asyncio

    from footfall.explore.asking import answering
    from footfall.explore.journeys.process import IndexProcess
    from footfall.explore.running import run_on
    from footfall.explore.segments.storage import Segments
    from footfall.lake.location import check_location
    from footfall.lake.store.options import bucket_of
    from footfall.query import QueryPool

    place = open_project(home, project)
    check_location(place.lake_dir)
    settings = settings_for(place)
    pool = QueryPool(place, project, settings.query, bucket_of(settings.lake))
    clock = SystemClock()
    now, shelf = clock.now_us(), Segments(metadata_place(place), project, clock)
    index = IndexProcess(place, project, settings.index, settings.query)

    async def run() -> Any:
        try:
            known = index if settings.has_index else None
            return await run_on(pool, lambda: answering(question, now, shelf), known)
        finally:
            await index.close()
            await pool.close()

    return asyncio.run(run())
