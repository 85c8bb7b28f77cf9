"""LiveState: windows, lists and the stream, against plain Python over the same events."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.clock import MINUTE, SECOND
from footfall.ledger import Ledger
from footfall.live import (
    SNAPSHOT_BYTES_MAX,
    LiveCounts,
    LiveLimits,
    LiveSnapshot,
    LiveState,
    TopList,
    TopRow,
    encode_snapshot,
)
from footfall.testing.events import NOON_US, event_table, uuid_of
from tests.scale import scaled

NOW = NOON_US + 10 * SECOND


def whole_of(state: LiveState, now_us: int = NOW) -> LiveSnapshot:
    return state.snapshot(now_us, open_sessions=0, totals=Ledger())


def snapshot_of(state: LiveState, now_us: int = NOW) -> LiveCounts:
    """What was counted of people; with no bots about, that is all."""
    return whole_of(state, now_us).people


def state_of(*rows: dict[str, Any], now_us: int = NOW, **limits: int) -> LiveState:
    state = LiveState(LiveLimits(**limits))
    state.add(event_table(rows), now_us)
    return state


def at(seconds_ago: float, **columns: Any) -> dict[str, Any]:
    return {"event_time": NOW - int(seconds_ago * SECOND), **columns}


def test_seconds_and_minutes_end_with_the_current_one() -> None:
    """A bar stands for the second or minute it is drawn at: 3 events now, 1 a minute ago."""
    snapshot = snapshot_of(state_of(at(60), at(0), at(0.5), at(1, event_name="click")))
    assert snapshot.seconds.from_us == (NOW // SECOND - 299) * SECOND
    assert snapshot.seconds.events == (*[0] * 239, 1, *[0] * 58, 2, 1)
    assert snapshot.minutes.from_us == (NOW // MINUTE - 29) * MINUTE
    assert snapshot.minutes.events == (*[0] * 28, 1, 3)
    assert snapshot.minutes.views == (*[0] * 28, 1, 2)
    assert snapshot.minutes.visitors == (*[0] * 28, 1, 1)
    assert (snapshot.events_30m, snapshot.views_30m) == (4, 3)


def test_windows_move_without_events() -> None:
    """A quiet site must go to zero by itself, not stay at its last number."""
    state = state_of(at(0), at(0, visitor_id="v2"))
    assert (snapshot_of(state).visitors_5m, snapshot_of(state).visitors_30m) == (2, 2)
    later = snapshot_of(state, NOW + 6 * MINUTE)
    assert (later.visitors_5m, later.visitors_30m, sum(later.seconds.events)) == (0, 2, 0)
    assert later.minutes.visitors == (*[0] * 23, 2, *[0] * 6)
    end = snapshot_of(state, NOW + 30 * MINUTE)
    assert (end.visitors_30m, end.events_30m, end.pages.rows, end.devices.rows) == (0, 0, (), ())
    assert end.minutes.visitors == (0,) * 30


def test_visitor_is_known_by_app_and_id() -> None:
    """The same anonymous id in two apps is two visitors; events without one are none."""
    rows = [at(0), at(0), at(0, app_id="blog"), at(0, visitor_id=None)]
    assert snapshot_of(state_of(*rows)).visitors_30m == 2


def test_pages_count_views_by_path_or_screen() -> None:
    """A click on a page is not a view of it; apps without pages have screens."""
    rows = [
        at(0, page_path="/a"),
        at(0, page_path="/a", event_name="click"),
        at(0, event_name="screen_view", screen_name="Home"),
        at(0, page_path="/a"),
    ]
    snapshot = snapshot_of(state_of(*rows))
    assert snapshot.pages == TopList((TopRow("/a", 2), TopRow("Home", 1)), 0)
    assert snapshot.events == TopList(
        (TopRow("page_view", 2), TopRow("screen_view", 1), TopRow("click", 1)), 0
    )


def test_source_of_a_visitor_is_where_it_last_came_from() -> None:
    """Moving on inside the site, without a source, does not make a visitor 'direct'."""
    rows = [
        at(3, visitor_id="a", source="newsletter"),
        at(2, visitor_id="a"),
        at(2, visitor_id="c"),
        at(1, visitor_id="d", source="search.example"),
        at(0, visitor_id="d", source="ads"),
    ]
    sources = snapshot_of(state_of(*rows)).sources
    assert Counter({row.value: row.count for row in sources.rows}) == {
        "newsletter": 1,
        "ads": 1,
        None: 1,
    }


def test_bots_are_counted_apart() -> None:
    """A crawler must not look like a crowd: headlines and lists are of people, bots have theirs."""
    rows = [
        at(70, visitor_id="ann", page_path="/a"),
        at(3, visitor_id="crawler", page_path="/a", is_bot=True, device_category="bot"),
        at(2, visitor_id="crawler", page_path="/b", is_bot=True, device_category="bot"),
        at(1, visitor_id="ann", event_name="click"),
    ]
    state = state_of(*rows)
    found = state.snapshot(NOW, open_sessions=3, open_bot_sessions=2, totals=Ledger())
    people, bots = found.people, found.bots
    assert (people.visitors_30m, people.events_30m, people.views_30m) == (1, 2, 1)
    assert (bots.visitors_30m, bots.events_30m, bots.views_30m) == (1, 2, 2)
    assert (people.open_sessions, bots.open_sessions) == (3, 2)
    assert people.pages.rows == (TopRow("/a", 1),)
    assert bots.pages.rows == (TopRow("/b", 1), TopRow("/a", 1))
    assert (people.devices.rows, bots.devices.rows) == ((TopRow(None, 1),), (TopRow("bot", 1),))
    assert [event.log_offset for event in people.stream] == [3, 0]
    assert [event.log_offset for event in bots.stream] == [2, 1]
    assert (sum(people.seconds.events), sum(bots.seconds.events)) == (2, 2)


def test_flood_of_bots_leaves_the_stream_to_people() -> None:
    """However many bots come, the newest events of people are listed."""
    state = state_of(at(2), *[at(1, is_bot=True, log_offset=n) for n in range(1, 400)])
    found = whole_of(state)
    assert len(found.people.stream) == 1
    assert [event.log_offset for event in found.bots.stream] == list(range(399, 349, -1))


def test_late_events_are_counted_where_they_happened() -> None:
    """A phone that was offline sends twenty minutes at once: no peak now, no hole then.

    How fast events come in is another question, and that counts them as they come.
    """
    late = [
        at(20 * 60, received_at=NOW),
        at(10 * 60, received_at=NOW),
        at(31 * 60, received_at=NOW),
    ]
    counted = snapshot_of(state_of(*late))
    assert [29 - n for n, events in enumerate(counted.minutes.events) if events] == [20, 10]
    assert (counted.events_30m, counted.visitors_30m, counted.visitors_5m) == (2, 1, 0)
    assert counted.seconds.events[-1] == 3
    assert len(counted.stream) == 3


def test_devices_count_visitors_not_events() -> None:
    """One busy visitor must not look like many devices."""
    busy = [at(0, visitor_id="busy", device_category="mobile", browser="Safari", os="iOS")] * 5
    calm = [at(0, visitor_id=f"v{n}", device_category="desktop") for n in range(2)]
    snapshot = snapshot_of(state_of(*busy, *calm))
    assert snapshot.devices.rows == (TopRow("desktop", 2), TopRow("mobile", 1))
    assert snapshot.browsers.rows == (TopRow(None, 2), TopRow("Safari", 1))
    assert snapshot.systems.rows == (TopRow(None, 2), TopRow("iOS", 1))


def test_stream_is_newest_first_and_bounded() -> None:
    """The list shows what came last, in log order, with what is needed to open an event."""
    state = LiveState()
    state.add(event_table([at(1, log_offset=n) for n in range(150)]), NOW)
    state.add(event_table([at(0, log_offset=150 + n) for n in range(150)]), NOW)
    stream = snapshot_of(state).stream
    assert [event.log_offset for event in stream] == list(range(299, 99, -1))
    assert stream[0].request_id == str(uuid.UUID(bytes=uuid_of("request 149")))


def test_snapshot_stays_small_with_the_longest_texts() -> None:
    """The studio pushes it to each page several times a second."""
    text = "\x01" * 5_000
    columns = ("page_path", "page_title", "visitor_id", "source", "browser", "os")
    rows = [at(0, **dict.fromkeys(columns, f"{n}{text}")) for n in range(300)]
    rows += [{**row, "is_bot": True} for row in rows]
    snapshot = whole_of(state_of(*rows))
    assert len(encode_snapshot(snapshot)) <= SNAPSHOT_BYTES_MAX
    pages = snapshot.people.pages
    assert pages.rows
    assert sum(row.count for row in pages.rows) + pages.others == 300
    plain = snapshot_of(state_of(*[at(0, page_path=f"/{n}") for n in range(300)]))
    assert len(plain.stream) == 200


def test_flood_of_rare_values_does_not_displace_frequent_ones() -> None:
    """A crawler with random paths must not empty the list; what was forgotten is in others."""
    state = LiveState(LiveLimits(values_max=20))
    for batch in range(10):
        junk = [at(0, page_path=f"/junk/{batch}/{n}") for n in range(15)]
        state.add(event_table([at(0, page_path="/home")] * 3 + junk), NOW)
    pages = snapshot_of(state).pages
    assert pages.rows[0] == TopRow("/home", 30)
    assert pages.others + sum(row.count for row in pages.rows) == 180
    assert not pages.is_exact
    assert snapshot_of(state, NOW + 30 * MINUTE).pages == TopList((), 0)


def test_visitors_beyond_the_bound_are_said_to_be_missing() -> None:
    """A number that is too low must say so, and recover when the flood is over."""
    state = state_of(*[at(0, visitor_id=f"v{n}") for n in range(30)], visitors_max=20)
    assert snapshot_of(state).visitors_30m == 20
    assert not snapshot_of(state).visitors_are_exact
    assert snapshot_of(state, NOW + 30 * MINUTE).visitors_are_exact


def test_sources_beyond_the_bound_become_others() -> None:
    """Sources come from the outside: a bound keeps them from filling the memory."""
    rows = [at(0, visitor_id=f"v{n}", source=f"s{n}") for n in range(8)]
    state = state_of(*rows, texts_max=5)
    sources = snapshot_of(state).sources
    assert (len(sources.rows), sources.others, sources.is_exact) == (5, 3, False)
    state.add(event_table([at(-31 * 60, source="new")]), NOW + 31 * MINUTE)
    assert snapshot_of(state, NOW + 31 * MINUTE).sources == TopList((TopRow("new", 1),), 0)


def test_old_and_future_events() -> None:
    """Catching up after a stop shows old events without counting them as now."""
    snapshot = snapshot_of(state_of(at(31 * 60), at(-3600)))
    assert len(snapshot.stream) == 2
    assert snapshot.minutes.events == (*[0] * 29, 1)


def test_empty_batch() -> None:
    """Batches of failed records only have no events."""
    assert snapshot_of(state_of()).events_30m == 0


def test_rebuild_equals_having_seen_the_events() -> None:
    """After a restart the page must show what it showed before."""
    rows = [at(1700 - n * 17, visitor_id=f"v{n % 7}", page_path=f"/{n % 5}") for n in range(100)]
    state = LiveState()
    for row in rows:
        state.add(event_table([row]), row["event_time"])
    again = LiveState()
    again.add(event_table([at(5)]), NOW)
    again.rebuild(event_table(rows).select(LiveState.COLUMNS), NOW)
    ours, theirs = snapshot_of(again), snapshot_of(state)
    assert ours.minutes == theirs.minutes
    assert (ours.pages, ours.visitors_30m, ours.visitors_5m) == (
        theirs.pages,
        theirs.visitors_30m,
        theirs.visitors_5m,
    )


moments = st.integers(0, 40 * 60).map(lambda seconds: NOW - 40 * MINUTE + seconds * SECOND)
visitors = st.sampled_from(["a", "b", "c", None])
paths = st.sampled_from(["/", "/x", "/y", None])
names = st.sampled_from(["page_view", "click"])


@settings(max_examples=scaled(40, 1200), deadline=None)
@given(st.lists(st.tuples(moments, visitors, paths, names), max_size=60), st.data())
def test_equals_counting_by_hand(
    found: list[tuple[int, str | None, str | None, str]], data: st.DataObject
) -> None:
    """Whatever the batches, each number is what counting the events of the window gives."""
    found.sort(key=lambda event: event[0])
    state = LiveState()
    start = 0
    while start < len(found):
        size = data.draw(st.integers(1, 20))
        part = found[start : start + size]
        state.add(_table(part), part[-1][0])
        start += size
    snapshot = snapshot_of(state)
    first = NOW // MINUTE - 29
    window = [event for event in found if event[0] // MINUTE >= first]
    assert snapshot.events_30m == len(window)
    assert snapshot.visitors_30m == len({visitor for _, visitor, _, _ in window if visitor})
    assert snapshot.visitors_5m == len(
        {v for when, v, _, _ in window if v and when >= NOW - 5 * MINUTE}
    )
    assert snapshot.minutes.visitors == tuple(
        len({v for when, v, _, _ in window if v and when // MINUTE == first + minute})
        for minute in range(30)
    )
    views = Counter(path for _, _, path, name in window if path and name == "page_view")
    assert {row.value: row.count for row in snapshot.pages.rows} == views
    assert sum(snapshot.seconds.events) == sum(
        when // SECOND > NOW // SECOND - 300 for when, *_ in window
    )


def _table(part: list[tuple[int, str | None, str | None, str]]) -> pa.Table:
    return event_table(
        {"event_time": when, "visitor_id": visitor, "page_path": path, "event_name": name}
        for when, visitor, path, name in part
    )


def test_snapshot_types_do_not_import_arrow() -> None:
    """The studio reads snapshots and must stay light."""
    import subprocess
    import sys

    code = (
        "import sys, footfall.live; sys.exit('pyarrow' in sys.modules or 'polars' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=30, check=False).returncode == 0


def test_unknown_name() -> None:
    import footfall.live

    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = footfall.live.Nothing
