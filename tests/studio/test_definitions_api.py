"""Session definitions and visitors over HTTP and in Python, against lists that are worked through.

The truth is the batch definition of `tests/sessionize`, given the lake's events.
"""

from __future__ import annotations

import asyncio
import statistics
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

import footfall
from footfall.clock import HOUR, MINUTE, SECOND
from footfall.errors import Conflict, Invalid
from footfall.home import Home
from footfall.metadata.place import MetadataPlace
from footfall.query import QueryPool
from footfall.sessionize import EVENT_COLUMNS
from footfall.sessionize.gap import GapDefinition
from footfall.studio.api.sessions import defining
from footfall.studio.api.sessions.definitions import read_listed, views_of
from tests.pipeline.harness import START_US, event, request
from tests.query.cuts import query_settings
from tests.redefine.test_history import Run
from tests.sessionize.world import plain, truth_of
from tests.studio.fakes import FakeShop, Studio, studio

GAP = GapDefinition(5 * MINUTE, 24 * HOUR, 100_000, HOUR)
QUICK = {"gap": "20m", "length_max": "2h", "events_max": 3}
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Three visitors and a steady one, over two days, a third of the events late.

    Two sessions of another one are joined by a late event when they are long written.
    """
    made = Run(tmp_path_factory.mktemp("definitions"), 11)
    for minutes in ((0, 1, 9), (5,)):
        at = START_US - 20 * MINUTE
        rows = [event("joined", at + one * MINUTE, 9_000 + one) for one in minutes]
        made.bench.append([request(900 + minutes[0], rows, made.bench.clock.now_us())])
        made.send()
        made.send()
    yield made
    made.bench.stop_consumers()


@pytest.fixture(scope="module")
def served(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    root = tmp_path_factory.mktemp("studio")
    home, settings = run.bench.home, run.bench.settings
    place = MetadataPlace.of(home)
    pool = QueryPool(home, "default", query_settings(workers_max=1, rows_max=2))
    with studio(
        FakeShop(Home(root / "fake")),
        root,
        home=home,
        sql=pool,
        settings=settings,
        metadata=place,
        read_definitions=lambda: views_of(read_listed(place, "default", settings.sessions)),
        clock=run.bench.clock,
    ) as one:
        yield one
        asyncio.run_coroutine_threadsafe(pool.close(), one.loop).result(60)


@pytest.fixture(scope="module")
def client(served: Studio) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, timeout=60) as one:
        served.services.sessions.add_link("t")
        assert one.get("/open?token=t").status_code == 303
        yield one


def _listed(client: httpx.Client) -> dict[str, dict[str, Any]]:
    answer = client.get("/api/sessions/definitions")
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["definitions"]}


def _truth(run: Run) -> tuple[Rows, Rows]:
    """All sessions by `gap`, and by `quick`."""
    events = plain(run.bench.tables()["events"].select([*EVENT_COLUMNS, "event_id"]))
    return list(truth_of(events, GAP)[0].values()), list(run.truth("quick").values())


def _kpis(rows: Rows) -> dict[str, Any]:
    durations = [row["duration_ms"] for row in rows]
    pages = Counter(row["entry_page"] for row in rows if row["entry_page"] is not None)
    first = sorted(pages.items(), key=lambda one: (-one[1], one[0]))[:5]
    return {
        "sessions": len(rows),
        "visitors": len({(row["app_id"], row["visitor_id"]) for row in rows}),
        "events": sum(row["events"] for row in rows),
        "events_per_session": pytest.approx(statistics.mean(row["events"] for row in rows)),
        "duration_mean_ms": pytest.approx(statistics.mean(durations)),
        "duration_median_ms": pytest.approx(statistics.median(durations)),
        "bounce_rate": pytest.approx(statistics.mean(row["is_bounced"] for row in rows)),
        "engaged_rate": pytest.approx(statistics.mean(row["is_engaged"] for row in rows)),
        "entry_pages": [{"page": page, "sessions": count} for page, count in first],
    }


def _spans(rows: Rows) -> dict[str, list[tuple[int, int, int]]]:
    found: dict[str, list[tuple[int, int, int]]] = {}
    for row in sorted(rows, key=lambda row: row["started_at"]):
        span = (row["started_at"], row["ended_at"], row["events"])
        found.setdefault(row["visitor_id"], []).append(span)
    return found


def _of_sample(sessions: Rows) -> list[tuple[int, int, int]]:
    return [(_us(one["started_at"]), _us(one["ended_at"]), one["events"]) for one in sessions]


def _us(text: str) -> int:
    at = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return (at.days * 86_400 + at.seconds) * SECOND + at.microseconds


def _compared_meanwhile(run: Run, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The newest cut has the views of before a switch: the comparison waits for the next one."""
    tried, turned = threading.Event(), threading.Event()

    async def pause() -> None:
        tried.set()
        await asyncio.to_thread(turned.wait, 60)

    monkeypatch.setattr(defining, "pause", pause)
    asked = {"a": "gap", "b": "quick", "samples": "9"}
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(client.get, "/api/sessions/diff", params=asked)
        assert tried.wait(60)
        run.turn(2 * SECOND)
        turned.set()
        return again.result(60).json()["b"]


