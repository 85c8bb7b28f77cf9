"""The ready-made life cycle of visitors: each number against a count in plain Python."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from footfall.clock import DAY, HOUR, MINUTE
from footfall.dashboards.ready import ready_dashboard
from footfall.home import Home
from footfall.query import QueryPool
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.query.cuts import CutWriter, query_settings, sessions
from tests.studio.fakes import FakeShop, studio

ZONE = ZoneInfo("Pacific/Auckland")
"""Its days begin at 11 or 12 o'clock of UTC, in the middle of what is sent here."""
RANGE = {"start": "2024-10-05", "end": "2024-10-14"}
FIRST, LAST = datetime(2024, 10, 5, tzinfo=ZONE), datetime(2024, 10, 15, tzinfo=ZONE)
SOURCES = ("google", None, "newsletter")
PAGES = ("/", "/tea", "/coffee", "/cart")
Row = dict[str, Any]


def visits() -> Iterator[tuple[Row, list[Row]]]:
    """Sessions with their events over two weeks; every seventh visitor is a bot."""
    for number in range(90):
        person = number * number % 23
        start = NOON_US - DAY + number * 4 * HOUR + person * MINUTE
        shared = {
            "visitor_id": f"v{person}",
            "platform": ("Web", "Android", None)[person % 3],
            "is_bot": person % 7 == 6,
            "browser": ("Chrome", "Safari")[person % 2],
            "os": ("Windows", "iOS")[person % 2],
            "language": ("de", "en")[number % 2],
            "device_category": "mobile",
        }
        rows = [
            {
                **shared,
                "event_name": ("page_view", "click", "app_exception", "page_view")[
                    (place * (number % 3 + 1)) % 4
                ],
                "event_time": start + place * 10 * MINUTE,
                "page_path": PAGES[(number + place) % 4],
                "engagement_ms": 1_000 * place,
                "app_version": f"1.{person % 2}",
                "os_version": f"1{person % 3}",
                "device_model": ("Pixel", None)[person % 2],
                "screen_width": 400 + person % 3,
                "screen_height": 800,
                "value": place,
                "properties": json.dumps({"colour": number % 4, "$odd/name": "x"}),
            }
            for place in range(1 + number % 4)
        ]
        yield (
            {
                **shared,
                "session_id": uuid_of(f"s{number}"),
                "started_at": start,
                "ended_at": rows[-1]["event_time"],
                "events": len(rows),
                "views": sum(row["event_name"] == "page_view" for row in rows),
                "engagement_ms": sum(row["engagement_ms"] for row in rows),
                "is_engaged": len(rows) > 2,
                "source": SOURCES[number % 3],
                "medium": (None, "cpc")[number % 2],
                "entry_page": rows[0]["page_path"],
                "exit_page": rows[-1]["page_path"],
            },
            rows,
        )


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[list[Any]]]]:
    """What each tile shows, by its id, and what it said of itself."""
    root: Path = tmp_path_factory.mktemp("life")
    cut = CutWriter(root / "cut")
    made = list(visits())
    cut.to_tail("events", event_table(row for _, rows in made for row in rows))
    cut.add_hot(sessions([session for session, _ in made], hot=True))
    cut.publish()
    pool = QueryPool(cut.home, cut.project, query_settings())
    with (
        studio(FakeShop(Home(root / "home")), sql=pool) as running,
        httpx.Client(base_url=running.url, timeout=60) as client,
    ):
        try:
            assert client.get(running.link).status_code == 303
            ready = {
                one["name"]: one for one in client.get("/api/ready-dashboards").json()["dashboards"]
            }
            definition = ready["user-life-cycle"]["definition"]
            answers = {}
            for tile in (tile for sheet in definition["sheets"] for tile in sheet["tiles"]):
                tile.pop("range", None)  # such as yesterday and today: here all are of one range
                body = {
                    "tile": tile,
                    "range": RANGE,
                    "zone": ZONE.key,
                    "filters": definition["filters"],
                }
                answer = client.post("/api/tiles", json=body)
                assert answer.status_code == 200, (tile["id"], answer.text)
                assert answer.json()["notes"] == [], tile["id"]
                answers[tile["id"]] = answer.json()["rows"]
            yield answers
        finally:
            asyncio.run_coroutine_threadsafe(pool.close(), running.loop).result(60)


