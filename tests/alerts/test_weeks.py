"""Which windows are odd, against a plain oracle over raw rows: DST, first weeks, least volume."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

from footfall.alerts.book import RuleBook
from footfall.alerts.rules.backtest import BackTest, backtesting
from footfall.alerts.rules.windows import WindowRules
from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.errors import Invalid
from footfall.home import Home
from footfall.metadata import Metadata
from footfall.metadata.alerts.store import AlertStore
from footfall.settings import RuleSettings, load_settings
from footfall.settings.alerts import read_rule
from footfall.testing.sim_clock import SimClock

WEEKS = 7
Row = tuple[int, str, float]
"""Time in microseconds, app, amount."""


def traffic(zone: str, start: datetime, seed: int) -> list[Row]:
    """Seven weeks that follow the clock on the wall, each hour some rows, now and then odd ones."""
    dice, rows = random.Random(seed), []  # noqa: S311
    local = ZoneInfo(zone)
    at, end = start.astimezone(UTC), start.astimezone(UTC) + timedelta(weeks=WEEKS)
    while at < end:
        hour = at.astimezone(local)
        usual = 2 + (hour.hour * 3 + hour.weekday()) % 17
        count = usual + dice.randrange(3)
        if dice.random() < 0.03:
            count = dice.choice((0, 4 * count))
        for _ in range(count):
            moment = round(at.timestamp() * SECOND) + dice.randrange(HOUR)
            rows.append((moment, dice.choice(("web", "shop")), dice.random() * usual))
        at += timedelta(hours=1)
    return rows


@contextmanager
def events_of(rows: Sequence[Row]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A view `events` over the rows, in a session whose time zone is not to matter."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        connection.execute("CREATE TABLE raw (moment BIGINT, app_id TEXT, amount DOUBLE)")
        insert(connection, rows)
        connection.execute(
            "CREATE VIEW events AS SELECT make_timestamptz(moment) AS event_time, app_id, amount"
            " FROM raw"
        )
        yield connection


def insert(connection: duckdb.DuckDBPyConnection, rows: Sequence[Row]) -> None:
    """Add rows."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    connection.register("given", pa.table(columns, ["moment", "app_id", "amount"]))
    connection.execute("INSERT INTO raw FROM given")
    connection.unregister("given")


def back_test(
    connection: duckdb.DuckDBPyConnection, rule: RuleSettings, since: int, until: int, zone: str
) -> BackTest:
    """The back-test, its statements run as they are."""
    testing = backtesting(rule, load_settings().sessions, since, until, zone)
    ask = next(testing)
    while True:
        found = connection.execute(ask.statement.text, [*ask.statement.values]).fetchall()
        assert len(found) <= ask.rows_max
        try:
            ask = testing.send([list(row) for row in found])
        except StopIteration as end:
            result: BackTest = end.value
            return result


