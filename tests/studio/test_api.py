"""Each endpoint: what it answers, and what when something is missing, damaged or refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from footfall import errors
from footfall.clock import SECOND, SystemClock
from footfall.ledger import Ledger
from footfall.live import decode_snapshot
from footfall.machine.process import write_ready
from footfall.studio.edge.problems import STATUS_OF_CODE
from tests.studio.fakes import PROJECT, FakeShop, Studio, studio


def all_kinds(kind: type[errors.FootfallError]) -> list[type[errors.FootfallError]]:
    return [kind, *(deep for below in kind.__subclasses__() for deep in all_kinds(below))]


def test_every_code_has_a_status() -> None:
    """An error kind added later must get its status in the one table."""
    assert {kind.code for kind in all_kinds(errors.FootfallError)} <= set(STATUS_OF_CODE)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Invalid("write one SELECT", ("no DROP",)), 400),
        (errors.LimitReached("ask for less"), 422),
        (errors.Overloaded("come back later"), 503),
        (errors.Unavailable("nothing to read yet"), 503),
        (errors.Corrupt("restore it"), 500),
        (errors.Conflict("reload"), 409),
        (errors.DiskFull("free space"), 507),
        (errors.CommitUnknown("look first"), 500),
        (errors.Closed("closed"), 503),
        (errors.FootfallError("a bug"), 500),
    ],
)
def test_errors_of_a_statement(
    shop: FakeShop, signed_in: httpx.Client, error: errors.FootfallError, status: int
) -> None:
    """A person reads what to do; a program reads the code and whether to retry."""
    shop.sql.error = error
    answer = signed_in.post("/api/sql", json={"sql": "SELECT 1"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": f"urn:footfall:problem:{error.code}",
        "title": answer.json()["title"],
        "status": status,
        "code": error.code,
        "detail": str(error),
        "retryable": error.retryable,
        "problems": list(getattr(error, "problems", ())),
        "request_id": answer.json()["request_id"],
    }
    assert len(answer.json()["request_id"]) == (12 if status >= 500 else 0)


def test_bug_says_nothing_of_the_inside(shop: FakeShop, signed_in: httpx.Client) -> None:
    """A traceback or a path in an answer helps an attacker only; the log has it."""
    shop.sql.error = RuntimeError("secret path")
    answer = signed_in.post("/api/sql", json={"sql": "SELECT 1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert len(answer.json()["request_id"]) == 12  # what the log calls it
    assert "secret" not in answer.text


@pytest.mark.parametrize(
    "body", ["", "{", "[]", '{"sql": ""}', '{"sql": 1}', '{"sql": "SELECT 1", "more": 1}']
)
def test_bad_bodies(signed_in: httpx.Client, body: str) -> None:
    """Whatever is sent, the answer is a problem that names the mistake, not a crash."""
    headers = {"content-type": "application/json"}
    answer = signed_in.post("/api/sql", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_body_beyond_the_limit(signed_in: httpx.Client) -> None:
    """A bound on each body keeps one request from filling the memory."""
    answer = signed_in.post("/api/sql", json={"sql": "x" * 300_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_unknown_addresses(signed_in: httpx.Client) -> None:
    """Programs get a problem; people get the page, whose router says that there is nothing."""
    for path in ("/api", "/api/nothing", "/assets/none.js", "/none.js"):
        answer = signed_in.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert signed_in.post("/api/live").json()["code"] == "method_not_allowed"
    assert signed_in.get("/live").text.endswith("studio")


def test_paths_never_leave_the_front_end(running: Studio, assets: Path) -> None:
    """Files are looked up in memory: no path of a request reaches the disk."""
    (assets.parent / "secret.json").write_text("secret")
    for path in ("/../secret.json", "/%2e%2e/secret.json", "/assets/../../secret.json"):
        url = httpx.URL(running.url).copy_with(raw_path=path.encode())
        assert httpx.get(url).status_code == 404


def test_caching_of_files(signed_in: httpx.Client) -> None:
    """Names with a hash may be kept for ever; the page itself never: it has a nonce."""
    hashed = signed_in.get("/assets/index-abc123.js")
    assert hashed.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert hashed.headers["content-type"] == "text/javascript; charset=utf-8"
    plain = signed_in.get("/theme.js")
    assert plain.headers["cache-control"] == "no-cache"
    unchanged = signed_in.get("/theme.js", headers={"if-none-match": plain.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert signed_in.get("/").headers["cache-control"] == "no-store"


def test_pages_that_were_not_built(shop: FakeShop, tmp_path: Path) -> None:
    """A checkout without Node still has its API, and says how to get the pages."""
    with studio(shop, tmp_path / "none") as running:
        answer = httpx.get(running.url)
    assert "make studio" in answer.text


def test_live_is_the_newest_snapshot(shop: FakeShop, signed_in: httpx.Client) -> None:
    """The page shows what the pipeline wrote last, and says so when there is nothing yet."""
    answer = signed_in.get("/api/live")
    assert (answer.status_code, answer.json()["retryable"]) == (503, True)
    for _ in range(2):
        shop.step(SystemClock().now_us(), 5)
        file = shop.home.live_file(PROJECT)
        assert signed_in.get("/api/live").json() == json.loads(file.read_bytes())
    file.write_bytes(b"{")
    assert signed_in.get("/api/live").json()["code"] == "corrupt"


def test_status_before_anything_runs(shop: FakeShop, signed_in: httpx.Client) -> None:
    """An empty home is a state to show, not an error."""
    answer = signed_in.get("/api/status").json()
    del answer["at"]
    never = {"state": "never_started", "pid": None, "url": None}
    assert answer == {
        "project": PROJECT,
        "parts": [{"name": name, **never} for name in ("collector", "worker", "studio")],
        "log": {"start_offset": 0, "end_offset": 0},
        "consumers": [],
        "deliveries": [],
        "maintenance": None,
        "pipeline": None,
        "lag_requests": 0,
        "lag_by_partition": [],
        "events_per_second": None,
        "index": None,
        "ledger": {},
        "ledger_problems": [],
        "disk": None,
        "problems": [],
    }


def test_status_of_a_running_project(shop: FakeShop, signed_in: httpx.Client) -> None:
    """Lag is what was acknowledged and is not in the cut; ledgers that are off are named."""
    now = SystemClock().now_us()
    shop.step(now - 2 * SECOND, 60, spread_us=10)
    write_ready(shop.home, "collector", "http://127.0.0.1:7700")
    ledger = Ledger(requests=50, decoded=49, records=49, events=49)
    cut = {
        "positions": {"offsets": [50]},
        "epoch": 3,
        "watermark": 7,
        "published_at": now,
        "ledger": ledger,
    }
    shop.home.cut_file(PROJECT).write_bytes(msgspec.json.encode(cut))
    answer = signed_in.get("/api/status").json()
    assert answer["parts"][0] == {
        "name": "collector",
        "state": "running",
        "pid": os.getpid(),
        "url": "http://127.0.0.1:7700",
    }
    assert answer["pipeline"].pop("age_ms") < 10_000
    assert answer["pipeline"] == {
        "log_offset": 50,
        "epoch": 3,
        "watermark": 7,
        "published_at": now,
    }
    assert (answer["lag_requests"], answer["events_per_second"]) == (10, pytest.approx(1.0))
    assert answer["ledger"] == {"requests": 50, "decoded": 49, "records": 49, "events": 49}
    assert len(answer["ledger_problems"]) == 1


def test_a_request_of_the_wrong_shape_is_told_what_is_wrong(signed_in: httpx.Client) -> None:
    """By the sentence that pages show: where the mistake is, and what stands there."""
    steps = [{"event": "a"}, {"event": "b"}]
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"steps": steps, "colour": 5}, "data: Object contains unknown field `colour`"),
        ({"steps": 5}, "steps: Expected `array`, got `int`"),
    ]
    for question, said in wrong:
        answer = signed_in.post("/api/explore/funnel", json=question)
        assert answer.status_code == 400
        assert answer.json()["detail"] == f"the request is wrong; {said}"
        assert answer.json()["problems"] == [said]


def test_status_with_damaged_files(shop: FakeShop, signed_in: httpx.Client) -> None:
    """Status is what one looks at when things are broken: it must not break with them."""
    shop.step(SystemClock().now_us(), 1)
    shop.home.live_file(PROJECT).write_bytes(b"{")
    shop.home.cut_file(PROJECT).write_bytes(b"{")
    shop.log.error = None
    answer = signed_in.get("/api/status").json()
    assert len(answer["problems"]) == 2


def test_apps(shop: FakeShop, signed_in: httpx.Client) -> None:
    """The first-event snippet needs the collector's address and a write id."""
    write_ready(shop.home, "collector", "http://127.0.0.1:7700")
    app = {"project": PROJECT, "app_id": "shop", "name": "Fake shop"}
    app |= {"time_zone": "UTC", "origins": ["*"]}
    assert signed_in.get("/api/apps").json() == {
        "project": PROJECT,
        "apps": [{"app": app, "write_id": "fw_shop", "write_ids": ["fw_shop"]}],
        "collector_url": "http://127.0.0.1:7700",
    }


