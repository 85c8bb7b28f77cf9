"""Days long past cost an epoch nothing more: their rows wait, are seen, and are written in bulk."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest

from footfall.clock import DAY, HOUR, MINUTE, SECOND
from footfall.lake import TABLES, Lake
from footfall.lake.maintenance.rewrite import Rewriter
from footfall.lake.tables.days import is_waiting
from footfall.metadata import Metadata
from footfall.pipeline import maintain
from footfall.pipeline.epoch.plan import Rules
from footfall.query.engine import Engine
from footfall.request import Request
from footfall.settings import load_settings
from tests.pipeline import test_pipeline as pipelines
from tests.pipeline.harness import START_US, Bench, Crash, Faults, event, request
from tests.scale import scaled

DAILY = ("events", "sessions", "failed_events")
SETTINGS = ("pipeline.epoch_age_max=10s", "pipeline.checkpoint_epochs=1", "sessions.gap=5m")
YEARS = scaled(400, 1_098)
"""Days back that the first test sends an event of each."""
GAP = 5 * MINUTE


def _history(count: int, now: int, first: int = 0) -> list[dict[str, Any]]:
    """An event of each of `count` days back from now, all of one visitor."""
    return [event(f"v{first}", now - place * DAY, first + place) for place in range(count)]


def _work(bench: Bench, requests: Iterable[Request]) -> None:
    """One epoch of these requests, committed."""
    pipeline = bench.pipeline()
    bench.append(requests)
    pipeline.step()
    bench.clock.advance(20 * SECOND)
    pipeline.step()
    pipeline._take_commit(wait=True)
    pipeline.finish()
    pipeline.close()


def _seen(bench: Bench) -> tuple[list[Any], list[Any]]:
    """Events and sessions that a statement sees, by the newest cut."""
    engine = Engine(bench.home, "default", bench.settings.query)
    try:
        events = "SELECT event_id, event_time, session_id FROM events ORDER BY ALL"
        sessions = "SELECT session_id, started_at, ended_at, events FROM sessions ORDER BY ALL"
        return tuple(
            [tuple(row.values()) for row in engine.run(sql).table.to_pylist()]
            for sql in (events, sessions)
        )  # type: ignore[return-value]
    finally:
        engine.close()


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1000) * 1000


def _sessions(times: Iterable[int]) -> list[tuple[int, int, int]]:
    """Of one visitor's events by the definition: start, end, events."""
    made: list[list[int]] = []
    for time in sorted(times):
        if made and time - made[-1][-1] <= GAP:
            made[-1].append(time)
        else:
            made.append([time])
    return [(one[0], one[-1], len(one)) for one in made]


