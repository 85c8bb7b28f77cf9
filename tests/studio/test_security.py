"""Who gets in, from where, and what pages may do."""

from __future__ import annotations

import socket
from pathlib import Path

import httpx
import pytest

from footfall.clock import DAY, SystemClock
from footfall.signin import LINKS_MAX, SESSION_AGE_MAX, SESSIONS_MAX, Sessions, Tokens
from tests.studio.fakes import TOKEN, FakeShop, Studio, studio

API = [
    ("GET", "/api/live"),
    ("GET", "/api/live/stream"),
    ("GET", "/api/live/filtered"),
    ("GET", "/api/live/lists/pages"),
    ("GET", "/api/live/failures"),
    ("GET", "/api/live/sessions"),
    ("GET", "/api/events"),
    ("GET", "/api/events/00000000-0000-4000-8000-000000000000/0"),
    ("GET", "/api/sessions/about"),
    ("GET", "/api/sessions"),
    ("GET", "/api/sessions/00000000-0000-4000-8000-000000000000"),
    ("GET", "/api/sessions/definitions"),
    ("PUT", "/api/sessions/definitions/x"),
    ("DELETE", "/api/sessions/definitions/x"),
    ("POST", "/api/sessions/definitions/x/switch"),
    ("GET", "/api/sessions/diff"),
    ("GET", "/api/visitors"),
    ("GET", "/api/visitors/sessions"),
    ("GET", "/api/visitors/events"),
    ("POST", "/api/explore/events"),
    ("POST", "/api/explore/funnel"),
    ("POST", "/api/explore/retention"),
    ("POST", "/api/explore/events/members"),
    ("POST", "/api/explore/funnel/members"),
    ("POST", "/api/explore/retention/members"),
    ("POST", "/api/explore/path"),
    ("POST", "/api/explore/path/members"),
    ("POST", "/api/explore/lifecycle"),
    ("POST", "/api/explore/lifecycle/members"),
    ("POST", "/api/explore/attribution"),
    ("POST", "/api/explore/attribution/members"),
    ("POST", "/api/explore/compare"),
    ("POST", "/api/explore/compare/members"),
    ("GET", "/api/explore/running"),
    ("DELETE", "/api/explore/running/x"),
    ("GET", "/api/reports"),
    ("POST", "/api/reports"),
    ("PUT", "/api/reports/x"),
    ("DELETE", "/api/reports/x"),
    ("POST", "/api/sql"),
    ("POST", "/api/sql/csv"),
    ("POST", "/api/sql/parquet"),
    ("GET", "/api/sql/tables"),
    ("GET", "/api/sql/reference"),
    ("POST", "/api/test-event"),
    ("GET", "/api/status"),
    ("GET", "/api/apps"),
    ("GET", "/api/snippets"),
    ("GET", "/api/alerts"),
    ("POST", "/api/alerts/rules"),
    ("POST", "/api/alerts/rules/change"),
    ("POST", "/api/alerts/rules/remove"),
    ("POST", "/api/alerts/rules/mute"),
    ("POST", "/api/alerts/channels"),
    ("POST", "/api/alerts/channels/change"),
    ("POST", "/api/alerts/channels/remove"),
    ("POST", "/api/alerts/channels/test"),
    ("GET", "/api/alerts/history"),
    ("POST", "/api/alerts/history/acknowledge"),
    ("POST", "/api/alerts/history/retry"),
    ("POST", "/api/alerts/test"),
    ("GET", "/api/continuous"),
    ("GET", "/api/continuous/x"),
    ("PUT", "/api/continuous/x"),
    ("DELETE", "/api/continuous/x"),
    ("GET", "/api/deliveries"),
    ("POST", "/api/deliveries/x/pause"),
    ("POST", "/api/deliveries/x/resume"),
    ("GET", "/api/queries"),
    ("POST", "/api/queries"),
    ("POST", "/api/queries/x/run"),
    ("DELETE", "/api/queries/x"),
    ("GET", "/api/catalog/crawls"),
    ("POST", "/api/catalog/crawls/x/run"),
    ("PUT", "/api/catalog/crawls/x/schedule"),
    ("POST", "/api/catalog/views"),
    ("GET", "/api/dashboards"),
    ("GET", "/api/dashboards/x"),
    ("PUT", "/api/dashboards/x"),
    ("DELETE", "/api/dashboards/x"),
    ("POST", "/api/dashboards/x/discard"),
    ("GET", "/api/dashboards/x/links"),
    ("GET", "/api/ready-dashboards"),
    ("POST", "/api/ready-dashboards/x"),
    ("POST", "/api/tiles/parquet"),
    ("POST", "/api/dashboards/x/links"),
    ("DELETE", "/api/dashboards/x/links/x"),
    ("POST", "/api/tiles"),
    ("POST", "/api/tiles/rows"),
    ("GET", "/api/segments"),
    ("GET", "/api/segments/x"),
    ("PUT", "/api/segments/x"),
    ("DELETE", "/api/segments/x"),
    ("POST", "/api/segments/x/save"),
    ("PUT", "/api/segments/x/list"),
    ("POST", "/api/segments/x/refresh"),
    ("POST", "/api/segments/x/members"),
    ("POST", "/api/segments/x/changes"),
    ("POST", "/api/segments/x/changes/members"),
    ("GET", "/api/segments/x/export"),
    ("POST", "/api/segments/preview"),
    ("POST", "/api/segments/overlap"),
    ("POST", "/api/segments/overlap/members"),
    ("GET", "/api/openapi.json"),
]
BY_LINK = [
    ("GET", "/api/shared"),
    ("GET", "/api/shared/cut"),
    ("POST", "/api/shared/tiles/x"),
    ("POST", "/api/shared/tiles/x/parquet"),
]
"""Open to whoever has a dashboard's link; tests/dashboards/test_links.py."""


