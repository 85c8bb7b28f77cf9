"""Sessions over HTTP: lists, filters and timelines of a real home, against its tables."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.home import Home
from footfall.query import QueryPool
from footfall.redefine import listing
from footfall.studio.api.sessions.conditions import FIELDS
from footfall.studio.api.sessions.definitions import views_of
from tests.pipeline.harness import START_US, Bench, event, request
from tests.query.cuts import query_settings
from tests.studio.fakes import FakeShop, studio

SETTINGS = (
    "pipeline.watermark_lag=1ms",
    "sessions.gap=5m",
    "sessions.hot_age=2h",
    "sessions.file_rows_min=1",
    'sessions.definitions={gap={kind="gap"},taps={kind="step",step="1m",key=["visitor_id","os"]}}',
)
EVERYTHING = {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "who": "all"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Thirty visitors on three sources; one came back in time late; two are still there."""
    made = Bench(tmp_path_factory.mktemp("sessions"), *SETTINGS)
    pipeline = made.pipeline()
    number = 0
    made.clock.advance(4 * MINUTE)

    def send(visitor: str, *minutes: float, **more: Any) -> None:
        nonlocal number
        now = made.clock.now_us()
        more = {"device": {"os": "Linux"}, **more}
        sent = [
            event(visitor, START_US + int(minute * MINUTE), number + at, **more)
            for at, minute in enumerate(minutes)
        ]
        number += len(sent)
        made.append([request(number, sent, now)])

    for one in range(30):
        source = {} if one % 3 == 0 else {"campaign": {"source": f"s{one % 3}", "medium": "mail"}}
        send(f"v{one:02}", *range(one % 4 + 1), **source)
    made.clock.advance(20 * MINUTE)
    pipeline.finish()
    send("v03", 6, 9)  # late: they belong to a session that is written
    pipeline.finish()
    made.clock.advance(HOUR)
    pipeline.finish()
    send("now1", 82, 83)
    send("now2", 83)
    pipeline.step()
    yield made
    made.stop_consumers()


