"""What a home takes is what its files take; when the disk is full follows from the last days."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.cli.main import run
from footfall.clock import DAY, HOUR
from footfall.errors import Invalid
from footfall.home import Home
from footfall.ledger import Ledger
from footfall.machine.disk import DiskMeter, Growth, days_until_full, measure
from footfall.metadata import Metadata
from footfall.positions import Positions
from footfall.settings import Settings, load_settings
from footfall.testing import SimClock

START = 20_000 * DAY
GIB = 1 << 30
MIB = 1 << 20


class _Usage(NamedTuple):
    total: int
    used: int
    free: int


def _home(tmp_path: Path, epochs: Iterable[tuple[int, int]], clock: SimClock) -> Home:
    """Epochs as (hours after the one before, requests); a log and a lake of known sizes."""
    home = Home(tmp_path / "home")
    metadata = Metadata.open(home, clock)
    metadata.create_project("default")
    offset = 0
    for number, (hours, requests) in enumerate(epochs, start=1):
        clock.advance(hours * HOUR)
        metadata.plan_epoch(
            "default",
            number,
            log_from=Positions((offset,)),
            log_to=Positions((offset + requests,)),
            watermark=0,
            plan="{}",
        )
        metadata.commit_epoch("default", number, Ledger())
        offset += requests
    metadata.close()
    return home


def _write(file: Path, size: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    os.truncate(file, size)


def _settings(*overrides: str) -> Settings:
    return load_settings(overrides=overrides)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: _Usage(400 * GIB, 300 * GIB, 100 * GIB))


@pytest.mark.usefixtures("free")
def test_sizes_and_growth_of_a_known_home(tmp_path: Path) -> None:
    """A million requests in ten days; each takes 1 KiB of lake, and of log while it is kept."""
    clock = SimClock(START)
    home = _home(tmp_path, [(24, 100_000)] * 10, clock)
    clock.advance(24 * HOUR)
    _write(home.lake_dir / "default" / "events" / "data" / "a.parquet", 1_000_000 * 1024)
    _write(home.log_dir("default") / f"{900_000:020d}.db", 60_000 * 1024)
    _write(home.log_dir("default") / f"{900_000:020d}.db-wal", 40_000 * 1024)
    _write(home.tail_dir("default") / "events-1.arrow", 5)
    _write(home.state_dir("default") / "checkpoint-1" / "sessions.arrow", 7)
    found = measure(home, "default", _settings("log.keep_age_min=3d"), clock)
    assert (found.lake_bytes, found.log_bytes) == (1_000_000 * 1024, 100_000 * 1024)
    assert (found.tail_bytes, found.state_bytes) == (5, 7)
    assert found.metadata_bytes == sum(f.stat().st_size for f in home.root.glob("metadata.db*"))
    assert (found.free_bytes, found.total_bytes) == (100 * GIB, 400 * GIB)
    # Of the last seven days: seven epochs of 100,000, from the first of them until now.
    per_day = 7 * 100_000 * 1024 / 7
    assert found.growth_bytes_per_day == round(2 * per_day)
    # The log goes on to three days of requests, then only the lake grows.
    assert found.days_until_full == pytest.approx((100 * GIB - 2 * per_day) / per_day)
    assert found.alarms == ()


@pytest.mark.usefixtures("free")
def test_alarms_name_what_is_about_to_end(tmp_path: Path) -> None:
    """Each bound by itself; a bound that the log cannot keep is told, never enforced."""
    clock = SimClock(START)
    home = _home(tmp_path, [(1, 10_000_000)] * 2, clock)
    clock.advance(1 * HOUR)
    _write(home.lake_dir / "default" / "a.parquet", 20 * GIB)
    _write(home.log_dir("default") / f"{0:020d}.db", 200 * MIB)
    assert "full in 0." in "".join(measure(home, "default", _settings(), clock).alarms)
    quiet = _settings("disk.alarm_before=1h")
    assert measure(home, "default", quiet, clock).alarms == ()
    bounded = _settings("disk.alarm_before=1h", "log.bytes_max=100MiB")
    (alarm,) = measure(home, "default", bounded, clock).alarms
    assert alarm.startswith("the log is larger than log.bytes_max, 200 MiB")
    tight = _settings("disk.alarm_before=1h", "disk.free_min=101GiB")
    (alarm,) = measure(home, "default", tight, clock).alarms
    assert alarm.startswith("less than disk.free_min is free")


def test_too_little_says_nothing(tmp_path: Path) -> None:
    """A forecast from the first minutes would frighten or lull."""
    clock = SimClock(START)
    nothing = measure(Home(tmp_path / "none"), "default", _settings(), clock)
    assert (nothing.growth_bytes_per_day, nothing.days_until_full) == (None, None)
    home = _home(tmp_path, [(0, 5000)], clock)
    clock.advance(HOUR // 2)
    assert measure(home, "default", _settings(), clock).growth_bytes_per_day is None
    clock.advance(HOUR)
    assert measure(home, "default", _settings(), clock).growth_bytes_per_day is not None


def test_days_of_the_worked_example() -> None:
    """As the module's text has it."""
    parts = [Growth(2.0), Growth(5.0, 30.0)]
    assert days_until_full(100.0, parts) == pytest.approx(35.0)
    assert days_until_full(100.0, [Growth(5.0, 30.0)]) is None
    assert days_until_full(100.0, []) is None