def test_a_definition_from_its_form_to_the_default(
    run: Run, served: Studio, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Defined, computed step by step, compared, switched to, dropped; each too early is refused."""
    at = "/api/sessions/definitions/quick"
    made = client.put(at, json={"options": QUICK})
    assert (made.status_code, made.json()["state"]) == (200, "waits")
    assert made.json()["options"] == "gap=20m length_max=2h events_max=3"
    assert client.put(at, json={"options": QUICK}).json()["code"] == "conflict"
    assert client.get("/api/sessions", params={"definition": "quick"}).status_code == 400
    run.turn(2 * SECOND)
    early = client.post(f"{at}/switch")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    assert "its past is not computed yet" in early.json()["detail"]
    assert _listed(client)["quick"]["state"] == "fills"
    assert run.fill()
    run.send()
    run.end()
    whole = _listed(client)["quick"]
    assert (whole["state"], whole["is_default"], whole["view"]) == (
        "whole",
        False,
        "sessions_quick",
    )
    assert whole["events_done"] == whole["events_total"] > 0

    gap, quick = _truth(run)
    found = client.get("/api/sessions/diff", params={"a": "gap", "b": "quick", "samples": 9})
    assert found.status_code == 200, found.text
    told = found.json()
    assert (told["a"], told["b"]) == (_kpis(gap), _kpis(quick))
    assert told["a"] != told["b"]
    ours, theirs = _spans(gap), _spans(quick)
    differing = {who for who in ours.keys() | theirs.keys() if ours.get(who) != theirs.get(who)}
    assert told["visitors_differing"] == len(differing)
    assert {one["visitor_id"] for one in told["samples"]} == differing
    for one in told["samples"]:
        assert _of_sample(one["a"]) == ours[one["visitor_id"]][:50]
        assert _of_sample(one["b"]) == theirs[one["visitor_id"]][:50]

    served.services.sessions.add_link("remote")
    remote = footfall.open(f"{served.url}/open?token=remote").sessions
    assert [one.name for one in remote.list()] == ["gap", "quick"]
    here = footfall.open(run.bench.home.root).sessions
    assert here.diff("gap", "quick", 9) == remote.diff("gap", "quick", 9)
    with pytest.raises(Invalid, match="there are: gap, quick"):
        remote.diff("gap", "none")
    remote.switch("quick")
    assert _compared_meanwhile(run, client, monkeypatch) == told["b"]
    about = client.get("/api/sessions/about").json()["definitions"]
    assert [one["name"] for one in about] == ["quick", "gap"]
    everything = {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z", "who": "all"}
    assert client.get("/api/sessions", params=everything).json()["total"] == len(quick)
    with pytest.raises(Conflict, match="switch to another"):
        remote.drop("quick")
    assert client.post("/api/sessions/definitions/gap/switch").status_code == 204
    assert client.delete(at).status_code == 204
    assert list(_listed(client)) == ["gap"]
    assert remote.define("quick", kind="day").version == 2, "a version is never used twice"
    remote.drop("quick")
    run.turn(2 * SECOND)  # the newest cut says so too, for tests that come after this one


@pytest.mark.parametrize(
    ("method", "path", "options", "says"),
    [
        ("PUT", "definitions/Quick!", {}, "a name of lower-case letters"),
        ("PUT", "definitions/one", {"gap": "soon"}, "a whole number and a unit"),
        ("PUT", "definitions/one", {"kind": "step"}, "step is missing"),
        ("PUT", "definitions/one", {"kind": "other"}, "kind is one of"),
        ("PUT", "definitions/one", {"step": "1m"}, "there are"),
        ("PUT", "definitions/one", {"key": ["colour"]}, "key is made of visitor_id"),
        ("PUT", "definitions/one", {"time_zone": "Mars"}, "IANA name"),
        ("PUT", "definitions/one", {"version": 2}, "counted by itself"),
        ("PUT", "definitions/gap", {}, "another name"),
        ("POST", "definitions/none/switch", None, "there are: gap"),
        ("DELETE", "definitions/none", None, "none of those has this name"),
        ("GET", "diff?a=gap&b=none", None, "there are: gap"),
        ("GET", "diff?a=gap&b=gap&samples=101", None, "at most 100"),
    ],
)
def test_a_mistake_is_said_in_words(
    client: httpx.Client, method: str, path: str, options: dict[str, Any] | None, says: str
) -> None:
    """Whoever fills the form learns what is valid."""
    body = None if options is None else {"options": options}
    answer = client.request(method, f"/api/sessions/{path}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert says in answer.json()["detail"]


def test_a_visitor_has_all_sessions_and_events_in_pages(run: Run, client: httpx.Client) -> None:
    """Each once, newest first, and what sessions were before late events changed them."""
    tables = run.bench.tables()
    whose = {"app": "shop", "visitor": "v1"}
    mine = [row for row in plain(tables["events"]) if row["visitor_id"] == "v1"]
    about = client.get("/api/visitors", params=whose).json()
    times = [row["event_time"] for row in mine]
    users = sorted({row["user_id"] for row in mine} - {None})
    assert (about["events"], about["first_seen"], about["last_seen"], about["users"]) == (
        len(mine),
        min(times),
        max(times),
        users,
    )
    for what, key, wanted in (
        ("events", "event_time", sorted(times, reverse=True)),
        ("sessions", "started_at", None),
    ):
        seen, offset = [], 0
        while offset is not None:
            page = client.get(
                f"/api/visitors/{what}", params={**whose, "limit": 3, "offset": offset}
            ).json()
            assert len(page[what]) <= 3
            seen += [row[key] for row in page[what]]
            offset = page["next"]
        assert seen == (wanted or sorted(seen, reverse=True))
        if what == "sessions":
            assert len(set(seen)) == len(seen) == about["sessions"]
    whole = client.get("/api/visitors/sessions", params={**whose, "limit": 1000}).json()
    ids = {row["session_id"] for row in whole["sessions"]}
    assert all((one["session_id"] in ids) != one["is_withdrawn"] for one in whole["before"])
    assert _revisions(whole["before"]) == _written_and_void(tables, "v1")
    missing = client.get("/api/visitors", params={"app": "shop", "visitor": "nobody"})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert client.get("/api/visitors", params={"app": "", "visitor": ""}).status_code == 400
    assert client.get("/api/visitors/events", params={**whose, "limit": 0}).status_code == 400


def _revisions(before: Rows) -> set[tuple[str, int, int, bool]]:
    return {
        (one["session_id"], one["revision"], one["replaced_in"], one["is_withdrawn"])
        for one in before
    }


def _written_and_void(tables: dict[str, Any], visitor: str) -> set[tuple[str, int, int, bool]]:
    """Of the default's table: each row that a later row or a removal made void, and when first."""
    rows = [row for row in plain(tables["sessions"]) if row["visitor_id"] == visitor]
    gone = [row for row in plain(tables["session_changes"]) if row["visitor_id"] == visitor]
    found = set()
    for row in rows:
        later = [
            (one["epoch"], is_gone)
            for others, is_gone in ((rows, False), (gone, True))
            for one in others
            if one["session_id"] == row["session_id"] and one["epoch"] > row["epoch"]
        ]
        if later:
            epoch = min(later)[0]
            is_withdrawn = (epoch, True) in later
            name = str(uuid.UUID(bytes=row["session_id"]))
            found.add((name, row["revision"], epoch, is_withdrawn))
    return found


def test_a_changed_session_shows_what_it_was_and_a_withdrawn_one_where_it_went(
    run: Run, client: httpx.Client
) -> None:
    """Whoever kept an old address, or wonders why a number moved, is told."""
    void = _written_and_void(run.bench.tables(), "joined")
    [withdrawn] = [one for one in void if one[3]]
    gone = client.get(f"/api/sessions/{withdrawn[0]}")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    [joined] = client.get(
        "/api/visitors/sessions", params={"app": "shop", "visitor": "joined"}
    ).json()["sessions"]
    assert f"its time is now in {joined['session_id']}" in gone.json()["detail"]
    found = client.get(f"/api/sessions/{joined['session_id']}").json()
    assert _revisions(found["before"]) == void
    minutes = [
        tuple((one[key] - START_US) // MINUTE + 20 for key in ("started_at", "ended_at"))
        for one in found["before"]
    ]
    assert sorted(minutes) == [(0, 1), (9, 9)]
    epochs = [one["epoch"] for one in found["events"]]
    assert epochs[0] == epochs[1] == epochs[3] < epochs[2]