FOR_PAGES_ONLY = (
    "live",
    "events",
    "visitors",
    "status",
    "apps",
    "snippets",
    "alerts",
    "continuous",
)
FOR_PAGES_ONLY += ("deliveries", "catalog", "test-event")
"""Areas of which a token reaches nothing."""
ALSO_FOR_PAGES_ONLY = {
    ("GET", "/api/sessions"),
    ("GET", "/api/sessions/about"),
    ("GET", "/api/sessions/00000000-0000-4000-8000-000000000000"),
    ("POST", "/api/sessions/definitions/x/switch"),
    ("GET", "/api/dashboards/x/links"),
    ("POST", "/api/dashboards/x/links"),
    ("DELETE", "/api/dashboards/x/links/x"),
}


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0

    def now_us(self) -> int:
        return self.now

    def monotonic(self) -> float:
        return self.now / 1e6

    def sleep(self, seconds: float) -> None:
        self.now += int(seconds * 1e6)


@pytest.mark.parametrize(("method", "path"), API)
def test_every_endpoint_needs_a_session(running: Studio, method: str, path: str) -> None:
    """Any program or page on the machine can reach the port; only the link's holder may read."""
    for cookie in ("", f"{running.services.cookie}=guess"):
        answer = httpx.request(method, running.url + path, json={}, headers={"cookie": cookie})
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() == {
            "type": "urn:footfall:problem:signed_out",
            "title": "Unauthorized",
            "status": 401,
            "code": "signed_out",
            "detail": "open a fresh link: footfall studio link prints one",
            "retryable": False,
            "problems": [],
            "request_id": "",
        }


