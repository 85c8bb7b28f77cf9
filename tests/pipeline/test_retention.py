"""Old days go by age and by size; ledgers stay exact, and a row that is lost still shows."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from unittest import mock

import msgspec
import pytest

from footfall.cli.operating.doctor import _ledgers
from footfall.clock import DAY, HOUR
from footfall.errors import Conflict, Invalid
from footfall.lake import Lake, RetentionBound
from footfall.lake.maintenance.retention import drop_days, dropped_rows, first_kept_day
from footfall.metadata import Metadata
from footfall.pipeline import MaintenanceReport, maintain
from footfall.pipeline.consumers.needs import NOTHING
from footfall.pipeline.maintenance.retain import retention_bound
from footfall.pipeline.recovery.checkpoint import Checkpoints
from footfall.settings import load_settings
from footfall.testing.events import NOON_US, event_table
from footfall.testing.sim_clock import SimClock
from tests.pipeline.harness import START_US, Bench, event, request

SETTINGS = (
    "pipeline.epoch_age_max=10s",
    "pipeline.checkpoint_epochs=1",
    "log.keep_age_min=2m",
    "sessions.file_rows_min=1",
)
AGE = "lake.keep_age=8d"
DAYS = 12


class Homes:
    """Homes of twelve days, made once: each test gets one as it was, at the path it was made at."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._made: dict[tuple[str, ...], Bench] = {}

    def made_with(self, *overrides: str) -> Bench:
        """A home whose events were taken in under these settings."""
        root = self._directory / str(len(overrides))
        kept = root.with_suffix(".kept")
        if overrides not in self._made:
            self._made[overrides] = _run(root, *overrides)
            shutil.copytree(root, kept)
        shutil.rmtree(root)
        shutil.copytree(kept, root)
        bench = Bench(root, *SETTINGS, *overrides)
        bench.clock = SimClock(self._made[overrides].clock.now_us())
        bench.log = copy.deepcopy(self._made[overrides].log)
        return bench


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Homes:
    return Homes(tmp_path_factory.mktemp("homes"))


def _run(directory: Path, *overrides: str) -> Bench:
    """A request a day and more, with an event of the day and one a day late."""
    bench = Bench(directory, *SETTINGS, *overrides)
    pipeline = bench.pipeline()
    for day in range(DAYS):
        now = START_US + day * DAY
        bench.clock.advance(now - bench.clock.now_us())
        events = [event("v", now, 2 * day), event("w", now - DAY, 2 * day + 1)]
        bench.append([request(day, events, now), request(100 + day, [], now, body=b"{")])
        pipeline.finish()
    pipeline.close()
    return bench


def _set(bench: Bench, *overrides: str) -> None:
    """From now on these settings hold."""
    bench.settings = load_settings(overrides=(*SETTINGS, *overrides))


def _maintain(bench: Bench) -> MaintenanceReport:
    return maintain(bench.home, bench.settings, "default", clock=bench.clock)


def _days(bench: Bench) -> list[int]:
    files = Lake(bench.home.lake_dir, "default").data_files("events")
    return sorted({file.partition[0] for file in files})


def _bound(day: int, **changes: int) -> RetentionBound:
    now = NOON_US + day * DAY
    made = RetentionBound(epoch=99, now=now, floor=now, received=now, known_from=1)
    return msgspec.structs.replace(made, **changes)


def _lake(directory: Path, days: int = 5) -> Lake:
    lake = Lake(directory / "lake", "default", SimClock(NOON_US))
    for day in range(days):
        moment = NOON_US + day * DAY
        row = {"epoch": day + 1, "log_offset": day, "event_time": moment, "received_at": moment}
        lake.commit("events", event_table([row]), day + 1)
    return lake