def _check(bench: Bench, times: Iterable[int]) -> None:
    """What readers see is what was sent, once, in the sessions of the definition."""
    times = [time // 1000 * 1000 for time in times]
    events, sessions = _seen(bench)
    assert sorted(_us(row[1]) for row in events) == sorted(times)
    assert len({row[0] for row in events}) == len(times)
    found = sorted((_us(row[1]), _us(row[2]), row[3]) for row in sessions)
    assert found == _sessions(times)
    assert Counter(row[2] for row in events) == {row[0]: row[3] for row in sessions}


def _added(lake: Lake, table: str) -> list[int]:
    """Data files that each commit added, of snapshots that are kept; two may be of one commit."""
    return [
        int(snapshot.summary.additional_properties.get("added-data-files", "0"))
        for snapshot in lake.table(table).metadata.snapshots
        if snapshot.summary is not None
    ]


def _waiting(lake: Lake, *tables: str) -> int:
    return sum(
        file.record_count
        for table in tables or DAILY
        for file in lake.data_files(table)
        if is_waiting(table, file)
    )


@pytest.mark.slow
def test_years_of_days_cost_an_epoch_a_handful_of_files(tmp_path: Path) -> None:
    """One request of a server key with an event of each day of years, again with every epoch.

    It made a file for each, a table and epoch. All of it is seen at once, by cut and by table, and
    goes to its days a hundred at a time.
    """
    bench = Bench(tmp_path, *SETTINGS)
    times: list[int] = []
    for epoch in range(3):
        now = bench.clock.now_us()
        events = _history(YEARS, now, epoch * YEARS)
        times += [now - place * DAY for place in range(YEARS)]
        _work(bench, [request(epoch, events, now, trusted=True)])
        bench.clock.advance(10 * MINUTE)
    lake = Lake(bench.home.lake_dir, "default")
    live = bench.settings.lake.live_days
    for table in DAILY:
        assert max(_added(lake, table), default=0) <= live + 1
        assert sum(_added(lake, table)) <= 2 * 3 * (live + 2)
    assert lake.plan("events").rows == len(times)
    assert _waiting(lake, "events") >= 3 * (YEARS - live - 1)
    assert _waiting(lake, "sessions") >= YEARS - live - 1  # those of one repair an epoch besides
    _check(bench, times)  # before any bulk write

    report = maintain(bench.home, bench.settings, "default", clock=bench.clock)
    placed = bench.settings.lake.bulk_days_max
    days = {file.partition[0] for file in lake.data_files("events") if len(file.partition)}
    assert placed <= len(days) <= placed + live + 1
    assert max(_added(lake, "events")) <= placed + 1
    assert report.events_waiting == 3 * (YEARS - len(days))
    assert report.waiting_since is not None
    assert START_US - SECOND <= report.waiting_since <= START_US + MINUTE
    bench.pipeline().finish()
    _check(bench, times)


def test_everything_gets_to_its_day_in_bounded_commits(tmp_path: Path) -> None:
    """Rows of more days than one commit may write wait for the next, until none waits."""
    days = scaled(23, 200)
    most = 5
    bench = Bench(
        tmp_path,
        *SETTINGS,
        f"lake.bulk_days_max={most}",
        "lake.snapshots_max=1000",
        "lake.live_days=1",
    )
    now = bench.clock.now_us()
    _work(bench, [request(0, _history(days, now), now, trusted=True)])
    lake = Lake(bench.home.lake_dir, "default")
    left = [_waiting(lake)]
    while left[-1]:
        bench.clock.advance(HOUR)
        maintain(bench.home, bench.settings, "default", clock=bench.clock)
        assert lake.read("events").num_rows == days
        left.append(_waiting(lake))
        assert left[-1] < left[-2]
    assert len(left) - 1 == -(-(left[0] // 2) // most)
    assert max(_added(lake, "events")) <= most
    for table, is_today_open in (("events", 0), ("sessions", 1)):
        found = Counter(file.partition[0] for file in lake.data_files(table))
        assert found == Counter(range(now // DAY - days + 1, now // DAY + 1 - is_today_open))
    bench.pipeline().finish()
    _check(bench, [now - place * DAY for place in range(days)])


def test_what_anybody_sends_of_years_fails_with_its_payload(tmp_path: Path) -> None:
    """The same request with a public write id: days are taken, the rest is kept as failed."""
    bench = Bench(tmp_path, *SETTINGS)
    now = bench.clock.now_us()
    _work(bench, [request(0, _history(YEARS, now), now)])
    days = bench.settings.clock.event_age_max // DAY + 1
    tables = bench.tables()
    taken = [now - place * DAY for place in range(days)]
    _check(bench, taken)
    failed = tables["failed_events"].to_pylist()
    assert Counter(row["reason"] for row in failed) == {"too_old": YEARS - days}
    ids = {json.loads(row["payload"])["event_id"] for row in failed}
    assert len(ids) == YEARS - days
    ledger = Metadata.open(bench.home).ledger("default")
    assert ledger.problems() == []
    assert (ledger.records, ledger.events, ledger.failed) == (YEARS, days, YEARS - days)
    lake = Lake(bench.home.lake_dir, "default")
    for table in DAILY:
        assert sum(_added(lake, table)) <= 2 * (bench.settings.lake.live_days + 2)


def test_old_days_go_on_being_the_age_that_the_plan_says(tmp_path: Path) -> None:
    """An epoch that is redone after the settings changed decides as it did."""
    bench = Bench(tmp_path, *SETTINGS)
    now = bench.clock.now_us()
    pipeline = bench.pipeline()
    requests = [
        request(0, _history(30, now), now),
        request(1, _history(30, now, 100), now, trusted=True),
    ]
    bench.append(requests)
    pipeline.step()
    with mock.patch.object(type(pipeline._committer), "commit", side_effect=Crash):
        pipeline.close_epoch()
        pipeline._executor.shutdown()
    changed = load_settings(
        overrides=(*SETTINGS, "clock.event_age_max=2d", "clock.event_age_trusted_max=3d")
    )
    bench.settings = changed
    bench.pipeline().finish()
    assert bench.tables()["events"].num_rows == 15 + 30


def test_retention_bounds_both_ages() -> None:
    """Who has a server key makes no day again that was dropped, either."""
    clock = Rules.of(load_settings(overrides=["lake.keep_age=30d"])).clock
    assert clock.event_age_max == 14 * DAY
    assert 23 * DAY < clock.event_age_trusted_max < 24 * DAY
    clock = Rules.of(load_settings(overrides=["lake.keep_age=12d"])).clock
    assert clock.event_age_max == clock.event_age_trusted_max < 6 * DAY


# Deaths


OLD = (*pipelines.SETTINGS, "lake.live_days=1", "lake.bulk_days_max=3", "lake.waiting_age_max=1ms")


def traffic(seed: int, batches: int) -> list[list[Request]]:
    """As `test_pipeline`'s, and with each batch a request of days past: joins, repeats, splits."""
    chance = random.Random(seed)  # noqa: S311 (seeded on purpose)
    made = []
    for number, requests in enumerate(pipelines._traffic(seed, batches)):
        now = START_US + number * 90 * SECOND
        events = []
        for place in range(chance.randint(3, 8)):
            at = now - chance.randint(2, 9) * DAY - chance.choice([0, 2, 4, 7, 11]) * MINUTE
            identity = 10_000 + chance.randrange(100 * (number + 1))
            events.append(event(f"v{chance.randrange(2)}", at, identity + place))
        made.append([*requests, request(5_000 + number, events, now + 9, trusted=True)])
    return made


@pytest.mark.slow
def test_death_at_every_effect_changes_nothing(tmp_path: Path) -> None:
    """With rows that wait in every epoch; the same lake as one where nothing waits."""
    batches = traffic(11, 3)
    plain = Bench(tmp_path / "plain", *pipelines.SETTINGS, "lake.live_days=10000")
    pipeline = plain.pipeline()
    pipelines._drive(plain, pipeline, batches)
    pipeline.finish()
    expected = pipelines._comparable(plain.tables())
    whole, faults = Bench(tmp_path / "whole", *OLD), Faults()
    pipeline = whole.pipeline(faults)
    pipelines._drive(whole, pipeline, batches)
    pipeline.finish()
    assert pipelines._comparable(whole.tables()) == expected
    assert _waiting(Lake(whole.home.lake_dir, "default"))
    assert not _waiting(Lake(plain.home.lake_dir, "default"))
    for die_at in range(3, faults.count + 1, scaled(31, 3)):
        bench = Bench(tmp_path / str(die_at), *OLD)
        assert pipelines._survives(bench, batches, die_at) == expected, f"{die_at=}"


class Killed(Exception):  # noqa: N818
    """The process died here."""


@pytest.mark.slow
def test_death_anywhere_in_bulk_writes_shows_nothing(tmp_path: Path) -> None:
    """Killed before or after any step of maintenance: readers and the pipeline go on, exactly."""
    bench, plain = (
        Bench(tmp_path / "a", *OLD, "lake.fold_rows=1"),
        Bench(tmp_path / "b", *pipelines.SETTINGS, "lake.live_days=10000"),
    )
    batches = traffic(12, 6)
    for one in (bench, plain):
        pipeline = one.pipeline()
        pipelines._drive(one, pipeline, batches[:4])
        pipeline.finish()
    expected = _seen(bench)
    assert expected == _seen(plain)
    die_at, is_done = 0, False
    while not is_done:
        die_at += scaled(21, 1)
        count = [0]

        def dying(
            real: Callable[..., Any], count: list[int] = count, die_at: int = die_at
        ) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                for act in (lambda: None, lambda: real(*arguments, **named)):
                    result = act()
                    count[0] += 1
                    if count[0] == die_at:
                        raise Killed
                return result

            return call

        with (
            mock.patch.object(Lake, "replace", dying(Lake.replace)),
            mock.patch.object(Lake, "writer", dying(Lake.writer)),
            mock.patch.object(Rewriter, "forget", dying(Rewriter.forget)),
        ):
            try:
                maintain(bench.home, bench.settings, "default", clock=bench.clock)
                is_done = True
            except Killed:
                pass
        assert _seen(bench) == expected
        bench.pipeline().finish()
        assert _seen(bench) == expected
        bench.clock.advance(SECOND)
    for one in (bench, plain):
        pipeline = one.pipeline()
        pipelines._drive(one, pipeline, batches[4:])
        pipeline.finish()
    assert _seen(bench) == _seen(plain)


# What decides by day


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(scaled(1, 20)))
def test_rows_that_waited_end_as_those_that_did_not(seed: int, tmp_path: Path) -> None:
    """After folding every table is equal: no revision or note is left behind where rows waited."""
    tables = []
    for name, live in (("waits", "1"), ("plain", "10000")):
        bench = Bench(tmp_path / name, *OLD, "lake.fold_rows=1", f"lake.live_days={live}")
        batches = traffic(20 + seed, scaled(4, 8))
        half = len(batches) // 2
        for part in (batches[:half], batches[half:]):
            pipeline = bench.pipeline()
            pipelines._drive(bench, pipeline, part)
            pipeline.finish()
            pipeline.close()
            lake = Lake(bench.home.lake_dir, "default")
            assert bool(_waiting(lake)) == (live == "1")
            maintain(bench.home, bench.settings, "default", clock=bench.clock)
        tables.append(pipelines._comparable({name: lake.read(name) for name in TABLES}))
    assert tables[0] == tables[1]
    assert tables[0]["sessions"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(scaled(1, 12)))
def test_state_is_made_again_from_rows_that_wait(seed: int, tmp_path: Path) -> None:
    """No checkpoint and a trimmed log: ids and sessions come from the lake, waiting or not."""
    ends = []
    for is_lost in (False, True):
        bench = Bench(tmp_path / str(is_lost), *OLD)
        batches = traffic(40 + seed, 8)
        pipeline = bench.pipeline()
        pipelines._drive(bench, pipeline, batches[:5])
        if is_lost:
            bench.log.trim(pipeline.truth.log_to)
            state = bench.home.state_dir("default")
            for path in state.glob("checkpoint-*"):
                path.rename(state / f"damaged-{path.name}")
            pipeline = bench.pipeline()
        pipelines._drive(bench, pipeline, batches[5:])
        pipeline.finish()
        ends.append(pipelines._comparable(bench.tables()))
        assert _waiting(Lake(bench.home.lake_dir, "default"))
    assert ends[0] == ends[1]


@pytest.mark.slow
def test_old_days_leave_the_lake_though_they_waited(tmp_path: Path) -> None:
    """Retention drops days whole; what waits of them gets there first, and all is accounted for."""
    bench = Bench(tmp_path, *SETTINGS, "lake.bulk_days_max=2", "lake.waiting_age_max=400d")
    now = bench.clock.now_us()
    _work(bench, [request(0, _history(40, now), now, trusted=True)])
    maintain(bench.home, bench.settings, "default", clock=bench.clock)  # the first is always due
    lake = Lake(bench.home.lake_dir, "default")
    assert _waiting(lake) > 40
    bench.settings = load_settings(overrides=(*SETTINGS, "lake.keep_age=20d"))
    for day in range(1, 8):
        bench.clock.advance(DAY)
        now = bench.clock.now_us()
        _work(bench, [request(day, _history(1, now, 1_000 + day), now)])
    report = maintain(bench.home, bench.settings, "default", clock=bench.clock)
    oldest = bench.clock.now_us() // DAY - 20
    kept = lake.read("events").column("event_time").to_pylist()
    assert min(_us(time) for time in kept) // DAY >= oldest - 1
    assert len(kept) + report.rows_dropped // 2 == 47
    assert msgspec.json.decode(
        (bench.home.maintenance_dir("default") / "report.json").read_bytes()
    )["days_dropped"]
