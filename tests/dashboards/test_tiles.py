"""What tiles show and the rows behind their numbers, over real query workers and a cut."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import footfall.dashboards.running as dashboards_running
from footfall.clock import HOUR
from footfall.errors import Invalid
from footfall.explore.asking import NamesAsked
from footfall.explore.found import Found
from footfall.explore.question.ranges import Span
from footfall.home import Home
from footfall.query import QueryPool
from footfall.studio.api.dashboards.tiles import find_saved
from footfall.testing.events import NOON_US
from tests.dashboards.shop import (
    DEVICES,
    EVENTS,
    RANGE,
    SESSIONS,
    by_category,
    events,
    fields,
    report,
    shop_cut,
    sql,
    visits,
)
from tests.dashboards.tiles import behind, client, parts, shown
from tests.query.cuts import query_settings
from tests.studio.fakes import FakeShop, studio

__all__ = ["client"]

CATEGORY = {"column": "properties.category"}
SUB = {"column": "properties.sub"}


def test_the_pie_of_the_retail_shop(client: httpx.Client) -> None:
    """Each slice has the number that counting by hand has, and opens exactly its rows."""
    tile = fields("pie", x=CATEGORY)
    data = shown(client, tile)
    assert dict(data["rows"]) == by_category()
    assert data["roles"] == {"x": "properties.category", "y": ["count"], "colour": "", "size": ""}
    for row in data["rows"]:
        found = behind(client, tile, parts=parts(data, row))
        assert (found["count"], found["is_source"]) == (row[1], True)
        at = [column["name"] for column in found["columns"]].index("properties")
        categories = {json.loads(one[at]).get("category") for one in found["rows"]}
        assert categories == {row[0]}
    assert behind(client, tile)["count"] == EVENTS


def test_the_stacked_bar_counts_each_part(client: httpx.Client) -> None:
    """Text from outside, quotes and markup included, groups and opens as text."""
    tile = fields("stacked_bar", x=CATEGORY, colour=SUB)
    data = shown(client, tile)
    wanted = Counter(
        (json.loads(row["properties"]).get("category"), json.loads(row["properties"]).get("sub"))
        for row in events()
    )
    assert {(row[0], row[1]): row[2] for row in data["rows"]} == wanted
    for row in data["rows"]:
        assert behind(client, tile, parts=parts(data, row))["count"] == row[2]


def test_the_tree_map_of_the_beer_shop(client: httpx.Client) -> None:
    """Device, sized by one sum and coloured by another."""
    tile = fields(
        "tree_map",
        "sessions",
        x={"column": "device_category"},
        size={"column": "duration_ms", "measure": "sum"},
        colour={"column": "events", "measure": "sum"},
    )
    data = shown(client, tile)
    assert data["roles"] == {
        "x": "device_category",
        "y": [],
        "colour": "sum of events",
        "size": "sum of duration_ms",
    }
    names = [column["name"] for column in data["columns"]]
    wanted = {
        device: (
            sum(one["duration_ms"] for one in visits() if one["device_category"] == device),
            sum(one["events"] for one in visits() if one["device_category"] == device),
        )
        for device in DEVICES
    }
    rows = [dict(zip(names, row, strict=True)) for row in data["rows"]]
    assert {
        row["device_category"]: (row["sum of duration_ms"], row["sum of events"]) for row in rows
    } == wanted


def test_time_is_cut_in_the_zone_of_the_dashboard(client: httpx.Client) -> None:
    """A day of Auckland is another than one of UTC; each point opens its rows."""
    tile = fields("line", x={"column": "event_time", "unit": "day"})
    for zone, days in (("UTC", ["2024-10-04", "2024-10-05"]), ("Pacific/Auckland", None)):
        data = shown(client, tile, zone=zone)
        if days is not None:
            assert [row[0][:10] for row in data["rows"]] == days
            assert sum(row[1] for row in data["rows"]) == EVENTS
        for row in data["rows"]:
            assert behind(client, tile, zone=zone, parts=parts(data, row))["count"] == row[1]


def test_range_and_filters_are_of_every_tile(client: httpx.Client) -> None:
    """Fields, SQL and reports are narrowed alike; what a filter cannot reach is said."""
    filters = [{"field": "device_category", "op": "is", "value": "mobile"}]
    wanted = sum(row["device_category"] == "mobile" for row in events())
    counted = "SELECT count(*) AS n FROM events WHERE event_time >= $from AND event_time < $to"
    by_series = {"series": [{"event": None}], "granularity": "month"}
    tiles = [fields("number"), sql("number", counted), report("number", "events", **by_series)]
    for tile in tiles:
        assert shown(client, tile)["rows"][0][-1] == EVENTS
        data = shown(client, tile, filters=filters)
        assert (data["rows"][0][-1], data["notes"]) == (wanted, [])
    before = {"start": "2024-10-03", "end": "2024-10-03"}
    for tile in tiles:
        assert shown(client, tile, range=before)["rows"][0][-1] == 0
    other = shown(client, sql("number", "SELECT 1 AS n"), filters=filters)
    assert other["notes"] == [
        "not filtered by device_category: what this tile reads has no such field"
    ]


GROUPED = (
    "SELECT device_category AS d, count(*) AS n FROM events GROUP BY 1",
    """SELECT e.device_category AS d, count(*) AS n FROM events AS e GROUP BY ALL
    HAVING count(*) > 1 ORDER BY n DESC LIMIT 10""",
    """WITH mine AS (SELECT * FROM events) SELECT upper(device_category) AS d, count(*) AS n
    FROM mine GROUP BY upper(device_category)""",
    """SELECT s.device_category AS d, count(*) AS n FROM sessions s
    JOIN events e USING (visitor_id) GROUP BY d""",
)


@pytest.mark.parametrize("text", GROUPED)
def test_segments_of_sql_open_what_they_counted(client: httpx.Client, text: str) -> None:
    """Whoever wrote a GROUP BY sees its rows, as many as the number says."""
    tile = sql("bar", text)
    data = shown(client, tile)
    assert len(data["rows"]) == len(DEVICES)
    for row in data["rows"]:
        found = behind(client, tile, parts=parts(data, row))
        assert (found["count"], found["is_source"]) == (row[1], True)
        assert len(found["rows"]) == min(row[1], 1_000)


def test_what_cannot_be_taken_apart_opens_its_own_rows(client: httpx.Client) -> None:
    """A union has no one table behind a number: its answer's rows are shown, and called so."""
    text = "SELECT 'a' AS k, 1 AS n UNION ALL SELECT 'b', 2 UNION ALL SELECT 'b', 3"
    found = behind(client, sql("bar", text), parts=[{"column": "k", "value": "b"}])
    assert (found["count"], found["is_source"]) == (2, False)
    assert sorted(found["rows"]) == [["b", 2], ["b", 3]]


