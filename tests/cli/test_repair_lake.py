"""Data files of the lake: what is lost with one is made again from the log, or stated."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import footfall
from footfall.cli.main import app
from footfall.errors import FootfallError
from footfall.lake import DamagedFile, Lake, day_of, readable_rows
from footfall.lake.store.local import LocalStore
from footfall.lake.tables.days import is_waiting
from footfall.lake.tables.schemas import to_lake
from footfall.log import SqliteLog
from footfall.metadata import Metadata
from footfall.pipeline import maintain
from footfall.request import Request
from tests.cli.test_damaged_lake import DAMAGE
from tests.pipeline.harness import Bench, event, request
from tests.pipeline.test_days import traffic as days_past
from tests.pipeline.test_pipeline import SETTINGS, _drive, _traffic

LOCAL = LocalStore(Path("/"))

EPOCHS = 6


class _House:
    """A home whose pipeline was stopped cleanly; tests damage it in its place."""

    def __init__(
        self, directory: Path, traffic: Callable[..., list[list[Request]]] = _traffic
    ) -> None:
        self.bench = Bench(directory, *SETTINGS, "log.segment_age_max=2m")
        self.home = self.bench.home
        with self.running() as pipeline:
            batches = traffic(35, EPOCHS)
            _drive(self.bench, pipeline, batches)
        self.bodies = [request.body for batch in batches for request in batch]
        """By offset."""
        self._kept = directory.parent / "kept"
        shutil.copytree(directory, self._kept)

    def running(self) -> _Running:
        return _Running(self.bench)

    def reset(self) -> None:
        self.bench.stop_consumers()
        shutil.rmtree(self.home.root)
        shutil.copytree(self._kept, self.home.root)

    def files(self, table: str) -> list[Path]:
        """Oldest first."""
        files = map(Path, Lake(self.home.lake_dir, "default").plan(table).files)
        return sorted(files, key=lambda file: file.stat().st_mtime_ns)

    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [*arguments, "--home", str(self.home.root)])
        return result.exit_code, result.output + str(result.exception or "")

    def check(self, name: str, *arguments: str) -> tuple[str, str]:
        found = json.loads(self.run("doctor", "--json", *arguments)[1].removesuffix("1"))
        return next((check["state"], check["message"]) for check in found if check["name"] == name)

    def read(self) -> dict[str, list[dict[str, Any]]]:
        """What readers see."""
        with footfall.open(self.home.root) as lake:
            return {
                "events": lake.sql("SELECT * FROM events ORDER BY event_id").rows(),
                "sessions": lake.sql("SELECT * FROM sessions ORDER BY session_id").rows(),
                "failed": lake.sql("SELECT * FROM failed_events ORDER BY failed_id").rows(),
            }


class _Running:
    """A pipeline from its start to its clean stop."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def __enter__(self) -> Any:
        bench = self._bench
        log = SqliteLog.writer(bench.home.log_dir("default"), bench.settings.log, bench.clock)
        bench.log = log  # type: ignore[assignment]  # a real one: its files are damaged here
        self._pipeline = bench.pipeline()
        return self._pipeline

    def __exit__(self, *_: object) -> None:
        self._pipeline.finish()
        self._pipeline.close()
        self._bench.log.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> _House:
    return _House(tmp_path_factory.mktemp("house") / "home")


@pytest.fixture
def house(whole: _House) -> _House:
    whole.reset()
    return whole


@pytest.mark.parametrize(
    ("which", "damage"),
    [*(("second", damage) for damage in DAMAGE), ("all", "truncate"), ("compacted", "truncate")],
)
def test_events_are_made_again(which: str, damage: str, house: _House) -> None:
    """Same rows, same ids, same sessions; duplicates and conflicts stay out."""
    before = house.read()
    if which == "compacted":
        maintain(house.home, house.bench.settings, "default", full=True, clock=house.bench.clock)
    files = house.files("events")
    for file in files[1:2] if which == "second" else files:
        DAMAGE[damage](file)
    state, message = house.check("lake", "--deep")
    assert state == "broken"
    assert "table=events day=2026-09-2" in message
    assert "footfall repair" in message

    code, output = house.run("repair", "--dry-run")
    assert code == 0, output
    assert house.check("lake", "--deep")[0] == "broken"
    code, output = house.run("repair")
    assert (code, "is not in the table any more" in output) == (0, True), output
    assert "lost" not in output
    with house.running():
        pass
    assert house.read() == before
    assert house.run("doctor", "--deep")[0] == 0
    assert house.check("ledgers")[0] == "good"


