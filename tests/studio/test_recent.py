"""What the Live page asks SQL agrees with what it counts: same windows, same meanings."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.clock import MINUTE, SECOND
from footfall.errors import Invalid
from footfall.ledger import Ledger
from footfall.live import LiveCounts, LiveState
from footfall.query.engine import Engine
from footfall.query.formats import render
from footfall.session import VIEW_EVENTS
from footfall.studio.api.events.listed import EventPage, read_events
from footfall.studio.api.filters import VIEWS, Panel, parse_filters
from footfall.studio.api.live.counts import read_counts
from footfall.studio.api.live.failures import read_arrivals
from footfall.studio.api.live.lists import read_list
from footfall.studio.api.paging import asked_page
from footfall.studio.api.scope import Scope, TimeRange, Who, live_range
from footfall.studio.api.sql.runner import SqlValue
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.query.cuts import CutWriter, failures, query_settings, sessions
from tests.scale import scaled

NOW = NOON_US + 10 * SECOND
PANELS: tuple[Panel, ...] = ("pages", "events", "sources", "devices", "browsers", "systems")


class Rendered(NamedTuple):
    """What is looked at of an answer."""

    body: bytes


class Shop:
    """Events in a cut of their own, the real engine over it, and the live counters of the same."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.engine: Engine | None = None
        self.state = LiveState()
        self.cuts = 0

    def has(self, rows: Sequence[dict[str, Any]]) -> None:
        """Forget what was there, and have these."""
        self.close()
        self.cuts += 1
        writer = CutWriter(self.root / str(self.cuts))
        events = event_table(rows)
        writer.to_tail("events", events)
        writer.add_hot(sessions([{"session_id": uuid_of("open")}], hot=True))
        writer.to_tail("failed_events", failures(2))
        writer.publish()
        self.state = LiveState()
        self.state.add(events, NOW)
        self.engine = Engine(writer.home, writer.project, query_settings())

    def counted(self, who: Literal["people", "bots"] = "people") -> LiveCounts:
        snapshot = self.state.snapshot(NOW, open_sessions=0, totals=Ledger())
        found: LiveCounts = getattr(snapshot, who)
        return found

    async def run(
        self,
        sql: str,
        parameters: Sequence[SqlValue] = (),
        *,
        format: Literal["rows", "csv"] = "rows",  # noqa: A002
        rows_max: int | None = None,
    ) -> Any:
        assert self.engine is not None
        found = self.engine.run(sql, tuple(parameters))
        return Rendered(render(found.table, format))

    def asked(self, *filters: str, who: Who = "people", app: str = "") -> LiveCounts:
        found = read_counts(self, parse_filters(filters), Scope(who, app), NOW)
        return asyncio.run(found).counts

    def listed(self, panel: Panel, search: str = "", *filters: str) -> dict[str | None, int]:
        during = live_range(NOW)
        found = read_list(self, panel, search, parse_filters(filters), Scope(), during)
        return {row.value: row.count for row in asyncio.run(found).rows}

    def close(self) -> None:
        if self.engine is not None:
            self.engine.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    made = Shop(tmp_path_factory.mktemp("recent"))
    yield made
    made.close()


def at(seconds_ago: float, **columns: Any) -> dict[str, Any]:
    return {"event_time": NOW - int(seconds_ago * SECOND), "received_at": NOW, **columns}


sources = st.sampled_from(["google", "news", None])
rows_of = st.lists(
    st.fixed_dictionaries(
        {
            "event_time": st.integers(0, 35 * 60).map(lambda s: NOW - s * SECOND),
            "visitor_id": st.sampled_from(["a", "b", "c", None]),
            "event_name": st.sampled_from(["page_view", "click"]),
            "page_path": st.sampled_from(["/", "/x", "/" + "y" * 300, None]),
            "source": sources,
            "device_category": st.sampled_from(["mobile", "desktop", None]),
            "browser": st.sampled_from(["Firefox", None]),
            "is_bot": st.booleans(),
        }
    ),
    min_size=1,
    max_size=40,
)


