"""One file of the lake is damaged: named, contained, and what can be made again is."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import footfall
from footfall.cli.main import app
from footfall.clock import SECOND
from footfall.errors import FootfallError
from footfall.home import Home
from footfall.lake import Lake
from footfall.pipeline import maintain
from tests.pipeline.harness import Bench
from tests.pipeline.test_pipeline import SETTINGS, _comparable, _drive, _traffic


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _zero(file: Path) -> None:
    data = file.read_bytes()
    middle = len(data) // 2
    file.write_bytes(data[:middle] + bytes(len(data) - middle))


def _flip(file: Path) -> None:
    """One bit of a page."""
    columns = pq.read_metadata(file).row_group(0)
    pages = (columns.column(index) for index in range(columns.num_columns))
    largest = max(pages, key=lambda column: column.total_compressed_size)
    data = bytearray(file.read_bytes())
    data[largest.data_page_offset + largest.total_compressed_size // 2] ^= 16
    file.write_bytes(data)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "truncate": _truncate,
    "zero": _zero,
    "flip": _flip,
    "remove": Path.unlink,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A home with some epochs; tests damage it in its place, for the lake names its own paths."""
    bench = Bench(tmp_path_factory.mktemp("whole") / "home", *SETTINGS)
    pipeline = bench.pipeline()
    _drive(bench, pipeline, _traffic(21, 4))
    pipeline.finish()
    shutil.copytree(bench.home.root, bench.home.root.parent / "kept")
    return bench


@pytest.fixture
def bench(whole: Bench) -> Bench:
    whole.stop_consumers()
    shutil.rmtree(whole.home.root)
    shutil.copytree(whole.home.root.parent / "kept", whole.home.root)
    return whole


def _newest(home: Home, pattern: str) -> Path:
    return max(
        (home.lake_dir / "default" / "events").glob(pattern), key=lambda f: f.stat().st_mtime
    )


def _doctor(home: Home, *arguments: str) -> dict[str, tuple[str, str]]:
    command = ["doctor", "--json", "--home", str(home.root), *arguments]
    result = CliRunner().invoke(app, command)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return {c["name"]: (c["state"], c["message"]) for c in json.loads(result.stdout)}


@pytest.mark.parametrize("damage", DAMAGE)
def test_data_file(damage: str, bench: Bench) -> None:
    """Doctor names the file, its rows and epochs; a query names it; the pipeline goes on."""
    file = _newest(bench.home, "data/**/*.parquet")
    DAMAGE[damage](file)
    state, message = _doctor(bench.home, "--deep")["lake"]
    assert state == "broken"
    assert f"{file} table=events day=2026-09-21 rows=" in message
    quick = _doctor(bench.home)["lake"][0]
    assert quick == ("broken" if damage in ("truncate", "remove") else "good")
    with (
        footfall.open(bench.home.root) as lake,
        pytest.raises(FootfallError, match="a data file of the lake is damaged or missing"),
    ):
        lake.sql("SELECT * FROM events")
    pipeline = bench.pipeline()
    assert pipeline.step() == 0
    pipeline.consumers.settle()
    # The flipped page may be of a column that live counters do not read.
    is_met = any("live counters start at zero" in line for line in bench.told)
    assert is_met or damage == "flip"


def test_flipped_bit_that_can_be_read(bench: Bench) -> None:
    """Only checksums of pages show it: whoever does not look at them reads other rows."""
    file = _newest(bench.home, "data/**/*.parquet")
    _flip_unseen(file)
    state, message = _doctor(bench.home, "--deep")["lake"]
    assert (state, str(file) in message) == ("broken", True), message


@pytest.mark.parametrize("damage", ["truncate", "remove", "flip", "unseen"])
def test_damage_is_not_copied(damage: str, bench: Bench) -> None:
    """Maintenance says which files and leaves them: what it writes would have right checksums."""
    file = _newest(bench.home, "data/**/*.parquet")
    {**DAMAGE, "unseen": _flip_unseen}[damage](file)
    kept = Lake(bench.home.lake_dir, "default").plan("events").files
    with pytest.raises(FootfallError, match=r"damaged or missing; see footfall doctor --deep"):
        maintain(bench.home, bench.settings, "default", full=True, clock=bench.clock)
    assert Lake(bench.home.lake_dir, "default").plan("events").files == kept
    assert str(file) in _doctor(bench.home, "--deep")["lake"][1]