def test_snippets_are_filled_in(shop: FakeShop, signed_in: httpx.Client) -> None:
    """What is copied works as it stands: no placeholder is left, other braces stay."""
    write_ready(shop.home, "collector", "http://127.0.0.1:7700")
    answer = signed_in.get("/api/snippets").json()
    texts = {one["name"]: one["text"] for one in answer["snippets"]}
    assert list(texts) == [
        *("html", "aws-script", "aws-bundler", "aws-mobile", "python", "curl", "pixel")
    ]
    mobile = json.loads(texts["aws-mobile"])["analytics"]["plugins"]["awsClickstreamPlugin"]
    assert (mobile["appId"], mobile["endpoint"]) == ("fw_shop", "http://127.0.0.1:7700/collect")
    for text in texts.values():
        assert "http://127.0.0.1:7700" in text
        assert "fw_shop" in text
        assert not any(f"{{{name}}}" in text for name in ("endpoint", "write_id", "collect_path"))
    assert '{"name": "page_view"' in texts["curl"]
    assert signed_in.get("/api/snippets?app_id=nobody").json()["code"] == "not_found"


def test_filters_of_an_address(signed_in: httpx.Client) -> None:
    """A filter changed by hand is told what there is; so is a panel."""
    answer = signed_in.get("/api/live/filtered?f=colour:red")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "a filter is one of pages" in answer.json()["detail"]
    assert signed_in.get("/api/live/filtered?who=robots").status_code == 400
    assert signed_in.get("/api/live/lists/colours").status_code in (400, 404)
    counted = signed_in.get("/api/live/filtered?f=pages:/a&f=sources").json()["counts"]
    assert (counted["events_30m"], counted["pages"]["rows"]) == (0, [])
    assert signed_in.get("/api/live/lists/pages?search=x").json()["rows"] == []