def as_they_came(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each received when it happened; the log has them in that order."""
    arrived = [{**row, "received_at": row["event_time"]} for row in rows]
    return sorted(arrived, key=lambda row: row["received_at"])


@settings(
    max_examples=scaled(8, 300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=rows_of)
def test_without_a_filter_sql_and_the_counters_agree(
    shop: Shop, rows: list[dict[str, Any]]
) -> None:
    """Two ways to count must not tell two stories: a filter that is removed changes no number."""
    shop.has(as_they_came(rows))
    for who in ("people", "bots"):
        counted, asked = shop.counted(who), shop.asked(who=who)
        for name in ("visitors_30m", "visitors_5m", "events_30m", "views_30m", "minutes"):
            assert getattr(asked, name) == getattr(counted, name), name
        assert asked.seconds == counted.seconds
        for panel in PANELS:
            left, right = getattr(asked, panel), getattr(counted, panel)
            assert Counter(left.rows) == Counter(right.rows), panel
            assert left.others == right.others == 0


@settings(
    max_examples=scaled(4, 200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rows=rows_of)
def test_the_number_of_a_row_is_the_number_behind_it(
    shop: Shop, rows: list[dict[str, Any]]
) -> None:
    """A click on a row shows as many visitors or views as the row said."""
    shop.has(as_they_came(rows))
    counted = shop.counted()
    of: dict[Panel, str] = {"pages": "views_30m", "events": "events_30m"}
    for panel in PANELS:
        for row in getattr(counted, panel).rows:
            text = panel if row.value is None else f"{panel}:{row.value}"
            assert getattr(shop.asked(text), of.get(panel, "visitors_30m")) == row.count, text


def test_filters_together(shop: Shop) -> None:
    """Visitors of a source, on one page: both must hold, and a former source does not count."""
    shop.has(
        [
            at(60, visitor_id="ann", source="google", page_path="/a"),
            at(50, visitor_id="ann", page_path="/b"),
            at(40, visitor_id="bob", source="google", page_path="/b"),
            at(30, visitor_id="bob", source="news", page_path="/b"),
            at(20, visitor_id=None, page_path="/b"),
            at(10, visitor_id="ann", page_path="/b", is_bot=True),
        ]
    )
    found = shop.asked("sources:google", "pages:/b")
    assert (found.visitors_30m, found.events_30m) == (1, 1)
    assert [event.log_offset for event in found.stream] == [1]
    assert found.stream[0].request_id == str(uuid.UUID(bytes=uuid_of("request 1")))
    everyone = shop.asked("pages:/b", who="all")
    assert (everyone.visitors_30m, everyone.events_30m) == (3, 5)
    assert shop.asked("sources").visitors_30m == 0


def test_open_sessions_of_a_filter(shop: Shop) -> None:
    """Those with such an event; a closed one is not open because somebody looked at its page."""
    shop.has(
        [
            at(60, visitor_id="ann", page_path="/a", session_id=uuid_of("open")),
            at(50, visitor_id="bob", page_path="/a", session_id=uuid_of("closed")),
            at(40, visitor_id="cleo", page_path="/b"),
        ]
    )
    assert [shop.asked(*f).open_sessions for f in ((), ("pages:/a",), ("pages:/b",))] == [1, 1, 0]


def test_whole_list_and_search(shop: Shop) -> None:
    """More rows than the page shows, found by a part in any case; signs are no wildcards."""
    shop.has([at(n, page_path=f"/Page/{n % 60}") for n in range(90)] + [at(1, page_path="/50%")])
    assert len(shop.counted().pages.rows) == 50
    assert len(shop.listed("pages")) == 61
    assert shop.listed("pages", "page/2") == {
        "/Page/2": 2,
        **{f"/Page/{n}": 2 if n < 30 else 1 for n in range(20, 30)},
    }
    assert shop.listed("pages", "%") == {"/50%": 1}
    assert shop.listed("pages", "page", "pages:/Page/7") == {"/Page/7": 2}


def test_failures_by_reason(shop: Shop) -> None:
    """What failed is said once for each kind, with what to do, beside the ids that are known."""
    shop.has([at(0)])
    found = asyncio.run(read_arrivals(shop, ("web",), Scope(), live_range(NOW)))
    assert [(one.reason, one.part, one.count, one.message) for one in found.failures] == [
        ("not_json", "record", 2, "body is not JSON")
    ]
    assert found.write_ids == ("web",)
    for scope, now in ((Scope(), NOW + 31 * MINUTE), (Scope(app="other"), NOW)):
        assert asyncio.run(read_arrivals(shop, (), scope, live_range(now))).failures == ()


def test_one_app_alone(shop: Shop) -> None:
    """Two apps share a visitor id and a page: each is counted with its own."""
    shop.has([at(n, app_id="shop" if n % 3 else "blog", visitor_id="ann") for n in range(9)])
    assert [shop.asked(app=app).events_30m for app in ("shop", "blog", "", "none")] == [6, 3, 9, 0]
    assert {event.app_id for event in shop.asked(app="blog").stream} == {"blog"}


def test_pages_hold_every_event_once(shop: Shop) -> None:
    """Page after page gives each event of the range once, newest first, whatever the page's size.

    Two events of one request stand at its index; requests of two partitions of the log may be at
    one offset; events outside the range, of bots, or left out by a filter are in none.
    """
    rows = [
        at(
            n,
            log_offset=n // 2,
            log_partition=partition,
            request_id=uuid_of(f"{n // 2} {partition}"),
            request_index=n % 2,
            received_at=NOW - partition * (n % 4 < 2),
            page_path="/a" if n % 5 else "/b",
        )
        for n in range(23)
        for partition in (0, 1)
    ]
    shop.has([*rows, at(40 * 60, log_offset=99), at(3, log_offset=98, is_bot=True)])
    during = TimeRange(NOW - 20 * SECOND, NOW)
    wanted = sorted((_arrival(row) for row in rows if _is_asked(row)), reverse=True)

    def page(limit: int, after: str | None) -> EventPage:
        filters = parse_filters(["pages:/a"])
        asked = asyncio.run(asked_page(limit, after or ""))
        return asyncio.run(read_events(shop, filters, Scope(), during, asked))

    assert len(wanted) == 2 * 16
    for limit in (1, 3, len(wanted) - 1, len(wanted), 100):
        found: list[tuple[int, int, int, str]] = []
        after = None
        for _ in range(len(wanted) + 1):
            part = page(limit, after)
            assert len(part.events) <= limit
            found += [
                (event.received_at, event.log_offset, event.request_index, event.request_id)
                for event in part.events
            ]
            after = part.next
            if after is None:
                break
        assert found == wanted


def _arrival(row: dict[str, Any]) -> tuple[int, int, int, str]:
    request_id = str(uuid.UUID(bytes=row["request_id"]))
    return row["received_at"], row["log_offset"], row["request_index"], request_id


def _is_asked(row: dict[str, Any]) -> bool:
    return row["page_path"] == "/a" and row["event_time"] >= NOW - 20 * SECOND


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["colour:red"], "a filter is one of pages, events"),
        (["pages:" + "x" * 3_000], "at most 2000 characters"),
        (["pages:/"] * 9, "remove some filters"),
    ],
)
def test_bad_filters(texts: list[str], message: str) -> None:
    """An address that somebody changed by hand gets a sentence, never a statement."""
    with pytest.raises(Invalid, match=message):
        parse_filters(texts)


def test_views_are_those_of_the_sessions() -> None:
    """One meaning of a view, though the studio must not load where it is written."""
    assert set(VIEWS) == VIEW_EVENTS


def test_values_are_bound(shop: Shop) -> None:
    """A page's name is text, whatever it holds."""
    attack = "/'; SELECT 1 --"
    shop.has([at(1, page_path=attack), at(1, page_path="/")])
    assert shop.asked(f"pages:{attack}").views_30m == 1
    assert shop.listed("pages", "' OR 1=1 --") == {}
