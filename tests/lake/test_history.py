"""What a repair finds of earlier epochs: the rows of its visitors in its stretches, no others."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from footfall.clock import MINUTE
from footfall.event import TIMESTAMP
from footfall.lake import Lake, LakeHistory
from footfall.sessionize import EVENT_COLUMNS, REPAIR_SCHEMA
from footfall.testing.events import NOON_US, event_table, uuid_of

EPOCHS, ROWS = 3, 400


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """Half of an epoch is one visitor's, and two apps have visitors of the same names."""
    chance = random.Random(5)  # noqa: S311 (seeded on purpose)
    return [
        {
            "epoch": epoch,
            "event_id": uuid_of(f"{epoch} {number}"),
            "request_id": uuid_of(f"request {epoch} {number}"),
            "app_id": chance.choice(("blog", "shop")),
            "visitor_id": "heavy" if chance.random() < 0.5 else f"v{chance.randrange(6)}",
            "event_time": NOON_US + chance.randrange(60) * MINUTE,
            "page_url": chance.choice((None, "https://shop.example/")),
            "log_offset": number,
        }
        for epoch in range(1, EPOCHS + 1)
        for number in range(ROWS)
    ]


@pytest.fixture
def lake(tmp_path: Path, rows: list[dict[str, Any]]) -> Lake:
    lake = Lake(tmp_path / "lake", "default")
    for epoch in range(1, EPOCHS + 1):
        mine = event_table(row for row in rows if row["epoch"] == epoch)
        lake.commit("events", mine, epoch)
    return lake


def _ranges(*wanted: tuple[str, str, int, int]) -> pa.Table:
    names = [[one[place] for one in wanted] for place in range(2)]
    times = [
        pa.array([NOON_US + one[place] * MINUTE for one in wanted], pa.int64()).cast(TIMESTAMP)
        for place in (2, 3)
    ]
    return pa.Table.from_arrays([*map(pa.array, names), *times], schema=REPAIR_SCHEMA)


@pytest.mark.parametrize("epoch", [1, 3, EPOCHS + 1])
@pytest.mark.parametrize(
    "wanted",
    [
        [("shop", "heavy", 0, 60)],
        [("blog", "heavy", 0, 60), ("shop", "heavy", 30, 60)],
        [("shop", "heavy", 20, 30), ("blog", "v1", 0, 9), ("shop", "v1", 40, 41)],
        [("shop", f"v{number}", 10 * number, 59) for number in range(6)],
        [("shop", "nobody", 0, 60), ("blog", "heavy", 61, 90)],
    ],
    ids=["much of one", "much of two, apart", "some of three", "many", "nothing"],
)
def test_rows_of_the_ranges_and_of_earlier_epochs_are_found(
    lake: Lake, rows: list[dict[str, Any]], epoch: int, wanted: list[tuple[str, str, int, int]]
) -> None:
    """Both ends of a range are in it; the epoch that is done again does not find itself."""
    found = LakeHistory(lake, epoch).events(_ranges(*wanted))
    assert found.column_names == list(EVENT_COLUMNS)
    expected = event_table(
        row
        for row in rows
        if row["epoch"] < epoch
        and any(
            (row["app_id"], row["visitor_id"]) == (app, visitor)
            and low * MINUTE <= row["event_time"] - NOON_US <= high * MINUTE
            for app, visitor, low, high in wanted
        )
    ).select(EVENT_COLUMNS)
    assert sorted(map(str, found.to_pylist())) == sorted(map(str, expected.to_pylist()))
    assert found.schema.types == expected.schema.types
