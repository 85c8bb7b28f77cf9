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
from footfall.explore.question import (
    AttributionQuestion,
    CompareQuestion,
    EventsQuestion,
    FunnelQuestion,
    LifecycleQuestion,
    PathQuestion,
    RetentionQuestion,
)
from footfall.explore.question.common import Common

if TYPE_CHECKING:
    import altair as alt

ROWS_MAX: Final = 2_000
"""Marks of one chart; a notebook holds them all in its file."""
WIDTH: Final = 560
_DAY: Final = "utcyearmonthdate"
_MINUTE: Final = "utcyearmonthdatehoursminutes"
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
    draw: Callable[[Any, list[dict[str, Any]], Any], alt.Chart | alt.LayerChart]
    draw = _DRAWN[type(answer)]
    rows = [_named(row, answer.by) for row in table_of(question, answer).to_pylist()]
    return draw(alt, rows, question)


def _named(row: dict[str, Any], by: tuple[str, ...]) -> dict[str, Any]:
    """A row as JSON has it, with the name of its part."""
    scope = row.get("scope", "all")
    part = "all" if scope == "all" else "others"
    if scope == "group":
        part = ", ".join("(none)" if (v := row.get(name)) is None else str(v) for name in by)
    hidden = ("cell", "size_cell", "dropped_cell")
    return {GROUP: part, **{name: _json(one) for name, one in row.items() if name not in hidden}}


def _json(value: Any) -> Any:
    """As JSON has it; sums of fractions differ in their last digits from run to run.

    Times are what a clock of the question's zone shows, called UTC and drawn as UTC: a browser
    knows its own zone only, and would begin the question's days at other hours.
    """
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=None).isoformat()}Z"
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _data(alt: Any, rows: list[dict[str, Any]]) -> Any:
    return alt.Data(values=rows[:ROWS_MAX])


def _share(alt: Any, name: str) -> Any:
    return alt.Tooltip(f"{name}:Q", format=".1%")