@pytest.fixture(scope="module")
def client(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    root = tmp_path_factory.mktemp("studio")
    pool = QueryPool(bench.home, "default", query_settings(workers_max=1, rows_max=2))
    found = views_of(listing(bench.settings.sessions, [], None))
    shop = FakeShop(Home(root / "fake"))
    with studio(shop, root, sql=pool, read_definitions=lambda: found, clock=bench.clock) as served:
        with httpx.Client(base_url=served.url, timeout=60) as one:
            served.services.sessions.add_link("t")
            assert one.get("/open?token=t").status_code == 303
            yield one
        asyncio.run_coroutine_threadsafe(pool.close(), served.loop).result(60)


def _asked(client: httpx.Client, **more: Any) -> dict[str, Any]:
    answer = client.get("/api/sessions", params={**EVERYTHING, "limit": 200, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _all(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _asked(client)["sessions"]
    return found


def test_the_list_is_the_table_and_what_is_open(client: httpx.Client, bench: Bench) -> None:
    """Each session once, as it is now, of the definition that is asked for."""
    about = client.get("/api/sessions/about").json()
    assert [(one["name"], one["is_default"]) for one in about["definitions"]] == [
        ("gap", True),
        ("taps", False),
    ]
    assert {one["name"]: one["kind"] for one in about["fields"]} == dict(FIELDS)
    newest = {
        row["session_id"]: row
        for row in sorted(bench.tables()["sessions"].to_pylist(), key=lambda row: row["revision"])
    }
    found = _asked(client)
    assert (found["total"], found["next"]) == (32, None)
    closed = [row for row in found["sessions"] if row["status"] == "closed"]
    assert {(row["session_id"], row["revision"], row["events"]) for row in closed} == {
        (str(uuid.UUID(bytes=key)), row["revision"], row["events"]) for key, row in newest.items()
    }
    others = bench.tables()["other_sessions"].num_rows
    assert _asked(client, definition="taps")["total"] == others + 3


def test_pages_and_sorting_show_each_session_once(client: httpx.Client) -> None:
    """By any column; ties by id, so a page never repeats what the one before had."""
    for sort in ("-started_at", "events", "-source", "visitor_id"):
        whole = [row["session_id"] for row in _asked(client, sort=sort)["sessions"]]
        pages, offset = [], 0
        while offset is not None:
            page = _asked(client, sort=sort, limit=9, offset=offset)
            pages += [row["session_id"] for row in page["sessions"]]
            offset = page["next"]
        assert pages == whole
        assert len(set(whole)) == 32
    assert _asked(client, sort="-events")["sessions"][0]["events"] == 6


Holds = Callable[[dict[str, Any]], bool]
FILTERS: list[tuple[list[str], Holds]] = [
    (["source:is:s1"], lambda row: row["source"] == "s1"),
    (["source:is_not:s1"], lambda row: row["source"] != "s1"),
    (['source:in:["s1","s2"]'], lambda row: row["source"] in ("s1", "s2")),
    (['source:not_in:["s1"]'], lambda row: row["source"] != "s1"),
    (["entry_page:contains:example/2"], lambda row: "example/2" in row["entry_page"]),
    (["entry_page:not_contains:example/2"], lambda row: "example/2" not in row["entry_page"]),
    (["visitor_id:starts_with:v1"], lambda row: row["visitor_id"].startswith("v1")),
    (["source:is_set"], lambda row: row["source"] is not None),
    (["source:is_not_set"], lambda row: row["source"] is None),
    (["events:is:2"], lambda row: row["events"] == 2),
    (["duration_ms:lt:60000"], lambda row: row["duration_ms"] < 60_000),
    (["duration_ms:lte:60000"], lambda row: row["duration_ms"] <= 60_000),
    (["duration_ms:gt:60000"], lambda row: row["duration_ms"] > 60_000),
    (["duration_ms:gte:60000"], lambda row: row["duration_ms"] >= 60_000),
    (["is_bounced:is:true"], lambda row: row["is_bounced"]),
    (["status:is:open"], lambda row: row["status"] == "open"),
    (["source:is:s1", "events:gt:1"], lambda row: row["source"] == "s1" and row["events"] > 1),
    (["source:is:s1' OR 1=1 --"], lambda row: False),
]


@pytest.mark.parametrize(("texts", "holds"), FILTERS, ids=[str(texts) for texts, _ in FILTERS])
def test_a_filter_leaves_what_it_says(client: httpx.Client, texts: list[str], holds: Holds) -> None:
    """Compared with the same condition in Python over all rows."""
    rows = _all(client)
    wanted = {row["session_id"] for row in rows if holds(row)}
    found = _asked(client, f=texts)
    assert {row["session_id"] for row in found["sessions"]} == wanted
    assert found["total"] == len(wanted)
    assert len(wanted) < len(rows)


def test_times_are_filtered_and_ranges_hold(client: httpx.Client) -> None:
    """A range is about the start; a filter on a time takes a moment with its zone."""
    rows = _all(client)
    middle = sorted(row["started_at"] for row in rows)[-2]
    moment = datetime.fromtimestamp(middle // SECOND - 1, UTC).isoformat()
    assert middle > START_US
    found = _asked(client, f=[f"started_at:gt:{moment}"])
    assert found["total"] == 2
    assert _asked(client, since=moment)["total"] == 2


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"f": "colour:is:x"}, "no column"),
        ({"f": "sorce:is:x"}, "near are source"),
        ({"f": "events:contains:1"}, "events takes"),
        ({"f": "events:gt:many"}, "a number"),
        ({"f": "events:gt:nan"}, "a number"),
        ({"f": "is_bot:is:maybe"}, "true or false"),
        ({"f": "started_at:gt:2026-01-01"}, "with its zone"),
        ({"f": "source:in:a"}, "a list"),
        ({"f": "source:in:[]"}, "1 to 100"),
        ({"f": "source:is"}, "say a value"),
        ({"f": "source:is_set:x"}, "no value"),
        ({"f": ["source:is:x"] * 9}, "at most 8"),
        ({"sort": "colour"}, "sort by"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"offset": 10_001}, "offset"),
        ({"definition": "none"}, "there are gap, taps"),
    ],
)
def test_a_mistake_is_said_with_what_is_right(
    client: httpx.Client, query: dict[str, Any], says: str
) -> None:
    """Whoever edits an address learns what to write."""
    answer = client.get("/api/sessions", params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert says in answer.json()["detail"]


def test_a_timeline_has_the_events_of_the_session(client: httpx.Client, bench: Bench) -> None:
    """In order, each once, those that came late marked, and how often it was written."""
    [late] = _asked(client, f=["visitor_id:is:v03"])["sessions"]
    found = client.get(f"/api/sessions/{late['session_id']}").json()
    assert found["session"] == late
    assert (late["revision"], late["events"]) == (2, 6)
    assert [(one["event_time"] - START_US) // MINUTE for one in found["events"]] == [
        *range(4),
        6,
        9,
    ]
    assert [one["is_late"] for one in found["events"]] == [False] * 4 + [True] * 2
    newest = found["events"][-1]["epoch"]
    assert [one["epoch"] < newest for one in found["events"]] == [True] * 4 + [False] * 2
    assert found["is_cut_off"] is False
    one = found["events"][0]
    detail = client.get(f"/api/events/{one['request_id']}/{one['request_index']}").json()
    assert detail["request_id"] == one["request_id"]


def test_a_timeline_of_another_key_has_the_events_of_that_key(client: httpx.Client) -> None:
    """A key of two columns is taken apart again; another device's events are not in it."""
    [first] = _asked(client, definition="taps", f=["visitor_id:contains:now2"])["sessions"]
    found = client.get(f"/api/sessions/{first['session_id']}", params={"definition": "taps"})
    assert [one["event_time"] for one in found.json()["events"]] == [first["started_at"]]
    gone = client.get(f"/api/sessions/{first['session_id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert "may have joined or renamed" in gone.json()["detail"]
    assert client.get("/api/sessions/x").status_code == 404


def test_open_sessions_are_those_that_are_not_over(client: httpx.Client) -> None:
    """With where they began and are; newest event first."""
    found = client.get("/api/live/sessions", params={"who": "all"}).json()
    assert found["total"] == 2
    assert {row["visitor_id"]: row["events"] for row in found["sessions"]} == {
        "now1": 2,
        "now2": 1,
    }
    narrowed = client.get("/api/live/sessions", params={"f": "visitor_id:is:now1", "who": "all"})
    assert [row["status"] for row in narrowed.json()["sessions"]] == ["open"]
    assert found["sessions"][0]["ended_at"] >= found["sessions"][1]["ended_at"] > START_US + SECOND
