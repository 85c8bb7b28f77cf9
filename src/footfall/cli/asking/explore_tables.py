"""Answers of the explore models for people in a terminal: tables, and bars where one looks on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

    from footfall.explore.answer import (
        Answer,
        AttributionAnswer,
        CompareAnswer,
        EventsAnswer,
        FunnelAnswer,
        LifecycleAnswer,
        PathAnswer,
        RetentionAnswer,
    )
    from footfall.explore.question.common import Common

BAR_WIDTH: Final = 24
"""Columns of a bar that stands for the greatest number."""
_BLOCKS: Final = " ▏▎▍▌▋▊▉█"
_STATES: Final = ("new", "retained", "returning", "dormant")


def print_answer(model: str, answer: Any) -> None:
    """The answer as a table, with bars on a terminal; what to know beside it on standard error."""
    from rich.console import Console

    from footfall.cli.terminal.table import ANY_WIDTH

    is_seen = sys.stdout.isatty()
    print_on(Console(width=None if is_seen else ANY_WIDTH, highlight=False), model, answer, is_seen)
    for note in answer.notes:
        typer.echo(f"footfall: {note}", err=True)
    way = "" if answer.way == "sql" else f", from the journey index of cut {answer.cut_sequence}"
    typer.echo(f"from {answer.start} to {answer.end}{way}", err=True)


def print_csv(question: Common, answer: Answer) -> None:
    """A row a number, with the columns that Python has; notes on standard error."""
    import csv

    from footfall.explore.frames import table_of

    table = table_of(question, answer)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow(
            one.isoformat() if isinstance(one, datetime) else one for one in row.values()
        )
    for note in answer.notes:
        typer.echo(f"footfall: {note}", err=True)


def print_on(console: Console, model: str, answer: Any, is_seen: bool) -> None:
    """The answer of a model; with bars if somebody looks."""
    console.print(_TABLES[model](answer, is_seen))
    if getattr(answer, "previous", None) is not None:
        console.print(f"the range before, from {answer.previous.start}:")
        console.print(_TABLES[model](answer.previous, is_seen))
    if model == "compare":
        console.print(answer.verdict, markup=False)


def bar(share: float, width: int = BAR_WIDTH) -> str:
    """A bar that fills a share of the width, to an eighth of a column."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    return "█" * (eighths // 8) + _BLOCKS[eighths % 8].strip()


def _with_bars(
    lines: list[list[Any]], numbers: Iterable[float | None], is_seen: bool
) -> list[list[Any]]:
    """Lines with a bar at their end; none without anybody who looks."""
    values = [number or 0.0 for number in numbers]
    most = max(values, default=0.0)
    if not is_seen or most <= 0:
        return lines
    return [[*line, bar(value / most)] for line, value in zip(lines, values, strict=True)]


def _with_groups(answer: Any, lines: list[list[Any]]) -> list[list[Any]]:
    """Lines with their group before them, where there are some."""
    if not answer.by:
        return lines
    return [[_part(row, answer.by), *line] for row, line in zip(answer.rows, lines, strict=True)]


def _group_head(answer: Any) -> list[str]:
    return ["group"] if answer.by else []