def _parts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups where there are some, else everything together."""
    groups = [row for row in rows if row.get("scope") in ("group", "rest")]
    return groups or rows


def _events(alt: Any, rows: list[dict[str, Any]], _: EventsQuestion) -> Any:
    """A line a series and group over time; of one bucket, bars."""
    buckets = [row for row in rows if row["start"] is not None and not row["is_previous"]]
    shown = _parts(buckets)
    for row in shown:
        row["line"] = row["series"] if row[GROUP] == "all" else f"{row['series']}, {row[GROUP]}"
    is_one = len({row["start"] for row in shown}) <= 1
    lines = list(dict.fromkeys(row["line"] for row in shown))
    # One line alone is said beside its values, and needs no legend.
    title = lines[0] if len(lines) == 1 else None
    chart = alt.Chart(_data(alt, shown)).properties(width=WIDTH)
    if is_one:
        return chart.mark_bar().encode(
            x=alt.X("value:Q", title=None), y=alt.Y("line:N", title=None, sort="-x")
        )
    more = {} if title else {"color": alt.Color("line:N", title=None, sort=lines)}
    return chart.mark_line(point=True).encode(
        x=alt.X("start:T", title=None, scale=alt.Scale(type="utc")),
        y=alt.Y("value:Q", title=title),
        tooltip=["line:N", alt.Tooltip(f"{_MINUTE}(start):T", title="start"), "value:Q"],
        **more,
    )


def _funnel(alt: Any, rows: list[dict[str, Any]], question: FunnelQuestion) -> Any:
    """A bar a step, with how many and which share of the first got there."""
    shown = _parts(rows)
    steps = list(dict.fromkeys(f"{row['step']} {row['label']}" for row in shown))
    for row in shown:
        row["name"] = f"{row['step']} {row['label']}"
        share = "" if row["of_first"] is None else f" ({row['of_first']:.1%})"
        row["said"] = f"{row['count']:,}{share}"
    groups = list(dict.fromkeys(row[GROUP] for row in shown))
    place = {"yOffset": alt.YOffset(f"{GROUP}:N", sort=groups)} if len(groups) > 1 else {}
    base = (
        alt.Chart(_data(alt, shown))
        .properties(width=WIDTH)
        .encode(
            y=alt.Y("name:N", title=None, sort=steps),
            x=alt.X("count:Q", title=f"{question.per}s"),
            tooltip=["name:N", f"{GROUP}:N", "count:Q", _share(alt, "of_first")],
            **place,
        )
    )
    colour = {"color": alt.Color(f"{GROUP}:N", title=None, sort=groups)} if place else {}
    return alt.layer(
        base.mark_bar().encode(**colour),
        base.mark_text(align="left", dx=4).encode(text="said:N"),
    )


def _retention(alt: Any, rows: list[dict[str, Any]], question: RetentionQuestion) -> Any:
    """Cohorts below each other, as dark as many came back; pale where it is not over yet."""
    shown = [row for row in rows if row["scope"] == "all" and row["cohort"] is not None]
    base = (
        alt.Chart(_data(alt, shown))
        .properties(width=WIDTH)
        .encode(
            x=alt.X("period:O", title=f"{question.unit}s later", axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{_DAY}(cohort):O", title=None),
            tooltip=[
                alt.Tooltip(f"{_DAY}(cohort):T", title="cohort"),
                "period:O",
                "size:Q",
                "count:Q",
                _share(alt, "rate"),
            ],
        )
    )
    shade = alt.Color(
        "rate:Q",
        title="came back",
        scale=alt.Scale(domain=[0, 1]),
        legend=alt.Legend(format=".0%"),
    )
    ink = alt.condition("datum.rate > 0.5", alt.value("white"), alt.value("black"))
    over = alt.condition("datum.is_complete", alt.value(1), alt.value(0.4))
    return alt.layer(
        base.mark_rect().encode(color=shade, opacity=over),
        base.mark_text().encode(text=alt.Text("rate:Q", format=".0%"), color=ink),
    )


def _path(alt: Any, rows: list[dict[str, Any]], question: PathQuestion) -> Any:
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
            y=alt.Y("way:N", title=None, sort="-x", axis=alt.Axis(labelLimit=WIDTH // 2)),
            x=alt.X("count:Q", title=f"{question.per}s"),
            color=alt.Color(f"{GROUP}:N", title=None)
            if has_groups
            else alt.Color("step:O", title="step"),
            tooltip=["way:N", f"{GROUP}:N", "count:Q"],
        )
    )


def _lifecycle(alt: Any, rows: list[dict[str, Any]], question: LifecycleQuestion) -> Any:
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
            x=alt.X(f"{_DAY}(start):O", title=None),
            y=alt.Y("shown:Q", title=f"{question.per}s; dormant ones below"),
            color=alt.Color(
                "state:N", title=None, sort=["new", "retained", "returning", "dormant"]
            ),
            tooltip=[alt.Tooltip(f"{_DAY}(start):T", title="start"), "state:N", "count:Q"],
            **({"row": alt.Row(f"{GROUP}:N", title=None)} if has_groups else {}),
        )
    )


def _attribution(alt: Any, rows: list[dict[str, Any]], _: AttributionQuestion) -> Any:
    """Credit of each touch point."""
    has_groups = any(row["scope"] != "all" for row in rows)
    rows = _parts(rows)
    for row in rows:
        row["touch"] = "direct" if row["is_direct"] else row["label"] or "(none)"
    return (
        alt.Chart(_data(alt, rows))
        .properties(width=WIDTH)
        .mark_bar()
        .encode(
            y=alt.Y("touch:N", title=None, sort="-x"),
            x=alt.X("credit:Q", title="conversions credited"),
            tooltip=["touch:N", f"{GROUP}:N", "credit:Q", _share(alt, "share"), "count:Q"],
            **({"color": alt.Color(f"{GROUP}:N", title=None)} if has_groups else {}),
        )
    )


def _compare(alt: Any, rows: list[dict[str, Any]], _: CompareQuestion) -> Any:
    """Rates with their intervals."""
    rows = _parts(rows)
    for row in rows:
        of_group = "" if row["scope"] == "all" else f", {row[GROUP]}"
        row["who"] = f"{row['variant']}{of_group}"
    base = alt.Chart(_data(alt, rows)).properties(width=WIDTH)
    y = alt.Y("who:N", title=None)
    x = alt.X("rate_low:Q", title="converted, and where it may be", axis=alt.Axis(format=".0%"))
    shares = [_share(alt, name) for name in ("rate", "rate_low", "rate_high")]
    tooltip = ["who:N", "size:Q", "count:Q", *shares, "verdict:N"]
    ranges = base.mark_rule().encode(y=y, x=x, x2="rate_high:Q", tooltip=tooltip)
    points = base.mark_point(filled=True, size=80).encode(y=y, x="rate:Q", tooltip=tooltip)
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