def test_reports_open_by_their_cells(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bar of a report opens exactly the visitors that it counted; all are counted, some shown."""
    tile = report("bar", "events", series=[{"measure": "visitors"}], by=["device_category"])
    data = shown(client, tile)
    names = [column["name"] for column in data["columns"]]
    assert names == ["time", "device_category", "value"]
    assert len(data["rows"]) == len(data["cells"]) > 0
    for row, cell in zip(data["rows"], data["cells"], strict=True):
        assert behind(client, tile, cell=cell)["count"] == row[-1]
    monkeypatch.setattr(dashboards_running, "BEHIND_MAX", 3)
    most = max(range(len(data["rows"])), key=lambda at: data["rows"][at][-1])
    found = behind(client, tile, cell=data["cells"][most])
    assert (found["count"], len(found["rows"])) == (data["rows"][most][-1], 3)
    funnel = report("bar", "funnel", steps=[{"event": "click"}, {"event": "purchase"}])
    data = shown(client, funnel)
    names = [column["name"] for column in data["columns"]]
    for row, cell in zip(data["rows"], data["cells"], strict=True):
        assert behind(client, funnel, cell=cell)["count"] == row[names.index("count")]
    back = shown(client, report("heat_map", "retention", unit="day", periods=1))
    assert {"cohort", "period", "rate"} <= {column["name"] for column in back["columns"]}
    assert [one["name"] for one in back["columns"] if one.get("is_share")] == ["rate"]


@pytest.mark.parametrize(
    ("tile", "said"),
    [
        (fields("pie", x={"column": "devce_category"}), "device_category"),
        (fields("pie", "evnts", x={"column": "a"}), "no such table"),
        (sql("pie", "DROP TABLE events"), "only a SELECT"),
        (sql("pie", "SELECT 1 AS n", x="m"), "the answer has no column m; it has: n"),
        (fields("pie", x={"column": "properties.a'b\"c"}), "a property's name has no quote"),
        ({"id": "t", "chart": "pie"}, "place"),
    ],
)
def test_mistakes_are_told(client: httpx.Client, tile: dict[str, Any], said: str) -> None:
    """A sentence that names what to change; never a fault of the server."""
    answer = client.post("/api/tiles", json={"tile": tile, "range": RANGE})
    assert answer.status_code == 400
    assert said in answer.json()["detail"]


def test_numbers_of_sessions(client: httpx.Client) -> None:
    """Without anything said, a tile counts rows."""
    assert shown(client, fields("number", "sessions"))["rows"] == [[SESSIONS]]


class SavedQueries:
    """As the catalog keeps them: typed, and with values bound beside the text."""

    def get(self, name: str) -> SimpleNamespace:
        if name != "by_device":
            raise Invalid(f"no such query: name={name}")
        names = ("from", "device")
        return SimpleNamespace(parameters=[SimpleNamespace(name=one) for one in names])

    def statement(self, name: str, given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        text = """SELECT count(*) AS n FROM events
        WHERE event_time >= CAST($from AS VARCHAR) AND device_category = CAST($device AS VARCHAR)"""
        assert given.keys() == {"from", "device"}
        return text, dict(given)


def test_a_saved_query_is_read_by_its_name(client: httpx.Client) -> None:
    """Its own values are bound, and `from` is where the range begins."""
    span = Span(NOON_US + 5 * HOUR, NOON_US + 9 * HOUR)
    sql_text, values = find_saved(SavedQueries(), span, "UTC", "by_device", {"device": "mobile"})
    assert "event_time >= $from" in sql_text
    assert values["from"] == datetime(2024, 10, 4, 17, tzinfo=UTC)
    assert values["device"] == "mobile"
    with pytest.raises(Invalid, match="no such query"):
        find_saved(SavedQueries(), span, "UTC", "other", {})
    missing = {"id": "t", "chart": "number", "place": {"x": 0, "y": 0, "w": 1, "h": 1}}
    body = {"tile": {**missing, "query": {"kind": "saved", "name": "x"}}, "range": RANGE}
    assert client.post("/api/tiles", json=body).status_code == 400


def parquet(client: httpx.Client, tile: dict[str, Any]) -> pa.Table:
    answer = client.post("/api/tiles/parquet", json={"tile": tile, "range": RANGE})
    assert answer.status_code == 200, answer.text
    assert answer.headers["footfall-cut-off"] == "false"
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    return pq.read_table(io.BytesIO(answer.content))


def test_a_tile_as_a_parquet_file(client: httpx.Client) -> None:
    """The numbers that it shows, with types; of fields and of reports alike; a text has none."""
    pie = parquet(client, fields("pie", x=CATEGORY))
    assert dict(zip(*pie.to_pydict().values(), strict=True)) == by_category()
    assert pie.schema.field("count").type == pa.int64()
    days = parquet(client, report("line", "events", series=[{"event": None}], granularity="day"))
    assert days.schema.types == [pa.timestamp("us"), pa.float64()]
    assert days.column("time").to_pylist() == [datetime(2024, 10, 4), datetime(2024, 10, 5)]  # noqa: DTZ001
    assert sum(days.column("value").to_pylist()) == EVENTS
    text = {"id": "t", "chart": "text", "text": "x", "place": {"x": 0, "y": 0, "w": 1, "h": 1}}
    refused = client.post("/api/tiles/parquet", json={"tile": text, "range": RANGE})
    assert (refused.status_code, "a text has no numbers" in refused.json()["detail"]) == (400, True)


_FILTER = {"field", "op", "value"}


def test_ready_made_dashboards(client: httpx.Client) -> None:
    """Each is added by one request, once; every tile answers, with the numbers that there are."""
    offered = client.get("/api/ready-dashboards").json()["dashboards"]
    names = [one["name"] for one in offered]
    assert names == [
        "user-life-cycle",
        "web-overview",
        "content",
        "acquisition",
        "collector-health",
    ]
    found: dict[str, Any] = {}
    for name in names:
        added = client.post(f"/api/ready-dashboards/{name}")
        assert (added.status_code, added.json()["is_published"]) == (201, True), added.text
        assert client.post(f"/api/ready-dashboards/{name}").status_code == 409
        made = added.json()["definition"]
        for tile in (tile for sheet in made["sheets"] for tile in sheet["tiles"]):
            data = shown(client, tile, filters=made.get("filters", []))
            # The shop's events are of 2024; reports with a range of their own say so.
            notes = [one for one in data["notes"] if "there are some from 2024" not in one]
            assert notes == [], (name, tile["id"])
            assert tile["chart"] == "table" or data["roles"]["y"] or data["roles"]["size"]
            found[f"{name}/{tile['id']}"] = data["rows"]
    assert client.post("/api/ready-dashboards/x").status_code == 400
    assert client.post("/api/ready-dashboards/content?app=x").status_code == 404
    app = client.get("/api/apps").json()["apps"][0]["app"]
    of_app = client.post(f"/api/ready-dashboards/content?app={app['app_id']}").json()
    assert (of_app["name"], of_app["definition"]["zone"]) == (
        f"content-{app['app_id']}",
        app["time_zone"],
    )
    assert of_app["definition"]["filters"][0] == {
        "field": "app_id",
        "op": "is",
        "value": app["app_id"],
        **dict.fromkeys(of_app["definition"]["filters"][0].keys() - _FILTER),
    }
    kept = {one["name"] for one in client.get("/api/dashboards").json()["dashboards"]}
    assert set(names) <= kept
    assert found["web-overview/visitors"] == [[len({row["visitor_id"] for row in events()})]]
    assert found["web-overview/sessions"] == [[SESSIONS]]
    by_name = Counter(row["event_name"] for row in events())
    assert dict(found["web-overview/events"]) == by_name
    assert dict(found["content/entries"]) == Counter(row["entry_page"] for row in visits())
    assert sum(row[2] for row in found["web-overview/hours"]) == EVENTS
    assert found["collector-health/received"] == [[EVENTS]]
    assert sum(row[1] for row in found["collector-health/clocks"]) == EVENTS


def test_a_range_of_its_own(client: httpx.Client) -> None:
    """A tile that has one keeps it, whatever is chosen for the others; so do rows and file."""
    tile = {**fields("number"), "range": RANGE}
    elsewhere = {"start": "2020-01-01", "end": "2020-01-02"}
    for range_ in (RANGE, elsewhere):
        body = {"tile": tile, "range": range_}
        assert client.post("/api/tiles", json=body).json()["rows"] == [[EVENTS]]
        assert client.post("/api/tiles/rows", json=body).json()["count"] == EVENTS
        file = client.post("/api/tiles/parquet", json=body).content
        assert pq.read_table(io.BytesIO(file)).to_pydict() == {"count": [EVENTS]}
    wrong = {"tile": {**tile, "range": {"last": 0}}, "range": RANGE}
    refused = client.post("/api/tiles", json=wrong)
    assert (refused.status_code, "range" in str(refused.json()["problems"])) == (400, True)


def test_a_report_opens_those_whom_it_counted(client: httpx.Client) -> None:
    """A segment is another group later: behind a number are those of the answer's own moment."""
    rule = {"all": [{"did": {"event": "purchase"}}]}
    made = client.put("/api/segments/buyers", json={"definition": {"rule": rule}})
    assert made.status_code == 200, made.text
    early = "2024-10-04T18:00:00+00:00"
    asked = {
        "series": [{"measure": "visitors"}],
        "where": {"field": "segment", "op": "in", "value": ["buyers"]},
    }
    tile = report("line", "events", granularity="day", **asked)
    data = shown(client, tile)
    assert [one["name"] for one in data["segments"]] == ["buyers"]
    cell = data["cells"][0]

    def bought(before: int) -> set[str]:
        rows = [one for one in events() if one["event_name"] == "purchase"]
        return {one["visitor_id"] for one in rows if one["event_time"] < before}

    first_day = {one["visitor_id"] for one in events() if one["event_time"] < NOON_US + 12 * HOUR}
    then = behind(client, tile, cell=cell, segments_at=early)["count"]
    now = behind(client, tile, cell=cell, segments_at=data["segments_at"])["count"]
    assert then == len(first_day & bought(NOON_US + 6 * HOUR))
    assert now == len(first_day & bought(NOON_US + 10**6 * HOUR)) > then
    client.delete("/api/segments/buyers")


def test_a_report_says_which_filter_it_does_not_know(client: httpx.Client) -> None:
    """As other tiles do: a filter of another table's field is said, and the rest of them count."""
    tile = report("number", "events", series=[{"event": None}])
    both = [
        {"field": "window_start", "op": "is_set"},
        {"field": "device_category", "op": "is", "value": "mobile"},
    ]
    data = shown(client, tile, filters=both)
    mobile = sum(row["device_category"] == "mobile" for row in events())
    assert sum(row[-1] for row in data["rows"]) == mobile
    assert [note for note in data["notes"] if "window_start" in note] == [
        "not filtered by window_start: what this tile reads has no such field"
    ]
    for cell, count in zip(data["cells"], [row[-1] for row in data["rows"]], strict=True):
        assert behind(client, tile, filters=both, cell=cell)["count"] == count


REPORTS: dict[str, dict[str, Any]] = {
    "path": {"nodes": "events", "per": "visitor"},
    "lifecycle": {"unit": "day"},
    "attribution": {"goal": {"event": "purchase"}, "touches": [{"event": "click"}]},
    "compare": {"variant": "device_category", "goal": {"event": "purchase"}},
}


@pytest.mark.parametrize("model", REPORTS)
def test_a_report_of_any_model_is_a_tile(client: httpx.Client, model: str) -> None:
    """What Explore puts on a dashboard is drawn there, and its numbers open as they do there."""
    tile = report("table", model, **REPORTS[model])
    data = shown(client, tile)
    assert data["rows"]
    opened = 0
    for cell in data["cells"]:
        if cell is not None and opened < 2:
            opened += behind(client, tile, cell=cell)["count"] > 0
    assert opened


ADDED_UP = {"lifecycle": "count", "attribution": "credit", "compare": "size"}
"""Numbers of which every one is in one group: groups together are as many as all of them."""


@pytest.mark.parametrize("model", REPORTS)
def test_a_chart_has_groups_or_all_of_them_never_both(client: httpx.Client, model: str) -> None:
    """Everybody, unless the tile says where groups are drawn; a table, adding nothing, has both."""
    field = "properties.category"
    plain = report("bar", model, **REPORTS[model], by=[field])
    tiles = {
        "all": plain,
        "groups": {**plain, "options": {"colour": field}},
        "table": {**plain, "chart": "table"},
    }
    found = {name: shown(client, tile) for name, tile in tiles.items()}
    names = [one["name"] for one in found["all"]["columns"]]
    at = names.index(field)
    groups = {name: {row[at] for row in data["rows"]} for name, data in found.items()}
    assert groups["all"] == {"(all)"}
    assert len(groups["groups"]) > 1
    assert groups["table"] == groups["groups"] | groups["all"] != groups["groups"]
    if model in ADDED_UP:
        place = names.index(ADDED_UP[model])
        sums = {name: sum(row[place] for row in data["rows"]) for name, data in found.items()}
        assert sums["groups"] == pytest.approx(sums["all"])
        assert sums["all"] > 0


def test_shares_and_numbers_are_of_the_whole_range(client: httpx.Client) -> None:
    """Visitors of two days are not those of each day added up; over time they stand by day."""
    asked = {"series": [{"measure": "visitors"}], "granularity": "day"}
    visitors = {row["visitor_id"] for row in events()}
    assert shown(client, report("number", "events", **asked))["rows"] == [[len(visitors)]]
    days = shown(client, report("line", "events", **asked))["rows"]
    assert sum(row[-1] for row in days) > len(visitors)
    whose: dict[str, set[str]] = {}
    for row in events():
        whose.setdefault(row["device_category"], set()).add(row["visitor_id"])
    grouped = asked | {"by": ["device_category"]}
    pie = report("pie", "events", **grouped)
    data = shown(client, pie)
    assert {row[0]: row[1] for row in data["rows"]} == {one: len(ids) for one, ids in whose.items()}
    for row, cell in zip(data["rows"], data["cells"], strict=True):
        assert behind(client, pie, cell=cell)["count"] == row[1]
    number = shown(client, report("number", "events", **grouped))
    assert [row[-1] for row in number["rows"]] == [len(visitors)]


def test_a_report_asks_the_journey_index(tmp_path: Path) -> None:
    """What a tile shows, and who is behind it, come from the index where it has them."""
    cut, asked = shop_cut(tmp_path / "cut"), []

    class Index:
        async def found(self, given: Any) -> Found | None:
            if isinstance(given, NamesAsked):
                return None
            asked.append(given.cell)
            one: list[Any] = [0, 0, 0, None, 41.0]
            rows = [one if given.cell is None else ["shop/of the index", None, None]]
            return Found(rows, False, 1, 1, way="index")

    pool = QueryPool(cut.home, cut.project, query_settings())
    with (
        studio(FakeShop(Home(tmp_path / "home")), sql=pool, index=Index()) as running,
        httpx.Client(base_url=running.url, timeout=60) as client,
    ):
        assert client.get(running.link).status_code == 303
        tile = report("line", "events", series=[{"measure": "visitors"}])
        data = shown(client, tile)
        assert [row[-1] for row in data["rows"]] == [41, 0]
        found = behind(client, tile, cell=data["cells"][0])
        assert [row[0] for row in found["rows"]] == ["shop/of the index"]
        asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)
    assert [one is None for one in asked] == [True, False]


