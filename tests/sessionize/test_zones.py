"""Local days: their numbers and beginnings, where clocks change and where apps differ."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from footfall.clock import HOUR, MINUTE, SECOND
from footfall.sessionize.zones import Zones

EPOCH = date(1970, 1, 1)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu"])
def test_a_day_is_the_date_and_begins_with_it(zone: str) -> None:
    """Through the nights in which clocks change; Sao Paulo's skip midnight itself."""
    apps, zones = pl.Series(["shop"]), Zones(zone)
    for night in ("2018-11-03", "2024-03-30", "2024-10-26"):
        first = round(datetime.fromisoformat(night).replace(tzinfo=UTC).timestamp()) * SECOND
        times = first + np.arange(0, 72 * HOUR, 15 * MINUTE)
        codes = np.zeros(len(times), np.int64)
        days = zones.days(apps, codes, times)
        local = [
            datetime.fromtimestamp(time // SECOND, UTC).astimezone(ZoneInfo(zone)).date()
            for time in times.tolist()
        ]
        assert days.tolist() == [(day - EPOCH).days for day in local]
        starts = zones.starts(apps, codes, days)
        assert (starts <= times).all()
        assert zones.days(apps, codes, starts).tolist() == days.tolist()
        assert zones.days(apps, codes, starts - 1).tolist() == (days - 1).tolist()


def test_apps_have_their_own() -> None:
    """At 23:30 UTC it is tomorrow in Berlin."""
    zones = Zones.of("UTC", {"shop": "Europe/Berlin"})
    time = np.full(2, 20_000 * 24 * HOUR + 23 * HOUR + 30 * MINUTE)
    apps, codes = pl.Series(["blog", "shop"]), np.array([0, 1])
    assert zones.days(apps, codes, time).tolist() == [20_000, 20_001]
    assert zones.began_by(int(time[0])) == 20_000 * 24 * HOUR