def test_failures_with_the_known_ids(shop: FakeShop, signed_in: httpx.Client) -> None:
    """Somebody who mistyped a write id sees both it and the right ones."""
    shop.fail(SystemClock().now_us())
    answer = signed_in.get("/api/live/failures").json()
    assert [(one["reason"], one["credential"]) for one in answer["failures"]] == [
        ("unknown_write_id", "wbe")
    ]
    assert answer["write_ids"] == ["fw_shop"]


def test_sql_passes_parameters_apart(shop: FakeShop, signed_in: httpx.Client) -> None:
    """Values never become part of the statement's text."""
    body = {"sql": "SELECT ?", "params": ["'; --", 1, None]}
    assert signed_in.post("/api/sql", json=body).json() == {
        "columns": [],
        "rows": [],
        "is_cut_off": False,
        "cut_sequence": 7,
        "cut_published_at": 1_000,
    }
    assert shop.sql.questions == [("SELECT ?", ("'; --", 1, None))]


def address(shop: FakeShop) -> tuple[str, str]:
    """Path of the newest event, and its log offset."""
    shop.step(SystemClock().now_us(), 1)
    newest = decode_snapshot(shop.home.live_file(PROJECT).read_bytes()).people.stream[0]
    return f"/api/events/{newest.request_id}/{newest.request_index}", str(newest.log_offset)