def odd(
    rule: RuleSettings, rows: Sequence[Row], ends: Sequence[int], zone: str
) -> dict[int, tuple[float, float]]:
    """Value and expected value of each window that fires: the definition, from the rows alone.

    The same window of a week before is the one that starts when clocks show the same, so it is
    looked for among all quarters of hours.
    """
    mine = [row for row in rows if rule.app in ("", row[1])]
    shown: dict[datetime, list[int]] = {}
    begin = min(at for at, *_ in rows) // DAY * DAY - 2 * DAY
    for quarter in range(begin, max(ends) + DAY, 15 * MINUTE):
        shown.setdefault(wall(quarter, zone), []).append(quarter)
    first = min(at for at, *_ in mine)
    by_minute: dict[int, list[Row]] = {}
    for row in mine:
        by_minute.setdefault(row[0] // MINUTE, []).append(row)

    def measured(start: int) -> tuple[int, float | None]:
        minutes = range(start // MINUTE, (start + rule.window_us) // MINUTE)
        found = [row for minute in minutes for row in by_minute.get(minute, ())]
        if rule.measure == "count":
            return len(found), float(len(found))
        return len(found), statistics.fmean(row[2] for row in found) if found else None

    fires = {}
    for end in ends:
        start = end - rule.window_us
        here = wall(start, zone)
        offset = here - datetime.fromtimestamp(start // SECOND, UTC).replace(tzinfo=None)
        past = []
        for week in range(1, rule.weeks + 1):
            # Of an hour that comes twice: that of the window's own offset, else the first.
            same = shown.get(here - timedelta(weeks=week), [])
            own = [
                one
                for one in same
                if wall(one, zone) - datetime.fromtimestamp(one // SECOND, UTC).replace(tzinfo=None)
                == offset
            ]
            past += [measured(one) for one in (own or same)[:1] if one >= first]
        count, value = measured(start)
        usual = [one for _, one in past if one is not None]
        if value is None or len(usual) < 2 or end <= first:
            continue
        if max(count, statistics.median(rows for rows, _ in past)) < rule.minimum:
            continue
        middle = statistics.median(usual)
        spread = 1.4826 * statistics.median(abs(one - middle) for one in usual)
        scale = max(spread, 0.05 * abs(middle))
        off = (value - middle) / scale if scale else (value > middle) - (value < middle) * 1e9
        if abs(off) > rule.deviations and (
            rule.direction == "both" or (off > 0) == (rule.direction == "up")
        ):
            fires[end] = (value, middle)
    return fires


def wall(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at // SECOND, ZoneInfo(zone)).replace(tzinfo=None)


CASES: dict[str, tuple[str, datetime, dict[str, Any]]] = {
    "berlin, summer time ends": (
        "Europe/Berlin",
        datetime(2026, 10, 1, tzinfo=UTC),
        {"window": "1h", "deviations": 4.0},
    ),
    "new york, it begins": (
        "America/New_York",
        datetime(2026, 2, 14, tzinfo=UTC),
        {"window": "2h", "every": "1h", "deviations": 3.0, "direction": "down"},
    ),
    "lord howe, by half an hour": (
        "Australia/Lord_Howe",
        datetime(2026, 3, 10, tzinfo=UTC),
        {"window": "1h", "deviations": 3.0, "app": "web", "minimum": 5},
    ),
    "utc, a mean": (
        "UTC",
        datetime(2026, 10, 1, tzinfo=UTC),
        {"window": "6h", "measure": "value", "of": "avg(amount)", "deviations": 2.0, "weeks": 3},
    ),
    "days": (
        "Europe/Berlin",
        datetime(2026, 10, 1, tzinfo=UTC),
        {"window": "1d", "deviations": 2.0, "direction": "up"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_odd_is_what_the_definition_says(case: str) -> None:
    """From the first row on, over a change of clocks: each firing, its value and its usual one."""
    zone, start, options = CASES[case]
    rule = read_rule("odd", {"kind": "anomaly", **options})
    rows = traffic(zone, start, len(case))
    first = min(at for at, *_ in rows)
    since, until = first - 3 * DAY, first + WEEKS * 7 * DAY - HOUR
    with events_of(rows) as connection:
        found = back_test(connection, rule, since, until, zone)
    every = rule.every_us
    ends = range(since // every * every + every, until // every * every + 1, every)
    expected = odd(rule, rows, ends, zone)
    assert len(expected) >= 3
    assert {one.at for one in found.firings} == set(expected)
    for one in found.firings:
        value, usual = expected[one.at]
        assert one.details["value"] == pytest.approx(value)
        assert one.details["expected"] == pytest.approx(usual)
    assert found.series[0].at > first  # before the first row there was nobody


def test_the_same_hour_is_the_same_on_the_wall() -> None:
    """By UTC each Monday morning after the change of clocks would be odd, and the real one not."""
    zone, opens = "Europe/Berlin", 9
    rows = []
    for day in range(5 * 7):
        local = datetime(2026, 9, 28, opens, tzinfo=ZoneInfo(zone)) + timedelta(days=day)
        start = round(local.timestamp() * SECOND)
        rows += [(start + number * 30 * SECOND, "web", 1.0) for number in range(100)]
    until = max(at for at, *_ in rows) + HOUR
    rule = read_rule("odd", {"kind": "anomaly", "window": "1h", "weeks": 3})
    with events_of(rows) as connection:
        here = back_test(connection, rule, until - 8 * DAY, until, zone)
        there = back_test(connection, rule, until - 8 * DAY, until, "UTC")
    assert here.fired == 0
    assert there.fired > 10


def test_time_zone_is_the_rules_the_apps_or_utc(tmp_path: Path) -> None:
    """And nothing that is none."""
    rule = read_rule("r", {"kind": "anomaly", "app": "web"})
    book = RuleBook({}, {}, frozenset(), frozenset(), {"web": "Asia/Tokyo"})
    own = read_rule("r", {"kind": "anomaly", "app": "web", "time_zone": "Europe/Rome"})
    every_app = read_rule("r", {"kind": "anomaly"})
    assert [book.zone_of(one) for one in (rule, own, every_app)] == [
        "Asia/Tokyo",
        "Europe/Rome",
        "UTC",
    ]
    with pytest.raises(Invalid, match="time_zone is an IANA name"):
        read_rule("r", {"kind": "anomaly", "time_zone": "Europe/Nowhere"})


def test_live_windows_are_those_of_the_back_test(tmp_path: Path) -> None:
    """Looked at one turn after another, over a change of clocks, with rows that come late."""
    zone = "Europe/Berlin"
    rows = traffic(zone, datetime(2026, 10, 5, tzinfo=UTC), 5)
    first = min(at for at, *_ in rows)
    since, until = first + 14 * DAY, first + 4 * 7 * DAY
    options = {"kind": "anomaly", "window": "1h", "deviations": 4.0, "time_zone": zone}
    rule = read_rule("odd", options)
    book = RuleBook({"odd": rule}, {}, frozenset(), frozenset())
    late = [row for row in rows if row[0] % 40 == 0 and since < row[0] < until]
    metadata, clock = Metadata.open(Home(tmp_path)), SimClock(since)
    metadata.create_project("default")
    store = AlertStore(metadata, "default")
    store.begin(["odd"], since)
    settings = load_settings(overrides=("alerts.revise_age_max=30d",))
    with closing(metadata), events_of([row for row in rows if row not in set(late)]) as connection:
        rules = WindowRules(
            store, settings, "default", clock, Asked(connection), lambda: book, lambda: None
        )
        for days in range(1, 15):
            rules._watermark = since + days * DAY
            while rules.turn():
                pass
        insert(connection, late)
        rules.late(book, "events", min(at for at, *_ in late))
        while rules.turn():
            pass
        again = back_test(connection, rule, since, until, zone)
        with store.deciding() as decision:
            fired = decision.within("odd", since, until)
    states = {one.state for one in fired.values()}
    assert states == {"firing", "withdrawn"}
    standing = {one.at: one.details for one in fired.values() if one.state == "firing"}
    assert set(standing) == {one.at for one in again.firings}


def test_nothing_fires_before_there_was_anybody(tmp_path: Path) -> None:
    """A measure below its bound, or absent, before the first row of its app: of no interest."""
    start = round(datetime(2026, 10, 5, 12, tzinfo=UTC).timestamp() * SECOND)
    rows = [(start + minute * MINUTE, "web", 1.0) for minute in (90, 91, 150)]
    rules = {
        "few": read_rule("few", {"kind": "metric", "window": "10m", "below": 2, "app": "web"}),
        "none": read_rule("none", {"kind": "metric", "measure": "absence", "window": "30m"}),
        "other": read_rule("other", {"kind": "metric", "window": "10m", "below": 2, "app": "x"}),
    }
    book = RuleBook(rules, {}, frozenset(), frozenset())
    metadata = Metadata.open(Home(tmp_path))
    metadata.create_project("default")
    store = AlertStore(metadata, "default")
    store.begin([*rules], start)
    fired: dict[str, list[int]] = {}
    with closing(metadata), events_of(rows) as connection:
        live = WindowRules(
            store,
            load_settings(),
            "default",
            SimClock(start),
            Asked(connection),
            lambda: book,
            lambda: None,
        )
        live._watermark = start + 3 * HOUR
        while live.turn():
            pass
        for name, rule in rules.items():
            with store.deciding() as decision:
                within = decision.within(name, start, start + 3 * HOUR)
            fired[name] = sorted((one.at - start) // MINUTE for one in within.values())
            tested = back_test(connection, rule, start, start + 3 * HOUR, "UTC")
            assert [(one.at - start) // MINUTE for one in tested.firings] == fired[name]
    assert fired == {
        "few": [110, 120, 130, 140, 150, 160, 170, 180],
        "none": [150],
        "other": [],
    }


class Asked:
    """Runs statements on a connection; see `footfall.alerts.rules.windows.Ask`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def __call__(self, sql: str, values: Sequence[Any], rows_max: int) -> list[list[Any]]:
        found = self.connection.execute(sql, [*values]).fetchall()
        assert len(found) <= rows_max
        return [list(row) for row in found]

    def close(self) -> None:
        """Nothing to end."""