def test_a_token_asks_and_does_no_more(
    running: Studio, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every endpoint, with a token: what lets others in, sends elsewhere or sets up is refused."""
    tokens = Tokens(SystemClock(), running.services.home.studio_file)
    secret, _ = tokens.create("notebook", 90)
    headers = {"authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=running.url, headers=headers, timeout=60) as client:
        reached = set()
        for method, path in API:
            if path == "/api/live/stream":  # does not end where it is let in
                assert client.get(path).status_code == 403
                continue
            answer = client.request(method, path, json={})
            assert answer.status_code != 401
            if answer.status_code != 403:
                reached.add((method, path))
            else:
                assert "footfall studio link" in answer.json()["detail"]
        asked = {(method, path) for method, path in API if path.split("/")[2] not in FOR_PAGES_ONLY}
        assert reached == asked - ALSO_FOR_PAGES_ONLY
        foreign = client.get("/api/reports", headers={"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403
        tokens.revoke("notebook")
        answer = client.get("/api/reports")
        assert (answer.status_code, answer.json()["code"]) == (401, "signed_out")
        assert "revoked" in answer.json()["detail"]
    told = capfd.readouterr()
    assert secret[4:] not in caplog.text + told.out + told.err


def test_credentials_of_a_proxy_are_none_of_ours(signed_in: httpx.Client) -> None:
    """A proxy's sign-in passes its header on: a session goes on to count, nothing opens without."""
    for other in ("Basic YTpi", "Bearer eyJhbGciOi", "Bearer", "ff_x"):
        headers = {"authorization": other}
        assert signed_in.get("/api/reports", headers=headers).status_code == 200
        assert (
            httpx.get(signed_in.base_url.join("/api/reports"), headers=headers).status_code == 401
        )
    wrong = {"authorization": "bearer  ff_" + "0" * 5_000}
    assert signed_in.get("/api/reports", headers=wrong).status_code == 401


def test_list_of_endpoints_is_complete(signed_in: httpx.Client) -> None:
    """A new endpoint must be put into the tests of this file."""
    documented = {
        (
            method.upper(),
            path.replace("{request_id}", "00000000-0000-4000-8000-000000000000")
            .replace("{session_id}", "00000000-0000-4000-8000-000000000000")
            .replace("{request_index}", "0")
            .replace("{panel}", "pages")
            .replace("{name}", "x")
            .replace("{link_id}", "x")
            .replace("{report_id}", "x")
            .replace("{tile_id}", "x"),
        )
        for path, item in signed_in.get("/api/openapi.json").json()["paths"].items()
        for method in item
    }
    assert documented == {*API, *BY_LINK} - {("GET", "/api/openapi.json")}


@pytest.mark.parametrize(
    "path", ["//api/status", "/api//status", "/api/status/", "/API/status", "/api/openapi"]
)
def test_no_spelling_of_an_address_gets_around_the_session(running: Studio, path: str) -> None:
    """A proxy or router that folds slashes must not open what the check did not see."""
    answer = httpx.get(httpx.URL(running.url).copy_with(raw_path=path.encode()))
    assert answer.status_code in (401, 404) or answer.text.endswith("studio")
    assert "ledger" not in answer.text


def test_link_opens_once(running: Studio) -> None:
    """A link that leaks into a history or a log afterwards is worthless."""
    first = httpx.get(running.link)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    cookie = first.headers["set-cookie"]
    assert cookie.startswith(f"{running.services.cookie}=")
    for attribute in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=604800"):
        assert attribute in cookie
    again = httpx.get(running.link)
    assert (again.status_code, again.json()["code"]) == (403, "forbidden")
    assert httpx.get(f"{running.url}/open?token=").status_code == 403
    assert httpx.get(running.link, cookies=dict(first.cookies)).status_code == 303


@pytest.mark.parametrize("token", ["one-time-token", "unknown", ""])
def test_link_that_is_over_is_a_page_for_people(running: Studio, token: str) -> None:
    """A person who opens an old link reads what to do; JSON with a code would end the journey."""
    httpx.get(running.link)
    accept = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    answer = httpx.get(f"{running.url}/open?token={token}", headers=accept)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>This link does not open any more</h1>" in answer.text
    assert "<code>footfall studio link</code>" in answer.text
    nonce = answer.text.split('<style nonce="')[1].split('"')[0]
    assert f"'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers


def test_link_that_cannot_be_noted_says_so(running: Studio) -> None:
    """With a full disk a link opens nothing, goes on to count, and the page says why."""
    running.services.home.studio_file.unlink()
    running.services.home.studio_file.mkdir()
    answer = httpx.get(running.link, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "links and sessions cannot be read or kept now" in answer.text.lower()


@pytest.mark.parametrize(
    ("public_url", "hosts", "origin"),
    [
        (
            "https://Footfall.example:8443",
            ["footfall.example:8443", "FOOTFALL.example"],
            "https://footfall.example:8443",
        ),
        ("https://footfall.example:443", ["footfall.example"], "https://footfall.example"),
        ("http://footfall.example:80", ["footfall.example"], "http://footfall.example"),
    ],
)
def test_studio_behind_a_proxy_on_any_port(
    shop: FakeShop, assets: Path, public_url: str, hosts: list[str], origin: str
) -> None:
    """Browsers leave a scheme's own port out, and some proxies leave out every port."""
    with studio(shop, assets, public_url=public_url) as found:
        cookies = dict(httpx.get(found.link).cookies)
        for host in hosts:
            for sent, status in ((origin, 200), ("https://footfall.example:1", 403)):
                answer = httpx.post(
                    f"{found.url}/api/sql",
                    json={"sql": "SELECT 1"},
                    headers={"host": host, "origin": sent},
                    cookies=cookies,
                )
                assert answer.status_code == status


def test_wrong_address_names_the_right_ones(shop: FakeShop, assets: Path) -> None:
    """Who set up a proxy reads which address is expected, which came, and the setting to change."""
    with studio(shop, assets, public_url="https://footfall.example:8443") as found:
        headers = {"host": "footfall.example:9000"}
        detail = httpx.get(found.url, headers=headers).json()["detail"]
        assert detail == (
            f"open the studio at https://footfall.example:8443 (studio.public_url) or {found.url};"
            " behind a proxy set studio.public_url to the address that people type, with its port:"
            " host=footfall.example:9000"
        )
        page = httpx.get(found.url, headers={"host": "<b>" + "a" * 300, "accept": "text/html"})
        assert page.status_code == 421
        assert "<b>" not in page.text
        assert "a" * 300 not in page.text
        assert "https://footfall.example:8443" in page.text


def test_other_hosts_are_refused(signed_in: httpx.Client) -> None:
    """DNS rebinding: a site's own name pointed to 127.0.0.1 brings that name as Host."""
    port = signed_in.base_url.port
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""):
        for path in ("/", "/api/status", "/open"):
            answer = signed_in.get(path, headers={"host": host})
            assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
    for host in (f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}"):
        assert signed_in.get("/api/status", headers={"host": host}).status_code == 200


def test_requests_of_other_sites_are_refused(signed_in: httpx.Client) -> None:
    """Another page's form or fetch would bring the cookie: ports are not sites for SameSite."""
    port = signed_in.base_url.port
    foreign = [
        {"origin": "https://evil.example"},
        {"origin": f"http://127.0.0.1:{(port or 0) + 1}"},
        {"origin": f"http://localhost:{port}"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
    ]
    for headers in foreign:
        answer = signed_in.post("/api/sql", json={"sql": "SELECT 1"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert signed_in.get("/api/live", headers=headers).status_code == 403
    own = {"origin": str(signed_in.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    assert signed_in.post("/api/sql", json={"sql": "SELECT 1"}, headers=own).status_code == 200


def test_every_answer_forbids_what_pages_do_not_need(signed_in: httpx.Client) -> None:
    """A strict policy makes text of visitors harmless even if it ever became HTML."""
    for path in ("/", "/api/status", "/theme.js", "/nothing.js", "/open?token=x"):
        headers = signed_in.get(path).headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
        )
        nonce = policy.pop("style-src").removeprefix("'self' ")
        assert nonce.startswith("'nonce-")
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "connect-src": "'self'",
            "font-src": "'self'",
            "img-src": "'self' data:",
            "manifest-src": "'self'",
            "style-src-attr": "'unsafe-inline'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert "server" not in headers


def test_nonce_is_new_for_each_page_and_in_it(signed_in: httpx.Client) -> None:
    """A nonce that can be known beforehand allows nothing to be told apart."""
    pages = [signed_in.get("/"), signed_in.get("/")]
    nonces = [page.text.split('content="')[1].split('"')[0] for page in pages]
    assert nonces[0] != nonces[1]
    for page, nonce in zip(pages, nonces, strict=True):
        assert f"'nonce-{nonce}'" in page.headers["content-security-policy"]


def test_listens_on_the_loopback_only(running: Studio) -> None:
    """There is no login yet: nobody else on the network may even connect."""
    server = running.server.servers[0]
    assert [listener.getsockname()[0] for listener in server.sockets] == ["127.0.0.1"]
    assert all(listener.family == socket.AF_INET for listener in server.sockets)


def test_sessions_are_bounded_and_end(tmp_path: Path) -> None:
    """The file is bounded: the oldest give way, and a session ends after a week."""
    clock = Hand()
    sessions = Sessions(clock, tmp_path / "studio.db")
    for number in range(LINKS_MAX + 1):
        sessions.add_link(f"link {number}")
    assert sessions.open("link 0") is None
    secret = sessions.open("link 1")
    assert secret is not None
    assert sessions.is_open(secret)
    clock.now = SESSION_AGE_MAX
    assert sessions.is_open(secret)
    clock.now += DAY
    assert not sessions.is_open(secret)
    opened = []
    for number in range(SESSIONS_MAX + 1):
        sessions.add_link(TOKEN + str(number))
        opened.append(sessions.open(TOKEN + str(number)) or "")
    assert [sessions.is_open(secret) for secret in opened] == [False] + [True] * SESSIONS_MAX