def test_event_with_columns_and_request(shop: FakeShop, signed_in: httpx.Client) -> None:
    """The drawer shows every column and the body as text, though it was sent compressed."""
    path, _ = address(shop)
    answer = signed_in.get(path).json()
    columns = {column["name"]: column["value"] for column in answer["columns"]}
    assert columns["app_id"] == "shop"
    assert (answer["columns_missing"], answer["request_missing"]) == (None, None)
    request = answer["request"]
    assert json.loads(request["body"]) == [{"event_type": columns["event_name"]}]
    assert (request["undone"], request["is_base64"], request["is_cut"]) == (["gzip"], False, False)
    assert request["headers"][0] == {"name": "content-type", "value": "application/json"}


def test_event_when_one_half_is_missing(shop: FakeShop, signed_in: httpx.Client) -> None:
    """SQL may be busy and the log is trimmed: the other half is shown, with the reason."""
    path, offset = address(shop)
    shop.sql.error = errors.Overloaded("too many statements; try again")
    answer = signed_in.get(path, params={"log_offset": offset}).json()
    assert answer["columns"] is None
    assert answer["columns_missing"] == {
        "reason": "failed",
        "detail": "too many statements; try again",
    }
    assert answer["request"]["path"] == "/collect"
    shop.sql.error = None
    shop.log.records.clear()
    answer = signed_in.get(path, params={"log_offset": offset}).json()
    assert answer["columns"]
    assert answer["request_missing"]["reason"] == "trimmed"


def test_event_of_another_request_is_not_shown(shop: FakeShop, signed_in: httpx.Client) -> None:
    """The offset in an address is a hint: it must not show somebody else's request."""
    first, _ = address(shop)
    _, offset = address(shop)
    shop.sql.error = errors.Unavailable("later")
    answer = signed_in.get(first, params={"log_offset": offset}).json()
    assert answer["request"] is None
    assert answer["request_missing"]["reason"] == "unknown"


@pytest.mark.parametrize("path", ["x/0", "00000000-0000-4000-8000-000000000000/0", "x/y"])
def test_event_that_does_not_exist(signed_in: httpx.Client, path: str) -> None:
    answer = signed_in.get(f"/api/events/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_events_in_pages(shop: FakeShop, signed_in: httpx.Client) -> None:
    """A program reads all events of an hour by following `next`."""
    shop.step(SystemClock().now_us(), 7)
    found: list[int] = []
    after = ""
    while len(found) < 8:
        query = {"last": "1h", "limit": "3", "app": "shop", "after": after}
        page = signed_in.get("/api/events", params=query).json()
        found += [event["log_offset"] for event in page["events"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert found == [6, 5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("app=nobody", 404, "there is no such app in the project"),
        ("who=robots", 400, ""),
        ("last=soon", 400, "last is a duration such as 30m, 24h or 7d"),
        ("last=1h&since=2026-11-24T00:00:00Z", 400, "not both"),
        ("until=2026-11-24T00:00:00Z", 400, "say since as well"),
        ("since=2026-11-24T00:00:00", 400, "since needs its zone"),
        ("since=2026-11-24T01:00:00Z&until=2026-11-24T00:00:00Z", 400, "since is after until"),
        ("since=yesterday", 400, ""),
        ("limit=0", 400, "limit is from 1 to 1000"),
        ("limit=1001", 400, "limit is from 1 to 1000"),
        ("after=x", 400, "after is what the page before has as next"),
    ],
)
def test_mistakes_in_what_pages_share(
    signed_in: httpx.Client, query: str, status: int, words: str
) -> None:
    """App, time and place mean the same everywhere, and so do mistakes in them."""
    answer = signed_in.get(f"/api/events?{query}")
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True)
    shared = "limit" not in query and "after=x" not in query
    for path in ("/api/live/lists/pages", "/api/live/failures"):
        assert (signed_in.get(f"{path}?{query}").status_code == status) is shared


def test_csv_is_a_file(shop: FakeShop, signed_in: httpx.Client) -> None:
    """A browser saves it; a program sees in a header whether it is whole."""
    answer = signed_in.post("/api/sql/csv", json={"sql": "SELECT ?", "params": ["x"]})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="footfall.csv"'
    assert answer.headers["footfall-cut-off"] == "false"
    shop.sql.error = errors.Invalid("only a SELECT can be run")
    answer = signed_in.post("/api/sql/csv", json={"sql": "DROP TABLE events"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