def _flip_unseen(file: Path) -> None:
    whole, rows = file.read_bytes(), pq.read_table(file)
    columns = pq.read_metadata(file).row_group(0)
    for index in range(columns.num_columns):
        column = columns.column(index)
        first = column.dictionary_page_offset or column.data_page_offset
        end = first + column.total_compressed_size
        for place in range(end - 1, (column.data_page_offset + end) // 2, -1):
            data = bytearray(whole)
            data[place] ^= 16
            file.write_bytes(data)
            with contextlib.suppress(OSError, pa.ArrowException):
                if not pq.read_table(file).equals(rows):
                    return
    raise AssertionError("every flip is noticed")


@pytest.mark.parametrize("damage", ["truncate", "zero", "remove"])
@pytest.mark.parametrize("kind", ["metadata/snap-*.avro", "metadata/*-m*.avro", "metadata/*.json"])
def test_metadata_of_a_table(kind: str, damage: str, bench: Bench) -> None:
    """The pipeline stops with one sentence that names the file; so does doctor."""
    file = _newest(bench.home, kind)
    DAMAGE[damage](file)
    state, message = _doctor(bench.home)["lake"]
    assert (state, str(file) in message) == ("broken", True), message
    with pytest.raises(FootfallError, match=file.name):
        bench.pipeline()


def _lose_a_location(file: Path) -> None:
    """A row may be damaged where SQLite sees nothing: its columns have no checksums."""
    with contextlib.closing(sqlite3.connect(file)) as catalog:
        catalog.execute("UPDATE iceberg_tables SET metadata_location = NULL WHERE rowid = 2")
        catalog.commit()


@pytest.mark.parametrize("damage", ["truncate", "zero", "remove", "lose a location"])
def test_catalog_is_made_again(damage: str, bench: Bench) -> None:
    """It is not started anew, empty; `footfall repair` registers every table at its last commit."""
    before = _comparable(bench.tables())
    {**DAMAGE, "lose a location": _lose_a_location}[damage](bench.home.lake_dir / "catalog.db")
    state, message = _doctor(bench.home)["lake"]
    assert (state, "footfall repair" in message) == ("broken", True)
    with pytest.raises(FootfallError):
        bench.pipeline()
    result = CliRunner().invoke(app, ["repair", "--home", str(bench.home.root)])
    assert result.exit_code == 0, result.output
    assert "default.events is registered again" in result.output
    assert _comparable(bench.tables()) == before
    bench.clock.advance(20 * SECOND)
    bench.pipeline().finish()
    assert _doctor(bench.home, "--deep")["lake"][0] == "good"
    assert _comparable(bench.tables()) == before


def test_metadata_database(bench: Bench) -> None:
    """Keys and epochs cannot be made again: one sentence, and doctor goes on to the other parts."""
    bench.home.metadata_file.write_bytes(b"nothing of this is a database" * 999)
    for suffix in ("-wal", "-shm"):
        bench.home.metadata_file.with_name(f"metadata.db{suffix}").unlink(missing_ok=True)
    with pytest.raises(FootfallError, match="metadata is damaged"):
        bench.pipeline()
    found = _doctor(bench.home)
    assert found["metadata"][0] == "broken"
    assert "metadata is damaged" in found["metadata"][1]
    assert found["lake"][0] == found["checkpoints"][0] == "good"


def test_cut_and_tail_are_made_again(bench: Bench) -> None:
    """Nothing in the tail is needed to start: every file of it may be damaged."""
    files = [file for file in bench.home.tail_dir("default").iterdir() if file.is_file()]
    for file in files:
        file.write_bytes(file.read_bytes()[:7])
    with footfall.open(bench.home.root) as lake, pytest.raises(FootfallError, match=r"cut\.json"):
        lake.sql("SELECT 1")
    bench.pipeline().finish()
    with footfall.open(bench.home.root) as lake:
        rows = lake.sql("SELECT count(*) AS n FROM events").rows()[0]["n"]
    assert rows == bench.tables()["events"].num_rows