def local(at: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(ZONE)


def day(at: int) -> str:
    return local(at).date().isoformat()


def is_within(at: int) -> bool:
    return FIRST <= local(at) < LAST


MADE = list(visits())
SESSIONS = [session for session, _ in MADE if not session["is_bot"]]
EVENTS = [row for _, rows in MADE for row in rows if not row["is_bot"]]
SHOWN = [row for row in EVENTS if is_within(row["event_time"])]
BEGUN = [session for session in SESSIONS if is_within(session["started_at"])]
FIRSTS = {
    one["visitor_id"]: one for one in sorted(SESSIONS, key=lambda one: -int(one["started_at"]))
}
"""The first session of each visitor."""
NEW = [one for one in FIRSTS.values() if is_within(one["started_at"])]


def grouped(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def people(rows: Iterable[Row]) -> int:
    return len({row["visitor_id"] for row in rows})


def event_day(row: Row) -> str:
    return day(row["event_time"])


def who(row: Row) -> str:
    return str(row["visitor_id"])


def views(rows: Iterable[Row]) -> int:
    return sum(row["event_name"] == "page_view" for row in rows)


def days(rows: Iterable[list[Any]]) -> list[list[Any]]:
    """Rows whose first value is a day."""
    return [[row[0][:10], *row[1:]] for row in rows]


def percent(part: float, whole: float, digits: int = 1) -> float:
    return round(100 * part / whole, digits)


Found = dict[str, list[list[Any]]]


def test_overview(found: Found) -> None:
    """Who came, who was new, how long they stayed; days are the app's, not UTC's."""
    assert found["visitors"] == [[people(SHOWN)]]
    assert found["new"] == [[len(NEW)]] != [[0]]
    assert found["sessions"] == [[len(BEGUN)]]
    assert found["engaged"] == [[percent(sum(s["is_engaged"] for s in BEGUN), len(BEGUN))]]
    by_day = grouped(SHOWN, event_day)
    new = grouped(NEW, lambda one: day(one["started_at"]))
    active = [[one, people(by_day[one]), len(new.get(one, ()))] for one in sorted(by_day)]
    assert days(found["active"]) == active
    returning = [[one, fresh, all_ - fresh] for one, all_, fresh in active]
    assert days(found["returning"]) == returning
    engagement = [
        [
            one,
            round(sum(s["is_engaged"] for s in rows) / people(rows), 2),
            round(sum(s["engagement_ms"] for s in rows) / 1000 / len(rows), 1),
            round(sum(s["engagement_ms"] for s in rows) / 1000 / people(rows), 1),
        ]
        for one, rows in sorted(grouped(BEGUN, lambda s: day(s["started_at"])).items())
    ]
    for name in ("engagement", "engagement-days"):
        assert days(found[name]) == [pytest.approx(row, abs=0.11) for row in engagement]
    assert [row[3] for row in found["refreshed"]] == [len(SHOWN)]
    for name in ("platforms", "device-platforms"):
        by_platform = grouped(SHOWN, lambda row: row["platform"])
        assert {row[0]: row[1] for row in found[name]} == {
            one: people(rows) for one, rows in by_platform.items()
        }


def test_acquisition(found: Found) -> None:
    """A visitor is new once, at the first session there is, with that session's source."""
    hours = grouped(SHOWN, lambda row: (local(row["event_time"]).hour, day(row["event_time"])))
    assert {(row[0], row[1]): row[2] for row in found["hours"]} == {
        one: people(rows) for one, rows in hours.items()
    }
    fresh = grouped(NEW, lambda s: (local(s["started_at"]).hour, day(s["started_at"])))
    assert {(row[0], row[1]): row[2] for row in found["new-hours"]} == {
        one: len(rows) for one, rows in fresh.items()
    }
    sources = grouped(NEW, lambda s: s["source"] or "(direct)")
    assert dict(found["new-sources"]) == {one: len(rows) for one, rows in sources.items()}
    by_language = grouped(NEW, lambda s: s["language"])
    assert dict(found["new-languages"]) == {one: len(rows) for one, rows in by_language.items()}
    by_both = grouped(NEW, lambda s: (day(s["started_at"]), s["source"] or "(direct)"))
    assert {(row[0][:10], row[1]): row[2] for row in found["new-source-days"]} == {
        one: len(rows) for one, rows in by_both.items()
    }

    def traffic(rows: list[Row]) -> list[Any]:
        engaged = sum(s["is_engaged"] for s in rows)
        return [people(rows), len(rows), engaged, percent(engaged, len(rows))]

    def way(s: Row) -> tuple[str, str]:
        return s["source"] or "(direct)", s["medium"] or "(none)"

    of_new = [s for s in BEGUN if is_within(FIRSTS[s["visitor_id"]]["started_at"])]
    acquired = grouped(of_new, lambda s: way(FIRSTS[s["visitor_id"]]))
    assert {(row[0], row[1]): row[2:] for row in found["acquired"]} == {
        one: [*traffic(rows), sum(s["events"] for s in rows)] for one, rows in acquired.items()
    }
    assert {(row[0], row[1]): [*row[2:6], row[7]] for row in found["traffic"]} == {
        one: [*traffic(rows), sum(s["events"] for s in rows)]
        for one, rows in grouped(BEGUN, way).items()
    }
    by_source = grouped(BEGUN, lambda s: s["source"])
    assert dict(found["sources"]) == {one: people(rows) for one, rows in by_source.items()}
    assert {(row[0][:10], row[1]): row[2] for row in found["source-days"]} == {
        one: people(rows)
        for one, rows in grouped(BEGUN, lambda s: (day(s["started_at"]), s["source"])).items()
    }


def test_engagement(found: Found) -> None:
    """Events, views and pages; a page's seconds are its own, and are of those who saw it."""
    by_day = grouped(SHOWN, event_day)
    assert days(found["events-days"]) == [
        [one, len(rows), views(rows)] for one, rows in sorted(by_day.items())
    ]
    by_name = grouped(SHOWN, lambda row: row["event_name"])
    assert dict(found["names"]) == {one: len(rows) for one, rows in by_name.items()}
    assert {row[0]: row[1:] for row in found["event-details"]} == {
        one: [
            len(rows),
            people(rows),
            pytest.approx(len(rows) / people(rows), abs=0.006),
            sum(row["value"] for row in rows),
        ]
        for one, rows in by_name.items()
    }
    assert {(row[0][:10], row[1]): row[2] for row in found["name-days"]} == {
        one: len(rows)
        for one, rows in grouped(SHOWN, lambda row: (event_day(row), row["event_name"])).items()
    }
    by_page = grouped(SHOWN, lambda row: row["page_path"])
    assert dict(found["pages"]) == {
        one: views(rows) for one, rows in by_page.items() if views(rows)
    }
    assert {row[0]: [row[1], row[2], row[4], row[5]] for row in found["page-details"]} == {
        one: [
            views(rows),
            people(rows),
            pytest.approx(
                sum(row["engagement_ms"] for row in rows) / 1000 / people(rows), abs=0.06
            ),
            len(rows),
        ]
        for one, rows in by_page.items()
    }
    assert sum(row[2] for row in found["page-days"]) == views(SHOWN)
    for name, column in (("entries", "entry_page"), ("exits", "exit_page")):
        groups = grouped(BEGUN, lambda s, column=column: s[column])  # type: ignore[misc]
        assert dict(found[name]) == {one: len(rows) for one, rows in groups.items()}


def test_retention(found: Found) -> None:
    """A visitor counts once in 7 and in 30 days, on however many of them."""
    seen = {(row["visitor_id"], local(row["event_time"]).date()) for row in EVENTS}

    def active(last: str, length: int) -> int:
        end = datetime.fromisoformat(last).date()
        begin = end - timedelta(days=length)
        return len({one for one, when in seen if begin < when <= end})

    shown = sorted({event_day(row) for row in SHOWN})
    activity = [[one, active(one, 1), active(one, 7), active(one, 30)] for one in shown]
    assert days(found["activity"]) == activity
    assert days(found["sticky"]) == [
        [one, percent(d, w), percent(w, m), percent(d, m)] for one, d, w, m in activity
    ]
    began = [min(map(event_day, rows)) for rows in grouped(SHOWN, who).values()]
    cohorts = {row[0]: row[1] for row in found["cohorts"] if row[0] != "(all)" and row[1]}
    assert cohorts == Counter(began)
    assert found["returns"] == found["cohorts"]
    assert found["cycle"] == found["weeks"]
    new = sum(row[2] for row in found["weeks"] if row[1] == "new")
    assert new >= len(NEW)
    assert all(row[0].endswith("T00:00:00") for row in found["weeks"])


def test_device(found: Found) -> None:
    """With what they came; the share of visitors, not of events, that met a crash."""
    columns = {"browsers": "browser", "models": "device_model"}
    for name, column in columns.items():
        groups = grouped(SHOWN, lambda row, column=column: row[column])  # type: ignore[misc]
        assert dict(found[name]) == {one: people(rows) for one, rows in groups.items()}
    for name, column in {"platform-days": "platform", "versions": "app_version"}.items():
        both = grouped(SHOWN, lambda row, column=column: (event_day(row), row[column]))  # type: ignore[misc]
        assert {(row[0][:10], row[1]): row[2] for row in found[name]} == {
            one: people(rows) for one, rows in both.items()
        }
    systems = grouped(SHOWN, lambda row: (row["os"], row["os_version"]))
    assert {(row[0], row[1]): row[2] for row in found["systems"]} == {
        one: people(rows) for one, rows in systems.items()
    }
    screens = grouped(SHOWN, lambda row: f"{row['screen_width']} × {row['screen_height']}")
    assert dict(found["screens"]) == {one: people(rows) for one, rows in screens.items()}

    def crashed(rows: list[Row]) -> int:
        return people(row for row in rows if row["event_name"] == "app_exception")

    assert days(found["crashes"]) == [
        [one, percent(crashed(rows), people(rows), 2)]
        for one, rows in sorted(grouped(SHOWN, event_day).items())
    ]
    versions = grouped(SHOWN, lambda row: (row["platform"] or "(none)", row["app_version"]))
    assert {(row[0], row[1]): row[2:4] for row in found["crash-versions"]} == {
        one: [people(rows), crashed(rows)] for one, rows in versions.items()
    }


def test_details(found: Found) -> None:
    """Visitors, newest events and what they carry; a property of any name is one."""
    visitors = grouped(BEGUN, lambda s: s["visitor_id"])
    assert {row[0]: [row[4], row[5]] for row in found["people"]} == {
        one: [len(rows), sum(s["events"] for s in rows)] for one, rows in visitors.items()
    }
    newest = sorted((row["event_time"] for row in SHOWN), reverse=True)
    assert len(found["last-events"]) == len(newest) <= 200
    names = grouped(SHOWN, lambda row: row["event_name"])
    carried = {(row[0], row[1]): row[2] for row in found["parameters"]}
    assert carried == {
        (one, name): len(rows) for one, rows in names.items() for name in ("colour", "$odd/name")
    }


def test_it_is_offered_for_one_app() -> None:
    """Six sheets, without bots."""
    definition = ready_dashboard("user-life-cycle").definition
    sheets = ["Overview", "Acquisition", "Engagement", "Retention", "Device", "Details"]
    assert [sheet.title for sheet in definition.sheets] == sheets
