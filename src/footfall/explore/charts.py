"""Answers as charts, by Altair, for notebooks.

Altair describes charts in Vega-Lite, which notebooks draw by themselves: nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from footfall.errors import Invalid
from footfall.explore.answer import Answer
from footfall.explore.frames import table_of
from footfall.explore.kinds import KINDS
from footfall.explore.question.common import Common

if TYPE_CHECKING:
    import altair as alt

ROWS_MAX: Final = 2_000
"""Marks of one chart; a notebook holds them all in its file."""
WIDTH: Final = 560
GROUP: Final = "part"
"""Column that says which part of a broken-down answer a row is of."""


def chart_of(question: Common, answer: Answer) -> alt.Chart | alt.LayerChart:
    """The chart of an answer; of long ones the first `ROWS_MAX` marks.

    Raises:
        Invalid: Altair is not installed.
    """
    try:
        import altair as alt
    except ModuleNotFoundError as error:
        raise Invalid(
            "a chart needs Altair: pip install 'footfall[notebook]'; tables need nothing"
        ) from error
    draw: Callable[[Any, list[dict[str, Any]]], alt.Chart | alt.LayerChart] = _DRAWN[type(answer)]
    rows = [_named(row, answer.by) for row in table_of(question, answer).to_pylist()]
    return draw(alt, rows)


def _named(row: dict[str, Any], by: tuple[str, ...]) -> dict[str, Any]:
    """A row as JSON has it, with the name of its part."""
    scope = row.get("scope", "all")
    part = "all" if scope == "all" else "others"
    if scope == "group":
        part = ", ".join("(none)" if (v := row.get(name)) is None else str(v) for name in by)
    hidden = ("cell", "size_cell", "dropped_cell")
    return {GROUP: part, **{name: _json(one) for name, one in row.items() if name not in hidden}}


def _json(value: Any) -> Any:
    """As JSON has it; sums of fractions differ in their last digits from run to run."""
    if isinstance(value, datetime):
        return value.isoformat()
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _data(alt: Any, rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows[:ROWS_MAX])


def _parts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups where there are some, else everything together."""
    groups = [row for row in rows if row.get("scope") in ("group", "rest")]
    return groups or rows


def _events(alt: Any, rows: list[dict[str, Any]]) -> Any:
    """A line a series and group over time; of one bucket, bars."""
    buckets = [row for row in rows if row["start"] is not None and not row["is_previous"]]
    shown = _parts(buckets)
    for row in shown:
        row["line"] = row["series"] if row[GROUP] == "all" else f"{row['series']}, {row[GROUP]}"
    is_one = len({row["start"] for row in shown}) <= 1
    chart = alt.Chart(_data(alt, shown)).properties(width=WIDTH)
    if is_one:
        return chart.mark_bar().encode(
            x=alt.X("value:Q", title=None), y=alt.Y("line:N", title=None, sort="-x")
        )
    return chart.mark_line(point=True).encode(
        x=alt.X("start:T", title=None),
        y=alt.Y("value:Q", title=None),
        color=alt.Color("line:N", title=None),
        tooltip=["line:N", "start:T", "value:Q"],
    )


def _funnel(alt: Any, rows: list[dict[str, Any]]) -> Any:
    """A bar a step."""
    shown = _parts(rows)
    steps = list(dict.fromkeys(f"{row['step']} {row['label']}" for row in shown))
    for row in shown:
        row["name"] = f"{row['step']} {row['label']}"
    chart = alt.Chart(_data(alt, shown)).properties(width=WIDTH)
    groups = {row[GROUP] for row in shown}
    more = {"color": alt.Color(f"{GROUP}:N", title=None), "yOffset": f"{GROUP}:N"}
    return chart.mark_bar().encode(
        y=alt.Y("name:N", title=None, sort=steps),
        x=alt.X("count:Q", title=None),
        tooltip=["name:N", f"{GROUP}:N", "count:Q", alt.Tooltip("of_first:Q", format=".1%")],
        **(more if len(groups) > 1 else {}),
    )