@given(
    st.floats(1, 1e6),
    st.lists(st.tuples(st.just(0.0) | st.floats(0.1, 1e4), st.floats(0, 1e6)), max_size=4),
)
def test_at_the_forecast_day_the_disk_is_full(
    free_bytes: float, parts: list[tuple[float, float]]
) -> None:
    """Held against the sum of what each part has taken by then."""
    growth = [Growth(rate, room) for rate, room in parts]
    days = days_until_full(free_bytes, growth)
    if days is None:
        assert sum(room for rate, room in parts if rate) <= free_bytes * (1 + 1e-6) + 10
    else:
        taken = sum(min(rate * days, room) for rate, room in parts)
        assert taken == pytest.approx(free_bytes, rel=1e-6, abs=10)


def test_meter_looks_once_an_interval(tmp_path: Path) -> None:
    """A page that asks each second must not walk a lake of a hundred thousand files each time."""
    clock = SimClock(START)
    meter = DiskMeter(Home(tmp_path), "default", _settings(), clock, interval=HOUR)
    _write(tmp_path / "tail" / "default" / "a", 3)
    assert meter().tail_bytes == 3
    _write(tmp_path / "tail" / "default" / "b", 4)
    assert meter().tail_bytes == 3
    clock.advance(HOUR)
    assert meter().tail_bytes == 7


def test_bound_is_a_size_or_unlimited() -> None:
    """Anything else is a mistake that the message helps to mend."""
    assert load_settings().log.bytes_max is None
    assert _settings("log.bytes_max=1GiB").log.bytes_max == GIB
    with pytest.raises(Invalid, match='such as "64MiB" or "unlimited"'):
        load_settings(overrides=["log.bytes_max=5"])


def test_status_tells_people_and_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alarm that only an API knows wakes nobody."""
    clock = SimClock(START)
    home = _home(tmp_path, [(1, 2000)], clock)
    _write(home.tail_dir("default") / "a", 3 * MIB)
    home.settings_file.write_text('[disk]\nfree_min = "1000000GiB"\n')
    shown = []
    for more in ([], ["--json"]):
        monkeypatch.setattr("sys.argv", ["footfall", "status", "--home", str(home.root), *more])
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code == 0
        shown.append(capsys.readouterr().out)
    assert "tail 3.0 MiB" in shown[0]
    assert "\nalarm      less than disk.free_min is free" in shown[0]
    disk = json.loads(shown[1])["disk"]
    assert disk["tail_bytes"] == 3 * MIB
    assert len(disk["alarms"]) == 1