@pytest.mark.parametrize("setting", [AGE, "lake.bytes_max=1KiB"])
def test_old_days_go_and_every_row_is_accounted_for(setting: str, homes: Homes) -> None:
    """By age, or by size down to the least age; doctor is content, and not with a row less."""
    bench = homes.made_with(AGE)
    _set(bench, setting, "lake.keep_age_min=8d")
    before = _days(bench)
    rows = bench.tables()["events"].num_rows
    report = _maintain(bench)
    last = (START_US + (DAYS - 2) * DAY) // DAY  # of the older of the two checkpoints
    assert (before[0], _days(bench)[0]) == (START_US // DAY - 1, last - 8)
    assert report.days_dropped == last - 8 - before[0]
    tables = bench.tables()
    assert 0 < tables["events"].num_rows < rows
    assert _ledgers(bench.home, "default")[0] == "good"
    assert _maintain(bench).days_dropped == 0
    lake = Lake(bench.home.lake_dir, "default")
    lake.replace("events", lake.data_files("events")[:1], ())
    state, message = _ledgers(bench.home, "default")
    assert (state, "all epochs: ledgers say" in message) == ("broken", True)


def test_nothing_goes_by_default(homes: Homes) -> None:
    """For ever is for ever."""
    bench = homes.made_with()
    before = _days(bench)
    assert _maintain(bench).days_dropped == 0
    assert _days(bench) == before


def test_death_between_two_tables_is_gone_on_with(homes: Homes) -> None:
    """The first table's commit decides the day, also when what is left would fit by then."""
    bench = homes.made_with(AGE)
    _set(bench, "lake.bytes_max=1KiB", "lake.keep_age_min=8d")
    real = Lake.replace

    def dying(lake: Lake, table: str, *arguments: object, **named: object) -> bool:
        if table == "sessions":
            raise Conflict("died")
        return real(lake, table, *arguments, **named)  # type: ignore[arg-type]  # as they came

    with mock.patch.object(Lake, "replace", dying), pytest.raises(Conflict):
        _maintain(bench)
    assert _ledgers(bench.home, "default")[0] == "good"
    large = msgspec.structs.replace(bench.settings.lake, bytes_max=1 << 40)
    bench.settings = msgspec.structs.replace(bench.settings, lake=large)
    assert _maintain(bench).rows_dropped > 0
    lake = Lake(bench.home.lake_dir, "default")
    first = dropped_rows(lake, "events").until
    for table in ("events", "sessions", "failed_events"):
        assert min(file.partition[0] for file in lake.data_files(table)) >= first
    assert _ledgers(bench.home, "default")[0] == "good"


def test_late_events_of_days_that_go_fail_and_are_kept(homes: Homes) -> None:
    """A day that went, or may go, is not made again by an event that comes after it."""
    bench = homes.made_with(AGE)
    went = _days(bench)[0]
    assert _maintain(bench).days_dropped > 0
    left = _days(bench)
    now = bench.clock.now_us()
    times = [now - 6 * DAY, went * DAY, now - 1 * DAY]
    bench.append([request(500, [event("x", at, 500 + n) for n, at in enumerate(times)], now)])
    bench.pipeline().finish()
    failed = bench.tables()["failed_events"].column("reason").to_pylist()
    assert failed.count("too_old") == 2
    assert _days(bench) == left
    assert _ledgers(bench.home, "default")[0] == "good"


def test_days_go_on_ageing_when_nobody_sends(homes: Homes) -> None:
    """Who promised to keep events for eight days keeps them no longer because the site is quiet."""
    bench = homes.made_with(AGE)
    _set(bench, AGE, "pipeline.checkpoint_epochs=100")
    pipeline = bench.pipeline()
    for _ in range(9):
        bench.clock.advance(DAY)
        pipeline.step()
        pipeline._take_commit(wait=True)
    pipeline.close()
    assert _maintain(bench).days_dropped > 0
    newest = (START_US + (DAYS - 1) * DAY) // DAY
    assert _days(bench) == [newest]
    assert _ledgers(bench.home, "default")[0] == "good"


def test_a_session_that_waits_for_repair_keeps_its_days(homes: Homes) -> None:
    """The repair reads its visitor's events back to where the chain of activity may begin."""
    bench = homes.made_with(AGE)
    _set(bench, AGE, "sessions.hot_age=1m", "sessions.repair_events_max=1")
    checkpoints = Checkpoints(bench.home.state_dir("default"))
    metadata = Metadata.open(bench.home, bench.clock)
    now = bench.clock.now_us()
    late = [event(visitor, now - DAY, 600 + n) for n, visitor in enumerate("vw")]
    bench.append([request(600, late, now)])
    pipeline = bench.pipeline()
    pipeline.step()
    pipeline.close_epoch()
    pipeline._take_commit(wait=True)
    assert checkpoints.oldest_pending(pipeline.epoch) == now - DAY
    pipeline.finish()
    assert checkpoints.oldest_pending(pipeline.epoch) is None
    pipeline.close()
    floors = []
    for waiting in (None, now - 10 * DAY, now - 20 * DAY):
        with mock.patch.object(Checkpoints, "oldest_pending", return_value=waiting):
            bound = retention_bound(metadata, "default", checkpoints, bench.settings, NOTHING.epoch)
        assert bound is not None
        floors.append(bound.floor)
    assert floors[2] == floors[1] - 10 * DAY
    assert floors[1] < floors[0]


def test_what_may_still_be_needed_stays(tmp_path: Path) -> None:
    """Ids within the horizon, rows after the oldest checkpoint, days after the floor."""
    settings = msgspec.structs.replace(load_settings().lake, keep_age=1 * DAY)
    kept = {
        "none": _bound(9),
        "horizon": _bound(9, received=NOON_US + 2 * DAY),
        "checkpoint": _bound(9, epoch=2),
        "floor": _bound(9, floor=NOON_US + 2 * DAY),
    }
    left = {}
    for name, bound in kept.items():
        lake = _lake(tmp_path / name)
        retained = drop_days(lake, first_kept_day(lake, settings, bound), bound)
        left[name] = 5 - retained.days
    assert left == {"none": 0, "horizon": 3, "checkpoint": 3, "floor": 3}


def test_bound_follows_plans_made_before_the_setting(homes: Homes) -> None:
    """An epoch planned when any age was taken may be redone with that rule."""
    bench = homes.made_with()
    settings = load_settings(overrides=(*SETTINGS, AGE))
    checkpoints = Checkpoints(bench.home.state_dir("default"))
    metadata = Metadata.open(bench.home, bench.clock)
    bound = retention_bound(metadata, "default", checkpoints, settings, NOTHING.epoch)
    assert bound is not None
    assert bound.floor < bound.now - 1100 * DAY
    bench.settings = settings
    assert _maintain(bench).days_dropped == 0


def test_too_short_ages_are_refused() -> None:
    """One sentence with the sum; without bytes_max its least age does not matter."""
    for overrides in (["lake.keep_age=7d"], ["lake.bytes_max=1GiB", "lake.keep_age_min=5d"]):
        with pytest.raises(Invalid) as error:
            load_settings(overrides=overrides)
        assert any("must be at least duplicates.horizon" in text for text in error.value.problems)
    assert load_settings(overrides=["lake.keep_age_min=5d"]).lake.keep_age is None
    assert load_settings(overrides=["lake.keep_age=8d"]).lake.keep_age == 8 * 24 * HOUR