SECOND_DAY = {"start": "2024-10-05", "end": "2024-10-05"}
BETWEEN = "WHERE event_time >= $from AND event_time < $to"
HOURLY = f"""SELECT date_trunc('hour', timezone($zone, event_time)) AS hour, count(*) AS n
FROM events {BETWEEN} GROUP BY 1 ORDER BY 1"""
BY_HOUR = {"column": "event_time", "unit": "hour"}
SERIES = {"series": [{"event": None}], "granularity": "hour"}


def by_hour(day: int) -> dict[str, int]:
    """Events of each hour of a day, counted by hand, as if they were of the second day."""
    times = [datetime.fromtimestamp(row["event_time"] / 10**6, UTC) for row in events()]
    return dict(Counter(f"2024-10-05T{at.hour:02}:00:00" for at in times if at.day == day))


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (fields("number"), fields("line", x=BY_HOUR)),
        (sql("number", f"SELECT count(*) AS n FROM events {BETWEEN}"), sql("line", HOURLY)),
        (report("number", "events", **SERIES), report("area", "events", **SERIES)),
    ],
    ids=["fields", "sql", "report"],
)
def test_the_day_before_stands_beside_a_day(
    client: httpx.Client, number: dict[str, Any], line: dict[str, Any]
) -> None:
    """Numbers and lines have what counting by hand has, hours upon hours; rows stay the range's."""
    of_days = [by_hour(4), by_hour(5)]
    plain = shown(client, number, range=SECOND_DAY)
    assert (plain["before"], plain["not_compared"]) == (None, "")
    found = shown(client, number, range=SECOND_DAY, compare="previous")
    assert found["rows"] == plain["rows"] == [[sum(of_days[1].values())]]
    before = found["before"]
    assert before["rows"] == [[sum(of_days[0].values())]]
    assert [before[end][:10] for end in ("start", "end")] == ["2024-10-04", "2024-10-05"]
    drawn = shown(client, line, range=SECOND_DAY, compare="previous")
    counts = {row[0]: row[-1] for row in drawn["before"]["rows"] if row[-1]}
    assert {time.rstrip("Z")[:19]: count for time, count in counts.items()} == of_days[0]
    assert sum(row[-1] for row in drawn["rows"]) == sum(of_days[1].values())
    # Longer ago there was nothing: that is said, and no line lies along the ground.
    nothing = shown(client, number, range=SECOND_DAY, compare="year")["before"]
    assert [row[-1] for row in nothing["rows"]] in ([0], [])