def test_rows_of_days_past_that_waited_are_made_again(tmp_path: Path) -> None:
    """Of a file without a day nobody knows the days it had; its epochs say which rows are missing.

    With a damaged file of a day beside it, all that is made again waits: some of it anew.
    """
    house = _House(tmp_path / "home", days_past)
    before = house.read()
    lake = Lake(house.home.lake_dir, "default")
    kinds: dict[bool, list[Path]] = {True: [], False: []}
    for file in lake.data_files("events"):
        kinds[is_waiting("events", file)].append(Path(file.file_path.removeprefix("file://")))
    assert len(kinds[True]) > 1
    for file in (*kinds[True][:2], kinds[False][0]):
        DAMAGE["truncate"](file)
    assert house.check("lake", "--deep")[0] == "broken"
    code, output = house.run("repair")
    assert (code, "lost" in output) == (0, False), output
    days = {day_of(file) for file in lake.data_files("events")}
    assert len(days) < 5, "not a file for each day of the past"
    with house.running():
        pass
    assert house.read() == before
    assert house.check("ledgers")[0] == "good"


def test_what_the_log_lacks_is_stated_and_given_up_only_when_asked(house: _House) -> None:
    """The newest epochs are made again, of the others every row is counted, by epoch.

    An epoch with a repeat of an event that is lost cannot be told from one that lost it.
    """
    before = house.read()
    segments = sorted(house.home.log_dir("default").glob("*.db"))
    assert len(segments) > 2
    for segment in segments[:-1]:
        segment.unlink()
    oldest = int(segments[-1].stem)
    plans = Metadata.open(house.home).last_epochs("default", 100)
    kept = {plan.epoch for plan in plans if plan.log_from[0] >= oldest}
    for plan in reversed(plans):
        lost = [str(row["event_id"]) for row in before["events"] if row["epoch"] not in kept]
        sent = b"".join(house.bodies[plan.log_from[0] : plan.log_to[0]]).decode()
        if any(event_id in sent for event_id in lost):
            kept -= {plan.epoch}
    for file in house.files("events"):
        file.unlink()
    gone = [row["epoch"] for row in before["events"] if row["epoch"] not in kept]
    assert 0 < len(gone) < len(before["events"])

    code, output = house.run("repair")
    assert code == 0, output
    total = len(before["events"])
    assert f"{total - len(gone)} of {total} rows of events can be made again" in output
    epochs = ", ".join(map(str, sorted(set(gone))))
    assert f"{len(gone)} rows are lost: of 2026-09-21, epochs {epochs}\n" in output
    assert "footfall repair --accept-loss" in output
    with (
        footfall.open(house.home.root) as lake,
        pytest.raises(FootfallError, match="footfall doctor"),
    ):
        lake.sql("SELECT * FROM events")

    code, output = house.run("repair", "--accept-loss")
    assert code == 0, output
    with house.running():
        pass
    after = house.read()
    assert after["events"] == [row for row in before["events"] if row["epoch"] in kept]
    assert after["sessions"] == before["sessions"]
    state, message = house.check("ledgers")
    assert (state, f"given up: {len(gone)} rows of events" in message) == ("attention", True)
    assert house.run("doctor", "--deep")[0] == 0
    assert "nothing is damaged" in house.run("repair")[1]