def _table(left: Sequence[str], right: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    from rich import box
    from rich.table import Table

    from footfall.cli.terminal.table import shown

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in left:
        table.add_column(shown(name), overflow="fold")
    for name in right:
        table.add_column(shown(name), justify="right")
    if rows and len(rows[0]) > len(left) + len(right):
        table.add_column("")
    for row in rows:
        table.add_row(*[shown("" if one is None else str(one)) for one in row])
    return table


def _trend_table(answer: EventsAnswer, is_seen: bool) -> Table | Group:
    from rich.console import Group

    if not answer.previous_buckets:
        return _buckets_table(answer, is_seen, False)
    before = _buckets_table(answer, is_seen, True)
    return Group(_buckets_table(answer, is_seen, False), "the range before:", before)


def _buckets_table(answer: EventsAnswer, is_seen: bool, is_previous: bool) -> Table:
    rows = [row for row in answer.rows if row.is_previous == is_previous]
    heads = dict.fromkeys((row.number, _part(row, answer.by), row.series) for row in rows)
    by_place: dict[int | None, dict[Any, Any]] = {}
    for row in rows:
        key = (row.number, _part(row, answer.by), row.series)
        by_place.setdefault(row.bucket, {})[key] = row.value
    many = len({series for _, _, series in heads}) > 1
    names = [f"{series} {part}".strip() if many or not part else part for _, part, series in heads]
    buckets = answer.previous_buckets if is_previous else answer.buckets
    placed = sorted(by_place.items(), key=lambda one: (one[0] is None, one[0] or 0))
    lines = [
        [
            "all" if place is None else _day(buckets[place].start),
            *[_number(found.get(key)) for key in heads],
        ]
        for place, found in placed
    ]
    firsts = [None if place is None else next(iter(found.values())) for place, found in placed]
    return _table(["from"], names, _with_bars(lines, firsts, is_seen and len(heads) == 1))


def _funnel_table(answer: FunnelAnswer, is_seen: bool) -> Table:
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
    lines = _with_bars(lines, [row.of_first for row in answer.rows], is_seen)
    return _table(["group", "step"], ["reached", "of previous", "of first", "dropped"], lines)


def _retention_table(answer: RetentionAnswer, is_seen: bool) -> Table:
    periods = sorted({row.period for row in answer.rows})
    lines: dict[Any, list[Any]] = {}
    for row in answer.rows:
        begin = "all" if row.cohort is None else _day(answer.cohorts[row.cohort].start)
        line = lines.setdefault(
            (_part(row, answer.by), row.cohort), [_part(row, answer.by), begin, f"{row.size:,}"]
        )
        if row.rate is None:
            line.append("")
            continue
        shade = _BLOCKS[round(row.rate * 8)] + " " if is_seen else ""
        line.append(shade + _share(row.rate) + ("" if row.is_complete else " …"))
    return _table(["group", "cohort"], ["size", *map(str, periods)], list(lines.values()))


def _path_table(answer: PathAnswer, is_seen: bool) -> Table:
    lines = [
        [
            str(row.step),
            "(rest)" if row.is_rest else row.label,
            "(end)" if row.is_end else "(rest)" if row.next_is_rest else row.next_label,
            f"{row.count:,}",
        ]
        for row in answer.rows
    ]
    lines = _with_groups(answer, lines)
    lines = _with_bars(lines, [row.count for row in answer.rows], is_seen)
    return _table([*_group_head(answer), "step", "at", "next"], ["count"], lines)


def _lifecycle_table(answer: LifecycleAnswer, is_seen: bool) -> Table:
    counts = {(_part(row, answer.by), row.unit, row.state): row.count for row in answer.rows}
    lines = [
        [
            *([_part(one, answer.by)] if answer.by else []),
            _day(answer.units[one.unit].start),
            *[f"{counts[_part(one, answer.by), one.unit, state]:,}" for state in _STATES],
        ]
        for one in answer.stickiness
    ]
    there = [float(one.active) for one in answer.stickiness]
    return _table([*_group_head(answer), "from"], _STATES, _with_bars(lines, there, is_seen))


def _attribution_table(answer: AttributionAnswer, is_seen: bool) -> Table:
    lines = [
        [
            "(direct)" if row.is_direct else row.label,
            f"{row.touches:,}",
            f"{row.count:,}",
            _number(round(row.credit, 2)),
            _share(row.share),
            *([] if answer.value is None else [_number(round(row.value or 0.0, 2))]),
        ]
        for row in answer.rows
    ]
    names = ["touches", "conversions", "credit", "share"]
    names += [] if answer.value is None else ["value"]
    lines = _with_groups(answer, lines)
    lines = _with_bars(lines, [row.credit for row in answer.rows], is_seen)
    return _table([*_group_head(answer), "touch point"], names, lines)


def _compare_table(answer: CompareAnswer, is_seen: bool) -> Table:
    lines = [
        [
            row.variant,
            f"{row.size:,}",
            f"{row.count:,}",
            _share(row.rate),
            "" if row.difference is None else f"{row.difference:+.1%}",
            row.verdict,
        ]
        for row in answer.rows
    ]
    lines = _with_groups(answer, lines)
    lines = _with_bars(lines, [row.rate for row in answer.rows], is_seen)
    names = ["people", "reached", "rate", "difference", "verdict"]
    return _table([*_group_head(answer), "variant"], names, lines)


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


_TABLES: Final[dict[str, Any]] = {
    "events": _trend_table,
    "funnel": _funnel_table,
    "retention": _retention_table,
    "path": _path_table,
    "lifecycle": _lifecycle_table,
    "attribution": _attribution_table,
    "compare": _compare_table,
}