def _retention(alt: Any, rows: list[dict[str, Any]]) -> Any:
    """Cohorts below each other, as dark as many came back."""
    shown = [row for row in rows if row["scope"] == "all" and row["cohort"] is not None]
    return (
        alt.Chart(_data(alt, shown))
        .properties(width=WIDTH)
        .mark_rect()
        .encode(
            x=alt.X("period:O", title="units later"),
            y=alt.Y("utcyearmonthdate(cohort):O", title=None),
            color=alt.Color("rate:Q", title=None, scale=alt.Scale(domain=[0, 1])),
            tooltip=["cohort:T", "period:O", "size:Q", "count:Q", "rate:Q"],
        )
    )


def _path(alt: Any, rows: list[dict[str, Any]]) -> Any:
    """The ways that most went, each with how many; a notebook draws no bands."""
    ways = []
    has_groups = any(row["scope"] != "all" for row in rows)
    for row in _parts(rows):
        at = "(others)" if row["is_rest"] else row["label"]
        after = "(end)" if row["is_end"] else "(others)" if row["next_is_rest"] else None
        ways.append({**row, "way": f"{row['step']}. {at} → {after or row['next_label']}"})
    shown = sorted(ways, key=lambda row: -row["count"])[:20]
    return (
        alt.Chart(_data(alt, shown))
        .properties(width=WIDTH)
        .mark_bar()
        .encode(
            y=alt.Y("way:N", title=None, sort="-x"),
            x=alt.X("count:Q", title=None),
            color=alt.Color(f"{GROUP}:N", title=None)
            if has_groups
            else alt.Color("step:O", title="step"),
            tooltip=["way:N", f"{GROUP}:N", "count:Q"],
        )
    )


def _lifecycle(alt: Any, rows: list[dict[str, Any]]) -> Any:
    """Those who were there above the line, the dormant below it."""
    has_groups = any(row["scope"] != "all" for row in rows)
    rows = _parts(rows)
    for row in rows:
        row["shown"] = -row["count"] if row["state"] == "dormant" else row["count"]
    return (
        alt.Chart(_data(alt, rows))
        .properties(width=WIDTH)
        .mark_bar()
        .encode(
            x=alt.X("utcyearmonthdate(start):O", title=None),
            y=alt.Y("shown:Q", title=None),
            color=alt.Color(
                "state:N", title=None, sort=["new", "retained", "returning", "dormant"]
            ),
            tooltip=["state:N", "count:Q"],
            **({"row": alt.Row(f"{GROUP}:N", title=None)} if has_groups else {}),
        )
    )


def _attribution(alt: Any, rows: list[dict[str, Any]]) -> Any:
    """Credit of each touch point."""
    has_groups = any(row["scope"] != "all" for row in rows)
    rows = _parts(rows)
    for row in rows:
        row["touch"] = "(direct)" if row["is_direct"] else row["label"]
    return (
        alt.Chart(_data(alt, rows))
        .properties(width=WIDTH)
        .mark_bar()
        .encode(
            y=alt.Y("touch:N", title=None, sort="-x"),
            x=alt.X("credit:Q", title="conversions credited"),
            tooltip=["touch:N", f"{GROUP}:N", "credit:Q", "count:Q"],
            **({"color": alt.Color(f"{GROUP}:N", title=None)} if has_groups else {}),
        )
    )


def _compare(alt: Any, rows: list[dict[str, Any]]) -> Any:
    """Rates with their intervals."""
    rows = _parts(rows)
    for row in rows:
        of_group = "" if row["scope"] == "all" else f", {row[GROUP]}"
        row["who"] = f"{row['variant']}{of_group}"
    base = alt.Chart(_data(alt, rows)).properties(width=WIDTH)
    y = alt.Y("who:N", title=None)
    ranges = base.mark_rule().encode(y=y, x=alt.X("rate_low:Q", title="rate"), x2="rate_high:Q")
    points = base.mark_point(filled=True, size=80).encode(
        y=y, x="rate:Q", tooltip=["who:N", "size:Q", "count:Q", "rate:Q", "verdict:N"]
    )
    return alt.layer(ranges, points)


_DRAWN: Final[dict[type[Any], Any]] = {
    KINDS[name].answer: draw
    for name, draw in (
        ("events", _events),
        ("funnel", _funnel),
        ("retention", _retention),
        ("path", _path),
        ("lifecycle", _lifecycle),
        ("attribution", _attribution),
        ("compare", _compare),
    )
}