@pytest.mark.parametrize("table", ["failed_events", "sessions", "session_overrides"])
def test_other_tables(table: str, house: _House) -> None:
    """Failed events come again from the log but for conflicts; sessions only if given up."""
    lost = house.bench.tables()[table]
    file = house.files(table)[0]
    rows = pq.read_table(file).to_pylist()
    again = [row for row in rows if row.get("reason", "id_conflict") != "id_conflict"]
    DAMAGE["truncate"](file)
    state, message = house.check("lake")
    assert (state, f"table={table}" in message) == ("broken", True)
    code, output = house.run("repair", "--json")
    (found,) = json.loads(output)["lake"]
    assert (code, found["table"], found["files"][0]["path"]) == (0, table, str(file))
    assert (found["rows"], found["rebuilt"]) == (len(rows), len(again))
    if len(again) < len(rows):
        assert found["replaced"] == []
        code, output = house.run("repair", "--accept-loss")
        assert code == 0, output
    with house.running():
        pass
    left = house.bench.tables()[table].num_rows
    assert left == lost.num_rows - found["lost"]
    assert house.check("lake", "--deep")[0] == "good"
    assert house.check("ledgers")[0] == ("attention" if found["lost"] else "good")


@pytest.mark.parametrize("table", ["events", "sessions", "failed_events"])
def test_row_groups_that_can_be_read_are_kept(table: str, house: _House, tmp_path: Path) -> None:
    """Whatever the table, and without the log: only the row group with the damage is lost."""
    rows = house.bench.tables()[table]
    parts = [rows.slice(place, 2) for place in range(0, rows.num_rows, 2)]
    file = tmp_path / "some.parquet"
    kind = to_lake(rows).schema
    with pq.ParquetWriter(file, kind, use_dictionary=False, write_page_checksum=True) as writer:
        for part in parts:
            writer.write_table(to_lake(part))
    column = pq.read_metadata(file).row_group(0).column(0)
    data = bytearray(file.read_bytes())
    data[column.data_page_offset + column.total_compressed_size - 2] ^= 16
    file.write_bytes(data)
    found = list(
        readable_rows(
            DamagedFile(table, str(file), rows.num_rows, None, 1, 9, ""), rows.schema, LOCAL
        )
    )
    assert len(parts) > 1
    assert pa.concat_tables(found).to_pylist() == rows.slice(2).to_pylist()


@pytest.mark.parametrize("damage", DAMAGE)
def test_other_tables_are_read_beside_a_damaged_one(damage: str, house: _House) -> None:
    """Also by an engine that had read the table before."""
    before = house.read()
    with footfall.open(house.home.root) as known:
        known.sql("SELECT count(*) FROM events")
        DAMAGE[damage](house.files("events")[1])
        with house.running():
            pass
        with footfall.open(house.home.root) as new:
            for lake in (known, new):
                for _ in range(2):
                    rows = lake.sql("SELECT * FROM sessions ORDER BY session_id").rows()
                    assert rows == before["sessions"]
                with pytest.raises(FootfallError, match="footfall doctor --deep") as told:
                    lake.sql("SELECT * FROM Events")
                assert "\n" not in str(told.value)
                with pytest.raises(FootfallError, match="no such table"):
                    lake.sql("SELECT * FROM nothing")


@pytest.mark.parametrize("damage", DAMAGE)
def test_events_are_committed_beside_damage(damage: str, house: _House) -> None:
    """The epoch after it is in the lake, and repair leaves it there."""
    before, now = house.read(), house.bench.clock.now_us()
    files = house.files("events")
    DAMAGE[damage](files[1])
    number = len(house.bodies)
    with house.running():
        house.bench.append([request(number, [event("somebody", now, 1 << 20)], now)])
    (new,) = set(Lake(house.home.lake_dir, "default").plan("events").files) - set(map(str, files))
    assert pq.read_table(new)["visitor_id"].to_pylist() == ["somebody"]
    code, output = house.run("repair")
    assert (code, "lost" in output) == (0, False), output
    with house.running():
        pass
    rows = house.read()["events"]
    assert [row for row in rows if row["visitor_id"] != "somebody"] == before["events"]
    assert len(rows) == len(before["events"]) + 1
    assert house.run("doctor", "--deep")[0] == 0