def test_bars_stand_beside_those_of_the_day_before(client: httpx.Client) -> None:
    """Of the same words, counted by hand."""
    tile = fields("bar", x={"column": "event_name"})
    data = shown(client, tile, range=SECOND_DAY, compare="previous")
    names: dict[int, Counter[str]] = {4: Counter(), 5: Counter()}
    for row in events():
        names[datetime.fromtimestamp(row["event_time"] / 10**6, UTC).day][row["event_name"]] += 1
    assert dict(data["rows"]) == names[5]
    assert dict(data["before"]["rows"]) == names[4]


@pytest.mark.parametrize(
    ("tile", "why"),
    [
        (fields("pie", x=CATEGORY), "only numbers, lines"),
        (sql("number", "SELECT count(*) AS n FROM events"), "does not take $from and $to"),
        (report("line", "retention", unit="day", periods=1), "reports of retention are not"),
        (fields("area", x=BY_HOUR, colour={"column": "device_category"}), "upon each other"),
        (fields("stacked_bar", x=CATEGORY), "only numbers, lines, bars and plain areas"),
        (fields("bar", x=CATEGORY, colour={"column": "device_category"}), "several colours"),
        (fields("line", x=BY_HOUR, colour={"column": "visitor_id"}, limit=3), "more rows than"),
        (sql("number", f"SELECT event_name, count(*) FROM events {BETWEEN} GROUP BY 1"), "several"),
    ],
    ids=["pie", "no range", "cohorts", "piled", "stacked", "colours", "limit", "rows"],
)
def test_what_cannot_be_compared_says_why(
    client: httpx.Client, tile: dict[str, Any], why: str
) -> None:
    """Never a number beside it that is about something else; its own numbers stay."""
    data = shown(client, tile, range=SECOND_DAY, compare="previous")
    assert data["before"] is None
    assert data["not_compared"].startswith("not compared: ")
    assert why in data["not_compared"]
    assert data["rows"] == shown(client, tile, range=SECOND_DAY)["rows"]
